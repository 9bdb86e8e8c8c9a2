"""Runs a SPARQL 1.1 Update and returns its patch, in time proportional to the quads that it touches."""

from collections.abc import Iterable, Iterator
from itertools import chain

import pyoxigraph as ox

from kg.changes.operations import Operation, operations
from kg.changes.staging_graphs import effect
from kg.engine.engine import Engine, GraphName, OperationError
from kg.engine.errors import QuerySyntaxError
from kg.engine.guard import refuse_outbound
from kg.rdf.patches import Patch, diff


def run(engine: Engine, update: str) -> Patch:
    """Runs the update on the engine's store, one operation after another, and returns what changed.

    Raises what `Engine.update` raises; the store may then contain a part of the change.
    """
    refuse_outbound(update)
    found = operations(update)
    data = [_check(o, engine) for o in found]  # all before the first is run, so that a syntax error is reported first
    touched = _TouchedQuads(engine)
    for operation, quads in zip(found, data, strict=True):
        _run_operation(engine, operation, quads, touched)
    return touched.patch()


class _TouchedQuads:
    """The quads that an update may have changed, each with whether it existed before the update."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before: dict[ox.Quad, bool] = {}

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Records quads before an operation that may change them."""
        for quad in quads:
            if quad not in self._before:
                self._before[quad] = self._engine.contains(quad)

    def add_known(self, quads: Iterable[ox.Quad], *, held: bool) -> None:
        """Records quads after an operation, with whether they existed before it."""
        for quad in quads:
            self._before.setdefault(quad, held)

    def patch(self) -> Patch:
        """The quads that have changed."""
        before = {quad for quad, held in self._before.items() if held}
        return diff(before, {quad for quad in self._before if self._engine.contains(quad)})


def _check(operation: Operation, engine: Engine) -> set[ox.Quad]:
    """Checks the syntax on an empty store; raises QuerySyntaxError. Returns the quads of an INSERT DATA."""
    scratch = Engine((), prefixes=engine.prefixes)
    try:
        scratch.update(operation.text)
    except QuerySyntaxError:
        scratch.update(operation.positioned_text)  # fails too, with the position in the whole update
        raise
    except OperationError:
        pass
    return set(scratch.quads()) if operation.shape == "INSERT DATA {}" else set()


def _run_operation(engine: Engine, operation: Operation, data: set[ox.Quad], touched: _TouchedQuads) -> None:
    word, _, rest = operation.shape.partition(" ")
    if operation.shape == "INSERT DATA {}":
        _apply(engine, set(), data, touched)
    elif operation.shape == "DELETE DATA {}":
        _apply(engine, _data_quads(operation, operation.parts[-1]), set(), touched)
    elif word in ("CLEAR", "DROP"):
        cleared = Patch(deletes=tuple(_cleared(engine, operation, rest.removeprefix("SILENT "))))
        touched.add(cleared.deletes)
        lasting = engine.lasting
        engine.update(operation.text)
        for each in lasting.values():
            each.apply(cleared)
        engine.lasting = lasting
    elif word in ("COPY", "MOVE", "ADD"):
        if _has_source(engine, operation):
            touched.add(_copied_or_moved(engine, operation))
            engine.update(operation.text)
    elif word == "CREATE":
        engine.update(operation.text)
    elif operation.shape and (found := effect(engine, operation)):
        _apply(engine, found.deletes, found.inserts, touched)
    else:
        _compare(engine, operation, touched)


def _apply(engine: Engine, deletes: set[ox.Quad], inserts: set[ox.Quad], touched: _TouchedQuads) -> None:
    """Applies the deletes before the inserts (SPARQL 1.1 Update, section 3.1.3)."""
    touched.add(deletes | inserts)
    engine.apply(Patch(tuple(deletes - inserts), tuple(inserts)))


def _compare(engine: Engine, operation: Operation, touched: _TouchedQuads) -> None:
    """Compares the whole store before and after, which is correct for any operation.

    For what `operations` cannot split and `effect` cannot compute.
    """
    before = set(engine.quads())
    engine.update(operation.text)
    after = set(engine.quads())
    touched.add_known(before - after, held=True)
    touched.add_known(after - before, held=False)


def _cleared(engine: Engine, operation: Operation, target: str) -> Iterator[ox.Quad]:
    """The quads in the graphs of a CLEAR or DROP (SPARQL 1.1 Update, sections 3.1.5 and 3.2.2)."""
    if target == "ALL":
        return iter(engine.quads())
    if target == "NAMED":
        return chain.from_iterable(engine.quads(g) for g in engine.graphs())
    return iter(engine.quads(_graph(operation, operation.parts[-1])))


def _source(operation: Operation) -> GraphName:
    """The source graph of COPY, MOVE or ADD."""
    return _graph(operation, operation.parts[operation.shape.split().index("TO") - 1])


def _has_source(engine: Engine, operation: Operation) -> bool:
    """Whether the source graph of COPY, MOVE or ADD exists (SPARQL 1.1 Update, sections 3.2.3 to 3.2.5).

    Else SILENT makes the operation do nothing, and without it OperationError is raised: the target would be lost.
    """
    source = _source(operation)
    if isinstance(source, ox.DefaultGraph) or next(iter(engine.quads(source)), None) is not None:
        return True
    if "SILENT" in operation.shape.split():
        return False
    word = operation.shape.partition(" ")[0]
    raise OperationError(f"{word} from {source}: there is no such graph, so nothing was changed.")


def _copied_or_moved(engine: Engine, operation: Operation) -> Iterator[ox.Quad]:
    """The quads that COPY, MOVE or ADD may add or remove (SPARQL 1.1 Update, sections 3.2.3 to 3.2.5)."""
    source, target = _source(operation), _graph(operation, operation.parts[-1])
    yield from (ox.Quad(q.subject, q.predicate, q.object, target) for q in engine.quads(source))
    if operation.shape.startswith("MOVE"):
        yield from engine.quads(source)
    if not operation.shape.startswith("ADD"):
        yield from engine.quads(target)


def _graph(operation: Operation, name: str) -> GraphName:
    """The graph of that name, an IRI as written or DEFAULT."""
    if name.upper() == "DEFAULT":
        return ox.DefaultGraph()
    (quad,) = _data_quads(operation, f"{{ GRAPH {name} {{ <x:s> <x:p> <x:o> }} }}")
    return quad.graph_name


def _data_quads(operation: Operation, group: str) -> set[ox.Quad]:
    """The quads of a data block, normalised by the store."""
    scratch = Engine(())
    scratch.update(f"{operation.prologue}INSERT DATA {group}")
    return set(scratch.quads())
