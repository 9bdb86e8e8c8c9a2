"""Dates in words: days, months and years, at the precision of an EDTF literal (ISO 8601-2)."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from babel.dates import format_date, format_interval, format_skeleton

from kg.language.messages import Translate
from kg.language.periods import locale_of

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_PART: Final = re.compile(r"(?!0000)\d{4}(-(0[1-9]|1[0-2])(-\d\d)?)?")
_UNTIL: Final = re.compile(r"\[?\.\.(?:/)?([^.\[\]/]+)\]?|/([^.\[\]/]+)")
_SINCE: Final = re.compile(r"\[?([^.\[\]/]+)(?:/)?\.\.\]?|([^.\[\]/]+)/")


def days_in_words(first: str, last: str, language: str) -> str:
    """A day, or the days from first to last (``xsd:date``), such as 27 November 2024 or 27–28 Nov 2024.

    Whole years and months are written as such. A value that is not a date is returned unchanged.
    """
    start, end = _parse(first), _parse(last or first)
    if start is None or end is None:
        return first if last in {"", first} else f"{first} – {last}"
    if start == end:
        return str(format_date(start, "long", locale=locale_of(language)))
    after = end + timedelta(days=1) if end < date.max else end
    if (start.month, start.day, after.month, after.day) == (1, 1, 1, 1):
        return _interval(start, end, "y", language) if start.year != end.year else _skeleton("y", start, language)
    if (start.day, after.day) == (1, 1):
        whole = (start.year, start.month) == (end.year, end.month)
        return _skeleton("yMMMM", start, language) if whole else _interval(start, end, "yMMMM", language)
    return _interval(start, end, "yMMMd", language)


def moment_in_words(first: str, last: str, edtf: str, language: str, translate: Translate) -> str:
    """The days from first to last as the EDTF literal qualifies them, which may be empty.

    ``27–28 Nov 2024``, ``about 2013`` (``~``, ``%``), ``some time in 1501–1600`` (one of a set, ``[first..last]``),
    ``not after 21 Nov 2024`` (a set or an interval without a beginning), ``not before 21 Nov 2024``.
    """
    dates = days_in_words(first, last, language)
    if "~" in edtf or "%" in edtf:
        return translate("about {dates}").format(dates=dates)
    if _UNTIL.fullmatch(edtf):
        return translate("not after {dates}").format(dates=dates)
    if _SINCE.fullmatch(edtf):
        return translate("not before {dates}").format(dates=dates)
    if edtf.startswith("["):
        return translate("some time in {dates}").format(dates=dates)
    return dates


def edtf_in_words(value: str, language: str, translate: Translate) -> str:
    """An EDTF literal by itself: a year, a month, a day, ``first/last``, or one that is open to one side.

    Other forms (sets, approximate dates) are returned unchanged; the pages show their bounds beside them.
    """
    for pattern, end, words in ((_UNTIL, 1, "not after {dates}"), (_SINCE, 0, "not before {dates}")):
        match = pattern.fullmatch(value)
        bound = match and (match[1] or match[2])
        if bound and _PART.fullmatch(bound):
            return translate(words).format(dates=days_in_words(_bound(bound, end), "", language))
    first, slash, last = value.partition("/")
    if not all(_PART.fullmatch(part) for part in ((first, last) if slash else (first,))):
        return value
    return days_in_words(_bound(first, 0), _bound(last or first, 1), language)


def _bound(part: str, end: int) -> str:
    """The first (0) or last (1) day of a year, a month or a day."""
    year, month, single = [*part.split("-"), "", ""][:3]
    if single:
        return part
    if not end:
        return f"{year}-{month or '01'}-01"
    return f"{year}-{month}-{monthrange(int(year), int(month))[1]}" if month else f"{year}-12-31"


def _parse(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        return None


def _interval(start: date, end: date, skeleton: str, language: str) -> str:
    return str(format_interval(start, end, skeleton, locale=locale_of(language)))


def _skeleton(skeleton: str, value: date, language: str) -> str:
    return str(format_skeleton(skeleton, value, locale=locale_of(language)))
