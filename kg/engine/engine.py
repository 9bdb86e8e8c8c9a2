"""The SPARQL engine: an in-memory store of the dataset that answers queries."""

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import pyoxigraph as ox

from kg.engine.errors import (
    BusyError,
    QuerySyntaxError,
    ServiceError,
    ServiceTimeoutError,
    TooLargeError,
    UnknownGraphError,
)
from kg.engine.guard import dataset_graphs, refuse_outbound, without_dataset
from kg.engine.hints import Hints
from kg.engine.merging import Merges
from kg.engine.optimising import QueryOptimiser, Rewritten
from kg.engine.rewriting import may_select_all, order_columns, rewrite, with_plain_names
from kg.lenses.building import LensTooLargeError
from kg.lenses.kept import Lenses
from kg.lenses.names import Lens, LensError, is_lens, parse
from kg.rdf.excel import ExcelOutput
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from kg.rdf.xml import OTHER_GRAPH_FORMATS, OTHER_RESULT_FORMATS, SupportsWrite, XMLOutput
from ontology import BASE, PREFIXES, KelisimError

if TYPE_CHECKING:
    from kg.rdf.patches import Patch

_UNKNOWN_FUNCTION: Final = re.compile(r"custom function <([^>]*)> is not supported")
_UNKNOWN_FUNCTIONS: Final = 50
_Name = ox.NamedNode | ox.BlankNode
GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph


class OperationError(KelisimError):
    """A well-formed update has an operation that fails on the current state of the store."""


class Answer:
    """The result of one query: bindings (SELECT), a boolean (ASK) or a graph (CONSTRUCT, DESCRIBE)."""

    def __init__(
        self,
        result: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples,
        *,
        federated: bool = False,
        optimised: bool = False,
    ) -> None:
        """`federated`: the query has SERVICE, so that other endpoints may fail."""
        self._result = result
        self._federated = federated
        self.optimised = optimised
        """Whether the query was rewritten to cost less: as written it may take long."""

    @property
    def formats(self) -> Sequence[ResultFormat] | Sequence[GraphFormat]:
        """The formats in which the result can be serialised, the default first."""
        return GRAPH_FORMATS if self.is_graph else RESULT_FORMATS

    @property
    def is_graph(self) -> bool:
        """Whether the result is a graph, not bindings or a boolean."""
        return isinstance(self._result, ox.QueryTriples)

    @property
    def is_boolean(self) -> bool:
        """Whether the result is that of ASK."""
        return isinstance(self._result, ox.QueryBoolean)

    @property
    def solutions(self) -> ox.QuerySolutions:
        """The solutions of SELECT; may be read once, in this thread."""
        assert isinstance(self._result, ox.QuerySolutions)
        return self._result

    @property
    def boolean(self) -> bool:
        """The answer of ASK."""
        assert isinstance(self._result, ox.QueryBoolean)
        return bool(self._result)

    @property
    def triples(self) -> ox.QueryTriples:
        """The triples of CONSTRUCT or DESCRIBE; may be read once, in this thread."""
        assert isinstance(self._result, ox.QueryTriples)
        return self._result

    def serialize(self, form: ResultFormat | GraphFormat) -> bytes:
        """The complete result in the given format, in UTF-8; can be called once.

        Raises KelisimError if evaluation fails or the format is not one of `formats`.
        """
        buffer = io.BytesIO()
        self.write(form, buffer)
        return buffer.getvalue()

    def write(self, form: ResultFormat | GraphFormat, output: SupportsWrite) -> None:
        """Writes the complete result in the given format, in UTF-8, to a binary file.

        Raises KelisimError as `serialize` does; exceptions of `output` are passed on.
        """
        if form not in self.formats:
            offered = ", ".join(f.name for f in self.formats)
            raise KelisimError(f"This kind of query has no answer in {form.name}; choose one of: {offered}.")
        if form.name == "xml":
            output = XMLOutput(output, OTHER_RESULT_FORMATS)
        elif form.name == "rdfxml":
            output = XMLOutput(output, OTHER_GRAPH_FORMATS)
        elif form.name == "csv-excel":
            output = ExcelOutput(output)
        try:
            self._result.serialize(output, form.engine)  # type: ignore[arg-type]
        except (OSError, RuntimeError) as error:
            if self._federated:
                raise _service_error(error) from error
            raise KelisimError(f"The query failed while it was evaluated: {error}") from error
        if isinstance(output, ExcelOutput):
            output.close()


