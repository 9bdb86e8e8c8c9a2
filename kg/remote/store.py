"""Answers by queries to an engine what others ask of a store in this process (`pyoxigraph.Store`).

What is read of the neighbourhood of a thing is remembered until the data change: one query gets all triples of a
subject in all graphs, from which all look-ups with that subject are answered.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

import pyoxigraph as ox

from kg.engine.errors import EngineError, EngineRefusedError, QuerySyntaxError, TooDeepError, TooLargeError
from kg.rdf.patches import Patch
from kg.remote import results
from kg.remote.probing import Traits, UnfitEngineError, probe
from kg.remote.results import Term
from kg.remote.translation import NOWHERE, OWN, Dataset, Reading, Translated, sent, translate
from kg.remote.transport import Transport
from kg.upload.names import DEFAULT_GRAPH
from ontology import BASE, KelisimError

Node: TypeAlias = ox.NamedNode | ox.BlankNode
GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

COPIED_QUADS: Final = 2_000_000
"""The most quads of which one process makes a copy for itself, for lenses."""

QUAD_BYTES: Final = 280
"""What a quad takes in a copy, measured: a million quads 280 MB."""

MEMORY_SHARE: Final = 8
"""The part of the machine's memory, one of so many, that the copy for changes may take if nothing else is said."""

_ANSWERED: Final = 250_000
"""The most quads of a copy that are asked for at once: JSON has some 260 bytes for each, all held in memory."""

_REMEMBERED: Final = 300_000
"""The most quads that are remembered of look-ups, about 100 MB."""

_AT_ONCE: Final = 100
"""How many subjects are asked for with one query."""

_DEFAULT: Final = ox.DefaultGraph()
_ANONYMOUS: Final = BASE + "graph/blank#"
_NONE: Final[Mapping[ox.NamedNode, Callable[..., Any]]] = {}


