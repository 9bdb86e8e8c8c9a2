"""Changes that are staged one after another in a process that is kept: as if each had a process of its own."""

import asyncio
import os
import signal

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.changes.staging import Change, stage
from kg.changes.validation import prepare
from kg.engine.engine import Engine
from kg.engine.errors import QueryTimeoutError, StoppedError, TooLargeError
from kg.engine.limits import Limits
from kg.rdf.patches import Patch
from kg.rdf.patches import parse as parse_patch
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.process import WorkerProcess
from kg.workers.staging import Stager
from ontology import KelisimError
from ontology.namespaces import BASE
from tests.kg.workers.test_confinement import on_a_loop

MEMORY = 1 << 50
"""No process of tests has so much of its own."""

Staged = tuple[Change, list[bytes]]

NODES = ("<x:a>", "<x:b>", "<x:c>")
GRAPHS = ("", "<x:g>", "<x:h>")


def data(graph: str, triple: str) -> str:
    """Quad data of a triple in a graph."""
    return f"{{ GRAPH {graph} {{ {triple} }} }}" if graph else f"{{ {triple} }}"


triples = st.tuples(*(st.sampled_from(NODES) for _ in range(3))).map(" ".join)
block = st.builds(data, st.sampled_from(GRAPHS), triples)
variable = st.builds(data, st.sampled_from(GRAPHS), st.sampled_from(("?s ?p <x:a>", "<x:a> ?p ?o", "?s <x:b> ?s")))
target = st.sampled_from(("<x:g>", "<x:h>"))
operation = st.one_of(
    st.builds("INSERT DATA {}".format, block),
    st.builds("DELETE DATA {}".format, block),
    st.builds("DELETE WHERE {}".format, variable),
    st.builds("DELETE {0} INSERT {1} WHERE {0}".format, variable, block),
    st.builds("{} SILENT GRAPH {}".format, st.sampled_from(("CLEAR", "DROP", "CREATE")), target),
    st.builds("CLEAR GRAPH {}".format, target),
    st.builds("{} {} TO {}".format, st.sampled_from(("COPY", "MOVE", "ADD")), target, target),
    st.just("INSERT {"),
    st.just(f"INSERT DATA {{ <x:a> <{BASE}ns#modality> 1 }}"),  # violates the shapes
)
updates: st.SearchStrategy[Staged] = (
    st.lists(operation, min_size=1, max_size=3).map(" ; ".join).map(lambda text: (Change("update", text), []))
)
document = st.lists(triples.map(lambda t: f"{t} .\n"), max_size=3).map("".join).map(str.encode)
protocol: st.SearchStrategy[Staged] = st.builds(
    lambda kind, graph, body: (Change(kind, graph=graph.strip("<>"), syntaxes=("ntriples",)), [body]),
    st.sampled_from(("replace", "add")),
    st.sampled_from(GRAPHS),
    document,
)
START = [ox.Quad(ox.NamedNode(f"x:{s}"), ox.NamedNode("x:b"), ox.NamedNode("x:a"), ox.NamedNode("x:g")) for s in "abc"]


def state(engine: Engine) -> tuple[set[ox.Quad], set[object]]:
    """The quads, and the names of graphs, which may be empty."""
    return set(engine.quads()), set(engine.graphs())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.one_of(updates, protocol), st.booleans()), min_size=1, max_size=6))
def test_a_process_that_is_kept_has_the_state_of_the_committed_changes(
    changes: list[tuple[tuple[Change, list[bytes]], bool]],
) -> None:
    committed, kept = Engine(START), Engine(START)
    stager = Stager(kept, MEMORY)
    for (change, documents), commits in changes:
        outcome, body = stager.stage(change, documents)
        copy = Engine(committed.quads())
        try:
            expected: Patch | None = stage(copy, change, documents)
        except KelisimError:
            expected = None
        assert (outcome.kind in {"ok", "invalid"}) == (expected is not None)
        if outcome.kind == "ok":
            assert expected
            assert parse_patch(body) == Patch(expected.deletes, expected.adds)
        if outcome.retires:
            kept = Engine(committed.quads())
            stager = Stager(kept, MEMORY)
        else:
            stager.undo()
        assert state(kept) == state(committed)
        if commits and outcome.kind == "ok":
            patch = parse_patch(body)
            committed.apply(patch)
            kept.apply(patch)


