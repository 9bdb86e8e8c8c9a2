"""The dataset: deterministic, and with the documented default graph."""

import os
import subprocess
import sys

import pyoxigraph as ox
import pytest

from kg.curation.curated import Curation, read_curation
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.rdf.formats import RESULT_FORMATS, by_name
from ontology import BASE, INFERRED_GRAPH
from ontology.namespaces import CODE, PREFIXES, PUBLISHED_MODALITIES, RDF_TYPE
from tests.conftest import SHIPPED


@pytest.fixture(scope="module")
def curation() -> Curation:
    """The curated files as they are shipped: what is told here is true of them however many articles they are of."""
    return read_curation(SHIPPED)


@pytest.fixture(scope="module")
def dataset(shipped: Dataset) -> Dataset:
    return shipped


@pytest.fixture(scope="module")
def engine(shipped_engine: Engine) -> Engine:
    return shipped_engine


def default_and_named(dataset: Dataset) -> tuple[set[ox.Triple], dict[str, set[ox.Triple]]]:
    default: set[ox.Triple] = set()
    named: dict[str, set[ox.Triple]] = {}
    for quad in dataset.quads:
        if isinstance(quad.graph_name, ox.NamedNode):
            named.setdefault(quad.graph_name.value, set()).add(quad.triple)
        else:
            default.add(quad.triple)
    return default, named


def test_same_bytes_under_any_hash_seed(dataset: Dataset) -> None:
    program = f"from pathlib import Path; from kg import *; print(build(read_curation(Path({str(SHIPPED)!r}))).digest)"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == dataset.digest


def test_no_blank_nodes(dataset: Dataset) -> None:
    assert not any(isinstance(t, ox.BlankNode) for q in dataset.quads for t in (q.subject, q.object, q.graph_name))


def test_default_graph_holds_the_sure_claims_and_no_others(curation: Curation, dataset: Dataset) -> None:
    default, named = default_and_named(dataset)
    elsewhere = {t for c in curation.claims if sure(c.value("modality")) for t in c.facts} | named[INFERRED_GRAPH]
    elsewhere |= set(curation.reference)
    stated = {t for c in curation.claims for t in c.facts}
    hidden = 0
    for claim in curation.claims:
        assert set(claim.facts) <= named[claim.iri]
        assert named[claim.iri] - set(claim.facts) <= named[INFERRED_GRAPH] | stated, "what follows from it"
        assert all(t in default for triples in claim.record.values() for t in triples)
        if sure(claim.value("modality")):
            assert set(claim.facts) <= default
        else:
            only_here = named[claim.iri] - elsewhere
            assert not only_here & default
            hidden += len(only_here)
    assert hidden > 20, "expectation, possibility and denial must hold something of their own"


def sure(modality: str) -> bool:
    return modality.removeprefix(str(CODE)) in PUBLISHED_MODALITIES


def test_named_graphs_are_claims_and_the_inferred(curation: Curation, dataset: Dataset) -> None:
    assert dataset.named_graphs == {c.iri for c in curation.claims} | {INFERRED_GRAPH}
    assert all(g.startswith(BASE) for g in dataset.named_graphs)


def test_every_fact_has_a_source(engine: Engine) -> None:
    """In the default graph every statement about a thing is reference data with a source, a claim's, or inferred."""
    query = """
        PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX dcterms: <http://purl.org/dc/terms/>
        SELECT ?s ?p ?o WHERE {
          ?s ?p ?o FILTER(STRSTARTS(STR(?s), "https://w3id.org/kelisim/id/") && ?p != dcterms:isReplacedBy)
          FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } }
          FILTER NOT EXISTS { ?s dcterms:source ?source }
        }"""
    rows = engine.query(query).serialize(by_name("csv", RESULT_FORMATS)).decode().splitlines()[1:]
    assert [r for r in rows if "/id/kelisim," not in r] == []


def test_what_is_only_spoken_of_has_the_status_that_says_so(engine: Engine) -> None:
    """A list of events shows no event without a status, and one that nobody tells of surely is marked."""

    def found(pattern: str) -> set[str]:
        query = f"""
            PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX code: <https://w3id.org/kelisim/code/>
            SELECT DISTINCT ?x WHERE {{ {pattern} }}"""
        return set(engine.query(query).serialize(by_name("csv", RESULT_FORMATS)).decode().splitlines()[1:])

    assert found("?x a kel:Event FILTER NOT EXISTS { ?x kel:status ?any }") == set()
    hedged = "?x kel:strongestModality ?how FILTER(?how IN (code:expected, code:possible, code:denied))"
    works = "VALUES ?class { kel:Event kel:Project kel:Facility kel:Route kel:Policy }"
    assert found("?x kel:status code:status-spoken-of") == found(f"{works} ?x a ?class . {hedged}") != set()


def test_statistics_count(dataset: Dataset, curation: Curation) -> None:
    statistics = dataset.statistics()
    assert statistics["claims"] == len(curation.claims)
    assert statistics["quads"] == len(set(dataset.quads))
    by_modality = statistics["claims by modality"]
    assert isinstance(by_modality, dict)
    assert sum(by_modality.values()) == len(curation.claims)
    by_class = statistics["things by class"]
    assert isinstance(by_class, dict)
    assert {n.partition(":")[0] for n in by_class} == {"foaf", "kel"}


def test_reference_data_state_nothing_that_claims_state_but_classes(curation: Curation) -> None:
    """By this citations tell what rests on claims (`kg.citations.support`): the default graph holds both."""
    source, kind = ox.NamedNode(PREFIXES["dcterms"] + "source"), ox.NamedNode(RDF_TYPE)
    reference = {*curation.reference}
    known = {t.subject for t in reference if t.predicate == source}
    facts = {t for claim in curation.claims for t in claim.facts}
    assert facts & reference
    assert {t for t in facts if t in reference} == {t for t in facts if t.predicate == kind and t.subject in known}
