"""The service description in RDF: languages, formats and graphs of the endpoint (SPARQL 1.1 Service Description)."""

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
"""If there are more named graphs, only their number is given, since each claim is one."""

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
    """Triples in the default graph, number of named graphs, and triples by named graph.

    `named` is empty if there are more than `MOST_GRAPHS`.
    """

    default: int
    graphs: int
    named: Mapping[str, int]


def describer(store: Store) -> Callable[[str, GraphFormat], bytes]:
    """A function that serializes the description of a store's service, given the endpoint's URL and a format.

    Triples are counted once for each version of the data.
    """
    sizes = lru_cache(1)(lambda _version: _count(store))

    def describe(endpoint: str, form: GraphFormat) -> bytes:
        prefixes = {**PREFIXES, "sd": SD, "formats": _FORMATS}
        triples = sorted(_triples(sizes(store.version), endpoint, updates=store.writable), key=str)
        return ox.serialize(triples, format=form.engine, prefixes=prefixes) or b""

    return describe


def _count(store: Store) -> _Sizes:
    def rows(query: str) -> list[dict[str, str]]:
        found = json.loads(store.query(Task(query, bindings="json", internal=True)).content)["results"]["bindings"]
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

    def add(subject: str, predicate: str, value: str | int) -> None:
        term = ox.Literal(value) if isinstance(value, int) or " " in value else ox.NamedNode(value)
        found.add(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term))

    add(service, RDF_TYPE, SD + "Service")
    add(service, SD + "endpoint", endpoint)
    add(service, SD + "supportedLanguage", SD + "SPARQL11Query")
    if updates:
        add(service, SD + "supportedLanguage", SD + "SPARQL11Update")
    for form in (*RESULT_FORMATS, *GRAPH_FORMATS):
        if form.name in _FORMAT_IRIS:  # CSV for Excel has none of its own
            add(service, SD + "resultFormat", _FORMATS + _FORMAT_IRIS[form.name])
    for form in GRAPH_FORMATS:
        add(service, SD + "inputFormat", _FORMATS + _FORMAT_IRIS[form.name])
    add(service, SD + "defaultEntailmentRegime", "http://www.w3.org/ns/entailment/Simple")
    add(service, SD + "defaultDataset", BASE)
    add(service, PREFIXES["dcterms"] + "license", "https://creativecommons.org/licenses/by/4.0/")
    add(service, PREFIXES["rdfs"] + "seeAlso", QUESTIONS)
    add(BASE, RDF_TYPE, SD + "Dataset")
    add(BASE, PREFIXES["rdfs"] + "comment", _COMMENT)
    add(BASE, SD + "defaultGraph", default)
    add(default, RDF_TYPE, SD + "Graph")
    add(default, _VOID + "triples", sizes.default)
    if sizes.graphs > MOST_GRAPHS:
        add(BASE, PREFIXES["rdfs"] + "comment", _UNLISTED.format(sizes.graphs, MOST_GRAPHS))
    for name, size in sizes.named.items():
        node = f"{BASE}service#{quote(name.removeprefix(BASE), safe='')}"
        add(BASE, SD + "namedGraph", node)
        add(node, RDF_TYPE, SD + "NamedGraph")
        add(node, SD + "name", name)
        add(node, SD + "graph", node + "-content")
        add(node + "-content", RDF_TYPE, SD + "Graph")
        add(node + "-content", _VOID + "triples", size)
    return found
