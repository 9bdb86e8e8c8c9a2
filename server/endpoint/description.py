"""The service description: what the endpoint speaks and holds, in RDF (SPARQL 1.1 Service Description)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.publishing.examples import QUESTIONS
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat
from kg.store.store import Store
from kg.workers.messages import Task
from ontology import BASE, PREFIXES
from ontology.namespaces import RDF_TYPE

MOST_GRAPHS: Final = 1_000
"""Of more named graphs than these the number alone is told, for each claim is one."""

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
_UNLISTED: Final = (
    "It has {:,} named graphs. More than {:,} are not listed here; SELECT ?g WHERE {{ GRAPH ?g {{}} }} asks for them."
)


@dataclass(frozen=True)
class _Sizes:
    """How many triples the default graph holds, how many named graphs there are, and the triples of each by its IRI:
    of none where there are more than `MOST_GRAPHS`.
    """

    default: int
    graphs: int
    named: Mapping[str, int]


def describer(store: Store) -> Callable[[str, GraphFormat], bytes]:
    """What describes the service over a store, given its URL and a format. A version of the data is counted once."""
    sizes = lru_cache(1)(lambda _version: _count(store))

    def describe(endpoint: str, form: GraphFormat) -> bytes:
        prefixes = {**PREFIXES, "sd": SD, "formats": _FORMATS}
        triples = sorted(_triples(sizes(store.version), endpoint, updates=store.writable), key=str)
        return ox.serialize(triples, format=form.engine, prefixes=prefixes) or b""

    return describe


def _count(store: Store) -> _Sizes:
    def rows(query: str) -> list[dict[str, str]]:
        found = json.loads(store.query(Task(query, bindings="json")).content)["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in found]

    graphs = int(rows("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g {} }")[0]["n"])
    default = int(rows("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")[0]["n"])
    if graphs > MOST_GRAPHS:
        return _Sizes(default, graphs, {})
    named = rows("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } FILTER isIRI(?g) } GROUP BY ?g")
    return _Sizes(default, graphs, {row["g"]: int(row["n"]) for row in named})


def _triples(sizes: _Sizes, endpoint: str, *, updates: bool) -> set[ox.Triple]:
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
    tell(default, _VOID + "triples", sizes.default)
    if sizes.graphs > MOST_GRAPHS:
        tell(BASE, PREFIXES["rdfs"] + "comment", _UNLISTED.format(sizes.graphs, MOST_GRAPHS))
    for name, size in sizes.named.items():
        node = f"{BASE}service#{quote(name.removeprefix(BASE), safe='')}"
        tell(BASE, SD + "namedGraph", node)
        tell(node, RDF_TYPE, SD + "NamedGraph")
        tell(node, SD + "name", name)
        tell(node, SD + "graph", node + "-content")
        tell(node + "-content", RDF_TYPE, SD + "Graph")
        tell(node + "-content", _VOID + "triples", size)
    return found
