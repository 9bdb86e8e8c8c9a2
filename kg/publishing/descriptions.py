"""Descriptions of things (linked data): the triples with a thing as subject or object, and their claims."""

import io
from collections.abc import Iterable, Iterator, Mapping
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
"""The page size of a description, for each of: triples with it as subject, object or predicate, and in its graph."""

NESTING: Final = 12
"""So deep a description goes from the thing through blank nodes, which have no description of their own."""

_MAX_ROWS: Final = 20_000
_BATCH: Final = 500
_LABEL: Final = PREFIXES["rdfs"] + "label"
_NAMES: Final = (_LABEL, PREFIXES["skos"] + "prefLabel", str(KEL.gloss))


@dataclass(frozen=True)
class IriStatus:
    """Whether an IRI is in the graph, whether it is withdrawn, and the IRIs that replace it."""

    known: bool
    withdrawn: bool = False
    successors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """One page of the description of a thing, as quads; none if the thing is not in the graph.

    `page` counts from 1; `more` is whether there is a next page.
    """

    iri: str
    quads: tuple[ox.Quad, ...]
    page: int = 1
    more: bool = False

    def triples(self) -> Iterator[ox.Triple]:
        """The triples for formats without named graphs: those of the default graph, and the claims' facts reified.

        So a fact that is only expected, possible or denied is described and not asserted.
        """
        plain = (quad.triple for quad in self.quads if isinstance(quad.graph_name, ox.DefaultGraph))
        inferred = {quad.triple for quad in self.quads if _is(quad.graph_name, INFERRED_GRAPH)}
        stated = (q for q in self.quads if q.triple not in inferred or _is(q.graph_name, INFERRED_GRAPH))
        return chain(plain, reified(quad for quad in stated if self._is_reified(quad)))

    def serialize(self, form: GraphFormat, known: Mapping[str, str] = PREFIXES) -> bytes:
        """The page in the given format, in UTF-8, with those of the known prefixes that occur.

        Raises NotAcceptableError if the format cannot represent it.
        """
        if form.name == "jsonld":
            return compact(self.quads, {p: n for p, n in known.items() if PREFIXES.get(p) != n})
        content = self.quads if form.quads else sorted(self.triples(), key=str)
        prefixes = {} if form.name in ("ntriples", "nquads") else self._occurring(known)
        if form.name == "rdfxml":
            buffer = io.BytesIO()
            write_rdf_xml(sorted(self.triples(), key=str), buffer, prefixes)
            return buffer.getvalue()
        return ox.serialize(content, format=form.engine, prefixes=prefixes) or b""

    def _occurring(self, known: Mapping[str, str]) -> dict[str, str]:
        """The prefixes with which an IRI of the page begins."""
        iris = {
            t.value for q in self.quads for t in (*_ends(q), q.predicate, q.graph_name) if isinstance(t, ox.NamedNode)
        }
        iris |= {q.object.datatype.value for q in self.quads if isinstance(q.object, ox.Literal)}
        return {p: n for p, n in known.items() if any(iri.startswith(n) for iri in iris)}

    def _is_reified(self, quad: ox.Quad) -> bool:
        """Inferred triples are in the default graph too; they are reified only in the description of their graph."""
        return not _is(quad.graph_name, INFERRED_GRAPH) or self.iri == INFERRED_GRAPH


def iri_status(reader: Reader, iri: str) -> IriStatus:
    """The status of an IRI; ``owl:deprecated`` or ``dcterms:isReplacedBy`` make it withdrawn."""
    it = node(iri)
    if not reader.ask(
        f"ASK {{ {{ {it} ?p ?o }} UNION {{ ?s ?p {it} }} UNION {{ GRAPH ?g {{ {it} ?p ?o }} }} "
        f"UNION {{ GRAPH ?g {{ ?s ?p {it} }} }} UNION {{ GRAPH {it} {{ ?s ?p ?o }} }} "
        f"UNION {{ ?s {it} ?o }} UNION {{ GRAPH ?g {{ ?s {it} ?o }} }} }}"
    ):
        return IriStatus(known=False)
    rows = reader.rows(
        f"SELECT ?next WHERE {{ {{ {it} <{PREFIXES['owl']}deprecated> true }} "
        f"UNION {{ {it} <{PREFIXES['dcterms']}isReplacedBy> ?next }} }} LIMIT 20"
    )
    successors = tuple(str(row["next"].value) for row in rows if isinstance(row.get("next"), ox.NamedNode))
    return IriStatus(known=True, withdrawn=bool(rows), successors=successors)


