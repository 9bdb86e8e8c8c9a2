"""Asks the graph for rows and triples, whether it is in this process or behind a server's workers."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, by_name
from kg.store.store import Store
from kg.workers.messages import Task
from ontology import KelisimError

Term = ox.NamedNode | ox.BlankNode | ox.Literal
_TERMS = (ox.NamedNode, ox.BlankNode, ox.Literal)  # isinstance is much quicker with a tuple than with a union
Row = Mapping[str, Term]
"""One solution: the terms by the names of their variables; what is unbound is missing."""


class Reader:
    """Answers queries of our own with Python values, for pages and the terminal. Bound every query with a LIMIT."""

    def __init__(self, source: Engine | Store) -> None:
        """Over an engine in this process, or over a store, whose limits and version then hold."""
        self._answer = _of_store(source) if isinstance(source, Store) else _of_engine(source)

    def rows(self, query: str) -> list[Row]:
        """The solutions of a SELECT query; raises KelisimError as `Store.query` does."""
        return list(self.stream(query))

    def stream(self, query: str) -> Iterator[Row]:
        """The same one after another, for many: the whole answer is there at once, but not as Python values."""
        solutions = ox.parse_query_results(self._answer(query), format=ox.QueryResultsFormat.JSON)
        assert isinstance(solutions, ox.QuerySolutions)
        names = [v.value for v in solutions.variables]
        return ({n: t for n, t in zip(names, s, strict=True) if isinstance(t, _TERMS)} for s in solutions)

    def holds(self, query: str) -> bool:
        """The answer to an ASK query."""
        return bool(ox.parse_query_results(self._answer(query), format=ox.QueryResultsFormat.JSON))

    def triples(self, query: str) -> list[ox.Triple]:
        """The graph of a CONSTRUCT or DESCRIBE query."""
        return [q.triple for q in ox.parse(self._answer(query), format=ox.RdfFormat.N_TRIPLES)]


def node(iri: str) -> str:
    """The IRI as it stands in a query; raises KelisimError where it is none, so that nothing else can get in."""
    try:
        return str(ox.NamedNode(iri))
    except ValueError as error:
        raise KelisimError(f"{iri!r} is no IRI.") from error


def nodes(iris: Iterable[str]) -> str:
    """Several IRIs for a VALUES block, in a fixed order."""
    return " ".join(sorted(node(iri) for iri in set(iris)))


def text(words: str, language: str = "") -> str:
    """A string literal as it stands in a query."""
    return str(ox.Literal(words, language=language or None))


def _of_engine(engine: Engine) -> Callable[[str], bytes]:
    def answer(query: str) -> bytes:
        found = engine.query(query)
        return found.serialize(
            by_name("ntriples", GRAPH_FORMATS) if found.is_graph else by_name("json", RESULT_FORMATS)
        )

    return answer


def _of_store(store: Store) -> Callable[[str], bytes]:
    return lambda query: store.query(Task(query, bindings="json", graph="ntriples", internal=True)).content
