"""What an article's text tells of itself: its language, its publisher, the days on which it can have appeared."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final

from babel.dates import format_date

from kg.checks.collection import Collection, local
from kg.curation.marks import MARK
from kg.curation.sources import ArticleText, read_articles
from kg.drafts.spelling import Spellings
from kg.drafts.when import AHEAD, Appeared, Told, dates
from ontology import KelisimError
from ontology.namespaces import KEL, PREFIXES, SRC

_NAME: Final = re.compile(r"[a-z][a-z0-9]*")
_KAZAKH: Final = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC: Final = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN: Final = re.compile(r"[a-z]", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?<![\d.,-])([12]\d{3})(?![\d.,]*\d|\s*[-–—]\s*\d)")
_THIS_YEAR: Final = re.compile(
    r"\b(?:this|the current|current) year\b|\bтекущего года\b|\bэтого года\b|\bбиыл", re.IGNORECASE
)
_BY: Final = re.compile(r"\b(?:by|until|till|from|after|к|до|с|после)\s+[12]\d{3}", re.IGNORECASE)
"""Years that may be to come."""
_MODERN: Final = 1990
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DATELINE: Final = re.compile(r"^[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ][\w .'-]{1,40}[,.]\s*[^—–]{3,40}?\s*[—–-]{1,2}\s")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[\w.-]+")
_NAMED: Final = re.compile(r"(?:[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ][\w’'-]*(?: (?=\w)|$)|(?:of|the|and|de) ){1,5}")
"""A name in a line of its own."""
_DATE_ALONE: Final = re.compile(
    r"(?:\w+,? )?(?:\d{1,2} [^\W\d]+,? [12]\d{3}|[^\W\d]+ \d{1,2},? [12]\d{3}|"
    r"[12]\d{3}-\d\d-\d\d|\d\d?\.\d\d?\.[12]\d{3})"
)
_CREDIT: Final = re.compile(r"\s*(?:Photo|Picture|Фото|Сурет)\b", re.IGNORECASE)
_LONG: Final = 4
"""A name must have more letters to be looked for in addresses."""
_FIRST: Final = 6
"""The dateline stands within so many paragraphs."""
_SHORT: Final = 60
"""A paragraph that is not longer may be a date and no more."""
_BESIDE: Final = 25
"""So many characters may stand beside it, such as the name of a place."""
_HEAD: Final = 240
"""So many characters of the first sentence tell the day of the week of a dateline."""


@dataclass(frozen=True)
class Record:
    """What is known or guessed of an article: `known` if it has its record already, with nothing guessed.

    publisher: its IRI, or empty. why: the words that the days of its appearance follow from.
    prefix: what the names of new things begin with, empty but in a package.
    """

    name: str
    text: ArticleText
    language: str
    publisher: str
    appeared: Appeared
    why: str
    known: bool
    prefix: str = ""


def find_text(collection: Collection, name: str, folder: Path) -> ArticleText:
    """The text of an article in a folder: that of its record, else NAME.txt, else the only one without a record.

    Raises KelisimError if the name is none, or no text is found.
    """
    if not _NAME.fullmatch(name):
        raise KelisimError(
            f"{name!r} is no name of an article: take lower-case Latin letters and digits, such as tmp24."
        )
    texts = read_articles(folder)
    recorded = {
        s.value: local(s.subject)
        for s in collection.reference
        if s.predicate == str(KEL.sha256) and _is_article(s.subject)
    }
    of_name = next((digest for digest, known in recorded.items() if known == name), None)
    if of_name is not None:
        if of_name not in texts:
            raise KelisimError(f"No file in {folder} has the SHA-256 that sources.ttl records of the article {name}.")
        return texts[of_name]
    named = [t for t in texts.values() if t.path.name == f"{name}.txt"]
    if named and named[0].sha256 in recorded:
        raise KelisimError(f"{named[0].path} is the article {recorded[named[0].sha256]} already.")
    new = named or [t for digest, t in texts.items() if digest not in recorded]
    if len(new) != 1:
        files = ", ".join(sorted(t.path.name for t in new)) or "none"
        raise KelisimError(
            f"Which text in {folder} is {name}? Without a record there are: {files}. Name the file {name}.txt."
        )
    return new[0]


def record(  # noqa: PLR0913 - the last two may be left out
    collection: Collection,
    name: str,
    text: ArticleText,
    spellings: Spellings,
    publisher: str = "",
    *,
    prefix: str = "",
) -> Record:
    """The record of an article: the one that sources.ttl has, else one that is guessed from the text."""
    told = {s.predicate: s.value for s in collection.described.get(str(SRC) + name, ())}
    if str(KEL.sha256) in told:
        first, last = (date.fromisoformat(told[str(KEL[n])]) for n in ("earliest", "latest"))
        language = told.get(PREFIXES["dcterms"] + "language", "en")
        publisher = told.get(PREFIXES["dcterms"] + "publisher", "")
        return Record(name, text, language, publisher, Appeared(first, last), "", known=True, prefix=prefix)
    language = language_of(text.text)
    appeared, why = appearance(text)
    publisher = publisher or _publisher(collection, text, spellings, language)
    return Record(name, text, language, publisher, appeared, why, known=False, prefix=prefix)


def language_of(text: str) -> str:
    """English, Russian or Kazakh, by the letters of a text."""
    if len(_CYRILLIC.findall(text)) < len(_LATIN.findall(text)):
        return "en"
    return "kk" if len(_KAZAKH.findall(text)) > len(_CYRILLIC.findall(text)) / 50 else "ru"


def appearance(text: ArticleText) -> tuple[Appeared, str]:
    """The days on which an article can have appeared, and from what they follow.

    A dateline tells the day, and a day of the week its year. Else the year is the one after that which is told beside
    “this year”, or the latest that is printed as past; the days lie between the last that is past and the first ahead.
    """
    year = _year(text.text)
    whole = Appeared(date(year, 1, 1), date(year, 12, 31))
    for part in text.paragraphs[:_FIRST]:
        head = text.text[part.start : part.end]
        line = _DATELINE.match(head)
        printed = line[0] if line else head if len(head) < _SHORT else ""
        found = [t for t in dates(printed, whole) if t.kind == "day"]
        if not line and found and len(printed) - (found[0].end - found[0].start) > _BESIDE:
            continue
        if found and found[0].edtf.count("-") == 2:
            day = found[0].bounds[0]
            if not found[0].stated:
                day = _by_weekday(day, head[:_HEAD])
            return Appeared(day, day), f"the dateline of paragraph {part.number}"
    past: list[tuple[date, int]] = []
    ahead: list[tuple[date, int]] = []
    for part in text.paragraphs:
        for sentence in text.sentences(part):
            words = text.text[sentence.start : sentence.end]
            days = [t for t in dates(words, whole) if t.kind == "day" and not t.edtf.startswith("[")]
            past += [(t.bounds[0], part.number) for t in days if not t.ahead and _in(year, t)]
            ahead += [(t.bounds[0], part.number) for t in days if t.ahead and _in(year, t)]
    first = max(past, default=None)
    last = min(((d, n) for d, n in ahead if first is None or d >= first[0]), default=None)
    if first is None and last is None:
        return whole, f"the year {year}, which figures and dates of the text imply"
    begin = first[0] if first else date(year, 1, 1)
    end = last[0] if last else begin.replace(day=monthrange(begin.year, begin.month)[1])
    told = " and ".join(f"paragraph {n}" for n in sorted({n for pair in (first, last) if pair for n in pair[1:]}))
    return Appeared(begin, end), f"the days of {told}, in the year {year}, which figures and dates of the text imply"


def _in(year: int, told: Told) -> bool:
    return told.bounds[0].year == year


def _year(text: str) -> int:
    """The year of the article, by the years that it prints."""
    following = {
        max(years) + 1
        for part in text.splitlines()
        if _THIS_YEAR.search(part) and (years := [int(y) for y in re.findall(rf"\b[Ii]n {_YEAR.pattern}", part)])
    }
    past = {
        int(y) for s in re.split(r"(?<=[.!?])\s+", text) if not AHEAD.search(s) for y in _YEAR.findall(_BY.sub("", s))
    }
    known = following or {y for y in past if y >= _MODERN}
    return max(known, default=date.today().year)  # noqa: DTZ011 - a guess that is marked as one


def _by_weekday(day: date, head: str) -> date:
    """The day in the year, next to the guessed one, in which it falls on the day of the week that is printed."""
    wanted = [i for i, name in enumerate(_WEEKDAYS) if re.search(rf"\bon {name}\b", head, re.IGNORECASE)]
    for year in (day.year + years for years in (0, 1, -1, 2, 3)):
        with suppress(ValueError):  # the 29th of February
            if wanted and day.replace(year=year).weekday() == wanted[0]:
                return day.replace(year=year)
    return day


def _publisher(collection: Collection, text: ArticleText, spellings: Spellings, language: str) -> str:
    """The medium whose address the text prints, else the one that it names most often outside credits of photos."""
    media = {
        s.subject
        for s in collection.reference
        if s.predicate == PREFIXES["org"] + "classification" and local(s.value) == "organisation-media"
    }
    addresses = " ".join(_ADDRESS.findall(text.text)).lower()
    heads = {_plain(line) for line in _head_lines(text)}
    for iri in sorted(media):
        if any(_plain(name) in heads for names in collection.names.get(iri, {}).values() for name in names):
            return iri
    if new_publisher(text):
        return ""
    for iri in sorted(media):
        names = (name for names in collection.names.get(iri, {}).values() for name in names)
        bare = {re.sub(r"^the|[^a-z0-9]", "", name.lower()) for name in names if name.isascii()}
        if any(len(name) > _LONG and name in addresses for name in bare):
            return iri
    told = "\n".join(line for line in text.text.splitlines() if not _CREDIT.match(line))
    found = Counter(m.iri for m in spellings.mentions(told, language) if m.iri in media)
    return found.most_common(1)[0][0] if found else ""


def new_publisher(text: ArticleText) -> str:
    """The name of a publisher in a line of its own before the text, which an address or a date beside it tells."""
    lines = _head_lines(text)
    addresses = re.sub(r"[^a-z0-9]", "", " ".join(_ADDRESS.findall(text.text)).lower())
    for line, following in pairwise([*lines, ""]):
        plain = re.sub(r"[^a-z0-9]", "", line.lower().removeprefix("the "))
        addressed = len(plain) > _LONG and plain in addresses and not _ADDRESS.search(line)
        if addressed and len(line) < _SHORT:
            return line
        dated = line is not lines[0] and _NAMED.fullmatch(line) and _DATE_ALONE.fullmatch(following)
        if dated and not _DATE_ALONE.fullmatch(line):
            return line
    return ""


def _head_lines(text: ArticleText) -> list[str]:
    """The short lines without a full stop among the first."""
    found = (text.text[p.start : p.end].strip() for p in text.paragraphs[:_FIRST])
    return [line for line in found if len(line) < _SHORT and not line.endswith((".", "!", "?"))]


def _plain(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold())).removeprefix("the ")


def _is_article(iri: str) -> bool:
    return iri.startswith(str(SRC)) and _NAME.fullmatch(iri.removeprefix(str(SRC))) is not None


def title_of(found: Record, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of an article in three languages, such as “Izvestia, November 2024”, from those of its publisher."""
    months = {
        language: format_date(found.appeared.first, pattern, locale=language)
        for language, pattern in (("en", "LLLL y"), ("ru", "LLLL y 'года'"), ("kk", "y 'жылғы' LLLL"))
    }
    return {
        language: f"{labels.get(language, MARK)}, {month if language == 'en' else month.lower()}"
        for language, month in months.items()
    }
