"""EDTF (ISO 8601-2:2019): the first and last day of a date, a month, a year, an interval, a choice."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_DATE: Final = re.compile(
    r"(?P<year>\d{2}(?:\d\d|\dX|XX))(?:-(?P<month>\d\d|XX)(?:-(?P<day>\d\d|XX))?)?(?P<doubt>[?~%]?)"
)


@dataclass(frozen=True)
class Days:
    """The first and the last day, None where it is open; `doubtful` if it is uncertain or approximate (?, ~, %)."""

    first: date | None
    last: date | None
    doubtful: bool


def days(text: str) -> Days | None:
    """The days of an EDTF expression of the forms that shapes/dates.ttl admits; None if it is of none."""
    if choice := re.fullmatch(r"\[(.*)\.\.(.*)\]", text):
        return _interval(choice[1], choice[2])
    if "/" in text:
        return _interval(*text.split("/", 1))
    return _single(text)


def parts(text: str) -> list[tuple[str, str, str]]:
    """Year, month and day of each date in an EDTF expression, as printed; empty where unknown or not given."""
    found = []
    for match in _DATE.finditer(text):
        values = (match["year"], match["month"] or "", match["day"] or "")
        found.append(tuple("" if "X" in v else v for v in values))
    return [(year, month, day) for year, month, day in found]


def _interval(begin: str, end: str) -> Days | None:
    first, last = (None if part in {"", ".."} else _single(part) for part in (begin, end))
    if (first is None and begin not in {"", ".."}) or (last is None and end not in {"", ".."}):
        return None
    return Days(
        first.first if first else None,
        last.last if last else None,
        bool((first and first.doubtful) or (last and last.doubtful)),
    )


def _single(text: str) -> Days | None:
    match = _DATE.fullmatch(text)
    if not match:
        return None
    years = [int(match["year"].replace("X", digit)) for digit in "09"]
    doubtful = bool(match["doubt"])
    month, day = match["month"], match["day"]
    try:
        if month is None or month == "XX":
            return Days(date(years[0], 1, 1), date(years[1], 12, 31), doubtful)
        if int(month) > 12:  # a season, in whichever hemisphere: at most a year
            return Days(date(years[0], 1, 1), date(years[1], 12, 31), True)
        if day is None or day == "XX":
            last = calendar.monthrange(years[1], int(month))[1]
            return Days(date(years[0], int(month), 1), date(years[1], int(month), last), doubtful)
        return Days(date(years[0], int(month), int(day)), date(years[1], int(month), int(day)), doubtful)
    except ValueError:
        return None
