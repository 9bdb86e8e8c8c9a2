"""Amounts and dates as Babel formats them, so that no test depends on one release of its data (CLDR).

Tests check which figure, bound, unit, period and order a page shows; the spelling of a number or date is Babel's.
"""

from datetime import date

from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import format_compact_currency, format_compact_decimal, format_decimal, format_percent
from babel.units import format_unit

ENGLISH = "en_GB"


def spaced(text: str) -> str:
    """The text with each run of white space, of any kind, replaced by one space."""
    return " ".join(text.split())


def dollars(value: float, locale: str = ENGLISH, digits: int = 1) -> str:
    """An abbreviated amount in dollars, such as 28.4 billion."""
    return format_compact_currency(value, "USD", locale=locale, fraction_digits=digits)


def count(value: float, locale: str = ENGLISH, digits: int = 0) -> str:
    """An abbreviated number, such as 60 thousand."""
    return format_compact_decimal(value, format_type="short", locale=locale, fraction_digits=digits)


def number(value: float | str, pattern: str, locale: str) -> str:
    """A number with the separators of the language."""
    return format_decimal(value, pattern, locale=locale)


def percent(value: float, locale: str = ENGLISH) -> str:
    """A percentage."""
    return format_percent(value / 100, locale=locale)


def lasting(value: int, unit: str, locale: str = ENGLISH) -> str:
    """A duration in a CLDR unit, ``duration-day`` or ``duration-month``."""
    return format_unit(value, unit, "long", locale=locale)


def on(day: str, locale: str = ENGLISH) -> str:
    """A date in the long format."""
    return format_date(date.fromisoformat(day), "long", locale=locale)


def month(day: str, locale: str = ENGLISH) -> str:
    """The month and year of a date."""
    return format_skeleton("yMMMM", date.fromisoformat(day), locale=locale)


def between(first: str, last: str, skeleton: str = "yMMMd", locale: str = ENGLISH) -> str:
    """The interval from first to last; the skeleton (UTS 35) selects its fields."""
    return format_interval(date.fromisoformat(first), date.fromisoformat(last), skeleton, locale=locale)
