"""Krippendorff's alpha against the worked examples of its author, by hand, and against another implementation."""

from itertools import chain, pairwise

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.agreement.nominal import nominal_alpha
from kg.agreement.unitising import (
    Units,
    expected_disagreement,
    observed_disagreement,
    sections,
    united,
    unitising_alpha,
)

# Krippendorff, Content Analysis (2nd edition, 2004), page 254: a continuum from 150, of length 300, two observers.
_FROM, _LENGTH = 150, 300
_C = [[(225, 70), (370, 30)], [(220, 80), (355, 20), (400, 20)]]
_K = [[(180, 60), (300, 50)], [(180, 60), (300, 50)]]


def _moved(observers: list[list[tuple[int, int]]]) -> list[Units]:
    return [[(start - _FROM, size) for start, size in units] for units in observers]


@pytest.mark.parametrize(
    ("observers", "alpha"),
    [
        # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011): sections A, B and C.
        (["0100000010", "1110010000"], 0.095),
        (["aabbdcccedda", "babbbccceddd"], 0.692),
        (["123321412...", "1233224125.3", ".3332342251.", "12332441251."], 0.743),
    ],
)
def test_published_examples_of_nominal_data(observers: list[str], alpha: float) -> None:
    units = [[v for v in values if v != "."] for values in zip(*observers, strict=True)]
    assert nominal_alpha(units) == pytest.approx(alpha, abs=0.0005)
    assert nominal_alpha(units) == pytest.approx(_other(observers))


def _other(observers: list[str]) -> float:
    """The alpha of the package krippendorff."""
    values = sorted({*"".join(observers)} - {"."})
    data = [[np.nan if v == "." else values.index(v) for v in row] for row in observers]
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def test_nominal_alpha_by_hand() -> None:
    # Coincidences: x-x 2 (one unit), x-y 1, y-x 1, y-y 4 (two units); n = 8, of x 3, of y 5.
    # Alpha is 1 - (8 - 1) * (8 - 6) / (64 - 9 - 25) = 1 - 14 / 30.
    assert nominal_alpha([("x", "x"), ("x", "y"), ("y", "y"), ("y", "y")]) == pytest.approx(1 - 14 / 30)


def test_nominal_alpha_is_not_defined_where_nothing_varies() -> None:
    assert nominal_alpha([]) is None
    assert nominal_alpha([("x",), ("y",)]) is None
    assert nominal_alpha([("x", "x"), ("x", "x")]) is None
    assert nominal_alpha([("x", "x"), ("y", "y")]) == 1


@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 2), min_size=2, max_size=12))
def test_nominal_alpha_is_that_of_another_implementation_whoever_comes_first(pairs: list[tuple[str, str]]) -> None:
    alpha = nominal_alpha(pairs)
    if len({*chain(*pairs)}) < 2:
        assert alpha is None
    else:
        one, other = ("".join(values) for values in zip(*pairs, strict=True))
        assert alpha == pytest.approx(_other([one, other]))
        assert alpha == nominal_alpha([(b, a) for a, b in reversed(pairs)])


def test_the_published_example_of_unitising() -> None:
    c, k = _moved(_C), _moved(_K)
    cut = {name: [sections(units, _LENGTH) for units in of] for name, of in (("c", c), ("k", k))}
    assert observed_disagreement(cut["c"], _LENGTH) == pytest.approx(0.0144, abs=0.00005)
    assert expected_disagreement(cut["c"], _LENGTH) == pytest.approx(0.0532, abs=0.00005)
    assert expected_disagreement(cut["k"], _LENGTH) == pytest.approx(0.0490, abs=0.00005)
    assert unitising_alpha({"c": c}, _LENGTH) == pytest.approx(0.7286, abs=0.0001)
    assert unitising_alpha({"k": k}, _LENGTH) == 1
    # Of both: 1 - 0.0144 / (0.0532 + 0.0490), which the book gives from rounded numbers as 0.8591.
    assert unitising_alpha({"c": c, "k": k}, _LENGTH) == pytest.approx(0.8591, abs=0.0005)


@pytest.mark.parametrize(
    ("one", "other", "observed"),
    [
        ((5, 6), (4, 2), 26),
        ((5, 6), (5, 2), 16),
        ((5, 6), (6, 2), 10),
        ((5, 6), (7, 2), 8),
        ((5, 6), (6, 4), 2),
        ((5, 6), (5, 6), 0),
        ((5, 6), (2, 2), 40),
    ],
)
def test_how_far_two_units_differ(one: tuple[int, int], other: tuple[int, int], observed: int) -> None:
    """Krippendorff (2004): a unit of length 6 and one that moves and grows; 40 where they do not meet."""
    cut = [sections([one], 20), sections([other], 20)]
    assert observed_disagreement(cut, 20) * 20 * 20 == pytest.approx(observed)


def _cut(draw: st.DrawFn, length: int) -> list[tuple[int, int]]:
    bounds = draw(st.lists(st.integers(0, length), max_size=8, unique=True).map(sorted))
    spans = [(a, b - a) for a, b in pairwise(bounds)]
    return [span for span in spans if draw(st.booleans())]


_units = st.composite(lambda draw: _cut(draw, 30))()


@given(_units, _units)
def test_unitising_alpha_is_symmetric_and_at_most_one(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    alpha = unitising_alpha({"": [one, other]}, 30)
    assert alpha == pytest.approx(unitising_alpha({"": [other, one]}, 30)) if alpha is not None else True
    assert alpha is None or alpha <= 1
    assert alpha is None or (alpha == 1) == (one == other)


def test_unitising_alpha_is_not_defined_where_chance_cannot_disagree() -> None:
    assert unitising_alpha({"": [[], []]}, 10) is None
    assert unitising_alpha({}, 10) is None
    assert unitising_alpha({"": [[], []]}, 0) is None
    singles = [(n, 1) for n in range(5)]
    assert unitising_alpha({"": [singles, singles]}, 5) is None


def test_units_that_overlap_are_refused_or_made_one() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        sections([(0, 3), (2, 2)], 10)
    with pytest.raises(ValueError, match="leaves"):
        sections([(8, 3)], 10)
    assert united([(2, 2), (0, 3), (4, 1), (4, 1)]) == [(0, 4), (4, 1)]
