"""Formats values with their units in a language."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import Final

from babel.numbers import format_compact_currency, format_compact_decimal, format_decimal, format_percent
from babel.units import format_unit

from kg.language.messages import Translate
from kg.language.periods import locale_of, unit_length

_QUDT: Final = "http://qudt.org/vocab/unit/"
_CURRENCY: Final = "CCY_"
_COMPACT_FROM: Final = 10_000

_CLDR_CORRECTIONS: Final = {"kk": ("\xa0м.", "\xa0мың")}
"""Corrections to CLDR's compact numbers: the abbreviation of Kazakh thousands, wrong from a hundred on."""


def amount(
    value: Decimal, unit: str, language: str, translate: Translate = str, *, out_of: Decimal | None = None
) -> str:
    """A value in a QUDT unit (an IRI, or nothing for a count): ``$28.4B``, ``35B m³ a year``, ``7%``, ``93.6K``.

    For other units, the last part of the IRI follows the number. out_of: the whole of which the value is a part,
    without which it says nothing: ``2 of 3``.
    """
    number = _number(value, language)
    if out_of is not None:
        whole = amount(out_of, unit, language, translate)
        return translate("{value} of {whole}").format(value=number, whole=whole)
    match unit.removeprefix(_QUDT):
        case "" | "NUM":
            words = number
        case "PERCENT":
            words = format_percent(value / 100, "#,##0.##%", locale=locale_of(language))
        case "YR":
            words = _with_unit(value, "duration-year", language)
        case "DAY":
            words = _with_unit(value, "duration-day", language)
        case "M3":
            words = f"{number} m³" if language == "en" else f"{number} м³"
        case "M3-PER-YR":
            words = translate("{volume} a year").format(volume=amount(value, _QUDT + "M3", language))
        case name if name.startswith(_CURRENCY):
            code = name.removeprefix(_CURRENCY)
            words = format_compact_currency(value, code, locale=locale_of(language), fraction_digits=_digits(value))
        case name:
            words = f"{number} {name.rpartition('/')[2]}"
    return str(words)


def with_bounds(words: str, bounds: Sequence[str], translate: Translate = str) -> str:
    """An amount with the bounds of its source: ``over $17B``, ``$28.4B, a record``. bounds: such as ``over``."""
    for bound in bounds:
        match bound:
            case "over":
                words = translate("over {amount}").format(amount=words)
            case "up-to":
                words = translate("up to {amount}").format(amount=words)
            case "about":
                words = translate("about {amount}").format(amount=words)
            case "nearly":
                words = translate("almost {amount}").format(amount=words)
            case "record":
                words = translate("{amount}, a record").format(amount=words)
            case _:
                words = f"{words} ({bound})"
    return words


def ticks(least: Decimal, most: Decimal) -> list[Decimal]:
    """Three to seven round values for an axis, from `least` or below to `most` or above."""
    span = (most - least) or abs(most) or Decimal(1)
    power = Decimal(10) ** (span.adjusted() - 1)
    step = next(power * factor for factor in (1, 2, 5, 10, 20, 50) if span / (power * factor) <= 5)
    first, last = (least / step).to_integral_value(ROUND_FLOOR), (most / step).to_integral_value(ROUND_CEILING)
    last = max(last, first + 1)
    return [step * count for count in range(int(first), int(last) + 1)]


@lru_cache(maxsize=1 << 12)
def _number(value: Decimal, language: str) -> str:
    locale = locale_of(language)
    if abs(value) < _COMPACT_FROM:
        return str(format_decimal(value, locale=locale))
    words = str(format_compact_decimal(value, format_type="short", locale=locale, fraction_digits=_digits(value)))
    return words.replace(*_CLDR_CORRECTIONS.get(language, ("", "")))


def _digits(value: Decimal) -> int:
    """The number of fraction digits of a compact number: as many as the value has, at most two."""
    figures = len(value.normalize().as_tuple().digits)
    before = (len(f"{int(abs(value))}") - 1) % 3 + 1
    return max(0, min(2, figures - before))


def _with_unit(value: Decimal, unit: str, language: str) -> str:
    return str(format_unit(value, unit, unit_length(language), locale=locale_of(language)))
