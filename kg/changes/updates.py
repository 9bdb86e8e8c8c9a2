"""Runs a SPARQL 1.1 Update and tells what it comes to, at a cost in proportion to what it touches."""

from collections.abc import Iterable, Iterator
from itertools import chain

import pyoxigraph as ox

from kg.changes.operations import Operation, operations
from kg.changes.shadow_graphs import effect
from kg.engine.engine import Engine, GraphName, OperationError
from kg.engine.errors import QuerySyntaxError
from kg.engine.guard import refuse_outbound
from kg.rdf.patches import Patch, diff


def run(engine: Engine, update: str) -> Patch:
    """Runs the update on the engine's store, one operation after another, and returns what changed.

    Raises what `Engine.update` raises; the store may then be left with a part of the change.
    """
    refuse_outbound(update)
    found = operations(update)
    named = [_checked(o) for o in found]  # first all, so that what is malformed is found whatever else is wrong
    touched = _Touched(engine)
    for operation, quads in zip(found, named, strict=True):
        _run(engine, operation, quads, touched)
    return touched.patch()


class _Touched:
    """The quads that an update may have changed, each with whether it was there before the update."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before: dict[ox.Quad, bool] = {}

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Notes quads, before an operation that may change them."""
        for quad in quads:
            if quad not in self._before:
                self._before[quad] = self._engine.holds(quad)

    def add_known(self, quads: Iterable[ox.Quad], *, held: bool) -> None:
        """Notes quads of which is known whether they were there before an operation that has been run."""
        for quad in quads:
            self._before.setdefault(quad, held)

    def patch(self) -> Patch:
        """What has really changed."""
        before = {quad for quad, held in self._before.items() if held}
        return diff(before, {quad for quad in self._before if self._engine.holds(quad)})


def _checked(operation: Operation) -> set[ox.Quad]:
    """What the operation makes of an empty store; raises QuerySyntaxError where it is malformed."""
    scratch = Engine(())
    try:
        if operation.shape:
            scratch.update(operation.text)
    except QuerySyntaxError:
        scratch.update(operation.in_place)  # fails too, and says where in the whole update
        raise
    except OperationError:
        pass
    return set(scratch.quads()) if operation.shape == "INSERT DATA {}" else set()


def _run(engine: Engine, operation: Operation, named: set[ox.Quad], touched: _Touched) -> None:
    word, _, rest = operation.shape.partition(" ")
    if operation.shape == "INSERT DATA {}":
        _apply(engine, set(), named, touched)
    elif operation.shape == "DELETE DATA {}":
        _apply(engine, _named(operation, operation.parts[-1]), set(), touched)
    elif word in ("CLEAR", "DROP"):
        touched.add(_content(engine, operation, rest.removeprefix("SILENT ")))
        engine.update(operation.text)
    elif word in ("COPY", "MOVE", "ADD"):
        touched.add(_carried(engine, operation))
        engine.update(operation.text)
    elif word == "CREATE":
        engine.update(operation.text)
    elif operation.shape and (found := effect(engine, operation)):
        _apply(engine, found.deletes, found.inserts, touched)
    else:
        _compare(engine, operation, touched)


def _apply(engine: Engine, deletes: set[ox.Quad], inserts: set[ox.Quad], touched: _Touched) -> None:
    """Deletes before it inserts (SPARQL 1.1 Update, section 3.1.3)."""
    touched.add(deletes | inserts)
    engine.apply(Patch(tuple(deletes - inserts), tuple(inserts)))


def _compare(engine: Engine, operation: Operation, touched: _Touched) -> None:
    """Compares all that the store holds before and after, which is right for whatever the operation is.

    So are taken: what `operations` does not understand, and what `effect` cannot tell.
    """
    before = set(engine.quads())
    engine.update(operation.text)
    after = set(engine.quads())
    touched.add_known(before - after, held=True)
    touched.add_known(after - before, held=False)


def _content(engine: Engine, operation: Operation, target: str) -> Iterator[ox.Quad]:
    """What is in the graphs of a CLEAR or DROP (SPARQL 1.1 Update, sections 3.1.5 and 3.2.2)."""
    if target == "ALL":
        return iter(engine.quads())
    if target == "NAMED":
        return chain.from_iterable(engine.quads(g) for g in engine.graphs())
    return iter(engine.quads(_graph(operation, operation.parts[-1])))


def _carried(engine: Engine, operation: Operation) -> Iterator[ox.Quad]:
    """What COPY, MOVE or ADD may bring or take away (SPARQL 1.1 Update, sections 3.2.3 to 3.2.5)."""
    of = operation.parts[operation.shape.split().index("TO") - 1]
    source, target = _graph(operation, of), _graph(operation, operation.parts[-1])
    yield from (ox.Quad(q.subject, q.predicate, q.object, target) for q in engine.quads(source))
    if operation.shape.startswith("MOVE"):
        yield from engine.quads(source)
    if not operation.shape.startswith("ADD"):
        yield from engine.quads(target)


def _graph(operation: Operation, name: str) -> GraphName:
    """The graph of that name, an IRI as written or DEFAULT."""
    if name.upper() == "DEFAULT":
        return ox.DefaultGraph()
    (quad,) = _named(operation, f"{{ GRAPH {name} {{ <x:s> <x:p> <x:o> }} }}")
    return quad.graph_name


def _named(operation: Operation, group: str) -> set[ox.Quad]:
    """The quads of a group with data, as the store holds them."""
    scratch = Engine(())
    scratch.update(f"{operation.prologue}INSERT DATA {group}")
    return set(scratch.quads())
