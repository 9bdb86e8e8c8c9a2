"""Dates: bounds against the EDTF, what the passage prints, and the days on which the article can have appeared."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import pyoxigraph as ox

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.edtf import days, parts
from kg.checks.findings import Finding
from kg.checks.reading import Statement
from ontology.namespaces import KEL, PREFIXES, SRC

_FAMILIES: Final = (
    ("earliest", "latest", "edtf"),
    ("plannedEarliest", "plannedLatest", "plannedEdtf"),
    ("periodStart", "periodEnd", "periodEdtf"),
)
MONTHS: Final = tuple(
    re.compile(rf"\b(?:{words})", re.IGNORECASE)
    for words in (
        r"jan(?:uary)?\b|январ|қаңтар", r"feb(?:ruary)?\b|феврал|ақпан", r"mar(?:ch)?\b|март|наурыз",
        r"apr(?:il)?\b|апрел|сәуір",
        r"may\b|ма[йяе]\b|мамыр", r"june?\b|июн|маусым", r"july?\b|июл|шілде", r"aug(?:ust)?\b|август|тамыз",
        r"sept?(?:ember)?\b|сентябр|қыркүйек", r"oct(?:ober)?\b|октябр|қазан", r"nov(?:ember)?\b|ноябр|қараша",
        r"dec(?:ember)?\b|декабр|желтоқсан",
    )
)  # fmt: skip
_CENTURY: Final = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)[ -]century|\b([XVI]+)(?:-?[а-яё]*)? век|\b([XVI]+) ғасыр")
_ROMAN: Final = {"XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19, "XX": 20, "XXI": 21}
_XSD_DATE: Final = PREFIXES["xsd"] + "date"


def real_days(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Literals of xsd:date that are no day of the calendar."""
    for claim in claims:
        for statement in claim.facts:
            literal = statement.object
            if isinstance(literal, ox.Literal) and literal.datatype.value == _XSD_DATE and _day(statement) is None:
                wrong = f"“{statement.value}” is no day."
                yield claim.error(statement.line, "no-such-day", wrong, "Write it as year-month-day: 2024-11-27.")