class Lasting(Protocol):
    """What was worked out of a store, and follows patches."""

    def apply(self, patch: "Patch") -> None:
        """Follows a patch that was applied to the store."""


class Engine:
    """A SPARQL 1.1 engine over one dataset in memory. Queries are thread-safe."""

    def __init__(
        self,
        quads: Iterable[ox.Quad] | ox.Store,
        services: frozenset[str] = frozenset(),
        prefixes: Mapping[str, str] = PREFIXES,
        *,
        on_disk: bool = False,
    ) -> None:
        """Over the given quads, or over a store, which the engine then owns; `on_disk`: it is a read-only one on disk.

        `services` are the IRIs of endpoints that SERVICE may call. `prefixes` are the namespaces by prefix that errors
        propose for one that is not declared.
        """
        self.services = services
        self.on_disk = on_disk
        self._merges = Merges()
        self.prefixes = prefixes
        if isinstance(quads, ox.Store):
            self._store = quads
        else:
            self._store = ox.Store()
            self._store.bulk_extend(quads)
        self.hints = Hints(self._store, on_disk=on_disk)
        self.lenses = Lenses(self._store)
        self.remembered: dict[object, Any] = {}
        """What others worked out of this state of the store; every change empties it."""
        self.lasting: dict[object, Lasting] = {}
        """What others worked out of the store that follows patches; an update that none tells empties it."""
        self.touched: set[str] | None = None
        """The predicates of which patches have told since this was set; None while nobody asks (`kg.columns`)."""
        self.touched_since: set[str] | None = None
        """Likewise, since the version of the columns that are being made."""
        self.columns: Any = None
        """The columns of the version at which `touched` was set, `kg.columns.answering.Columns`, if there are any."""
        self.optimiser: QueryOptimiser | None = None
        """Rewrites queries over the whole store, if there is one that knows this state of it."""

    @property
    def opens_files(self) -> bool:
        """Whether it opens files or connections while it answers."""
        return self.on_disk

    @property
    def store(self) -> ox.Store:
        """The store; who changes it applies the patch to the engine too, or is the last to use it."""
        return self._store

    def __len__(self) -> int:
        """The number of quads."""
        return len(self._store)

    def quads(self, graph: GraphName | None = None) -> Iterable[ox.Quad]:
        """All quads, or those of one graph."""
        return self._store.quads_for_pattern(None, None, None, graph)

    def graphs(self) -> Iterable[_Name]:
        """The names of all named graphs, including empty ones."""
        return self._store.named_graphs()

    def remove_graph(self, graph: ox.NamedNode) -> None:
        """Drops a named graph, if it exists."""
        self.optimiser = None
        self._store.remove_graph(graph)

    def for_change(self) -> "Engine":
        """The engine on whose store a change is staged, in a process of its own."""
        return self

    def storable(self, patch: "Patch") -> "Patch":
        """The patch of a change that was staged here, in terms that can be stored; raises OperationError."""
        return patch

    def contains(self, quad: ox.Quad) -> bool:
        """Whether the store contains the quad."""
        return quad in self._store

    def with_subject(
        self, node: ox.NamedNode | ox.BlankNode, predicate: ox.NamedNode | None = None
    ) -> Iterable[ox.Quad]:
        """The quads with the node as subject, or those of them with that predicate."""
        return self._store.quads_for_pattern(node, predicate, None, None)

    def with_object(self, node: ox.NamedNode | ox.BlankNode) -> Iterable[ox.Quad]:
        """The quads with the node as object."""
        return self._store.quads_for_pattern(None, None, node, None)

    def apply(self, patch: "Patch") -> None:
        """Applies a patch to the store."""
        if self.optimiser:
            self.optimiser.follow(patch, self._store)
        patch.apply(self._store)
        if self.touched is not None or self.touched_since is not None:
            predicates = {quad.predicate.value for quad in (*patch.deletes, *patch.adds)}
            self.touched = None if self.touched is None else self.touched | predicates
            self.touched_since = None if self.touched_since is None else self.touched_since | predicates
        self._merges.apply(patch, self._store)
        for each in self.lasting.values():
            each.apply(patch)
        self.lenses.clear()
        self.hints.apply(patch)
        self.remembered.clear()

    def update(self, update: str) -> None:
        """Runs a SPARQL 1.1 Update; relative IRIs are resolved against `ontology.BASE`.

        Raises QuerySyntaxError, OutboundRefusedError for LOAD and SERVICE, or OperationError if an operation fails.
        """
        update = with_plain_names(update)
        refuse_outbound(update)
        self.touched = self.touched_since = self.columns = self.optimiser = None
        self._merges.clear()
        self.lasting = {}
        self.hints.clear()
        self.remembered.clear()
        self.lenses.clear()
        try:
            self._store.update(update, base_iri=BASE)
        except SyntaxError as error:
            from kg.engine.diagnosis import diagnose  # its parser takes as long to load as all else here

            raise diagnose(update, update=True, engine_message=str(error), prefixes=self.prefixes) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise OperationError(f"The update failed: {error}") from error

    def _dataset(
        self, whole: ox.Store, default_graphs: Sequence[str], named_graphs: Sequence[str], *, through_lens: bool
    ) -> tuple[ox.Store, list[GraphName] | None, list[_Name] | None]:
        """The store and its graphs for a query over the given graphs (SPARQL 1.1 Query, section 13.2).

        A dataset through a lens has all its named graphs, unless some are given.
        """
        if not (default_graphs or named_graphs):
            return whole, None, None
        default: list[GraphName] = [_named_node(g) for g in dict.fromkeys(default_graphs)]
        named: list[_Name] = [_named_node(g) for g in dict.fromkeys(named_graphs)]
        if through_lens:
            return whole, [ox.DefaultGraph()], named or None
        if len(default) > 1:
            return self._merges.get(self._store, default, named), [ox.DefaultGraph()], named
        return whole, default, named

    def looked_through(
        self, default_graphs: Sequence[str], named_graphs: Sequence[str]
    ) -> tuple[Lens | None, ox.Store]:
        """The lens that the graphs of a query name, if they do, and the store of its dataset, or of all.

        Raises the errors of `query`.
        """
        lens = _lens(default_graphs, named_graphs)
        return lens, self._through(lens) if lens else self._store

    def _through(self, lens: Lens) -> ox.Store:
        """The store of the lens's dataset; raises the errors of queries, and MissingLensError."""
        if self.on_disk:
            raise BusyError("The store is being loaded into memory, and has its lenses only then. Try again soon.")
        try:
            return self.lenses.get(lens)
        except LensError as error:
            raise QuerySyntaxError(error.template, values=error.values) from error
        except LensTooLargeError as error:
            raise TooLargeError(f"<{lens.iri}> would be too large. Take a narrower one, or ask with GRAPH.") from error

    def query(
        self,
        query: str,
        *,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        new_graphs: bool = False,
        substitutions: Mapping[ox.Variable, _Name | ox.Literal] | None = None,
    ) -> Answer:
        """Starts a query over the dataset, or over the given graphs only (SPARQL 1.1 Protocol, section 2.1.4).

        Relative IRIs are resolved against the root of the project's, wherever the endpoint stands. With `new_graphs`, a
        graph that is not here is an empty one, as for those who are about to make it. `substitutions` are values for
        some of the columns.
        Raises QuerySyntaxError for a malformed query or graph IRI, OutboundRefusedError for SERVICE, and
        UnknownGraphError for graphs that are not here.
        """
        refuse_outbound(query, self.services)
        if not (default_graphs or named_graphs):
            default_graphs, named_graphs = dataset_graphs(query)
        lens, whole = self.looked_through(default_graphs, named_graphs)
        if not new_graphs:
            _refuse_unknown_graphs(named_graphs if lens else (*default_graphs, *named_graphs), whole)
        store, default, named = self._dataset(whole, default_graphs, named_graphs, through_lens=lens is not None)
        unknown: dict[ox.NamedNode, Callable[..., Any]] = {}
        text = plain = rewrite(without_dataset(query) if lens else query)
        if default is None and not substitutions and store is self._store:
            text = self.optimised(plain).text
        federated = bool(self.services) and "SERVICE" in query.upper()
        while True:
            try:
                result = store.query(
                    text,
                    base_iri=BASE,
                    default_graph=default,
                    named_graphs=named,
                    substitutions=dict(substitutions) if substitutions else None,
                    custom_functions=unknown,
                )
            except SyntaxError as error:
                if text != plain:
                    text = plain
                    continue
                from kg.engine.diagnosis import diagnose

                raise diagnose(query, engine_message=str(error), prefixes=self.prefixes) from error
            except (OSError, RuntimeError, ValueError) as error:
                # Calling an unknown function is an error of that expression alone (SPARQL 1.1 Query, section 17.6). So
                # the query is evaluated again with that function defined as one that always fails.
                function = _UNKNOWN_FUNCTION.search(str(error))
                if not function or len(unknown) >= _UNKNOWN_FUNCTIONS:
                    if federated and isinstance(error, OSError):
                        raise _service_error(error) from error
                    raise KelisimError(f"The query cannot be evaluated: {error}") from error
                unknown[ox.NamedNode(function[1])] = _no_value
            else:
                if may_select_all(text) and isinstance(result, ox.QuerySolutions):
                    ordered = order_columns(text, [v.value for v in result.variables])
                    if ordered != text:
                        plain = order_columns(plain, [v.value for v in result.variables])
                        text = ordered
                        continue
                return Answer(result, federated=federated, optimised=text != plain)

    def optimised(self, query: str) -> Rewritten:
        """A query over the whole store as it is evaluated, and what was rewritten to have it cost less."""
        return self.optimiser.rewritten(query) if self.optimiser else Rewritten(query)


