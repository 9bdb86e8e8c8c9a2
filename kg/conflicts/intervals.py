"""What a printed figure says: the interval of its values.

A number is rounded to its last printed digit: "28.2 billion" is anything from 28.15 to 28.25 billion. A bound is read
twice. *Strictly*, "over 17 billion" excludes nothing above 17 billion. *As it is meant*, it is less than the next
number that would have been as round, 18 billion, or the writer would have said that: the implicature that C. Cummins,
U. Sauerland and S. Solt measure ("Granularity and scalar implicature in numerical expressions", Linguistics and
Philosophy 35, 2012). Figures that disagree as meant, and not strictly, are shown with that caveat.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

_NUMBER: Final = re.compile(r"\d[\d\s\u00a0\u202f,.]*")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[,\s\u00a0\u202f]\d{3})+")
_TWENTIETH: Final = Decimal("0.05")
INFINITE: Final = Decimal("Infinity")


@dataclass(frozen=True)
class Interval:
    """The values from `low`, inclusive, to `high`, exclusive."""

    low: Decimal
    high: Decimal

    def is_disjoint_from(self, other: "Interval") -> bool:
        """Whether no value lies in both."""
        return self.high <= other.low or other.high <= self.low


def number(text: str) -> Decimal | None:
    """A finite number, or None."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def printed_unit(value: Decimal, as_written: str) -> Decimal:
    """The place of the last printed digit: for 28.4 billion a tenth of a billion; without digits, of the value."""
    if match := _NUMBER.search(as_written):
        digits = match[0].strip(" \u00a0\u202f,.")
        whole = _THOUSANDS.fullmatch(digits)
        digits = re.sub(r"[,\s\u00a0\u202f]", "", digits) if whole else re.sub(r"\s", "", digits).replace(",", ".")
        shown = number(digits)
        if shown and value and (scale := abs(value / shown)).normalize().as_tuple().digits == (1,):
            return scale * Decimal(10) ** -len(digits.partition(".")[2])
    exponent = value.as_tuple().exponent
    return Decimal(10) ** min(0, exponent if isinstance(exponent, int) else 0)


def round_unit(value: Decimal) -> Decimal:
    """The place of the last digit that is not zero: ten thousand for 60,000."""
    exponent = value.normalize().as_tuple().exponent
    return Decimal(10) ** (exponent if isinstance(exponent, int) and value else 0)


def meant(value: Decimal, bounds: Collection[str], as_written: str = "") -> Interval:
    """The values that a figure is meant to allow. bounds: such as ``over``, ``up-to``, ``about``, ``nearly``."""
    half = printed_unit(value, as_written) / 2
    rough = max(half, round_unit(value) / 2, abs(value) * _TWENTIETH)
    low, high = value - half, value + half
    if "about" in bounds:
        low, high = value - rough, value + rough
    if "over" in bounds:
        low, high = value, value + max(round_unit(value), 2 * half)
    if "nearly" in bounds:
        low, high = value - rough, value
    if "up-to" in bounds:
        low = -INFINITE
    return Interval(low, high)


def strict(value: Decimal, bounds: Collection[str], as_written: str = "") -> Interval:
    """The values that a figure excludes in no reading of its bounds."""
    found = meant(value, bounds, as_written)
    low = -INFINITE if {"up-to", "nearly"} & {*bounds} else found.low
    return Interval(low, INFINITE if "over" in bounds else found.high)
