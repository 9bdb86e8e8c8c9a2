"""Reads from an engine what is in parts of its graphs, in answers of so few rows that no engine cuts them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, TypeVar

import pyoxigraph as ox

from kg.upload.connection import Connection
from kg.upload.content import Part, part_of, texts
from kg.upload.names import within
from ontology import KelisimError

_T = TypeVar("_T")

ROWS: Final = 4000
"""How many rows one answer should have at most: Debian's Virtuoso gives 10000 unless it is told otherwise."""
_NAMES: Final = 200
"""How many graphs or subjects one query names at most: engines limit the length of queries."""


@dataclass
class Reader:
    """Reads graphs as parts. `default` is the engine's graph for the default graph, empty for its own."""

    connection: Connection
    default: str
    rewritten: dict[str, str] = field(default_factory=dict)
    """Literals that the engine writes in another form, with that form."""

    def parts(self, wanted: Mapping[Part, int]) -> Iterator[tuple[Part, set[str]]]:
        """The triples of parts, about which is known how many each may have."""
        yield from self._whole([(part, count) for part, count in sorted(wanted.items()) if not part.prefix])
        divided = sorted((part, count) for part, count in wanted.items() if part.prefix)
        for graph, given in groupby(divided, key=lambda item: item[0].graph):
            for batch in _batches(given, lambda item: item[1]):
                prefixes = [part.prefix for part, _ in batch]
                listed, length = ", ".join(f'"{p}"' for p in prefixes), len(prefixes[0])
                condition = f"FILTER(SUBSTR(MD5(STR(?s)), 1, {length}) IN ({listed}))"
                held: dict[Part, set[str]] = {part: set() for part, _ in batch}
                pattern = within(graph or self.default, "?s ?p ?o")
                for _, triple in self._rows(f"SELECT ?s ?p ?o WHERE {{ {pattern} {condition} }}", graph):
                    part = part_of(graph, triple, length)
                    if part not in held:
                        raise KelisimError(
                            f"{self.connection.addresses.names[0]} computes MD5 otherwise than RFC 1321."
                        )
                    held[part].add(triple)
                yield from held.items()

    def subjects(self, parts: Mapping[Part, Iterable[str]]) -> Iterator[tuple[Part, set[str]]]:
        """The triples of the subjects that are in parts; found by their names, so that no graph is looked through."""
        yield from self._whole([(p, sum(1 for _ in held)) for p, held in sorted(parts.items()) if not p.prefix])
        by_graph: dict[str, list[tuple[str, int, Part]]] = defaultdict(list)
        for part, triples in sorted(parts.items()):
            if part.prefix:
                counts: dict[str, int] = defaultdict(int)
                for triple in triples:
                    counts[triple[: triple.index(">") + 1]] += 1
                by_graph[part.graph] += [(subject, n, part) for subject, n in counts.items()]
        for graph, subjects in by_graph.items():
            length = len(subjects[0][2].prefix)
            held: dict[Part, set[str]] = {part: set() for _, _, part in subjects}
            for batch in _batches(subjects, lambda item: item[1]):
                names = " ".join(subject for subject, _, _ in batch)
                pattern = within(graph or self.default, "?s ?p ?o")
                for _, triple in self._rows(f"SELECT ?s ?p ?o WHERE {{ VALUES ?s {{ {names} }} {pattern} }}", graph):
                    held[part_of(graph, triple, length)].add(triple)
            yield from held.items()

    def counts(self, graphs: Iterable[str]) -> dict[str, int]:
        """How many triples graphs have, those that the engine has none of with 0."""
        found = dict.fromkeys(graphs, 0)
        own = {self.default: ""} if self.default else {}
        if "" in found and not self.default:
            found[""] = _number(self.connection.select("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"))
        named = [graph or self.default for graph in found if graph or self.default]
        for batch in _batches(named, lambda _: 1):
            values = " ".join(f"<{graph}>" for graph in batch)
            query = (
                f"SELECT ?g (COUNT(*) AS ?n) WHERE {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?g"
            )
            for row in self.connection.select(query):
                name = row["g"]
                if isinstance(name, ox.NamedNode):
                    found[own.get(name.value, name.value)] = _number([row])
        return found

    def _whole(self, parts: Sequence[tuple[Part, int]]) -> Iterator[tuple[Part, set[str]]]:
        """Undivided graphs, several at a time."""
        for batch in _batches(parts, lambda item: item[1]):
            held: dict[str, set[str]] = {part.graph: set() for part, _ in batch}
            names = [graph for graph in held if graph]
            if "" in held:
                pattern = within(self.default, "?s ?p ?o")
                held[""] = {triple for _, triple in self._rows(f"SELECT ?s ?p ?o WHERE {{ {pattern} }}", "")}
            if names:
                values = " ".join(f"<{name}>" for name in names)
                query = f"SELECT ?g ?s ?p ?o WHERE {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }}"
                for graph, triple in self._rows(query, ""):
                    held[graph].add(triple)
            yield from ((Part(graph), triples) for graph, triples in held.items())

    def _rows(self, query: str, graph: str) -> Iterator[tuple[str, str]]:
        """Graphs and triples, as `kg.upload.content.texts` writes them; `graph` if the rows do not name one."""
        quads: list[ox.Quad] = []
        named = "?g" in query
        for row in self.connection.select(query):
            subject, predicate, found = row["s"], row["p"], row["o"]
            assert isinstance(subject, ox.NamedNode | ox.BlankNode)
            assert isinstance(predicate, ox.NamedNode)
            assert found is not None
            name = row["g"] if named else None
            context = name if isinstance(name, ox.NamedNode) else ox.NamedNode(graph) if graph else ox.DefaultGraph()
            quads.append(ox.Quad(subject, predicate, found, context))
        canonical = [*texts(quads)]
        kept = {triple for _, triple in canonical}
        if other := [q for q in quads if isinstance(q.object, ox.Literal) and str(q.triple) not in kept]:
            self._note(other)
        return iter(canonical)

    def _note(self, quads: Iterable[ox.Quad]) -> None:
        for quad in quads:
            _, triple = next(texts([quad]))
            start = triple.index("> ", triple.index("> ") + 1) + 2
            self.rewritten.setdefault(triple[start:], str(quad.object))


def _number(rows: Sequence[ox.QuerySolution]) -> int:
    value = rows[0]["n"]
    assert isinstance(value, ox.Literal)
    return int(value.value)


def _batches(items: Iterable[_T], rows: Callable[[_T], int]) -> Iterator[list[_T]]:
    batch: list[_T] = []
    size = 0
    for item in items:
        if batch and (size + rows(item) > ROWS or len(batch) == _NAMES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += rows(item)
    if batch:
        yield batch
