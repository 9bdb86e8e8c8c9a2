"""Krippendorff's alpha for unitising: do observers cut the same units out of a continuum?

No library on PyPI has it (pygamma-agreement has gamma, another measure). As in Krippendorff, K.: On the Reliability of
Unitizing Continuous Data, Sociological Methodology 25 (1995), and Content Analysis (2nd edition, 2004),
whose worked example (page 254) is a test.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Section(NamedTuple):
    """A stretch of the continuum, from `start`, of `length` basic units; `is_unit` tells a unit from a gap."""

    start: int
    length: int
    is_unit: bool

    @property
    def end(self) -> int:
        """The first position after it."""
        return self.start + self.length


Units = Sequence[tuple[int, int]]
"""The units of an observer in one category, as start and length; they do not overlap."""


def sections(units: Units, length: int) -> list[Section]:
    """The continuum, of positions from 0 up to but not including `length`, as units and the gaps between them.

    Raises ValueError if units overlap or leave the continuum.
    """
    found, position = [], 0
    for start, size in [*sorted(units), (length, 0)]:
        if start < position or size < 0 or start + size > length:
            raise ValueError(f"The unit at {start} overlaps another, or leaves the continuum.")
        if start > position:
            found.append(Section(position, start - position, False))
        if size:
            found.append(Section(start, size, True))
        position = start + size
    return found


def unitising_alpha(categories: Mapping[str, Sequence[Units]], length: int) -> float | None:
    """Alpha of unitising: 1 where all cut the same units, 0 where they agree as chance would.

    categories: for each category the units of each observer. length: of the continuum, in basic units.
    None where it is not defined: chance could not disagree, as without units, or where single ones fill everything.
    Over several categories it is 1 minus the quotient of the sums of observed and of expected disagreement.
    """
    if length < 1:
        return None
    cut = [[sections(units, length) for units in observers] for observers in categories.values()]
    expected = sum(expected_disagreement(observers, length) for observers in cut)
    return 1 - sum(observed_disagreement(observers, length) for observers in cut) / expected if expected else None


def observed_disagreement(observers: Sequence[Sequence[Section]], length: int) -> float:
    """The squared differences between sections of all pairs of observers, as a share of the squared continuum."""
    count = len(observers)
    total = sum(_differences(one, other) for i, one in enumerate(observers) for other in observers[i + 1 :])
    return 2 * total / (count * (count - 1) * length * length)


def _differences(one: Sequence[Section], other: Sequence[Section]) -> int:
    """The squared differences between the sections of two observers, which are sorted and fill the continuum."""
    total = i = j = 0
    while i < len(one) and j < len(other):
        total += _squared(one[i], other[j])
        here, there = one[i].end, other[j].end
        i, j = i + (here <= there), j + (there <= here)
    return total


def _squared(one: Section, other: Section) -> int:
    """How far two intersecting sections differ: their ends if both are units; a unit within a gap by its length."""
    if one.is_unit and other.is_unit:
        return (one.start - other.start) ** 2 + (one.end - other.end) ** 2
    for unit, gap in ((one, other), (other, one)):
        if unit.is_unit and not gap.is_unit and gap.start <= unit.start and unit.end <= gap.end:
            return unit.length**2
    return 0


def expected_disagreement(observers: Sequence[Sequence[Section]], length: int) -> float:
    """The disagreement to be expected of the units and gaps that there are, if they lay anywhere."""
    units = [s.length for found in observers for s in found if s.is_unit]
    gaps = [s.length for found in observers for s in found if not s.is_unit]
    total = sum(
        (len(units) - 1) * (2 * size**3 - 3 * size**2 + size) / 3
        + size**2 * sum(gap - size + 1 for gap in gaps if gap >= size)
        for size in units
    )
    positions = len(observers) * length
    pairs = positions * (positions - 1) - sum(size * (size - 1) for size in units)
    return 2 / length * total / pairs if pairs else 0.0


def united(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans (start, length) of which those that overlap are made one; those that only touch stay two."""
    found: list[tuple[int, int]] = []
    for start, size in sorted(set(spans)):
        if found and start < sum(found[-1]):
            first = found[-1][0]
            found[-1] = (first, max(sum(found[-1]), start + size) - first)
        else:
            found.append((start, size))
    return found
