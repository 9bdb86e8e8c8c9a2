"""Numbers and dates formatted in the page's language (CLDR, by Babel)."""

from decimal import Decimal, InvalidOperation
from typing import Final

from babel.numbers import format_decimal
from flask import Flask

from kg.language.dates import days_in_words, edtf_in_words
from kg.language.periods import locale_of
from server.http.languages import language, translate

_MOST_DIGITS: Final = 30


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
    form = "#,##0." + "0" * -exponent if exponent < 0 else "#,##0"
    return format_decimal(exact, form, locale=locale_of(language()))


def day(first: str, last: str = "") -> str:
    """A day, or the days from first to last (``xsd:date``); see `kg.language.dates.days_in_words`."""
    return days_in_words(first, last, language())


def edtf(value: str) -> str:
    """A date at the precision of its EDTF literal; see `kg.language.dates.edtf_in_words`."""
    return edtf_in_words(value, language(), translate)
