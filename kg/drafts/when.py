"""Dates in running text, resolved from the days on which the article can have appeared.

English, and of Russian and Kazakh what months, days and years need. A year that is not printed is the one in which the
date is nearest to the article, on the side that the tense of the sentence tells: such dates are inferred.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from kg.checks.dates import MONTHS
from kg.checks.edtf import days
from kg.checks.numbers import figures

AHEAD: Final = re.compile(
    r"\b(?:will|shall|(?:is|are) (?:also )?(?:to\b(?! the)|planned|scheduled|due|expected)|plans? to\b|upcoming|"
    r"tomorrow|takes? place|until|by the end|будет|будут|планиру\w+|состоится|предстоит|завтра|болады|өтеді|"
    r"жоспарла\w+|ертең)",
    re.IGNORECASE,
)
"""Words of what is ahead."""
_PAST: Final = re.compile(
    r"\b(?:was|were|had|has been|met|held|took|made|became|said|told|began|\w{3,}ed|"
    r"\w{2,}(?:л|ла|ло|ли)(?:ся|сь)?|болды)\b",
    re.IGNORECASE,
)
"""Words of what is past."""
_MONTH: Final = "|".join(f"(?P<m{i}>{words.pattern}[а-яәіңғүұқөһ]*)" for i, words in enumerate(MONTHS, 1))
_YEAR: Final = r"(?:[12]\d{3})"
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_VERBS: Final = frozenset({"may", "march", "mar", "dec", "jan"})
"""Verbs, or no words of a text: names of months have a capital letter."""
_LEAP: Final = 2000
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 0}
_SOON: Final = 45
_LONG_AGO: Final = 300
"""A day of a month that would be so many days ago is rather one that comes as soon."""
_APART: Final = r"\s*(?:[-–—]|and|to|по|и|мен|пен)\s*"


@dataclass(frozen=True)
class Told:
    """A date in a text: where it stands, its EDTF, whether it is printed in full, and what kind of thing it is.

    kind: ``day`` (or days), ``month``, ``year``, or ``period`` (of months or years). ahead: whether its sentence tells
    it as to come.
    """

    start: int
    end: int
    edtf: str
    stated: bool
    kind: str
    ahead: bool

    @property
    def bounds(self) -> tuple[date, date]:
        """Its first and its last day."""
        found = days(self.edtf)
        assert found is not None
        first, last = found.first, found.last
        assert first is not None
        assert last is not None
        return first, last

    @property
    def property_names(self) -> tuple[str, str, str]:
        """The local names of the properties of its bounds and its EDTF where an event is dated."""
        if self.ahead:
            return "plannedEarliest", "plannedLatest", "plannedEdtf"
        return "earliest", "latest", "edtf"


@dataclass(frozen=True)
class Appeared:
    """The first and the last day on which the article can have appeared."""

    first: date
    last: date


def dates(text: str, appeared: Appeared) -> list[Told]:
    """The dates of a sentence, in its order; the longest where one lies in another."""
    found = []
    for pattern, resolve in _FORMS:
        for match in pattern.finditer(text):
            ahead = bool(AHEAD.search(text))
            if (resolved := resolve(match, appeared, ahead)) and days(resolved[0]):
                edtf, stated, kind = resolved
                told = Told(match.start(), match.end(), edtf, stated, kind, ahead=False)
                ahead = (ahead or told.bounds[0] > appeared.last) and kind in {"day", "month"}
                found.append(replace(told, ahead=ahead))
    found.sort(key=lambda t: (t.start, -t.end))
    return [t for t in found if not any(o is not t and o.start <= t.start and t.end <= o.end for o in found)]


_Resolved = tuple[str, bool, str] | None


def _day(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    """A day, or two, of a month, with or without its year."""
    month = next(i for i in range(1, 13) if match[f"m{i}"])
    if match[f"m{month}"] in _VERBS and not match["year"]:
        return None
    first, second = int(match["day"]), int(match["other"] or match["day"])
    if not _real(_LEAP, month, first):
        return None
    year = int(match["year"] or _year(month, first, appeared, ahead, match.string))
    if not _real(year, month, first) or not _real(year, month, second):
        return None
    begin, end = date(year, month, first), date(year, month, second)
    return (f"{begin}/{end}" if end > begin else str(begin)), bool(match["year"]), "day"


def _month(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    month = next(i for i in range(1, 13) if match[f"m{i}"])
    if match[f"m{month}"] in _VERBS:
        return None
    year = int(match["year"] or _year(month, 1, appeared, ahead, match.string))
    return f"{year}-{month:02}", bool(match["year"]), "month"


def _years(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    first, last = (
        int(match["first"]),
        int(match["last"] if len(match["last"]) == 4 else match["first"][:2] + match["last"]),
    )
    return (f"{first}/{last}", True, "period") if first < last else None


def _one_year(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    return match["year"], True, "year"


def _numeric(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    year, month, day = (int(match[n]) for n in ("year", "month", "day"))
    return (str(date(year, month, day)), True, "day") if _real(year, month, day) else None


def _relative(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    """Yesterday, today, tomorrow, and days of the week, where the day of the article is known."""
    word = match[0].lower().split()[-1]
    if word in {"today", "сегодня", "бүгін"} and appeared.first != appeared.last:
        return None  # nowadays
    ago = {"yesterday": 1, "вчера": 1, "кеше": 1, "tomorrow": -1, "завтра": -1, "ертең": -1}.get(word, 0)
    if word in _WEEKDAYS:
        distance = (appeared.last.weekday() - _WEEKDAYS.index(word)) % 7
        ago = distance - 7 if ahead and distance else distance
    first, last = (day - timedelta(ago) for day in (appeared.first, appeared.last))
    return str(first) if first == last else f"[{first}..{last}]", False, "day"


def _part_of_year(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    """The first nine months, ten months, a quarter or a half of a year."""
    year = _which(match["which"], appeared)
    number = _ORDINALS.get((match["ordinal"] or "").lower(), 1)
    numbers = figures(match["many"]) if match["many"] else []
    if match["many"] and (not numbers or numbers[0].whole):
        return None
    many = numbers[0].value if numbers else 1
    span = int(many) if "month" in match["unit"] else {"quarter": 3, "half": 6}[match["unit"].lower()]
    first = 1 if "month" in match["unit"] else span * ((number or 12 // span) - 1) + 1
    last = first + span - 1
    if not 1 <= first <= last <= 12:
        return None
    return f"{year}-{first:02}/{year}-{last:02}", match["which"].isdigit(), "period"


def _named_year(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    return str(_which(match["which"], appeared)), False, "year"


def _end(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    """By or before the end of the year."""
    return f"[{appeared.first}..{appeared.first.year}-12-31]", False, "day"


def _beginning(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    """Early or late in a year: its half."""
    year, first = match["year"], match["part"].lower() in {"early", "beginning", "начале"}
    return (f"[{year}-01-01..{year}-06-30]" if first else f"[{year}-07-01..{year}-12-31]"), False, "day"


def _century(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    number = int(match["number"])
    return f"[{number - 1:02}01..{number:02}00]", False, "year"


def _ago(match: re.Match[str], appeared: Appeared, ahead: bool) -> _Resolved:
    numbers = figures(match["many"])
    return (f"{appeared.last.year - int(numbers[0].value)}~", False, "year") if numbers else None


def _which(words: str, appeared: Appeared) -> int:
    """The year that words tell: itself, this, last or next year."""
    digits = re.search(_YEAR, words)
    if digits:
        return int(digits[0])
    shift = {"last": -1, "previous": -1, "прошло": -1, "былтыр": -1, "next": 1, "coming": 1, "следующ": 1}
    return appeared.last.year + next((n for word, n in shift.items() if word in words.lower()), 0)


def _year(month: int, day: int, appeared: Appeared, ahead: bool, text: str) -> int:
    """The year of a day without one: nearest to the article, on the side of the tense."""
    apart = 1 if (month, day) != (2, 29) else 8
    near = range(appeared.first.year - apart, appeared.last.year + apart + 1)
    years = [y for y in near if _real(y, month, day)]
    if ahead:
        return min((y for y in years if date(y, month, _length(y, month)) >= appeared.first), default=years[-1])
    year = max((y for y in years if date(y, month, day) <= appeared.last), default=years[0])
    if _PAST.search(text):
        return year
    soon = next((y for y in years if 0 < (date(y, month, day) - appeared.last).days <= _SOON), None)
    return soon if soon and (appeared.last - date(year, month, day)).days > _LONG_AGO else year


def _real(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= _length(year, month)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _forms() -> Iterator[tuple[str, Callable[[re.Match[str], Appeared, bool], _Resolved]]]:
    day = rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|-го|-е)?(?:{_APART}(?P<other>\d{{1,2}})(?:st|nd|rd|th)?)?"
    year = rf"(?:,?\s*(?:of\s+)?(?P<year>{_YEAR})(?!\d))?"
    yield rf"(?<![\d.,])(?:{_MONTH})\s+{day}(?![\d.,]*\d|\s*%){year}", _day
    yield rf"(?<![\d.,]){day}\s+(?:of\s+)?(?:{_MONTH}){year}", _day
    yield rf"(?P<year>{_YEAR})\s+жылғы\s+{day}\s+(?:{_MONTH})", _day
    yield (
        rf"\b(?:(?:in|since|until|till|from|of|by|last|early|late|this|в|с|до)\s+)?(?:{_MONTH}){year}(?!\s*\d)",
        _month,
    )
    yield r"\b(?P<year>[12]\d{3})-(?P<month>\d\d)-(?P<day>\d\d)\b", _numeric
    yield r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>[12]\d{3})\b", _numeric
    yield rf"(?<![\d.,])(?P<first>{_YEAR})\s*[-–—]\s*(?P<last>\d{{4}}|\d\d)(?![\d.,]*\d)", _years
    yield rf"(?<![\w.,$€-])(?:(?:in|since|of|by|в)\s+)?(?P<year>{_YEAR})(?![\d]|[.,]\d|\s*[-–]\s*\d|[-–]?\w)", _one_year
    weekdays = "|".join(_WEEKDAYS)
    yield (
        rf"\b(?:yesterday|today|tomorrow|вчера|сегодня|завтра|кеше|бүгін|ертең|(?:on|last|next) (?:{weekdays}))\b",
        _relative,
    )
    which = (
        rf"(?P<which>(?:this|the current|current|last|the last|next|previous|the previous)\s+year|(?:in\s+)?{_YEAR})"
    )
    many = r"(?P<ordinal>first|second|third|fourth|last)?\s*(?P<many>\w+)?\s*(?P<unit>months|quarter|half)"
    yield rf"\b(?:the\s+)?{many}\s+(?:of|in)\s+{which}", _part_of_year
    yield r"\b(?P<which>(?:this|last|next|the current|the previous) year|былтыр|биыл)\b(?!\s*(?:'s|old))", _named_year
    yield r"\b(?:by|before|until) the end of (?:the|this) year\b", _end
    yield rf"\b(?:in\s+)?(?P<part>early|late|the beginning of|начале|конце)\s+(?P<year>{_YEAR})", _beginning
    yield r"\b(?P<number>\d{1,2})(?:st|nd|rd|th)[ -]century", _century
    yield r"\b(?P<many>\w+|\d+) years ago\b", _ago


_FORMS: Final = tuple((re.compile(pattern, re.IGNORECASE), resolve) for pattern, resolve in _forms())
