"""Counts of the uses of measures and parties, which follow changes."""

from itertools import pairwise

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.history.changes import NetChange
from kg.store.reader import Reader
from kg.views.choices import MEASURES, PARTIES, count_uses, follow_uses, used
from kg.views.overview import counts, follow_counts
from ontology.namespaces import KEL, RDF_TYPE

PROPERTIES = [*MEASURES, *PARTIES, "x:other"]
figures = st.builds(
    ox.Quad,
    st.sampled_from([ox.NamedNode("x:a"), ox.NamedNode("x:é"), ox.BlankNode("b")]),
    st.sampled_from([ox.NamedNode(iri) for iri in PROPERTIES]),
    st.sampled_from([ox.NamedNode("x:1"), ox.NamedNode("x:2"), ox.Literal("3"), ox.Literal('"4"\n')]),
    st.sampled_from([ox.DefaultGraph(), ox.NamedNode("x:c1"), ox.NamedNode("x:c2")]),
)
classes = st.builds(
    ox.Quad,
    st.sampled_from([ox.NamedNode("x:a"), ox.BlankNode("b")]),
    st.sampled_from([ox.NamedNode(RDF_TYPE), ox.NamedNode(str(KEL.holder)), ox.NamedNode("x:other")]),
    st.sampled_from(
        [*(ox.NamedNode(str(KEL[n])) for n in ("State", "Tenure", "Observation", "Claim")), ox.Literal("x")]
    ),
    st.sampled_from([ox.DefaultGraph(), ox.NamedNode("x:c1")]),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sets(figures, max_size=8), min_size=2, max_size=4))
def test_uses_after_random_changes_are_those_counted_anew(states: list[set[ox.Quad]]) -> None:
    uses = count_uses(Reader(Engine(states[0])))
    for before, after in pairwise(states):
        given, copy = uses, {iri: count.copy() for iri, count in uses.items()}
        uses = follow_uses(given, NetChange.between(before, after))
        assert given == copy, "others may be reading it"
        anew = count_uses(Reader(Engine(after)))
        assert {iri: +count for iri, count in uses.items()} == anew
        for properties in (MEASURES, PARTIES):
            assert used(uses, properties, 3) == used(anew, properties, 3)


@settings(max_examples=80, deadline=None)
@given(st.sets(classes, max_size=5), st.sets(classes, max_size=5))
def test_counts_are_kept_only_where_they_are_the_same(before: set[ox.Quad], after: set[ox.Quad]) -> None:
    kept = follow_counts(counts(Reader(Engine(before))), NetChange.between(before, after))
    assert kept is None or kept == counts(Reader(Engine(after)))
    labels = NetChange.between(set(), {ox.Quad(ox.NamedNode("x:a"), ox.NamedNode("x:other"), ox.Literal("x"))})
    assert follow_counts({"states": 1}, labels) == {"states": 1}
