"""The service description in RDF: languages, formats and graphs of the endpoint (SPARQL 1.1 Service Description)."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.lenses.names import LENSES, Lens
from kg.publishing.about import DCTERMS, LICENSE, SH, TITLE, About
from kg.publishing.examples import QUESTIONS
from kg.publishing.lenses import SD, named
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat
from kg.store.store import Store
from kg.views.lenses import narrower
from kg.workers.messages import Task
from ontology import BASE, PREFIXES
from ontology.namespaces import EVERYTHING, RDF_TYPE
from server.http.lenses import EVERYTHING as EVERYTHING_LENS
from server.http.lenses import titles
from server.http.site import Site

MOST_GRAPHS: Final = 1_000
"""If there are more named graphs, only their number is given, since each claim is one."""

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
_COMMENT: Final = "The default graph is not the union of the named graphs."
_OUR_COMMENT: Final = (
    f"{_COMMENT} It holds the ontology, the reference data, the records of "
    "the claims, the facts of the claims that are asserted, reported or planned, and what follows from these; what was "
    "expected, thought possible or denied is in the named graph of its claim alone. "
    f"FROM <{EVERYTHING}> adds it to the default graph, and leaves the named graphs as they are. It is a lens: "
    f"<{LENSES}as-of/YYYY-MM-DD>, source/, speaker/ and modality/ with a name, and several of these joined by a slash "
    "are datasets of the claims that they select, for FROM and default-graph-uri. Those by one thing are listed."
)
_STATED: Final = frozenset((TITLE, DCTERMS + "description", LICENSE))
"""What the service description repeats of the dataset's."""

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


def describer(site: Site) -> Callable[[str, GraphFormat], bytes]:
    """A function that serializes the description of a site's service, given the server's URL and a format.

    Triples are counted once for each version of the data.
    """
    store = site.store
    sizes = lru_cache(1)(lambda _version: _count(store))
    lenses = lru_cache(1)(lambda _version: _listed(site))

    def describe(host: str, form: GraphFormat) -> bytes:
        prefixes = {"sd": SD, "formats": _FORMATS, "sh": SH, **site.offered_prefixes}
        found = _triples(sizes(store.version), site.about, host, updates=store.writable)
        found |= {*_available(lenses(store.version), site.about.base(host))}
        found |= set(_declarations(site.about.iri(host), site.about.base(host), site.offered_prefixes))
        return ox.serialize(sorted(found, key=str), format=form.engine, prefixes=prefixes) or b""

    return describe


def _listed(site: Site) -> dict[Lens, dict[str, str]]:
    """The lenses by one thing, with what they are called."""
    listed = [choice.lens for choices in narrower(site.reader, Lens(), "en").values() for choice in choices]
    return {lens: titles(site, lens) for lens in ([EVERYTHING_LENS, *listed] if listed else ())}


def _available(lenses: Mapping[Lens, Mapping[str, str]], base: str) -> Iterator[ox.Triple]:
    """Lenses as graphs of which a query may make its dataset (section 3.2.7, sd:availableGraphs)."""
    service, collection = f"{base}service", f"{base}service#lenses"
    for lens, called in lenses.items():
        yield from named(lens, called)
        for subject, predicate, value in (
            (service, SD + "availableGraphs", collection),
            (collection, RDF_TYPE, SD + "GraphCollection"),
            (collection, SD + "namedGraph", lens.iri),
            (lens.iri, RDF_TYPE, SD + "NamedGraph"),
            (lens.iri, SD + "name", lens.iri),
        ):
            yield ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


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


def _declarations(dataset: str, base: str, prefixes: Mapping[str, str]) -> Iterator[ox.Triple]:
    """The prefixes that the query editor offers, as editors read them (SHACL, section 5.2.1)."""
    for prefix, namespace in prefixes.items():
        node = ox.NamedNode(f"{base}service#prefix-{quote(prefix)}")
        value = ox.Literal(namespace, datatype=ox.NamedNode(PREFIXES["xsd"] + "anyURI"))
        yield ox.Triple(ox.NamedNode(dataset), ox.NamedNode(SH + "declare"), node)
        yield ox.Triple(node, ox.NamedNode(SH + "prefix"), ox.Literal(prefix))
        yield ox.Triple(node, ox.NamedNode(SH + "namespace"), value)


def _triples(sizes: _Sizes, about: About, host: str, *, updates: bool) -> set[ox.Triple]:
    base, dataset = about.base(host), about.iri(host)
    service, default = f"{base}service", f"{base}service#default-graph"
    found: set[ox.Triple] = set()

    def add(subject: str, predicate: str, value: str | int) -> None:
        term = ox.Literal(value) if isinstance(value, int) or " " in value else ox.NamedNode(value)
        found.add(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term))

    add(service, RDF_TYPE, SD + "Service")
    add(service, SD + "endpoint", host + "sparql")
    add(service, SD + "supportedLanguage", SD + "SPARQL11Query")
    if updates:
        add(service, SD + "supportedLanguage", SD + "SPARQL11Update")
    for form in (*RESULT_FORMATS, *GRAPH_FORMATS):
        if form.name in _FORMAT_IRIS:  # CSV for Excel has none of its own
            add(service, SD + "resultFormat", _FORMATS + _FORMAT_IRIS[form.name])
    for form in GRAPH_FORMATS:
        add(service, SD + "inputFormat", _FORMATS + _FORMAT_IRIS[form.name])
    add(service, SD + "defaultEntailmentRegime", "http://www.w3.org/ns/entailment/Simple")
    add(service, SD + "defaultDataset", dataset)
    if about.ours:
        add(service, PREFIXES["rdfs"] + "seeAlso", QUESTIONS)
    for triple in about.described_at(host):
        if triple.subject == ox.NamedNode(dataset) and triple.predicate.value in _STATED:
            found.add(triple)
            if triple.predicate.value == LICENSE:
                found.add(ox.Triple(ox.NamedNode(service), triple.predicate, triple.object))
    add(dataset, RDF_TYPE, SD + "Dataset")
    add(dataset, PREFIXES["rdfs"] + "comment", _OUR_COMMENT if about.ours else _COMMENT)
    add(dataset, SD + "defaultGraph", default)
    add(default, RDF_TYPE, SD + "Graph")
    add(default, _VOID + "triples", sizes.default)
    if sizes.graphs > MOST_GRAPHS:
        add(dataset, PREFIXES["rdfs"] + "comment", _UNLISTED.format(sizes.graphs, MOST_GRAPHS))
    for name, size in sizes.named.items():
        node = f"{base}service#{quote(name.removeprefix(BASE), safe='')}"
        add(dataset, SD + "namedGraph", node)
        add(node, RDF_TYPE, SD + "NamedGraph")
        add(node, SD + "name", name)
        add(node, SD + "graph", node + "-content")
        add(node + "-content", RDF_TYPE, SD + "Graph")
        add(node + "-content", _VOID + "triples", size)
    return found