@pytest.mark.parametrize(
    ("text", "retires"),
    [
        ("INSERT DATA { <x:n> <x:p> 1 }", False),
        ("DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", False),
        ("INSERT DATA {", False),
        ("CREATE GRAPH <x:new>", True),
        ("INSERT DATA { <x:n> <x:p> 1 } ; CLEAR GRAPH <x:none>", True),
    ],
)
def test_a_process_is_replaced_only_where_a_patch_does_not_tell_all(text: str, *, retires: bool) -> None:
    outcome, _ = Stager(Engine(START), MEMORY).stage(Change("update", text), [])
    assert outcome.retires == retires


def test_changes_that_take_too_much_hurt_no_others() -> None:
    quads = [ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode("x:p"), ox.Literal(n)) for n in range(400)]
    engine = Engine(quads)
    prepare()
    pool = WorkerPool(lambda: engine, Limits(workers=2, memory=400 << 20))
    product = " . ".join(f"?s{n} ?p{n} ?o{n}" for n in range(6))
    forever = Change("update", f"INSERT {{ <x:a> <x:p> ?n }} WHERE {{ SELECT (COUNT(*) AS ?n) {{ {product} }} }}")
    large = Change("update", f"INSERT {{ ?s0 ?p1 ?o2 }} WHERE {{ SELECT DISTINCT * {{ {product} }} }}")

    async def add(number: int) -> None:
        change = Change("update", f"INSERT DATA {{ <x:new{number}> <x:p> {number} }}")
        await pool.apply_patch(await pool.stage_change(change, []), lambda: None)
        reply = await pool.query(Task("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", bindings="csv", version=str(number)))
        assert reply.content == f"n\r\n{401 + number}\r\n".encode()

    async def work() -> None:
        pool.keep_writer()
        await add(0)
        with pytest.raises(QueryTimeoutError):
            await pool.stage_change(forever, [], timeout=1)
        await add(1)
        with pytest.raises(TooLargeError):
            await pool.stage_change(large, [], timeout=100)
        await add(2)
        abandoned = asyncio.ensure_future(pool.stage_change(forever, [], timeout=100))
        await asyncio.sleep(0)
        abandoned.cancel()
        await add(3)

    try:
        on_a_loop(pool, work)
    finally:
        pool.close()


def test_a_process_that_is_killed_while_it_waits_is_replaced_and_costs_no_change() -> None:
    engine = Engine(START)
    prepare()
    pool = WorkerPool(lambda: engine, Limits(workers=1))

    async def standing(*, besides: WorkerProcess | None = None) -> WorkerProcess:
        async with asyncio.timeout(20):
            while (found := pool._writer._standing) in (None, besides) or found not in pool._writer._started:
                await asyncio.sleep(0.01)
        assert found
        return found

    async def work() -> None:
        pool.keep_writer()
        for number in range(3):
            worker = await standing()
            os.kill(worker._pid, signal.SIGKILL)
            change = Change("update", f"INSERT DATA {{ <x:new{number}> <x:p> {number} }}")
            patch = await pool.stage_change(change, [])  # its end is not noticed yet
            await pool.apply_patch(patch, lambda: None)
        worker = await standing()
        os.kill(worker._pid, signal.SIGKILL)
        assert await standing(besides=worker) is not worker, "it is replaced without a change"
        waiting = asyncio.ensure_future(pool.stage_change(Change("update", "INSERT DATA { <x:n> <x:p> 1 }"), []))
        await asyncio.sleep(0)
        pool.shut_down()
        with pytest.raises(StoppedError, match="is being stopped"):
            await waiting

    try:
        on_a_loop(pool, work)
    finally:
        pool.close()
