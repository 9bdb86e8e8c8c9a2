"""Inferred triples follow every change: the result equals that of inferring all anew from what is told."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.curation.curated import Claim, Curation
from kg.curation.dataset import Dataset, build, close
from kg.inference.maintenance import maintain
from kg.inference.told import DEFINED, PUBLISHED, Told, is_claim, modality
from kg.rdf.patches import Patch, diff
from ontology import INFERRED_GRAPH, ONTOLOGY_IRI, published_triples
from ontology.namespaces import CLAIM, CODE, CONFLICT, ID, PREFIXES, RDF_TYPE, SRC

DEFAULT = ox.DefaultGraph()
INFERRED = ox.NamedNode(INFERRED_GRAPH)
TYPE = ox.NamedNode(RDF_TYPE)
ORG = PREFIXES["org"]


def term(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + local)


AXIOMS = {
    f"{PREFIXES[p]}{n}"
    for p, n in (
        [("rdfs", n) for n in ("subClassOf", "subPropertyOf", "domain", "range")]
        + [("owl", n) for n in ("inverseOf", "propertyChainAxiom", "allValuesFrom", "onProperty")]
        + [("rdf", n) for n in ("first", "rest")]
    )
}
ONTOLOGY = [
    t
    for t in published_triples()
    if t.predicate.value in AXIOMS
    or (t.predicate == TYPE and getattr(t.object, "value", "").startswith(PREFIXES["owl"]))
    or t.subject == ox.NamedNode(ONTOLOGY_IRI)
]
"""The ontology without its words."""

THINGS = [ox.NamedNode(f"{ID}{name}") for name in "abcde"]
CLAIMS = [ox.NamedNode(f"{CLAIM}c-{number}") for number in range(4)]
PROPERTIES = [
    term(n)
    for n in (
        *("kel:partOf", "kel:locatedIn", "kel:refArea", "kel:party", "org:subOrganizationOf", "kel:hasTenure"),
        *("org:member", "kel:office", "kel:visitor", "kel:participant", "kel:outcomeOf", "kel:stageOf"),
        *("kel:atEvent", "kel:inPackage", "kel:topic"),
    )
]
CLASSES = [term(n) for n in ("kel:Visit", "kel:Event", "kel:Instrument", "kel:DocumentPackage", "kel:State")]
STATUSES = [ox.NamedNode(f"{CODE}status-{n}") for n in ("planned", "held")]
MODALITIES = [ox.NamedNode(f"{CODE}{n}") for n in ("asserted", "planned", "possible", "denied")]
PASSAGES = [ox.NamedNode(f"{SRC}p-{n}") for n in range(2)]
ARTICLES = [ox.NamedNode(f"{SRC}a-{n}") for n in range(2)]
DATES = [ox.Literal(f"202{n}-01-01", datatype=ox.NamedNode(PREFIXES["xsd"] + "date")) for n in (3, 4)]

facts = st.one_of(
    st.builds(ox.Triple, st.sampled_from(THINGS), st.sampled_from(PROPERTIES), st.sampled_from(THINGS)),
    st.builds(ox.Triple, st.sampled_from(THINGS), st.just(TYPE), st.sampled_from(CLASSES)),
    st.builds(ox.Triple, st.sampled_from(THINGS), st.just(term("kel:status")), st.sampled_from(STATUSES)),
)
records = st.one_of(
    st.builds(ox.Triple, st.sampled_from(CLAIMS), st.just(term("kel:modality")), st.sampled_from(MODALITIES)),
    st.builds(ox.Triple, st.sampled_from(CLAIMS), st.just(term("kel:passage")), st.sampled_from(PASSAGES)),
    st.builds(ox.Triple, st.sampled_from(PASSAGES), st.just(term("kel:article")), st.sampled_from(ARTICLES)),
    st.builds(ox.Triple, st.sampled_from(ARTICLES), st.just(term("kel:latest")), st.sampled_from(DATES)),
    st.builds(ox.Triple, st.sampled_from(CLAIMS), st.just(TYPE), st.just(term("kel:Claim"))),
)


def in_graph(triples: Iterable[ox.Triple], graph: ox.NamedNode | ox.DefaultGraph) -> set[ox.Quad]:
    return {ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples}


def in_one(triple: ox.Triple, graph: ox.NamedNode | ox.DefaultGraph) -> ox.Quad:
    return next(iter(in_graph([triple], graph)))


quads = st.one_of(
    st.builds(in_one, facts, st.sampled_from(CLAIMS)),
    st.builds(in_one, st.one_of(facts, records), st.just(DEFAULT)),
)
changes = st.tuples(st.lists(quads, max_size=8), st.lists(st.integers(0, 10_000), max_size=4))
"""Quads to add, and numbers of quads to delete, of those that are there and no axioms."""


def recomputed(store: ox.Store, patch: Patch) -> set[ox.Quad]:
    """The state after a change, inferred anew from what was told before it and the change."""
    told, claims = Told(store), {c for c in CLAIMS if is_claim(store, c)}
    facts = {c: set(told.by(c)) for c in CLAIMS}
    default = {q.triple for q in store.quads_for_pattern(None, None, None, DEFAULT) if told.is_told(q)}
    published = {t for c in claims if modality(store, c) in PUBLISHED for t in facts[c]}
    for quad, is_added in [*((q, False) for q in patch.deletes), *((q, True) for q in patch.adds)]:
        graph = facts[quad.graph_name] if isinstance(quad.graph_name, ox.NamedNode) else default
        (graph.add if is_added else graph.discard)(quad.triple)
    after = ox.Store()
    after.bulk_extend(in_graph(default, DEFAULT))
    claims = {c for c in CLAIMS if is_claim(after, c)}
    still = {t for c in claims if modality(after, c) in PUBLISHED for t in facts[c]}
    added = {q.triple for q in patch.adds if q.graph_name == DEFAULT}
    default = (default - (published - still - added)) | still
    closed = close(ONTOLOGY, default, {c.value: facts[c] for c in claims})
    return closed | {q for c in CLAIMS if c not in claims for q in in_graph(facts[c], c)}


def changed(store: ox.Store, adds: Iterable[ox.Quad], deletes: Iterable[ox.Quad]) -> Patch:
    before = {q for q in {*adds, *deletes} if q in store}
    return diff(before, (before - {*deletes}) | {*adds})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(changes, min_size=1, max_size=5))
def test_the_result_is_that_of_inferring_all_anew(steps: list[tuple[list[ox.Quad], list[int]]]) -> None:
    store = ox.Store()
    store.bulk_extend(close(ONTOLOGY, ONTOLOGY, {}))
    axioms = set(store)
    for adds, numbers in steps:
        there = sorted((q for q in set(store) - axioms if q.graph_name != INFERRED), key=str)
        patch = changed(store, adds, {there[n % len(there)] for n in numbers if there})
        want = recomputed(store, patch)
        before = set(store)
        patch.apply(store)
        whole = maintain(store, patch)
        assert set(store) == want, difference(set(store), want)
        assert {*whole.adds} == want - before
        assert {*whole.deletes} == before - want


def difference(found: set[ox.Quad], want: set[ox.Quad]) -> str:
    return "\n".join([*(f"too much: {q}" for q in found - want), *(f"missing: {q}" for q in want - found)])


def record(claim: Claim) -> set[ox.Quad]:
    return {q for triples in claim.record.values() for q in in_graph(triples, DEFAULT)}


def stored(found: Iterable[ox.Quad]) -> set[ox.Quad]:
    store = ox.Store()
    store.bulk_extend(found)
    return set(store)


@pytest.mark.parametrize("seed", range(2))
def test_claims_that_come_and_go_leave_what_the_build_would_make(
    curation: Curation, dataset: Dataset, seed: int
) -> None:
    """But for the classes of things, which claims tell and entail at once, so that the two cannot be told apart."""
    random, store = Random(seed), ox.Store()
    store.bulk_extend(dataset.quads)
    claims = {c.iri: c for c in curation.claims}
    gone = random.sample(sorted(claims), random.choice((1, 30)))
    kept = [c for c in curation.claims if c.iri not in gone]
    records = stored(q for c in kept for q in record(c))
    deletes = {q for iri in gone for q in store.quads_for_pattern(None, None, None, ox.NamedNode(iri))}
    deletes |= {q for iri in gone for q in stored(record(claims[iri])) - records}
    patch = changed(store, (), deletes)
    patch.apply(store)
    maintain(store, patch)
    rebuilt = stored(build(replace(curation, claims=tuple(kept))).quads)
    assert telling(store) == telling(rebuilt)
    adds = {q for iri in gone for q in in_graph(claims[iri].facts, ox.NamedNode(iri))}
    patch = changed(store, stored(adds | {q for iri in gone for q in record(claims[iri])}), ())
    patch.apply(store)
    maintain(store, patch)
    assert set(store) == set(dataset.quads)


def telling(found: Iterable[ox.Quad]) -> set[ox.Quad]:
    """The quads but for what reference data and claims both may give, and conflicts, which are not inferred."""
    both = {TYPE, term("kel:locatedIn"), term("org:subOrganizationOf"), term("org:classification")}
    return {q for q in found if q.predicate not in both and not str(q.subject).startswith(f"<{CONFLICT}")}


def test_nothing_is_inferred_without_the_ontology() -> None:
    store = ox.Store()
    store.add(ox.Quad(term("kel:partOf"), TYPE, term("owl:TransitiveProperty")))
    patch = changed(store, [ox.Quad(THINGS[n], term("kel:partOf"), THINGS[n + 1]) for n in (0, 1)], ())
    patch.apply(store)
    assert maintain(store, patch) is patch
    assert len(store) == 3


def test_the_ontology_brings_what_follows_and_a_copy_stays_as_it_is(dataset: Dataset) -> None:
    store = ox.Store()
    store.add(ox.Quad(THINGS[0], term("kel:refArea"), THINGS[1]))
    patch = changed(store, in_graph(ONTOLOGY, DEFAULT), ())
    patch.apply(store)
    maintain(store, patch)
    assert ox.Quad(THINGS[0], term("kel:party"), THINGS[1]) in store
    assert ox.Quad(THINGS[0], term("kel:party"), THINGS[1], INFERRED) in store
    copy, whole = ox.Store(), Patch((), dataset.quads)
    whole.apply(copy)
    assert maintain(copy, whole).adds == whole.adds
    assert set(copy) == set(dataset.quads)


def test_a_new_axiom_brings_what_follows_and_takes_it_along(dataset: Dataset) -> None:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    axiom = ox.Quad(term("kel:visitor"), term("rdfs:subPropertyOf"), term("kel:topic"))
    patch = changed(store, [axiom], ())
    patch.apply(store)
    found = maintain(store, patch)
    visits = {q.subject for q in store.quads_for_pattern(None, term("kel:visitor"), None, DEFAULT)}
    assert {q.subject for q in found.adds if q.graph_name == DEFAULT} >= visits
    assert any(q.predicate == term("kel:topic") and q.graph_name in {*store.named_graphs()} for q in found.adds)
    patch = changed(store, (), [axiom])
    patch.apply(store)
    maintain(store, patch)
    assert set(store) == set(dataset.quads)


def test_the_definitions_derive_what_they_are_told_of(dataset: Dataset) -> None:
    assert {q.predicate for q in dataset.quads if q.graph_name == INFERRED} >= DEFINED