def describe(reader: Reader, iri: str, page: int = 1) -> Description:
    """A page of the quads with the thing as subject, object or predicate in any graph, and, if it is a named graph, of
    that graph, with what is said of the blank nodes that it has as values (down to `NESTING`), the records of their
    claims and the labels of all terms in all languages.

    Pages follow the order of the store's index, which is stable within a version.
    """
    it = ox.NamedNode(iri)
    window = f"OFFSET {(page - 1) * PAGE_ROWS} LIMIT {PAGE_ROWS + 1}"
    outgoing = reader.rows(f"SELECT ?g ?p ?o WHERE {{ {_anywhere(f'{it} ?p ?o')} }} {window}")
    incoming = reader.rows(f"SELECT ?g ?s ?p WHERE {{ {_anywhere(f'?s ?p {it}')} }} {window}")
    in_graph = reader.rows(f"SELECT ?s ?p ?o WHERE {{ GRAPH {it} {{ ?s ?p ?o }} }} {window}")
    used = reader.rows(f"SELECT ?g ?s ?o WHERE {{ {_anywhere(f'?s {it} ?o')} }} {window}")
    found = set(_quads(outgoing[:PAGE_ROWS], {"s": it}))
    found |= set(_quads(incoming[:PAGE_ROWS], {"o": it}))
    found |= set(_quads(in_graph[:PAGE_ROWS], {"g": it}))
    found |= set(_quads(used[:PAGE_ROWS], {"p": it}))
    if in_graph:
        also = reader.rows(
            f"SELECT ?s ?p ?o WHERE {{ {{ SELECT * WHERE {{ GRAPH {it} {{ ?s ?p ?o }} }} {window} }} ?s ?p ?o }}"
        )
        found |= set(_quads(also))
    found |= _nested(reader, it, {quad.object for quad in found if quad.subject == it})
    claims = _claims(found)
    found |= _records(reader, claims)
    found |= _names(reader, {iri} | {term.value for quad in found for term in _ends(quad)})
    found |= _records(reader, _claims(found) - claims)  # of the names that stand in claims
    found |= _inferred(reader, found)
    parts = (outgoing, incoming, in_graph, used)
    more = any(len(rows) > PAGE_ROWS for rows in parts)
    return Description(iri, tuple(sorted(found, key=_order)) if any(parts) else (), page, more)


@cache
def describe_ontology() -> Description:
    """The description of the ontology: all its terms, without the codes, which have their own descriptions."""
    ours = (ONTOLOGY_IRI, SKOLEM)
    triples = [
        t for t in published_triples() if isinstance(t.subject, ox.NamedNode) and t.subject.value.startswith(ours)
    ]
    quads = (ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    return Description(ONTOLOGY_IRI, tuple(sorted(quads, key=_order)))


@cache
def describe_shapes() -> Description:
    """The description of the shapes that validate changes."""
    lines = read_shapes().serialize(format="nt", encoding="utf-8")
    quads = ox.parse(input=lines, format=ox.RdfFormat.N_TRIPLES)
    return Description(str(SHAPE), tuple(sorted(quads, key=_order)))


def _anywhere(pattern: str) -> str:
    return f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"


def _quads(rows: Iterable[Row], known: Row | None = None) -> Iterator[ox.Quad]:
    """The quads of rows with s, p, o and optionally g; `known` gives the terms that they lack."""
    for row in rows:
        terms: dict[str, Term] = {**row, **(known or {})}
        subject, predicate, graph = terms["s"], terms["p"], terms.get("g")
        assert isinstance(predicate, ox.NamedNode)
        assert not isinstance(subject, ox.Literal)
        assert not isinstance(graph, ox.Literal)
        if "o" in terms:  # unbound if it is not an RDF 1.1 term
            yield ox.Quad(subject, predicate, terms["o"], graph or ox.DefaultGraph())


def _nested(reader: Reader, thing: ox.NamedNode, values: Iterable[object]) -> set[ox.Quad]:
    """What is said of the blank nodes among the values of a thing, and of those among theirs.

    A query cannot name a blank node, so each is reached from the thing, through blank nodes of one graph.
    """
    found: set[ox.Quad] = set()
    seen: set[ox.BlankNode] = set()
    current = {value for value in values if isinstance(value, ox.BlankNode)}
    path = f"{thing}"
    for depth in range(NESTING):
        if not current:
            break
        path += f" ?p{depth} ?b{depth} . FILTER isBlank(?b{depth}) ?b{depth}"
        rows = reader.rows(
            f"SELECT DISTINCT ?g (?b{depth} AS ?s) ?p ?o WHERE {{ {_anywhere(f'{path} ?p ?o')} }} LIMIT {_MAX_ROWS}"
        )
        level = {quad for quad in _quads(rows) if quad.subject in current}
        found |= level
        seen |= current
        current = {quad.object for quad in level if isinstance(quad.object, ox.BlankNode)} - seen
    return found


def _claims(quads: Iterable[ox.Quad]) -> set[str]:
    return {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)} - {INFERRED_GRAPH}


