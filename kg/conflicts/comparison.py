"""Compares figures: which of them disagree beyond their bounds.

Two figures are compared if they have the same measure, unit, kind (actual, planned, target), group, commodity, parties
and observed things, and come from different claims. Then they disagree if

- they have the same period, or one has none, or they are of a stock (a population, a rank) and their periods overlap,
  and no value is in both intervals (see `kg.conflicts.intervals`);
- they are of a sum (a turnover), the period of one lies in that of the other, and the part is more than the whole;
- one is a record, and another of an earlier period of the same length is more than it.

A group is sorted by period and searched with the extremes of each period, so that time grows with the number of figures
and of conflicts, not with that of pairs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from kg.conflicts.figures import NO_PERIOD, Figure, Period
from ontology.namespaces import CODE

SUMS: Final = frozenset(
    str(CODE[f"measure-{name}"])
    for name in ("trade-turnover", "deal-value", "gas-volume", "meetings", "documents", "project-value")
)
"""Measures that add up over time: a part of a period has no more than the whole."""

STOCKS: Final = frozenset(
    str(CODE[f"measure-{name}"])
    for name in (
        "group-population", "population", "population-share", "marriage-share", "regions", "universities", "schools",
        "organisations", "enterprises", "economic-zones", "facilities", "project-count", "gas-capacity", "border-rank",
        "students", "candidate-countries", "direct-investment",
    )
)  # fmt: skip
"""Measures of what there is at a time: figures are comparable where their periods overlap."""


def disagreements(figures: Iterable[Figure]) -> Iterator[list[Figure]]:
    """Sets of figures of which each disagrees with another: by period, then by pairs of periods."""
    for group in groups(figures, lambda figure: figure.key):
        cells: dict[Period, list[Figure]] = defaultdict(list)
        for figure in group:
            cells[figure.period].append(figure)
        undated = cells.pop(NO_PERIOD, [])
        found = [_disagreeing(undated, []), *(_disagreeing(cells[period], undated) for period in sorted(cells))]
        measure = group[0].measure
        if measure in SUMS:
            found += [_excess(cells[part], cells[whole]) for part, whole in _contained(cells)]
        elif measure in STOCKS:
            found += [_between(cells[one], cells[other]) for one, other in _overlapping(cells)]
        yield from filter(None, [*found, *_beaten_records(cells)])


def groups(figures: Iterable[Figure], key: Callable[[Figure], object]) -> Iterator[list[Figure]]:
    """The figures with the same key, where there are several."""
    found: dict[object, list[Figure]] = defaultdict(list)
    for figure in figures:
        found[key(figure)].append(figure)
    return (group for group in found.values() if len(group) > 1)


class _Rivals:
    """Figures to which others are compared, by the one that ends lowest and the one that begins highest."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self.figures = figures
        self.lowest = min(figures, key=lambda f: f.meant.high)
        self.highest = max(figures, key=lambda f: f.meant.low)

    def disagree_with(self, figure: Figure) -> bool:
        if figure.disagrees(self.lowest) or figure.disagrees(self.highest):
            return True
        extreme = figure.meant.is_disjoint_from(self.lowest.meant) or figure.meant.is_disjoint_from(self.highest.meant)
        return extreme and any(map(figure.disagrees, self.figures))  # an extreme is of the figure's own claim

    def are_less_than(self, figure: Figure) -> bool:
        low = figure.meant.low
        return self.lowest.meant.high <= low and any(
            g.meant.high <= low and figure.claims.isdisjoint(g.claims) for g in (self.lowest, *self.figures)
        )

    def are_more_than(self, figure: Figure) -> bool:
        high = figure.meant.high
        return high <= self.highest.meant.low and any(
            high <= g.meant.low and figure.claims.isdisjoint(g.claims) for g in (self.highest, *self.figures)
        )


def _disagreeing(dated: list[Figure], undated: list[Figure]) -> list[Figure]:
    """Those that disagree with another, where one of the two is dated."""
    if not dated:
        return []
    anchors, every = _Rivals(dated), _Rivals([*dated, *undated])
    return [
        *(f for f in dated if every.disagree_with(f)),
        *(f for f in undated if anchors.disagree_with(f)),
    ]


def _between(one: list[Figure], other: list[Figure]) -> list[Figure]:
    first, second = _Rivals(one), _Rivals(other)
    return [*filter(second.disagree_with, one), *filter(first.disagree_with, other)]


def _excess(part: list[Figure], whole: list[Figure]) -> list[Figure]:
    """The figures of a part that are more than some of the whole, and these."""
    parts, wholes = _Rivals(part), _Rivals(whole)
    return [*filter(wholes.are_less_than, part), *filter(parts.are_more_than, whole)]


def _overlapping(periods: Iterable[Period]) -> Iterator[tuple[Period, Period]]:
    """The pairs of different periods with a common day, by a sweep over their first days."""
    open_periods: list[Period] = []
    for period in sorted(periods):
        open_periods = [each for each in open_periods if each[1] >= period[0]]
        yield from ((each, period) for each in open_periods)
        open_periods.append(period)


def _contained(periods: Iterable[Period]) -> Iterator[tuple[Period, Period]]:
    """The pairs of a period and another that it lies in."""
    for one, other in _overlapping(periods):
        if other[1] <= one[1]:
            yield other, one
        elif one[0] == other[0]:
            yield one, other


def _beaten_records(cells: dict[Period, list[Figure]]) -> Iterator[list[Figure]]:
    """Each figure that is called a record, with the highest before it, of a period as long, if that is more."""
    by_length: dict[object, list[Period]] = defaultdict(list)
    for period in sorted(cells):
        by_length[_length(period)].append(period)
    for periods in by_length.values():  # as long as each other, so that the order of the last days is the same
        ended, most = 0, None
        for period in periods:
            while periods[ended][1] < period[0]:
                highest = max(cells[periods[ended]], key=lambda f: f.strict.low)
                most = max(filter(None, (most, highest)), key=lambda f: f.strict.low)
                ended += 1
            for figure in cells[period]:
                beaten = most is not None and "record" in figure.bounds and figure.meant.high <= most.strict.low
                if most and beaten and figure.claims.isdisjoint(most.claims):
                    yield [most, figure]


def _length(period: Period) -> tuple[str, int]:
    """The length in months if they are whole, else in days."""
    first, last = (date.fromisoformat(day) for day in period)
    after = last + timedelta(days=1)
    if first.day == after.day == 1:
        return "months", (after.year - first.year) * 12 + after.month - first.month
    return "days", (after - first).days
