"""The ontology: generated files are current, and inference gives the expected results."""

from pathlib import Path

import owlrl
import pyoxigraph as ox
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef

import ontology
from kg.curation.consistency import check
from kg.curation.curated import Curation
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.rdf.formats import RESULT_FORMATS
from ontology import BASE, INFERRED_GRAPH, PREFIXES, published_triples, read_graph, read_text, version
from ontology.documents import MARK, context, readme
from ontology.namespaces import KEL
from ontology.reasoning import reason
from tests.conftest import ROOT

FIXTURES = ROOT / "tests/fixtures" / "inconsistent"


def test_page_and_context_are_current() -> None:
    graph = read_graph()
    page = (ROOT / "ontology" / "README.md").read_text(encoding="utf-8")
    assert MARK in page
    assert readme(graph, page) == page, "run `make docs`"
    assert context(graph) == read_text("context.jsonld"), "run `make docs`"


def test_versions_agree() -> None:
    from importlib.metadata import version as installed

    assert version() == installed("kelisim")
    graph = read_graph("core.ttl")
    iri = graph.value(URIRef(ontology.ONTOLOGY_IRI), OWL.versionIRI)
    assert str(iri) == f"{ontology.ONTOLOGY_IRI}/{version()}"
    described = Graph().parse(ROOT / "kg" / "data" / "dataset.ttl")
    assert {str(v) for v in described.objects(None, OWL.versionInfo)} == {version()}
    _, _, cite = (ROOT / "README.md").read_text(encoding="utf-8").partition("## How to cite")
    assert f"version {version()}, " in cite


def test_about_twenty_classes() -> None:
    graph = read_graph("core.ttl")
    classes = {c for c in graph.subjects(RDF.type, OWL.Class) if str(c).startswith(str(KEL))}
    assert 18 <= len(classes) <= 26


def test_every_term_is_used(shipped: Dataset) -> None:
    """A term that no fact, record or shape uses is dead."""
    shapes = {str(t) for p in (ROOT / "shapes").glob("*.ttl") for triple in Graph().parse(p) for t in triple}
    graph = read_graph("core.ttl")
    terms = {str(t) for t in graph.subjects(RDFS.isDefinedBy) if isinstance(t, URIRef)}
    assert terms
    used = {q.predicate.value for q in shipped.quads}
    used |= {q.object.value for q in shipped.quads if q.predicate.value == str(RDF.type)}  # type: ignore[union-attr]
    assert terms - used - shapes <= {str(KEL.inGraph)}  # of reified exports only


MADE_UP = {str(KEL[name]) for name in ("force", "inPackage", "inGraph", "witness")}
"""Terms that no fact uses yet: their examples are made up."""


def quads(text: str, form: ox.RdfFormat) -> set[ox.Quad]:
    prefixes = "".join(f"@prefix {p}: <{n}> .\n" for p, n in PREFIXES.items())
    return set(ox.parse(input=prefixes + text, format=form))


def test_examples_of_terms_are_facts_of_the_graph(shipped: Dataset, dataset: Dataset) -> None:
    facts = {q.triple for q in shipped.quads}
    used = {q.predicate.value for q in dataset.quads}
    examples = sorted((str(s), str(o)) for s, o in read_graph("core.ttl").subject_objects(SKOS.example))
    assert len(examples) > 90
    for term, example in examples:
        found = {q.triple for q in quads(example, ox.RdfFormat.TURTLE)}
        assert found, term
        if term in MADE_UP:
            assert term not in used, f"{term} is used now: take its example from the graph"
        else:
            assert found <= facts, f"{term}: {example}"


def test_the_ontology_is_in_owl_2_rl() -> None:
    """Nothing stands above a class in subClassOf but named classes and all-values-from (OWL 2 Profiles, 4.2.3)."""
    graph = read_graph("core.ttl")
    for above in graph.objects(None, RDFS.subClassOf):
        if isinstance(above, BNode):
            assert graph.value(above, OWL.allValuesFrom), above
    forbidden = (OWL.unionOf, OWL.someValuesFrom, OWL.cardinality, OWL.minCardinality, OWL.disjointUnionOf, OWL.hasSelf)
    for construct in forbidden:
        assert not list(graph.subject_objects(construct)), construct
    chains = list(graph.objects(None, OWL.propertyChainAxiom))
    assert chains
    assert all(len(list(graph.items(chain))) == 2 for chain in chains), "ontology/rules knows chains of two"


def test_published_ontology_has_no_blank_nodes_and_repeats() -> None:
    first, second = list(published_triples()), list(published_triples())
    assert set(first) == set(second)
    terms = [t for triple in first for t in (triple.subject, triple.object)]
    assert not any(isinstance(t, ox.BlankNode) for t in terms)


