"""Numbers and dates formatted in the page's language (CLDR, by Babel)."""

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import format_decimal
from flask import Flask

from server.http.languages import language, translate

_LOCALES: Final = {"en": "en_GB"}
"""English pages use British formats: the day before the month."""

_MOST_DIGITS: Final = 30

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_PART: Final = re.compile(r"(?!0000)\d{4}(-(0[1-9]|1[0-2])(-\d\d)?)?")


def register(app: Flask) -> None:
    """Registers the template filters ``number``, ``date`` and ``edtf``."""
    app.jinja_env.filters.update(number=number, date=day, edtf=edtf)


def number(value: int | float | Decimal | str) -> str:
    """A number with the separators of the language and all its digits; other values are returned as text."""
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS:  # infinite, or too long to write out
        return str(value)
    return format_decimal(exact, "#,##0." + "0" * -exponent if exponent < 0 else "#,##0", locale=_locale())


def day(first: str, last: str = "") -> str:
    """A day, or the days from first to last (``xsd:date``), such as 27 November 2024 or 27–28 Nov 2024.

    Whole years and months are written as such. A value that is not a date is returned unchanged.
    """
    start, end = _parse(first), _parse(last or first)
    if start is None or end is None:
        return first if last in {"", first} else f"{first} – {last}"
    if start == end:
        return format_date(start, "long", locale=_locale())
    after = end + timedelta(days=1) if end < date.max else end
    if (start.month, start.day, after.month, after.day) == (1, 1, 1, 1):
        return _interval(start, end, "y") if start.year != end.year else _skeleton("y", start)
    if (start.day, after.day) == (1, 1):
        whole = (start.year, start.month) == (end.year, end.month)
        return _skeleton("yMMMM", start) if whole else _interval(start, end, "yMMMM")
    return _interval(start, end, "yMMMd")


def edtf(value: str) -> str:
    """A date at the precision of its EDTF literal (ISO 8601-2): a year, a month, a day, or ``first/last``.

    One of the days up to or from a day (``[..last]``, ``[first..]``) is told as such. Other forms (sets, approximate
    dates) are returned unchanged; the pages show their bounds beside them.
    """
    if (until := value.removeprefix("[..").removesuffix("]")) != value and _PART.fullmatch(until):
        return translate("not after {dates}").format(dates=day(_bound(until, 1)))
    if (since := value.removeprefix("[").removesuffix("..]")) != value and _PART.fullmatch(since):
        return translate("not before {dates}").format(dates=day(_bound(since, 0)))
    first, slash, last = value.partition("/")
    if not all(_PART.fullmatch(part) for part in ((first, last) if slash else (first,))):
        return value
    return day(_bound(first, 0), _bound(last or first, 1))


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


def _interval(start: date, end: date, skeleton: str) -> str:
    return format_interval(start, end, skeleton, locale=_locale())


def _skeleton(skeleton: str, value: date) -> str:
    return format_skeleton(skeleton, value, locale=_locale())


def _locale() -> str:
    return _LOCALES.get(language(), language())
