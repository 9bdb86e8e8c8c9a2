"""Derivations: every inferred triple has one, its premises are there, and they alone entail it."""

import pyoxigraph as ox
import pytest

from kg.curation.dataset import Dataset
from kg.inference.derivation import HOLDS, Derivation, derivations
from ontology import INFERRED_GRAPH
from ontology.namespaces import CLAIM, CODE, ID, KEL, PREFIXES
from ontology.rules import derive, infer

DEFAULT = ox.DefaultGraph()
INFERRED = ox.NamedNode(INFERRED_GRAPH)


@pytest.fixture(scope="module")
def store(dataset: Dataset) -> ox.Store:
    made = ox.Store()
    made.bulk_extend(dataset.quads)
    return made


def triple(subject: str, predicate: str, value: str) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


def inferred(store: ox.Store) -> list[ox.Quad]:
    """The quads of the default graph and of claims whose triples are in the graph of the inferred ones."""
    marked = {q.triple for q in store.quads_for_pattern(None, None, None, INFERRED)}
    return [q for q in store if q.triple in marked and q.graph_name != INFERRED]


def test_every_inferred_triple_has_a_derivation_from_what_is_there(store: ox.Store) -> None:
    quads = inferred(store)
    assert len(quads) > 5000
    for quad in quads:
        assert not isinstance(quad.graph_name, ox.BlankNode)
        found = list(derivations(store, quad.triple, quad.graph_name))
        assert found, quad
        for way in found:
            assert quad not in way.premises
            assert all(premise in store for premise in way.premises)
            assert {p.graph_name for p in way.premises} <= {quad.graph_name, DEFAULT} or way.rule.startswith("kel:")


def test_the_premises_alone_entail_the_conclusion(store: ox.Store) -> None:
    """Checked by the updates from which the rules are read."""
    rules = set()
    for quad in inferred(store)[::7]:
        assert not isinstance(quad.graph_name, ox.BlankNode)
        for way in [*derivations(store, quad.triple, quad.graph_name)][:3]:
            rules.add(way.rule)
            assert quad.triple in entailed(way, quad.graph_name), way
    assert rules >= {"cax-sco", "prp-spo1", "prp-rng", "prp-trp", "prp-spo2", "kel:about", "kel:latestStatus"}


def entailed(way: Derivation, graph: ox.NamedNode | ox.DefaultGraph) -> list[ox.Triple]:
    axioms = [p.triple for p in way.premises if p.graph_name == DEFAULT]
    if not way.rule.startswith("kel:"):
        return infer(axioms, {"urn:g": [p.triple for p in way.premises if p.graph_name == graph]})["urn:g"]
    claims: dict[str, list[ox.Triple]] = {}
    for premise in way.premises:
        if isinstance(premise.graph_name, ox.NamedNode):
            claims.setdefault(premise.graph_name.value, []).append(premise.triple)
    return derive(axioms, claims)


def test_a_party_is_derived_from_the_side_and_the_axiom(store: ox.Store) -> None:
    fact = triple(f"{ID}obs-kz-ru-trade-2023", f"{KEL}party", f"{ID}kazakhstan")
    found = list(derivations(store, fact, DEFAULT))
    assert "prp-spo1" in {way.rule for way in found}
    axioms = {
        p.triple for way in found for p in way.premises if p.predicate.value == f"{PREFIXES['rdfs']}subPropertyOf"
    }
    assert {t.object for t in axioms} == {ox.NamedNode(f"{KEL}party")}


def test_the_latest_status_names_what_was_absent(store: ox.Store) -> None:
    fact = triple(f"{ID}csto-summit-astana-2024", f"{KEL}latestStatus", f"{CODE}status-planned")
    found = list(derivations(store, fact, DEFAULT))
    assert found
    assert all("2024" in way.absent[0] for way in found if way.absent)
    told = {p.graph_name.value for way in found for p in way.premises if isinstance(p.graph_name, ox.NamedNode)}
    assert told
    assert all(graph.startswith(f"{CLAIM}izv24") for graph in told)


def test_in_the_graph_of_the_inferred_a_triple_follows_from_where_it_is_inferred(store: ox.Store) -> None:
    quad = inferred(store)[0]
    (way, *_) = derivations(store, quad.triple, INFERRED)
    assert way.rule == HOLDS
    assert all(p.triple == quad.triple for p in way.premises)


def test_nothing_is_derived_from_nothing_or_without_the_ontology(store: ox.Store) -> None:
    assert not list(derivations(store, triple(f"{ID}astana", f"{KEL}party", f"{ID}mars"), DEFAULT))
    foreign = ox.Store()
    foreign.add(ox.Quad(*triple("urn:a", f"{KEL}locatedIn", "urn:b")))
    foreign.add(ox.Quad(*triple("urn:b", f"{KEL}locatedIn", "urn:c")))
    foreign.add(ox.Quad(*triple(f"{KEL}locatedIn", f"{PREFIXES['rdf']}type", f"{PREFIXES['owl']}TransitiveProperty")))
    assert not list(derivations(foreign, triple("urn:a", f"{KEL}locatedIn", "urn:c"), DEFAULT))
