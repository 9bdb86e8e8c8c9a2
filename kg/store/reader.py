"""Query results as Python values, from an engine in this process or from a server's workers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, by_name
from ontology import KelisimError

if TYPE_CHECKING:  # the command line, which has an engine, need not load what is for servers
    from kg.inference.explanation import Explanation
    from kg.store.store import Store

Term = ox.NamedNode | ox.BlankNode | ox.Literal
_TERMS = (ox.NamedNode, ox.BlankNode, ox.Literal)  # isinstance is much faster with a tuple than with a union
Row = Mapping[str, Term]
"""One solution: terms by variable name, without unbound variables."""


class Reader:
    """Runs internal queries for pages and the command line. Every query must have a LIMIT."""

    def __init__(self, source: "Engine | Store") -> None:
        """Over an engine in this process, or over a store with its limits and current version."""
        self._source = source
        self._answer = _of_engine(source) if isinstance(source, Engine) else _of_store(source)

    def rows(self, query: str) -> list[Row]:
        """The solutions of a SELECT query; raises KelisimError as `Store.query` does."""
        return list(self.stream(query))

    def stream(self, query: str) -> Iterator[Row]:
        """The solutions as an iterator: the serialised result is in memory, the Python values are not."""
        solutions = ox.parse_query_results(self._answer(query), format=ox.QueryResultsFormat.JSON)
        assert isinstance(solutions, ox.QuerySolutions)
        names = [v.value for v in solutions.variables]
        return ({n: t for n, t in zip(names, s, strict=True) if isinstance(t, _TERMS)} for s in solutions)

    def ask(self, query: str) -> bool:
        """The result of an ASK query."""
        return bool(ox.parse_query_results(self._answer(query), format=ox.QueryResultsFormat.JSON))

    def explanation(self, triple: ox.Triple) -> "Explanation":
        """Why the triple is in the data, or that it is not; raises KelisimError as `Store.query` does."""
        from kg.inference.explanation import Explanation, explain
        from kg.workers.messages import Task

        if isinstance(self._source, Engine):
            return explain(self._source.store, triple)
        reply = self._source.query(Task("", why=f"{triple} .", internal=True))
        return msgspec.json.decode(reply.content, type=Explanation)

    def triples(self, query: str) -> list[ox.Triple]:
        """The graph of a CONSTRUCT or DESCRIBE query."""
        return [q.triple for q in ox.parse(self._answer(query), format=ox.RdfFormat.N_TRIPLES)]


def node(iri: str) -> str:
    """The IRI in SPARQL syntax; raises KelisimError if it is not an IRI, which prevents injection."""
    try:
        return str(ox.NamedNode(iri))
    except ValueError as error:
        raise KelisimError(f"{iri!r} is no IRI.") from error


def nodes(iris: Iterable[str]) -> str:
    """Several IRIs for a VALUES block, sorted and without duplicates."""
    return " ".join(sorted(node(iri) for iri in set(iris)))


def text(words: str, language: str = "") -> str:
    """A string literal in SPARQL syntax."""
    return str(ox.Literal(words, language=language or None))


def _of_engine(engine: Engine) -> Callable[[str], bytes]:
    def answer(query: str) -> bytes:
        found = engine.query(query)
        return found.serialize(
            by_name("ntriples", GRAPH_FORMATS) if found.is_graph else by_name("json", RESULT_FORMATS)
        )

    return answer


def _of_store(store: "Store") -> Callable[[str], bytes]:
    from kg.workers.messages import Task

    return lambda query: store.query(Task(query, bindings="json", graph="ntriples", internal=True)).content
