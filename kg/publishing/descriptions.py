"""What the graph holds of one thing: what is said of it, what points to it, and the claims that say so."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Final

import pyoxigraph as ox

from kg.rdf.compaction import compact
from kg.rdf.formats import GraphFormat
from kg.rdf.reification import reified
from kg.rdf.xml import write_rdf_xml
from kg.store.reader import Reader, Row, Term, node, nodes
from ontology import INFERRED_GRAPH, ONTOLOGY_IRI, PREFIXES, published_triples
from ontology.namespaces import KEL, SHAPE, SKOLEM
from shapes import read_shapes

PAGE_ROWS: Final = 100
"""So many triples of each sort (said of it, pointing to it, in its own graph) are on one page of a description."""

_MOST_ROWS: Final = 20_000
_BATCH: Final = 500
_LABEL: Final = PREFIXES["rdfs"] + "label"
_NAMES: Final = (_LABEL, PREFIXES["skos"] + "prefLabel", str(KEL.gloss))


@dataclass(frozen=True)
class Standing:
    """Whether the graph knows an IRI, whether that has been withdrawn, and what has taken its place."""

    known: bool
    withdrawn: bool = False
    successors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """One page of what is known of a thing, as quads of the graphs that they stand in; none if nothing is known.

    `page` counts from 1; `more` says whether another follows.
    """

    iri: str
    quads: tuple[ox.Quad, ...]
    page: int = 1
    more: bool = False

    def triples(self) -> Iterator[ox.Triple]:
        """The same for formats without named graphs: what stands in the default graph, and the claims' facts reified.

        So a fact that somebody only expects, thinks possible or denies is told of, and not asserted.
        """
        plain = (quad.triple for quad in self.quads if isinstance(quad.graph_name, ox.DefaultGraph))
        return chain(plain, reified(quad for quad in self.quads if self._needs_words(quad)))

    def serialize(self, form: GraphFormat) -> bytes:
        """The page in the given format, in UTF-8; raises NotAcceptableError where that cannot hold it."""
        if form.name == "jsonld":
            return compact(self.quads)
        content = self.quads if form.quads else sorted(self.triples(), key=str)
        known = {_namespace(term) for quad in self.quads for term in (*_ends(quad), quad.predicate, quad.graph_name)}
        prefixes = {} if form.name in ("ntriples", "nquads") else {p: n for p, n in PREFIXES.items() if n in known}
        if form.name == "rdfxml":
            buffer = io.BytesIO()
            write_rdf_xml(sorted(self.triples(), key=str), buffer, prefixes)
            return buffer.getvalue()
        return ox.serialize(content, format=form.engine, prefixes=prefixes) or b""

    def _needs_words(self, quad: ox.Quad) -> bool:
        """What is inferred stands in the default graph too, and needs no more words but where it is asked for."""
        return not _is(quad.graph_name, INFERRED_GRAPH) or self.iri == INFERRED_GRAPH


def standing(reader: Reader, iri: str) -> Standing:
    """How the graph stands to an IRI: ``owl:deprecated`` and ``dcterms:isReplacedBy`` make it withdrawn."""
    it = node(iri)
    if not reader.ask(
        f"ASK {{ {{ {it} ?p ?o }} UNION {{ ?s ?p {it} }} UNION {{ GRAPH ?g {{ {it} ?p ?o }} }} "
        f"UNION {{ GRAPH ?g {{ ?s ?p {it} }} }} UNION {{ GRAPH {it} {{ ?s ?p ?o }} }} }}"
    ):
        return Standing(known=False)
    rows = reader.rows(
        f"SELECT ?next WHERE {{ {{ {it} <{PREFIXES['owl']}deprecated> true }} "
        f"UNION {{ {it} <{PREFIXES['dcterms']}isReplacedBy> ?next }} }} LIMIT 20"
    )
    successors = tuple(str(row["next"].value) for row in rows if isinstance(row.get("next"), ox.NamedNode))
    return Standing(known=True, withdrawn=bool(rows), successors=successors)


def describe(reader: Reader, iri: str, page: int = 1) -> Description:
    """A page of what is said of the thing and what points to it, in whatever graph; if it names a graph, what that
    holds; the records of the claims met on the way; and the names of all neighbours in all languages.

    Pages follow the order of the store's index, which stays while its version does.
    """
    it = ox.NamedNode(iri)
    window = f"OFFSET {(page - 1) * PAGE_ROWS} LIMIT {PAGE_ROWS + 1}"
    said = reader.rows(f"SELECT ?g ?p ?o WHERE {{ {_anywhere(f'{it} ?p ?o')} }} {window}")
    pointing = reader.rows(f"SELECT ?g ?s ?p WHERE {{ {_anywhere(f'?s ?p {it}')} }} {window}")
    held = reader.rows(f"SELECT ?s ?p ?o WHERE {{ GRAPH {it} {{ ?s ?p ?o }} }} {window}")
    found = set(_quads(said[:PAGE_ROWS], {"s": it}))
    found |= set(_quads(pointing[:PAGE_ROWS], {"o": it}))
    found |= set(_quads(held[:PAGE_ROWS], {"g": it}))
    if held:
        also = reader.rows(
            f"SELECT ?s ?p ?o WHERE {{ {{ SELECT * WHERE {{ GRAPH {it} {{ ?s ?p ?o }} }} {window} }} ?s ?p ?o }}"
        )
        found |= set(_quads(also))
    claims = {quad.graph_name.value for quad in found if isinstance(quad.graph_name, ox.NamedNode)} - {INFERRED_GRAPH}
    found |= _records(reader, claims)
    found |= _names(reader, {iri} | {term.value for quad in found for term in _ends(quad)})
    more = any(len(rows) > PAGE_ROWS for rows in (said, pointing, held))
    return Description(iri, tuple(sorted(found, key=_order)) if said or pointing or held else (), page, more)


@cache
def describe_ontology() -> Description:
    """All terms of the ontology; its codes have descriptions of their own."""
    ours = (ONTOLOGY_IRI, SKOLEM)
    triples = [
        t for t in published_triples() if isinstance(t.subject, ox.NamedNode) and t.subject.value.startswith(ours)
    ]
    quads = (ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    return Description(ONTOLOGY_IRI, tuple(sorted(quads, key=_order)))


@cache
def describe_shapes() -> Description:
    """The shapes that changes have to satisfy."""
    lines = read_shapes().serialize(format="nt", encoding="utf-8")
    quads = ox.parse(input=lines, format=ox.RdfFormat.N_TRIPLES)
    return Description(str(SHAPE), tuple(sorted(quads, key=_order)))


def _anywhere(pattern: str) -> str:
    return f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"


def _quads(rows: Iterable[Row], known: Row | None = None) -> Iterator[ox.Quad]:
    """The quads that rows with s, p, o and perhaps g make, `known` filling what they lack."""
    for row in rows:
        terms: dict[str, Term] = {**row, **(known or {})}
        subject, predicate, graph = terms["s"], terms["p"], terms.get("g")
        assert isinstance(predicate, ox.NamedNode)
        assert not isinstance(subject, ox.Literal)
        assert not isinstance(graph, ox.Literal)
        if "o" in terms:  # what is no RDF 1.1 term is missing
            yield ox.Quad(subject, predicate, terms["o"], graph or ox.DefaultGraph())


def _records(reader: Reader, claims: Iterable[str]) -> set[ox.Quad]:
    """What is said of claims in the default graph, and in which paragraph of which article their passages are."""
    found: set[ox.Quad] = set()
    for batch in _batches(claims):
        values = f"VALUES ?claim {{ {batch} }}"
        found |= set(
            _quads(reader.rows(f"SELECT (?claim AS ?s) ?p ?o WHERE {{ {values} ?claim ?p ?o }} LIMIT {_MOST_ROWS}"))
        )
        where = f"{values} ?claim <{KEL.passage}> ?s . ?s ?p ?o FILTER(?p IN (<{KEL.article}>, <{KEL.paragraph}>))"
        found |= set(_quads(reader.rows(f"SELECT DISTINCT ?s ?p ?o WHERE {{ {where} }} LIMIT {_MOST_ROWS}")))
    return found


def _names(reader: Reader, iris: Iterable[str]) -> set[ox.Quad]:
    """The labels of things; their preferred labels or glosses where they have no others."""
    found: set[ox.Quad] = set()
    # With VALUES for the properties too, the engine would go through all names that there are.
    names = f"FILTER(?p IN ({', '.join(map(node, _NAMES))}))"
    for batch in _batches(iris):
        pattern = f"VALUES ?s {{ {batch} }} {_anywhere('?s ?p ?o')} {names}"
        found |= set(_quads(reader.rows(f"SELECT ?g ?s ?p ?o WHERE {{ {pattern} }} LIMIT {_MOST_ROWS}")))
    labelled = {quad.subject for quad in found if quad.predicate.value == _LABEL}
    return {quad for quad in found if quad.predicate.value == _LABEL or quad.subject not in labelled}


def _batches(iris: Iterable[str]) -> Iterator[str]:
    ordered = sorted(iris)
    return (nodes(ordered[start : start + _BATCH]) for start in range(0, len(ordered), _BATCH))


def _ends(quad: ox.Quad) -> Iterator[ox.NamedNode]:
    return (term for term in (quad.subject, quad.object) if isinstance(term, ox.NamedNode))


def _namespace(term: object) -> str:
    """What comes before the last part of an IRI."""
    iri = term.value if isinstance(term, ox.NamedNode) else ""
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def _is(name: object, iri: str) -> bool:
    return isinstance(name, ox.NamedNode) and name.value == iri


def _order(quad: ox.Quad) -> tuple[bool, str, str]:
    """The default graph first, then graph by graph, so that each is written once."""
    return not isinstance(quad.graph_name, ox.DefaultGraph), str(quad.graph_name), str(quad)
