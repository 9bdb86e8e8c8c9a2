"""The period of a figure: its length, its kind, and its text in a language; and ticks of time axes."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from babel.dates import format_date, format_interval, format_skeleton
from babel.units import format_unit

PeriodKind = Literal["year", "part", "other", "none"]

KINDS: Final[tuple[PeriodKind, ...]] = ("year", "part", "other", "none")
"""A calendar year; a part of one; any other period; no period given."""

_LOCALES: Final = {"en": "en_GB"}
"""English is British English, which writes the day before the month."""

_SHORT_UNITS: Final = {"kk"}
"""Languages for which CLDR has no long names of months and days as units."""


def locale_of(language: str) -> str:
    """The CLDR locale used for a language."""
    return _LOCALES.get(language, language)


def unit_length(language: str) -> Literal["short", "long"]:
    """The length of the names of units of time in a language."""
    return "short" if language in _SHORT_UNITS else "long"


@dataclass(frozen=True, order=True)
class Period:
    """From the first day to the last, inclusive. inferred: the source does not state it in full."""

    start: date
    end: date
    inferred: bool = False

    @property
    def kind(self) -> PeriodKind:
        """Its kind; values of periods of different kinds, or of parts of different lengths, are not comparable."""
        if self.start.year != self.end.year:
            return "other"
        return "year" if self.months == 12 else "part"

    @property
    def months(self) -> int:
        """Its number of calendar months, 0 if it does not consist of whole months."""
        if self.start.day != 1 or self.end.day != monthrange(self.end.year, self.end.month)[1]:
            return 0
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1

    def text(self, language: str) -> str:
        """As text: ``2023``, ``Jan–Sept 2024``, ``1 Jan – 9 Nov 2023``."""
        if self.kind == "year":
            return f"{self.start.year}"
        if self.months == 1:
            return str(format_skeleton("yMMMM", self.start, locale=locale_of(language)))
        if self.start == self.end:
            return str(format_date(self.start, "medium", locale=locale_of(language)))
        skeleton = "yMMM" if self.months else "yMMMd"
        return str(format_interval(self.start, self.end, skeleton, locale=locale_of(language)))

    def length(self, language: str) -> str:
        """Its length as text: ``9 months``, ``1 year``, ``313 days``."""
        if self.months and self.months % 12 == 0:
            count, unit = self.months // 12, "duration-year"
        elif self.months:
            count, unit = self.months, "duration-month"
        else:
            count, unit = (self.end - self.start).days + 1, "duration-day"
        return str(format_unit(count, unit, unit_length(language), locale=locale_of(language)))


def parse_day(text: str) -> date | None:
    """The day of an ``xsd:date``, None if Python's `date` cannot represent it (imported data may hold any)."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def milliseconds(day: date) -> int:
    """Milliseconds since 1970-01-01 UTC, the unit of time of Vega."""
    return (day - date(1970, 1, 1)).days * 86_400_000


def year_ticks(days: Iterable[date], most: int) -> list[int]:
    """At most about `most` round years that span the days, for an axis of time."""
    years = [day.year for day in days]
    if not years:
        return []
    first, last = min(years), max(years) + 1
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000) if (last - first) / s <= most)
    return [year for year in range(first // step * step, last + step, step) if 1 <= year <= 9999]


def time_ticks(first: date, last: date, most: int, language: str) -> list[tuple[date, str]]:
    """At most about `most` days and their names for an axis of time: months, quarters or years."""
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((s for s in (1, 3, 6) if months / s <= most), 0)
    if not step:
        years = year_ticks((first, last), most)
        return [(day, f"{day.year}") for year in years if first <= (day := date(year, 1, 1)) <= last]
    starts = (date(y, m, 1) for y in range(first.year, last.year + 1) for m in range(1, 13, step))
    return [
        (day, str(format_skeleton("yMMM", day, locale=locale_of(language)))) for day in starts if first <= day <= last
    ]