def _named_node(graph: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(graph)
    except ValueError as error:
        raise QuerySyntaxError(f"A graph IRI in the request is malformed: {error}") from error


def _refuse_unknown_graphs(graphs: Iterable[str], store: ox.Store) -> None:
    """Raises UnknownGraphError for a graph that is not here: others would fetch it, this engine never does."""
    for graph in graphs:
        if not store.contains_named_graph(_named_node(graph)):
            raise UnknownGraphError(
                f"There is no graph <{graph}> here, and this endpoint fetches none from elsewhere. "
                "Leave it out, or have the operator load it into the store (PUT /graphs?graph=...)."
            )


def _lens(default_graphs: Sequence[str], named_graphs: Sequence[str]) -> Lens | None:
    """The lens through which a query over the given graphs looks, if they name one."""
    names = [*dict.fromkeys(filter(is_lens, (*default_graphs, *named_graphs)))]
    if not names:
        return None
    try:
        if {*default_graphs} != {names[0]}:
            raise LensError(  # noqa: TRY301 - told as the others
                "<%(lens)s> is a dataset and no graph: it stands alone in FROM, and not in FROM NAMED. What several "
                "lenses select together is one lens, whose name has all their parts.",
                {"lens": names[0]},
            )
        return parse(names[0])
    except LensError as error:
        raise QuerySyntaxError(error.template, values=error.values) from error


def _service_error(error: Exception) -> KelisimError:
    """The error of a query whose SERVICE failed (SPARQL 1.1 Federated Query, section 2.4)."""
    if isinstance(error, TimeoutError) or "timed out" in str(error).lower():
        return ServiceTimeoutError(f"An endpoint that SERVICE asks took too long: {error}. Try SERVICE SILENT.")
    return ServiceError(f"An endpoint that SERVICE asks failed: {error}. Try SERVICE SILENT.")


def _no_value(*_: object) -> None:
    """Replaces an unknown function: None is an error in the expression."""


def with_prefixes(query: str) -> str:
    """The query with PREFIX declarations, on its first line, for known prefixes that it uses but does not declare.

    For the command line; the endpoint takes queries as they are.
    """
    declared = {m.lower() for m in re.findall(r"prefix\s+([\w-]*):", query, re.IGNORECASE)}
    used = {p for p in PREFIXES if re.search(rf"(?<![\w-]){p}:", query)}
    return "".join(f"PREFIX {p}: <{PREFIXES[p]}> " for p in sorted(used - declared)) + query
