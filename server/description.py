"""The service description: what the endpoint speaks and holds, in RDF (SPARQL 1.1 Service Description)."""

import json
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.examples import QUESTIONS
from kg.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat
from kg.store import Store
from kg.worker import Task
from ontology import BASE, PREFIXES
from ontology.namespaces import RDF_TYPE

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_VOID: Final = PREFIXES["void"]
_FORMAT_IRIS: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
    "trig": "TriG",
    "nquads": "N-Quads",
}
_COMMENT: Final = (
    "The default graph is not the union of the named graphs. It holds the ontology, the reference data, the records of "
    "the claims, the facts of the claims that are asserted, reported or planned, and what follows from these; what was "
    "expected, thought possible or denied is in the named graph of its claim alone."
)


def describe(store: Store, endpoint: str, form: GraphFormat) -> bytes:
    """The description of the service at the URL `endpoint`, in the given format."""
    prefixes = {**PREFIXES, "sd": SD, "formats": _FORMATS}
    triples = sorted(_triples(_sizes(store), endpoint, updates=store.writable), key=str)
    return ox.serialize(triples, format=form.engine, prefixes=prefixes) or b""


def _sizes(store: Store) -> dict[str, int]:
    """How many triples each graph holds, by IRI; the default graph's under the empty name."""
    query = """SELECT ?g (COUNT(*) AS ?n) WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } GROUP BY ?g"""
    rows = json.loads(store.query(Task(query, bindings="json")).content)["results"]["bindings"]
    return {row["g"]["value"] if "g" in row else "": int(row["n"]["value"]) for row in rows}


def _triples(sizes: dict[str, int], endpoint: str, *, updates: bool) -> set[ox.Triple]:
    service, default = f"{BASE}service", f"{BASE}service#default-graph"
    found: set[ox.Triple] = set()

    def tell(subject: str, predicate: str, value: str | int) -> None:
        term = ox.Literal(value) if isinstance(value, int) or " " in value else ox.NamedNode(value)
        found.add(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term))

    tell(service, RDF_TYPE, SD + "Service")
    tell(service, SD + "endpoint", endpoint)
    tell(service, SD + "supportedLanguage", SD + "SPARQL11Query")
    if updates:
        tell(service, SD + "supportedLanguage", SD + "SPARQL11Update")
    for form in (*RESULT_FORMATS, *GRAPH_FORMATS):
        tell(service, SD + "resultFormat", _FORMATS + _FORMAT_IRIS[form.name])
    for form in GRAPH_FORMATS:
        tell(service, SD + "inputFormat", _FORMATS + _FORMAT_IRIS[form.name])
    tell(service, SD + "defaultEntailmentRegime", "http://www.w3.org/ns/entailment/Simple")
    tell(service, SD + "defaultDataset", BASE)
    tell(service, PREFIXES["dcterms"] + "license", "https://creativecommons.org/licenses/by/4.0/")
    tell(service, PREFIXES["rdfs"] + "seeAlso", QUESTIONS)
    tell(BASE, RDF_TYPE, SD + "Dataset")
    tell(BASE, PREFIXES["rdfs"] + "comment", _COMMENT)
    tell(BASE, SD + "defaultGraph", default)
    tell(default, RDF_TYPE, SD + "Graph")
    tell(default, _VOID + "triples", sizes.pop("", 0))
    for name, size in sizes.items():
        node = f"{BASE}service#{quote(name.removeprefix(BASE), safe='')}"
        tell(BASE, SD + "namedGraph", node)
        tell(node, RDF_TYPE, SD + "NamedGraph")
        tell(node, SD + "name", name)
        tell(node, SD + "graph", node + "-content")
        tell(node + "-content", RDF_TYPE, SD + "Graph")
        tell(node + "-content", _VOID + "triples", size)
    return found