def _inferred(reader: Reader, quads: Iterable[ox.Quad]) -> set[ox.Quad]:
    """Those of the triples of claims that are inferred, as quads of the graph of what is inferred."""
    of_claims = {quad.triple for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}
    triples = sorted(f"({t.subject} {t.predicate} {t.object})" for t in of_claims if _has_only_iris(t))
    found: set[ox.Quad] = set()
    for start in range(0, len(triples), _BATCH):
        given = " ".join(triples[start : start + _BATCH])
        rows = reader.rows(
            f"SELECT ?s ?p ?o WHERE {{ VALUES (?s ?p ?o) {{ {given} }} GRAPH <{INFERRED_GRAPH}> {{ ?s ?p ?o }} }}"
        )
        found |= set(_quads(rows, {"g": ox.NamedNode(INFERRED_GRAPH)}))
    return found


def _has_only_iris(triple: ox.Triple) -> bool:
    return isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, ox.NamedNode)


def _records(reader: Reader, claims: Iterable[str]) -> set[ox.Quad]:
    """The records of claims, and the articles and paragraphs of their passages."""
    found: set[ox.Quad] = set()
    for batch in _batches(claims):
        values = f"VALUES ?claim {{ {batch} }}"
        found |= set(
            _quads(reader.rows(f"SELECT (?claim AS ?s) ?p ?o WHERE {{ {values} ?claim ?p ?o }} LIMIT {_MAX_ROWS}"))
        )
        where = f"{values} ?claim <{KEL.passage}> ?s . ?s ?p ?o FILTER(?p IN (<{KEL.article}>, <{KEL.paragraph}>))"
        found |= set(_quads(reader.rows(f"SELECT DISTINCT ?s ?p ?o WHERE {{ {where} }} LIMIT {_MAX_ROWS}")))
    return found


def _names(reader: Reader, iris: Iterable[str]) -> set[ox.Quad]:
    """The labels of things; preferred labels or glosses for those without ``rdfs:label``."""
    found: set[ox.Quad] = set()
    # With VALUES for the properties too, the engine would scan all labels.
    names = f"FILTER(?p IN ({', '.join(map(node, _NAMES))}))"
    for batch in _batches(iris):
        pattern = f"VALUES ?s {{ {batch} }} {_anywhere('?s ?p ?o')} {names}"
        found |= set(_quads(reader.rows(f"SELECT ?g ?s ?p ?o WHERE {{ {pattern} }} LIMIT {_MAX_ROWS}")))
    labelled = {quad.subject for quad in found if quad.predicate.value == _LABEL}
    return {quad for quad in found if quad.predicate.value == _LABEL or quad.subject not in labelled}


def _batches(iris: Iterable[str]) -> Iterator[str]:
    ordered = sorted(iris)
    return (nodes(ordered[start : start + _BATCH]) for start in range(0, len(ordered), _BATCH))


def _ends(quad: ox.Quad) -> Iterator[ox.NamedNode]:
    return (term for term in (quad.subject, quad.object) if isinstance(term, ox.NamedNode))


def _is(name: object, iri: str) -> bool:
    return isinstance(name, ox.NamedNode) and name.value == iri


def _order(quad: ox.Quad) -> tuple[bool, str, str]:
    """The sort key: the default graph first, then by graph, so that each graph is written once."""
    return not isinstance(quad.graph_name, ox.DefaultGraph), str(quad.graph_name), str(quad)