def edtf_and_bounds(_: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """An EDTF expression that says other days than the bounds beside it."""
    for claim in claims:
        for subject in claim.subjects:
            for first, last, name in _FAMILIES:
                edtf = claim.told(name, subject)
                if len(edtf) != 1 or (expected := days(edtf[0].value)) is None:
                    continue
                for bound, wanted in ((first, expected.first), (last, expected.last)):
                    for statement in claim.told(bound, subject):
                        told = _day(statement)
                        if told is None or told == wanted:
                            continue
                        wider = wanted is not None and (told < wanted if bound == first else told > wanted)
                        if not (expected.doubtful and wider):
                            wrong = f"kel:{bound} is {told}, and by the EDTF {edtf[0].value} {wanted or 'open'}."
                            yield claim.error(
                                statement.line, "edtf-and-bounds", wrong, "Correct the one that is wrong."
                            )


def stated(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Dates that are called stated, of which the passage does not print the year, the month or the day."""
    for claim in claims:
        text = collection.text(claim)
        for basis in claim.told("dateBasis"):
            inferred = local(basis.value) == "date-inferred"
            if inferred and not claim.of_record("note"):
                wrong = "A date is inferred, and no note says from what."
                yield claim.error(
                    basis.line, "inferred-without-note", wrong, "Add a kel:note in English to the record."
                )
            if inferred or not text or local(basis.value) != "date-stated":
                continue
            found = [s for *_, name in _FAMILIES for s in claim.told(name, basis.subject)]
            missing = [m for s in found for m in _missing(s.value, text)]
            if missing:
                wrong = f"The date is called stated, and the passage does not print the {missing[0]}."
                yield claim.error(
                    basis.line, "stated-date", wrong, "Take code:date-inferred, with a note that says from what."
                )


def _missing(edtf: str, text: str) -> Iterator[str]:
    """What of an EDTF expression a text does not print."""
    centuries = {int(m[1]) if m[1] else _ROMAN.get(m[2] or m[3], 0) for m in _CENTURY.finditer(text)}
    for year, month, day in parts(edtf):
        if year and year not in text and int(year[:2]) + 1 not in centuries and not _two_digits(year, text):
            yield f"year {year}"
        if month and int(month) <= 12 and not MONTHS[int(month) - 1].search(text) and "/" not in edtf:
            yield f"month {month}"
        if day and not re.search(rf"(?<!\d)0?{int(day)}(?!\d)", text) and "/" not in edtf:
            yield f"day {day}"


def _two_digits(year: str, text: str) -> bool:
    """Whether a span such as 2024-26 prints the end of the year."""
    return bool(re.search(rf"\d{{4}}\s*[-–—/]\s*{year[2:]}(?!\d)", text))


def months(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Dates to the day or the month, of which the passage prints another day or month."""
    for claim in claims:
        text = collection.text(claim)
        printed = [i for i, words in enumerate(MONTHS, 1) if words.search(text)]
        if not text or not printed:
            continue
        numbers = {int(n) for n in re.findall(r"(?<![\d.,])(\d{1,2})(?![\d%]|[.,]\d)", text)}
        for name in ("edtf", "plannedEdtf"):
            for statement in claim.told(name):
                dates = [p for p in parts(statement.value) if p[1] and int(p[1]) <= 12]
                if dates and not any(int(month) in printed for _, month, _ in dates):
                    wrong = f"The passage prints another month than {statement.value}."
                elif any(day for *_, day in dates) and numbers and not any(int(d or 0) in numbers for *_, d in dates):
                    wrong = f"The passage prints another day than {statement.value}."
                else:
                    continue
                yield claim.warning(
                    statement.line, "date-in-passage", wrong, "Correct the date, its bounds and its EDTF."
                )


def against_the_article(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """What is told as past and lies after the article, or the other way round; offices attested after it."""
    for claim in claims:
        bounds = [_article_day(collection, claim, n) for n in ("earliest", "latest")]
        if bounds[0] is None or bounds[1] is None:
            continue
        for name in ("earliest", "attestedOn", "periodStart"):
            for statement in claim.told(name):
                told = _day(statement)
                planned = name == "periodStart" and (
                    claim.told("party", statement.subject) or _is_ahead(collection, statement.subject)
                )
                if told and told > bounds[1] and not planned:
                    wrong = f"kel:{name} {told} lies after the article, which appeared by {bounds[1]}."
                    yield claim.error(
                        statement.line, "after-the-article", wrong, "Correct the date; what is to come is kel:planned…."
                    )
        for statement in claim.told("plannedLatest"):
            told = _day(statement)
            if told and told < bounds[0]:
                wrong = f"It is planned for {told}, which was past when the article appeared."
                yield claim.warning(
                    statement.line, "planned-in-the-past", wrong, "Correct the date, or take kel:latest."
                )


def _is_ahead(collection: Collection, subject: str) -> bool:
    """Whether a thing reaches into the future by its nature: a document, or a figure that is planned or aimed at."""
    if collection.types.get(subject, frozenset()) & {"Instrument", "Policy", "Project"}:
        return True
    kinds = {local(s.value) for _, s in collection.facts_of.get(subject, ()) if s.predicate == str(KEL.figureKind)}
    return bool(kinds - {"figure-actual"})


def _article_day(collection: Collection, claim: CuratedClaim, name: str) -> date | None:
    described = collection.described.get(str(SRC) + claim.numbered[0], ())
    return next((_day(s) for s in described if s.predicate == str(KEL[name])), None)


def _day(statement: Statement) -> date | None:
    try:
        return date.fromisoformat(statement.value)
    except ValueError:
        return None
