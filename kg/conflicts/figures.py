"""Figures that disagree beyond their bounds.

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
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.conflicts.evidence import Evidence, Told
from kg.conflicts.intervals import Interval, meant, number, strict
from kg.conflicts.model import Conflict, side, sides
from kg.store.reader import Term
from ontology.namespaces import CODE, KEL

SYMMETRIC: Final = frozenset(
    str(CODE[f"measure-{name}"])
    for name in ("trade-turnover", "trade-growth", "meetings", "border-rank", "project-count", "project-value")
)
"""Measures of two parties that are the same whichever comes first."""

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

_NONE: Final = frozenset[str]()
_NO_PERIOD: Final = ("", "")
_RANK: Final = str(CODE["measure-trade-rank"])
Period = tuple[str, str]
"""The first and the last day (ISO 8601); both are empty if the source gives none."""


@dataclass(frozen=True)
class Figure:
    """A value that claims give of one observation; `bounds` are local names such as ``over``."""

    iri: str
    value: Decimal
    term: Term
    measure: str
    parties: tuple[frozenset[str], frozenset[str]]
    rest: tuple[frozenset[str], ...]
    period: Period
    bounds: frozenset[str]
    as_written: str
    claims: frozenset[str]

    @property
    def key(self) -> tuple[object, ...]:
        """What comparable figures have in common, but for the period."""
        return self.measure, self.key_parties(), self.rest

    def key_parties(self, *, ranked: bool = False) -> tuple[frozenset[str], frozenset[str]]:
        """The parties, as one set where their order means nothing, and without the one that is ranked."""
        first, second = self.parties
        return (first | second, _NONE) if self.measure in SYMMETRIC else (first, _NONE if ranked else second)

    @cached_property
    def meant(self) -> Interval:
        """The values that it is meant to allow."""
        return meant(self.value, self.bounds, self.as_written)

    @cached_property
    def strict(self) -> Interval:
        """The values that it allows in some reading."""
        return strict(self.value, self.bounds, self.as_written)

    def disagrees(self, other: "Figure") -> bool:
        """Whether their values exclude each other, and different claims give them; periods are not compared."""
        return self.meant.is_disjoint_from(other.meant) and self.claims.isdisjoint(other.claims)


def read_figures(evidence: Evidence) -> list[Figure]:
    """The figures in the evidence, without those that are denied."""
    return [figure for iri, values in evidence.told("value") for figure in _figures(evidence, iri, values)]


def figure_conflicts(evidence: Evidence, given: Iterable[Figure]) -> Iterator[Conflict]:
    """The conflicts between figures, one for each group and period, and one for each pair of unequal periods."""
    figures = [figure for figure in given if any(figure.parties) or figure.rest[-1]]
    for found in disagreements(figures):
        yield _conflict(evidence, found)
    for same in _groups((f for f in figures if f.measure == _RANK), _rank_key):
        if len({f.parties[1] for f in same}) > 1 and len({f.claims for f in same}) > 1:
            yield _conflict(evidence, same, str(KEL.counterpartArea))


def disagreements(figures: Iterable[Figure]) -> Iterator[list[Figure]]:
    """Sets of figures of which each disagrees with another: by period, then by pairs of periods."""
    for group in _groups(figures, lambda figure: figure.key):
        cells: dict[Period, list[Figure]] = defaultdict(list)
        for figure in group:
            cells[figure.period].append(figure)
        undated = cells.pop(_NO_PERIOD, [])
        found = [_disagreeing(undated, []), *(_disagreeing(cells[period], undated) for period in sorted(cells))]
        measure = group[0].measure
        if measure in SUMS:
            found += [_excess(cells[part], cells[whole]) for part, whole in _contained(cells)]
        elif measure in STOCKS:
            found += [_between(cells[one], cells[other]) for one, other in _overlapping(cells)]
        yield from filter(None, [*found, *_beaten_records(cells)])


def _groups(figures: Iterable[Figure], key: Callable[[Figure], object]) -> Iterator[list[Figure]]:
    found: dict[object, list[Figure]] = defaultdict(list)
    for figure in figures:
        found[key(figure)].append(figure)
    return (group for group in found.values() if len(group) > 1)


def _rank_key(figure: Figure) -> object:
    return figure.measure, figure.parties[0], figure.rest, figure.period, figure.value


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


def _conflict(evidence: Evidence, found: Sequence[Figure], on: str = str(KEL.value)) -> Conflict:
    by_value: dict[tuple[object, ...], list[Figure]] = defaultdict(list)
    for figure in found:
        by_value[figure.value, figure.bounds, figure.period, figure.parties].append(figure)
    periods = sorted({figure.period for figure in found} - {_NO_PERIOD})
    one, ranked = found[0], on != str(KEL.value)
    things = {iri for figure in found for group in (*figure.parties, figure.rest[-1]) for iri in group}
    key = (one.measure, *("/".join(sorted(group)) for group in (*one.key_parties(ranked=ranked), *one.rest)))
    return Conflict(
        "figures",
        (*key, *(day for period in periods for day in period), str(one.value) if ranked else ""),
        on,
        (one.measure, *sorted(things)),
        sides(
            (
                side(
                    [ox.NamedNode(iri) for f in same for iri in f.parties[1]] if ranked else [f.term for f in same],
                    [f.iri for f in same],
                    [claim for f in same for claim in f.claims],
                )
                for same in by_value.values()
            ),
            lambda each: (_least(each.values), each.things),
        ),
        _caveats(evidence, found, periods),
    )


def _least(values: Iterable[Term]) -> Decimal:
    return min((number(v.value) or Decimal(0) for v in values if isinstance(v, ox.Literal)), default=Decimal(0))


def _caveats(evidence: Evidence, found: Sequence[Figure], periods: Sequence[Period]) -> frozenset[str]:
    claims = {claim for figure in found for claim in figure.claims}
    undated = any(figure.period == _NO_PERIOD for figure in found)
    joint = max(f.strict.low for f in found) < min(f.strict.high for f in found)
    reasons = {
        "no-period": undated,
        "other-period": len(periods) > 1,
        "other-time": (undated or found[0].measure in STOCKS) and evidence.articles_differ(claims),
        "inferred-date": any(
            told.value.value == str(CODE["date-inferred"]) for f in found for told in evidence.of(f.iri, "dateBasis")
        ),
        "bound": joint,
        "counting": len({evidence.record(claim).speaker for claim in claims}) > 1,
    }
    return frozenset(name for name, holds in reasons.items() if holds)


def _figures(evidence: Evidence, iri: str, values: Sequence[Told]) -> Iterator[Figure]:
    """One figure for each value; where its claims do not tell the rest, those of other values do."""
    by_value: dict[Term, set[str]] = defaultdict(set)
    for told in values:
        by_value[told.value].add(told.claim)
    for term, claims in by_value.items():
        value = number(term.value)
        if value is None:
            continue

        def every(name: str, claims: set[str] = claims) -> frozenset[str]:
            given = evidence.of(iri, name)
            own = frozenset(t.value.value for t in given if t.claim in claims)
            return own or frozenset(t.value.value for t in given)

        start, end = (min(every(name), default="") for name in ("periodStart", "periodEnd"))
        yield Figure(
            iri,
            value,
            term,
            min(every("measure"), default=""),
            (every("refArea"), every("counterpartArea")),
            tuple(every(name) for name in ("unit", "figureKind", "group", "commodity", "observed")),
            (start, end) if _is_period(start, end) else _NO_PERIOD,
            frozenset(bound.rpartition("bound-")[2] for bound in every("bound")),
            min(every("asWritten"), default=""),
            frozenset(claims),
        )


def _is_period(start: str, end: str) -> bool:
    try:
        return date.fromisoformat(start) <= date.fromisoformat(end) < date.max
    except ValueError:
        return False
