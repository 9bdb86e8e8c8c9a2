"""How to cite a claim: by its article, with headline, address, author, date and paragraph, and by its address here."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import pyoxigraph as ox

from kg.history.timeline import Version
from kg.language.labels import Label, labels, preferred_label
from kg.language.messages import Translate
from kg.language.periods import Period, parse_day
from kg.publishing.citing import Citation, in_tex, in_words, one_line, tex
from kg.store.reader import Reader, node, nodes
from kg.views.footnotes import Footnote
from ontology.namespaces import KEL, PREFIXES

_DCTERMS: Final = PREFIXES["dcterms"]
_TITLE, _CREATOR, _PUBLISHER, _LANGUAGE = (_DCTERMS + name for name in ("title", "creator", "publisher", "language"))
_ADDRESSES: Final = (PREFIXES["foaf"] + "page", "https://schema.org/url", _DCTERMS + "source")
"""Where the address of an article may stand, the best first."""

_FIRST, _LAST = str(KEL.earliest), str(KEL.latest)
_NO_LABEL: Final = Label("")
_MOST_ROWS: Final = 20_000
_BATCH: Final = 500
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Source:
    """What a citation names of an article; what is not told is empty.

    headline: in the article's language, by preference in that of the reader. earliest, latest: the days (xsd:date)
    between which it appeared.
    """

    iri: str
    label: Label = _NO_LABEL
    headline: Label = _NO_LABEL
    address: str = ""
    authors: tuple[Label, ...] = ()
    publishers: tuple[Label, ...] = ()
    earliest: str = ""
    latest: str = ""
    language: str = ""

    @property
    def title(self) -> Label:
        """The headline, or the label of an article whose headline is not told."""
        return self.headline if self.headline.text else self.label

    def when(self, language: str) -> str:
        """The day on which it appeared, or the days between which it did, in words."""
        first, last = parse_day(self.earliest or self.latest), parse_day(self.latest or self.earliest)
        return Period(first, last).text(language) if first and last and first <= last else ""


def sources(reader: Reader, articles: Iterable[str], language: str) -> dict[str, Source]:
    """What citations name of each article, by IRI."""
    wanted = sorted({iri for iri in articles if iri})
    known: dict[str, dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]] = defaultdict(lambda: defaultdict(list))
    shown = ", ".join(map(node, (_TITLE, _CREATOR, _PUBLISHER, _LANGUAGE, *_ADDRESSES, _FIRST, _LAST)))
    for start in range(0, len(wanted), _BATCH):
        rows = reader.rows(
            f"SELECT ?article ?p ?o WHERE {{ VALUES ?article {{ {nodes(wanted[start : start + _BATCH])} }} "
            f"?article ?p ?o FILTER(?p IN ({shown})) }} LIMIT {_MOST_ROWS:d}"
        )
        for row in rows:
            known[str(row["article"].value)][str(row["p"].value)].append(row["o"])
    agents = {str(o.value) for of in known.values() for p in (_CREATOR, _PUBLISHER) for o in of[p] if _is_iri(o)}
    names = labels(reader, [*wanted, *agents], language)
    return {iri: _source(iri, known[iri], names, language) for iri in wanted}


def _source(iri: str, of: Mapping[str, list[Any]], names: Mapping[str, Label], language: str) -> Source:
    def agents(name: str) -> tuple[Label, ...]:
        return tuple(names[o.value] if _is_iri(o) else Label(o.value) for o in sorted(of[name], key=str))

    addresses = [str(o.value) for name in _ADDRESSES for o in of[name]]
    return Source(
        iri,
        names[iri],
        preferred_label((o for o in of[_TITLE] if isinstance(o, ox.Literal)), language),
        next((a for a in addresses if a.startswith(("https://", "http://"))), ""),
        agents(_CREATOR),
        agents(_PUBLISHER),
        min((o.value for o in of[_FIRST]), default=""),
        max((o.value for o in of[_LAST]), default=""),
        min((o.value for o in of[_LANGUAGE]), default=""),
    )


def _is_iri(term: object) -> bool:
    return isinstance(term, ox.NamedNode)


def sentence(note: Footnote, source: Source, language: str, translate: Translate) -> str:
    """A claim as a sentence to paste: what is said, who says it, how surely, and where: headline, date, paragraph."""
    who = ", ".join(filter(None, (note.speaker_label.text, note.modality_label.text)))
    authors = ", ".join(map(str, source.authors))
    heading = translate("“%(headline)s”") % {"headline": source.headline} if source.headline.text else ""
    publishers = ", ".join(map(str, source.publishers)) or (source.label.text if not heading else "")
    number = translate("paragraph %(number)s") % {"number": note.paragraph} if note.paragraph else ""
    where = ", ".join(filter(None, (authors, heading, publishers, source.when(language), number, source.address)))
    said = f"{note.gloss.rstrip('.')} ({who})." if who else note.gloss
    return " ".join(filter(None, (said, f"{where}." if where else "", note.claim)))


def cite_claim(  # noqa: PLR0913 - what is cited, from where, of which version, when, in which language
    note: Footnote,
    source: Source,
    data: Version,
    language: str = "en",
    translate: Translate = str,
    *,
    today: date | None = None,
) -> Citation:
    """The citation of a claim, accessed today, in a version of the data.

    Its entries are of the article, with the claim as a note: an abstract in our words. An article whose author is not
    named is its publisher's.
    """
    today = today or datetime.now(UTC).date()
    authors = [str(each) for each in source.authors or source.publishers]
    journal = ", ".join(map(str, source.publishers))
    who = ", ".join(filter(None, (note.speaker_label.text, note.modality_label.text)))
    place = translate("paragraph %(number)s") % {"number": note.paragraph} if note.paragraph else ""
    accessed = translate("accessed %(day)s") % {"day": today}
    remark = "; ".join(
        filter(None, (note.gloss.rstrip("."), who, f"Kelisim: {note.claim}", in_words(data, translate), accessed))
    )
    address = source.address or note.claim
    key = f"kelisim-{note.claim.rpartition('/')[2]}"
    day = parse_day(source.latest)
    month = day and source.earliest[:7] in {"", source.latest[:7]}
    bibtex = [
        f"  author = {{{' and '.join(f'{{{tex(name)}}}' for name in authors)}}}" if authors else "",
        f"  title = {{{{{tex(str(source.title))}}}}}",
        f"  journal = {{{tex(journal)}}}" if journal else "",
        f"  year = {{{day.year}}}" if day else "",
        f"  month = {_MONTHS[day.month - 1]}" if day and month else "",
        f"  pages = {{{tex(place)}}}" if place else "",
        f"  note = {{{tex(remark)}}}",
        f"  url = {{{in_tex(address)}}}",
    ]
    # In RIS a date is a year, a month, a day, and what else is to be told.
    span = f"{source.earliest} to {source.latest}" if source.earliest not in {"", source.latest} else ""
    days = [parse_day(each) for each in dict.fromkeys((source.earliest, source.latest)) if each]
    csl: dict[str, Any] = {
        "id": key,
        "type": "article-newspaper",
        "title": str(source.title),
        "author": [{"literal": name} for name in authors],
        "container-title": journal,
        "issued": {"date-parts": parts} if (parts := [[d.year, d.month, d.day] for d in days if d]) else None,
        "accessed": {"date-parts": [[today.year, today.month, today.day]]},
        "page": place,
        "abstract": note.gloss,
        "language": source.language,
        "note": remark,
        "URL": address,
    }
    ris = [
        *(f"AU  - {name}" for name in authors),
        f"TI  - {source.title}",
        f"T2  - {journal}" if journal else "",
        f"PY  - {day.year}" if day else "",
        f"DA  - {'/'.join(day.isoformat().split('-'))}/{span}" if day else "",
        f"SP  - {place}" if place else "",
        f"AB  - {note.gloss}",
        f"N1  - {remark}",
        f"Y2  - {today:%Y/%m/%d}",
        f"UR  - {address}",
    ]
    return Citation(
        f"{sentence(note, source, language, translate)} Kelisim, {in_words(data, translate)}, {today}.",
        f"@article{{{key},\n" + ",\n".join(filter(None, bibtex)) + "\n}",
        json.dumps([{name: value for name, value in csl.items() if value}], ensure_ascii=False, indent=1),
        "\n".join(("TY  - NEWS", *(line for line in map(one_line, ris) if line), "ER  - ")),
    )
