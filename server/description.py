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

    def say(subject: str, predicate: str, value: str | int) -> None:
        term = ox.Literal(value) if isinstance(value, int) or " " in value else ox.NamedNode(value)
        found.add(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term))

    say(service, RDF_TYPE, SD + "Service")
    say(service, SD + "endpoint", endpoint)
    say(service, SD + "supportedLanguage", SD + "SPARQL11Query")
    if updates:
        say(service, SD + "supportedLanguage", SD + "SPARQL11Update")
    for form in (*RESULT_FORMATS, *GRAPH_FORMATS):
        say(service, SD + "resultFormat", _FORMATS + _FORMAT_IRIS[form.name])
    for form in GRAPH_FORMATS:
        say(service, SD + "inputFormat", _FORMATS + _FORMAT_IRIS[form.name])
    say(service, SD + "defaultEntailmentRegime", "http://www.w3.org/ns/entailment/Simple")
    say(service, SD + "defaultDataset", BASE)
    say(service, PREFIXES["dcterms"] + "license", "https://creativecommons.org/licenses/by/4.0/")
    say(service, PREFIXES["rdfs"] + "seeAlso", QUESTIONS)
    say(BASE, RDF_TYPE, SD + "Dataset")
    say(BASE, PREFIXES["rdfs"] + "comment", _COMMENT)
    say(BASE, SD + "defaultGraph", default)
    say(default, RDF_TYPE, SD + "Graph")
    say(default, _VOID + "triples", sizes.pop("", 0))
    for name, size in sizes.items():
        node = f"{BASE}service#{quote(name.removeprefix(BASE), safe='')}"
        say(BASE, SD + "namedGraph", node)
        say(node, RDF_TYPE, SD + "NamedGraph")
        say(node, SD + "name", name)
        say(node, SD + "graph", node + "-content")
        say(node + "-content", RDF_TYPE, SD + "Graph")
        say(node + "-content", _VOID + "triples", size)
    return found
