"""Figures in running text with value, unit and bound, as an observation or a package of documents tells them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

from kg.checks.figures import HEDGE, UNIT_WORDS
from kg.checks.numbers import Figure, figures, scale

_AFTER: Final = re.compile(
    r"[ \u00a0]?%|[ \u00a0]+(?:per ?cent\b|процент\w*|пайыз\w*|"
    r"(?:US |U\.S\. |American )?(?:dollars?|euros?|roubles?|rubles?|tenge|yuan)\b|доллар\w*|евро\b|рубл\w*|тенге\b|"
    r"теңге\b|юан\w*|"
    r"cubic met(?:er|re)s?(?: (?:per|a) year)?|кубометр\w*|кубическ\w+ метр\w*|текше метр\w*|"
    r"documents?\b|документ\w*|құжат\w*)",
    re.IGNORECASE,
)
"""Unit words right after a number, which stand in the printed figure."""
_LONG_AGO: Final = re.compile(r"[ \u00a0-]+(years?|days?|weeks?|months?|hours?)\b", re.IGNORECASE)
_UNITS_OF_TIME: Final = {"year": "YR", "day": "DAY", "week": "WK", "month": "MO", "hour": "HR"}
_CURRENCY: Final = re.compile(r"[$€£¥₽₸]\s?$")
_ORDINAL: Final = re.compile(r"(?:st|nd|rd|th|-?(?:й|я|е|ю|го|ому))\b")
_NO_FIGURES: Final = frozenset({
    "one", "zero", "first", "second", "half", "один", "одна", "одно", "первый", "второй", "бір", "бірінші", "third",
    "он", "екінші", "dozen",
})  # fmt: skip
"""Number words that mostly count nothing; a rank among them is found by its own words."""
_RANGE: Final = re.compile(r"to|or|[-–—]|до|или")
"""What stands between the two ends of a range, of which the last has the unit: more than the one, up to the other."""
_OF_DOCUMENTS: Final = re.compile(r"(?:\s+\w+){0,2}\s+documents\b|\s+of the documents\b", re.IGNORECASE)
_BOTH: Final = re.compile(
    r"(?:two|два|две|двух|екі)\s+(?:countr|state|side|part|president|leader|people|nation|govern|parliament|capital|стран|ел\b)",
    re.I,
)
"""The two of a relation, who are no figure."""
_RANK: Final = re.compile(r"\branks? (?P<rank>first|second|third|fourth|fifth|\d+(?:st|nd|rd|th))\b", re.IGNORECASE)
_ROMAN: Final = re.compile(r"[XVI]+$")


@dataclass(frozen=True)
class Counted:
    """A figure: where it stands, as it is printed with its unit words, and what it says in plain units.

    `out_of` is the whole of a part, `unit` the local name of a QUDT unit, empty for documents of a package.
    """

    start: int
    end: int
    as_written: str
    value: Decimal
    out_of: Decimal | None
    unit: str
    bound: str

    @property
    def documents(self) -> bool:
        """Whether it counts the documents of a package."""
        return not self.unit


def counted(text: str, taken: Iterable[tuple[int, int]] = ()) -> list[Counted]:
    """The figures of a sentence, in its order, but not those in places that are dates or names."""
    places = [*taken]
    found: list[Counted] = []
    for figure in _without_overlaps([*figures(text), *_ranks(text)]):
        inside = any(start <= figure.start < end for start, end in places)
        if not inside and (one := _counted(text, figure)):
            found.append(one)
    for i, (one, following) in enumerate(pairwise(found)):
        if one.unit in {"NUM", following.unit} and _is_range(text, one, following):
            lower, upper = (b if b != "bound-exact" else "" for b in (one.bound, following.bound))
            factor = scale(following.as_written) if scale(one.as_written) == 1 else Decimal(1)
            value = one.value * factor if one.value * factor < following.value else one.value
            found[i] = replace(one, value=value, unit=following.unit or "NUM", bound=lower or "bound-over")
            found[i + 1] = replace(following, bound=upper or "bound-up-to")
    return found


def _is_range(text: str, one: Counted, following: Counted) -> bool:
    """Whether two figures are the ends of a range: 8 to 9, between 12 and 15."""
    apart = text[one.end : following.start].strip()
    between = re.search(r"\b(?:between|between about|от|между)\s*$", text[: one.start], re.IGNORECASE)
    return following.value > one.value and (
        bool(_RANGE.fullmatch(apart)) or bool(between and apart in {"and", "и", "до"})
    )


def _ranks(text: str) -> list[Figure]:
    return [
        Figure(number.value, None, m.start("rank"), m.end("rank"))
        for m in _RANK.finditer(text)
        for number in figures(m["rank"])[:1]
    ]


def _without_overlaps(found: list[Figure]) -> list[Figure]:
    kept: list[Figure] = []
    for figure in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or figure.start >= kept[-1].end:
            kept.append(figure)
    return kept


def _counted(text: str, figure: Figure) -> Counted | None:
    start, end = figure.start, figure.end
    printed = text[start:end]
    ranked = any(m.start("rank") == start for m in _RANK.finditer(text))
    if _BOTH.match(text, start):
        return None
    if not ranked and (printed.lower() in _NO_FIGURES or _ROMAN.fullmatch(printed)):
        return None
    if ordinal := _ORDINAL.match(text, end):
        end = ordinal.end()
    before = _CURRENCY.search(text[:start])
    start = before.start() if before else start
    after = _AFTER.match(text, end)
    end = after.end() if after else end
    unit = _unit(text[start:end])
    documents = after and re.search(r"documents?|документ|құжат", after[0], re.IGNORECASE)
    if documents or (unit == "NUM" and not ordinal and _OF_DOCUMENTS.match(text, end)):
        unit = ""
    elif unit == "NUM" and (time := _LONG_AGO.match(text, end)) and not ordinal:
        if (time[0].startswith("-") and _ends_adjective(text, time.end())) or not time[0].startswith("-"):
            end = time.end()
        unit = _UNITS_OF_TIME[time[1].lower().rstrip("s")]
    return Counted(start, end, text[start:end], figure.value, figure.whole, unit, _bound(text[:start]))


def _ends_adjective(text: str, end: int) -> bool:
    return end == len(text) or not text[end].isalnum()


def _unit(printed: str) -> str:
    """The unit of a printed figure; counts are NUM."""
    for unit, words in UNIT_WORDS.items():
        if re.search(words, printed, re.IGNORECASE):
            yearly = unit == "M3" and re.search(r"(?:per|a) year", printed, re.IGNORECASE)
            return "M3-PER-YR" if yearly else unit
    return "NUM"


def _bound(before: str) -> str:
    """The bound that the words before a figure tell."""
    clause = re.split(r"[\d,;:()]", before)[-1]
    return next((code for code, words in HEDGE.items() if words.search(clause)), "bound-exact")
