"""Figures: intervals of what is printed, and which disagree, against a definition that compares all pairs."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.conflicts.comparison import STOCKS, SUMS, disagreements
from kg.conflicts.figures import NO_PERIOD, Figure, Period
from kg.conflicts.intervals import Interval, meant, printed_unit, round_unit, strict
from ontology.namespaces import CODE

INFINITY = Decimal("Infinity")


@pytest.mark.parametrize(
    ("value", "printed", "unit"),
    [
        ("28400000000", "$28.4 billion", "100000000"),
        ("22000000000", "$22 billion", "1000000000"),
        ("60000", "60 thousand", "1000"),
        ("93600", "93.6 thousand", "100"),
        ("76", "76 out of 89", "1"),
        ("1234567", "1,234,567", "1"),
        ("28400000000", "28,4 млрд", "100000000"),
        ("200", "two hundred", "1"),
        ("4", "fourth", "1"),
        ("0.5", "", "0.1"),
        ("0", "0", "1"),
        ("10", "2023", "1"),
    ],
)
def test_the_last_printed_digit(value: str, printed: str, unit: str) -> None:
    assert printed_unit(Decimal(value), printed) == Decimal(unit)


@pytest.mark.parametrize(("value", "unit"), [("60000", "10000"), ("17000000000", "1000000000"), ("93.6", "0.1")])
def test_the_last_digit_that_is_not_zero(value: str, unit: str) -> None:
    assert round_unit(Decimal(value)) == Decimal(unit)


@pytest.mark.parametrize(
    ("bounds", "as_meant", "strictly"),
    [
        (set(), ("16.5", "17.5"), ("16.5", "17.5")),
        ({"over"}, ("17", "18"), ("17", "Infinity")),
        ({"up-to"}, ("-Infinity", "17.5"), ("-Infinity", "17.5")),
        ({"about"}, ("16.15", "17.85"), ("16.15", "17.85")),
        ({"nearly"}, ("16.15", "17"), ("-Infinity", "17")),
        ({"record"}, ("16.5", "17.5"), ("16.5", "17.5")),
    ],
)
def test_bounds(bounds: set[str], as_meant: tuple[str, str], strictly: tuple[str, str]) -> None:
    for found, (low, high) in ((meant, as_meant), (strict, strictly)):
        assert found(Decimal(17), bounds, "17") == Interval(Decimal(low), Decimal(high))


@given(st.integers(-5000, 5000), st.sets(st.sampled_from(["over", "up-to", "about", "nearly", "record"])))
def test_what_is_meant_is_allowed(value: int, bounds: set[str]) -> None:
    inner, outer = meant(Decimal(value), bounds), strict(Decimal(value), bounds)
    assert outer.low <= inner.low < inner.high <= outer.high


DAYS = st.integers(0, 3)
MONTHS = [date(2030, month, 1) for month in range(1, 7)]


def period(first: int, months: int) -> Period:
    return MONTHS[first].isoformat(), (MONTHS[first + months] - timedelta(days=1)).isoformat()


MEASURES = [str(CODE[f"measure-{name}"]) for name in ("trade-turnover", "population", "trade-growth")]
PERIODS = [NO_PERIOD, *(period(first, months) for first in range(3) for months in (1, 2, 3))]


@st.composite
def figures(draw: st.DrawFn) -> list[Figure]:
    """Figures of few values, periods, parties and claims, so that many of them are comparable."""
    count = draw(st.integers(0, 9))
    return [figure(number, *draw(_PARTS)) for number in range(count)]


_PARTS = st.tuples(
    st.sampled_from(MEASURES),
    st.integers(1, 12),
    st.sampled_from(PERIODS),
    st.sampled_from([("a", "b"), ("b", "a"), ("a", "c")]),
    st.sampled_from(["", "over", "up-to", "about", "nearly", "record"]),
    st.integers(0, 5),
)


def figure(
    number: int, measure: str, value: int, of: Period, parties: tuple[str, str], bound: str, claim: int
) -> Figure:
    one, other = parties
    return Figure(
        f"urn:{number}",
        Decimal(value),
        ox.Literal(value),
        measure,
        (frozenset([one]), frozenset([other])),
        (frozenset(["actual"]), frozenset()),
        of,
        frozenset([bound] if bound else []),
        str(value),
        frozenset([f"claim:{claim}"]),
    )


def disagree(one: Figure, other: Figure) -> bool:
    """The definition: what it means that two figures disagree; records apart."""
    if one.key != other.key or one.claims & other.claims:
        return False
    apart = one.meant.high <= other.meant.low or other.meant.high <= one.meant.low
    if NO_PERIOD in {one.period, other.period} or one.period == other.period:
        return apart
    overlap = one.period[0] <= other.period[1] and other.period[0] <= one.period[1]
    if one.measure in STOCKS:
        return overlap and apart
    return one.measure in SUMS and (exceeds(one, other) or exceeds(other, one))


def exceeds(part: Figure, whole: Figure) -> bool:
    inside = whole.period[0] <= part.period[0] and part.period[1] <= whole.period[1]
    return inside and part.meant.low >= whole.meant.high


def beats(record: Figure, earlier: Figure) -> bool:
    """Whether a record is less than a figure before it, of a period with as many months."""
    return (
        "record" in record.bounds
        and record.key == earlier.key
        and not record.claims & earlier.claims
        and NO_PERIOD not in {record.period, earlier.period}
        and earlier.period[1] < record.period[0]
        and _months(record.period) == _months(earlier.period)
        and record.meant.high <= earlier.strict.low
    )


def _months(of: Period) -> int:
    first, last = (date.fromisoformat(each) for each in of)
    return last.month - first.month


@settings(max_examples=400, deadline=None)
@given(figures())
def test_the_search_finds_what_the_definition_says(made: list[Figure]) -> None:
    told = list(disagreements(made))
    pairs = {frozenset([one.iri, other.iri]) for one, other in combinations(made, 2) if disagree(one, other)}
    records = {frozenset([a.iri, b.iri]) for a in made for b in made if beats(a, b)}
    expected = {iri for pair in pairs for iri in pair}
    found = {figure.iri for group in told for figure in group}
    assert expected <= found
    assert found <= expected | {iri for pair in records for iri in pair}
    for group in told:
        assert len(group) > 1
        for each in group:
            rivals = [g for g in group if frozenset([each.iri, g.iri]) in pairs | records]
            assert rivals, "each disagrees with another of its group"
    for pair in pairs:
        assert any(pair <= {figure.iri for figure in group} for group in told), "both stand in one group"


def test_a_beaten_record_is_told() -> None:
    turnover = MEASURES[0]
    before, after = (
        figure(n, turnover, v, period(n, 1), ("a", "b"), b, n) for n, v, b in ((0, 9, ""), (2, 7, "record"))
    )
    assert [[f.iri for f in group] for group in disagreements([after, before])] == [[before.iri, after.iri]]
    assert not list(disagreements([after, figure(1, turnover, 6, period(0, 1), ("a", "b"), "", 1)]))


def test_the_work_grows_with_the_figures_and_not_with_their_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Counter[int]()
    size = 0

    def counted(self: Interval, other: Interval) -> bool:
        calls[size] += 1
        return self.high <= other.low or other.high <= self.low

    monkeypatch.setattr(Interval, "is_disjoint_from", counted)
    for size in (500, 1000):
        made = [figure(n, MEASURES[0], 5 + n % 2, PERIODS[1 + n % 9], ("a", "b"), "about", n) for n in range(size)]
        assert list(disagreements(made))
    assert calls[1000] <= 2.2 * calls[500]
