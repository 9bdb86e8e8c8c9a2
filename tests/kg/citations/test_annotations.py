"""The semiring of minimal sets: its laws, and that equal annotations are equal whatever the way to them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kg.citations.annotations import KEPT_SETS, ONE, ZERO, Annotation, alternatives, product, single, total

names = st.sampled_from([f"urn:c{n}" for n in range(6)])
annotations = st.lists(st.sets(names, min_size=1, max_size=3), min_size=1, max_size=4).map(
    lambda ways: total(product(map(single, way)) for way in ways)
)


@given(annotations, annotations, annotations)
def test_the_laws_hold_to_the_order_of_the_sets(a: Annotation, b: Annotation, c: Annotation) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert a * (b + c) == a * b + a * c
    assert a + a == a == a * a
    assert a + a * b == a, "what needs more adds nothing"
    assert (a + ZERO, a * ONE) == (a, a)


@given(st.permutations([f"urn:c{n}" for n in range(9)]))
def test_sets_of_one_size_have_one_order(sources: list[str]) -> None:
    pairs = [product(map(single, pair)) for pair in pairwise(sources)]
    assert total(pairs) == total(reversed(pairs))
    assert total(pairs) + total(pairs) == total(pairs)


def test_what_is_dropped_is_told() -> None:
    many = alternatives(f"urn:c{n:03}" for n in range(KEPT_SETS + 1))
    assert (len(many.sets), many.complete, len(many.every)) == (KEPT_SETS, False, KEPT_SETS + 1)