DERIVED = {KEL[name] for name in ("about", "strongestModality", "latestStatus", "documentOf")}
"""What our own definitions derive, beside OWL."""


def test_what_our_definitions_derive(engine: Engine) -> None:
    prefixes = "".join(f"PREFIX {p}: <{PREFIXES[p]}> " for p in ("kel", "id", "code", "rdf"))

    def ask(pattern: str) -> bool:
        (form,) = (f for f in RESULT_FORMATS if f.name == "csv")
        return engine.query(f"{prefixes} ASK {{ {pattern} }}").serialize(form).strip() == b"true"

    claims = "?claim a kel:Claim . GRAPH ?claim { ?thing ?p ?o } FILTER(STRSTARTS(STR(?thing), STR(id:)))"
    assert not ask(f"{claims} FILTER NOT EXISTS {{ ?claim kel:about ?thing }}")
    assert ask("id:oil-transit-kazakhstan-germany-via-russia kel:strongestModality code:possible")
    assert ask("id:csto-summit-astana-2024 kel:strongestModality code:planned")
    assert ask("id:putin-visit-kazakhstan-2023 kel:strongestModality code:asserted")
    assert not ask("?x kel:strongestModality ?a , ?b FILTER(?a != ?b)")
    sure = "?claim kel:modality code:asserted . GRAPH ?claim { ?x ?p ?o FILTER(?p NOT IN (rdf:type)) }"
    assert not ask(f"?x kel:strongestModality code:possible . {sure} FILTER(?p != <{RDFS.label}>)")
    assert ask("id:csto-summit-astana-2024 kel:latestStatus code:status-planned")
    for document in ("joint-statement-2024", "package-of-20-documents-2024"):
        assert ask(f"id:{document} kel:documentOf id:putin-state-visit-kazakhstan-2024"), document


def test_rules_agree_with_a_second_reasoner(dataset: Dataset) -> None:
    """Our rules derive just what owlrl derives about our things, in the vocabulary that we publish."""
    default = {*dataset.default_graph}
    inferred = {q.triple for q in dataset.quads if q.graph_name == ox.NamedNode(INFERRED_GRAPH)} & default
    inferred = {t for t in inferred if URIRef(t.predicate.value) not in DERIVED}
    given = {q.triple for q in dataset.quads if q.graph_name == ox.DefaultGraph()} - inferred
    graph = Graph().parse(data=ox.serialize(given, format=ox.RdfFormat.N_TRIPLES), format="nt")
    before = set(graph)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(graph)
    schema = {URIRef(BASE + "ns"), *(s for s in graph.subjects(RDFS.isDefinedBy))}
    theirs = {
        (s, p, o)
        for s, p, o in set(graph) - before
        if str(s).startswith(BASE)
        and s not in schema
        and not str(s).startswith(BASE + ".well-known")
        and not str(o).startswith(BASE + ".well-known")
        and p != OWL.sameAs
        and o not in (OWL.Thing, RDFS.Resource)
        and not isinstance(s, Literal)
    }
    data = ox.serialize(inferred, format=ox.RdfFormat.N_TRIPLES)
    ours = {t for t in Graph().parse(data=data, format="nt") if not str(t[0]).startswith(BASE + ".well-known")}
    assert ours
    assert ours - theirs == set()
    assert theirs - ours == set()


def test_hermit_finds_the_graph_consistent_and_our_rules_complete(curation: Curation) -> None:
    result = check(curation)
    assert result.verdict.consistent
    assert result.verdict.unsatisfiable == ()
    assert result.verdict.inferred, "HermiT derived nothing at all: it did not see the facts"
    assert result.missed == ()


@pytest.mark.parametrize(
    ("fixture", "individuals"),
    [("state-and-place.ttl", {"nowhere"}), ("office-of-nothing.ttl", {"nobody-office", "nothing-in-particular"})],
)
def test_contradictions_are_reported_with_their_individuals(fixture: str, individuals: set[str]) -> None:
    graph = read_graph().parse(FIXTURES / fixture)
    verdict = reason(graph)
    assert not verdict.consistent
    assert {Path(i).name for i in verdict.individuals} >= individuals
    assert verdict.explanation


def test_an_unsatisfiable_class_is_reported() -> None:
    graph = read_graph()
    graph.add((KEL.Both, RDF.type, OWL.Class))
    graph.add((KEL.Both, RDFS.subClassOf, KEL.State))
    graph.add((KEL.Both, RDFS.subClassOf, KEL.Place))
    assert reason(graph).unsatisfiable == (str(KEL.Both),)