class RemoteStore:
    """The dataset in an engine. Has those methods of `pyoxigraph.Store` that read. For one thread."""

    def __init__(self, transport: Transport, traits: Traits, shared: int = 0) -> None:
        """`shared` is the most quads of which a copy is made before processes are forked, where changes need one."""
        self.transport = transport
        self.shared = shared
        self.traits = traits
        self._unfit: KelisimError | None = None
        """Why the data as they are now are not to be asked."""
        self.seconds = 0.0
        """How long the engine took for the last query."""
        self._nothing = ox.Store()
        self._of_subject: dict[Node, list[ox.Quad]] = {}
        self._of_pattern: dict[tuple[object, ...], list[ox.Quad]] = {}
        self._remembered = 0
        self._size: int | None = None
        self._graphs: list[ox.NamedNode] | None = None
        self._copy: ox.Store | None = None

    def renew(self) -> None:
        """Forgets what was read, and finds out anew how the engine differs: the data have changed."""
        self._forget()
        self._copy, self._unfit = None, None
        try:
            self.traits = probe(self.transport)
        except UnfitEngineError as error:
            self._unfit = error
        except KelisimError:  # it is down; what it was like before is the best that is known
            return

    def apply(self, patch: Patch) -> None:
        """Forgets what was read; the copy follows a patch that was written to the engine by this server."""
        self._forget()
        if self._copy is not None:
            patch.apply(self._copy)

    def _forget(self) -> None:
        self._of_subject.clear()
        self._of_pattern.clear()
        self._remembered, self._size, self._graphs = 0, None, None

    # Queries

    def query(  # noqa: PLR0913 - those of pyoxigraph
        self,
        query: str,
        *,
        base_iri: str = BASE,
        default_graph: Sequence[GraphName] | None = None,
        named_graphs: Sequence[Node] | None = None,
        substitutions: Mapping[ox.Variable, Term] | None = None,
        custom_functions: Mapping[ox.NamedNode, Callable[..., Any]] = _NONE,
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """Evaluates a query, as `pyoxigraph.Store.query` does; what is malformed is found out here.

        What the engine cannot evaluate is evaluated in the copy, if it was made. Raises what `Transport.select` raises,
        and EngineError if the answer is malformed.
        """
        if self._unfit:
            raise self._unfit
        local = self._nothing.query(query, base_iri=base_iri, custom_functions={**custom_functions})
        columns = [v.value for v in local.variables] if isinstance(local, ox.QuerySolutions) else []
        unknown = {f.value for f in custom_functions}
        given = {v.value: t for v, t in (substitutions or {}).items()}
        named = {n: str(t) for n, t in given.items() if not isinstance(t, ox.BlankNode)}
        dataset = self._dataset(default_graph, named_graphs)
        try:
            traits = self.traits
            reading = Reading(dataset, columns, unknown, named, traits.numeric_booleans, traits.doubted)
            made = _translated(query, reading)
            return self._evaluated(made, columns, given, default_graph)
        except EngineRefusedError:
            if self._copy is None:
                raise
        return self._copy.query(
            query,
            base_iri=base_iri,
            default_graph=[*default_graph] if default_graph is not None else None,
            named_graphs=[*named_graphs] if named_graphs is not None else None,
            substitutions={**(substitutions or {})} or None,
            custom_functions={**custom_functions},
        )

    def _evaluated(
        self, made: Translated, columns: Sequence[str], given: Mapping[str, Term], default: Sequence[GraphName] | None
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        if made.form == "describe":
            return self._described(made, default)
        if made.form == "construct":
            return self._constructed(made)
        if made.form == "ask":
            return results.boolean(next(self.select(made.text, made.columns), None) is not None)
        found = self.select(made.text, made.columns)
        if not columns:  # engines write rows without columns in many ways
            return results.written((), [() for _ in found])
        # No query can name blank nodes: they are looked for here.
        blank = {columns.index(n): t for n, t in given.items() if isinstance(t, ox.BlankNode) and n in columns}
        if not blank:
            return found
        kept = [row for row in results.rows(found) if all(row[n] in (t, None) for n, t in blank.items())]
        return results.written(columns, kept)

    def select(self, text: str, columns: Sequence[str]) -> ox.QuerySolutions:
        """The solutions of a SELECT that is sent as it is."""
        began = time.monotonic()
        body = self.transport.select(text)
        self.seconds = time.monotonic() - began
        traits = self.traits
        return results.solutions(
            body,
            columns,
            [*map(sent, columns)],
            numeric_booleans=traits.numeric_booleans,
            large_decimals=traits.large_decimals,
        )

    def _dataset(self, default: Sequence[GraphName] | None, named: Sequence[Node] | None) -> Dataset:
        if default is None and named is None:
            return Dataset(DEFAULT_GRAPH if self.traits.placed else "", None, self.traits.hidden)
        graphs = [g for g in default or () if isinstance(g, ox.NamedNode)]
        if len(graphs) > 1:
            raise EngineError("Several default graphs are merged in a copy, not in the engine.")
        return Dataset(graphs[0].value if graphs else NOWHERE, tuple(g.value for g in named or ()))

    def _constructed(self, made: Translated) -> ox.QueryTriples:
        """The triples of a template: its variables were asked for, and the rest is evaluated here."""
        names = made.columns
        found = self.select(made.text, names)
        if names == (f"{OWN}one",):
            values = " ".join("(1)" for _ in found)
        else:
            values = " ".join(f"({' '.join(map(_value, row))})" for row in results.rows(found))
        where = f"VALUES ({' '.join(f'?{n}' for n in names)}) {{ {values} }}"
        triples = self._nothing.query(f"{made.prologue}\nCONSTRUCT {made.template} WHERE {{ {where} }}", base_iri=BASE)
        assert isinstance(triples, ox.QueryTriples)
        return triples if _ANONYMOUS not in values else _graph(map(_with_blank_nodes, triples))

    def _described(self, made: Translated, default: Sequence[GraphName] | None) -> ox.QueryTriples:
        """The triples of the default graph with the resources as subject, and of the blank nodes that these have."""
        resources: list[Any] = [ox.NamedNode(iri) for iri in made.resources]
        if made.text:
            for row in results.rows(self.select(made.text, made.columns)):
                resources += [term for term in row if isinstance(term, ox.NamedNode | ox.BlankNode)]
        self.prefetch(r for r in resources if isinstance(r, ox.NamedNode))
        graph = next(iter(default or ()), None) or _DEFAULT if default is None or default else ox.NamedNode(NOWHERE)
        seen: dict[Node, None] = {}
        triples: list[ox.Triple] = []
        while resources:
            node = resources.pop()
            if node in seen:
                continue
            seen[node] = None
            for quad in self.quads_for_pattern(node, None, None, graph):
                triples.append(quad.triple)
                if isinstance(quad.object, ox.BlankNode):
                    resources.append(quad.object)
        return _graph(triples)

    # Look-ups

    def quads_for_pattern(
        self,
        subject: Any,
        predicate: Any,
        object: Any,  # noqa: A002 - as pyoxigraph names it
        graph_name: Any = None,
    ) -> Iterator[ox.Quad]:
        """The quads that match; see `pyoxigraph.Store.quads_for_pattern`."""
        if isinstance(subject, ox.NamedNode):
            found = self._of_subject.get(subject)
            if found is None:
                self.prefetch([subject])
                found = self._of_subject[subject]
        elif isinstance(subject, ox.BlankNode):
            found = [q for q in self._matching(predicate, object, graph_name) if q.subject == subject]
        else:
            found = self._matching(predicate, object, graph_name)
        return (
            q
            for q in found
            if (predicate is None or q.predicate == predicate)
            and (object is None or q.object == object)
            and (graph_name is None or q.graph_name == graph_name)
        )

    def prefetch(self, subjects: Iterable[ox.NamedNode]) -> None:
        """Reads all triples of several subjects, with a query for many at once."""
        missing = [s for s in dict.fromkeys(subjects) if s not in self._of_subject]
        for start in range(0, len(missing), _AT_ONCE):
            asked = missing[start : start + _AT_ONCE]
            found: dict[Node, list[ox.Quad]] = {s: [] for s in asked}
            nodes = " ".join(map(str, asked))
            for quad in self._quads(f"VALUES ?s {{ {nodes} }}"):
                found[cast("Node", quad.subject)].append(quad)
            self._remember(sum(map(len, found.values())))
            self._of_subject |= found

    def _matching(self, predicate: Any, value: Any, graph: Any) -> list[ox.Quad]:
        """The quads with a predicate and an object, which may both be open; in one graph, None for all."""
        key = predicate, value, graph
        if key not in self._of_pattern:
            blank = isinstance(value, ox.BlankNode)
            p, o = "?p" if predicate is None else str(predicate), "?o" if value is None or blank else str(value)
            found = [q for q in self._quads("", p, o, graph, predicate, value) if not blank or q.object == value]
            self._remember(len(found))
            self._of_pattern[key] = found
        return self._of_pattern[key]

    def _quads(  # noqa: PLR0913, PLR0917 - the parts of one pattern
        self,
        values: str,
        p: str = "?p",
        o: str = "?o",
        graph: Any = None,
        predicate: Any = None,
        value: Any = None,
        condition: str = "",
    ) -> Iterator[ox.Quad]:
        """The quads of a pattern in one graph, or in all of the dataset."""
        open_parts = ["s", *(["p"] if p == "?p" else ()), *(["o"] if o == "?o" else ())]
        names = [*open_parts, *(["g"] if graph is None else ())]
        pattern = f"?s {p} {o}"
        own, named = f"{{ {values} {pattern} {condition} }}", f"{{ {values} GRAPH ?g {{ {pattern} }} {condition} }}"
        if isinstance(graph, ox.BlankNode):
            return
        if isinstance(graph, ox.NamedNode):
            where = f"{{ {values} GRAPH {graph} {{ {pattern} }} }}"
        elif graph is None:
            where = named if self.traits.placed else f"{{ {own} UNION {named} }}"
        else:
            where = f"{{ {values} GRAPH <{DEFAULT_GRAPH}> {{ {pattern} }} }}" if self.traits.placed else own
        text = f"SELECT {' '.join(f'?{n}' for n in names)} WHERE {where}"
        found = self.select(text, names)
        for row in results.rows(found):
            told = dict(zip(names, row, strict=True))
            if (name := self._graph_name(told.get("g") if graph is None else graph)) is not None:
                yield ox.Quad(
                    cast("Node", told["s"]),
                    cast("ox.NamedNode", told.get("p", predicate)),
                    cast("Term", told["o"] if o == "?o" else value),
                    name,
                )

    def _graph_name(self, graph: Any) -> GraphName | None:
        """The graph of the dataset that is one of the engine; None for those that are not of the dataset."""
        if graph is None or isinstance(graph, ox.DefaultGraph):
            return _DEFAULT
        if self.traits.placed and graph.value == DEFAULT_GRAPH:
            return _DEFAULT
        return None if graph.value in self.traits.hidden else cast("GraphName", graph)

    def _remember(self, count: int) -> None:
        if self._remembered + count > _REMEMBERED:
            self._of_subject.clear()
            self._of_pattern.clear()
            self._remembered = 0
        self._remembered += count

    def __contains__(self, quad: ox.Quad) -> bool:
        return (
            next(self.quads_for_pattern(quad.subject, quad.predicate, quad.object, quad.graph_name), None) is not None
        )

    def __iter__(self) -> Iterator[ox.Quad]:
        return self._quads("")

    def __len__(self) -> int:
        if self._size is None:
            count = "SELECT (COUNT(*) AS ?n) WHERE"
            hidden = ", ".join(f"<{g}>" for g in self.traits.hidden)
            named = f"{count} {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(?g NOT IN ({hidden})) }}"
            own = (
                f"{count} {{ GRAPH <{DEFAULT_GRAPH}> {{ ?s ?p ?o }} }}"
                if self.traits.placed
                else f"{count} {{ ?s ?p ?o }}"
            )
            self._size = sum(int(str(getattr(next(self.select(q, ["n"]))[0], "value", 0))) for q in (named, own))
        return self._size

    def named_graphs(self) -> list[ox.NamedNode]:
        """The names of the graphs of the dataset."""
        if self._graphs is None:
            found = self.select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }", ["g"])
            names = (row[0] for row in results.rows(found))
            self._graphs = [g for g in names if isinstance(g, ox.NamedNode) and g.value not in self.traits.hidden]
        return self._graphs

    def contains_named_graph(self, graph: ox.NamedNode) -> bool:
        """Whether a graph of the dataset has triples."""
        if graph.value in self.traits.hidden:
            return False
        text = f"SELECT (1 AS ?one) WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }} LIMIT 1"
        return next(self.select(text, ["one"]), None) is not None

    # Copies

    def copied(self, most_quads: int = COPIED_QUADS) -> ox.Store:
        """A copy of the dataset in memory, kept until the data change; raises TooLargeError beyond so many quads."""
        if self._copy is None:
            size = len(self)
            if size > most_quads:
                raise TooLargeError(
                    f"The engine holds {size} quads, of which no copy is made here: {most_quads} at most."
                )
            copy = ox.Store()
            copy.bulk_extend(self if size <= _ANSWERED else self._in_divisions(size))
            if len(copy) != size:
                raise EngineError(f"The engine counts {size} quads and gives {len(copy)}. Are they being changed?")
            self._copy = copy
        return self._copy

    def _in_divisions(self, size: int) -> Iterator[ox.Quad]:
        """All quads, in answers of no more than an engine gives: divided by the MD5 of the subject.

        Blank nodes have none, so data of this size with blank nodes are counted otherwise than they come.
        """
        length = 1
        while size > _ANSWERED * 16**length:
            length += 1
        for number in range(16**length):
            digits = f"{number:0{length}x}"
            yield from self._quads("", condition=f'FILTER(SUBSTR(MD5(STR(?s)), 1, {length}) = "{digits}")')

    def current_copy(self) -> ox.Store:
        """The copy, made anew if the engine has another number of quads by now; raises TooLargeError."""
        self._size = None
        if self._copy is not None and len(self._copy) != len(self):
            self._copy = None
        return self.copied(max(self.shared, COPIED_QUADS))


def copied_for_changes(memory: int) -> int:
    """The most quads of which a copy is made for changes: what a machine with so many bytes of memory carries."""
    return max(COPIED_QUADS, memory // MEMORY_SHARE // QUAD_BYTES)


def _translated(query: str, reading: Reading) -> Translated:
    """The SELECT for a query that pyoxigraph accepts, which is more than SPARQL 1.1."""
    try:
        return translate(query, reading)
    except RecursionError:
        raise TooDeepError("The query is nested too deeply for an engine elsewhere. Make it simpler.") from None
    except QuerySyntaxError as error:
        raise EngineRefusedError(
            f"An engine elsewhere is asked in SPARQL 1.1, without LATERAL and triple terms. {error}"
        ) from error


def as_store(store: RemoteStore) -> ox.Store:
    """The same for those who read a store in this process: they use only what `RemoteStore` has too."""
    return cast("ox.Store", store)


def _value(term: Term | None) -> str:
    if term is None:
        return "UNDEF"
    return f"<{_ANONYMOUS}{term.value}>" if isinstance(term, ox.BlankNode) else str(term)


def _with_blank_nodes(triple: ox.Triple) -> ox.Triple:
    def named(term: Any) -> Any:
        is_blank = isinstance(term, ox.NamedNode) and term.value.startswith(_ANONYMOUS)
        return ox.BlankNode(term.value.removeprefix(_ANONYMOUS)) if is_blank else term

    return ox.Triple(named(triple.subject), triple.predicate, named(triple.object))


def _graph(triples: Iterable[ox.Triple]) -> ox.QueryTriples:
    """Triples as the engine in this process gives them."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    found = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(found, ox.QueryTriples)
    return found
