"""Quick queries that wait at a worker: all are answered, each by its own answer, whatever becomes of the worker."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.engine.errors import QueryTimeoutError, TooLargeError
from kg.engine.limits import Limits
from kg.engine.replies import Reply, spooled_bytes
from kg.rdf.patches import Patch
from kg.workers.backlog import DEPTH, QuickShapes
from kg.workers.fairness import shape_of
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.process import PATCH_BYTES, WorkerProcess
from kg.workers.wire import INLINE_BYTES
from tests.kg.workers.test_confinement import on_a_loop, pool
from tests.waiting import becomes

__all__ = ["pool"]

EQUAL = "SELECT ?s {{ ?s ?p ?o FILTER(?o = {}) }}"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h . ?i ?p ?j FILTER(?j != 1) }"
GREEDY = "SELECT * { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h } ORDER BY ?b ?d ?f ?h"


def ask(pool: WorkerPool, number: int, query: str = EQUAL, seconds: float | None = None) -> asyncio.Future[Reply]:
    return pool.query(Task(query.format(number), bindings="csv"), seconds)


def answer(number: int) -> bytes:
    return f"s\r\nx:{number}\r\n".encode()


@pytest.fixture(autouse=True)
def one_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with two processors."""
    monkeypatch.setattr("kg.workers.backlog._AT_WORK", 1)


async def known_as_quick(pool: WorkerPool, *others: str) -> None:
    """Asks until it is known of `EQUAL` that it is quick, which takes longer on a busy machine; says so of others."""
    for number in range(100):
        assert (await ask(pool, number)).content == answer(number)
        if pool._quick_shapes.has(shape_of(EQUAL.format(0))):
            break
    else:
        pytest.fail("It is not known as quick")
    for other in others:
        for _ in range(3):
            pool._quick_shapes.note(shape_of(other), quick=True)


@contextmanager
def stopped(pool: WorkerPool) -> Iterator[WorkerProcess]:
    """The worker that gets the next query, which does nothing until the block ends."""
    worker = pool._idle[-1]
    os.kill(worker._pid, signal.SIGSTOP)
    assert becomes(lambda: psutil.Process(worker._pid).status() == psutil.STATUS_STOPPED)
    try:
        yield worker
    finally:
        if worker.is_alive():
            os.kill(worker._pid, signal.SIGCONT)


async def until_idle(pool: WorkerPool) -> None:
    async with asyncio.timeout(20):
        while pool.usage[:2] != (0, 0) or len(pool._idle) < pool.short_workers:
            await asyncio.sleep(0.01)


def test_they_are_answered_by_one_worker_without_being_mixed_up(pool: WorkerPool) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        with stopped(pool) as worker:
            asked = [ask(pool, number) for number in range(10, 10 + DEPTH)]
            assert worker.pending
            assert [p.task.query for p in (worker.pending, *worker.backlog)] == [
                EQUAL.format(n) for n in range(10, 10 + DEPTH)
            ]
        assert [reply.content for reply in await asyncio.gather(*asked)] == [*map(answer, range(10, 10 + DEPTH))]
        await until_idle(pool)
        assert not worker.backlog

    on_a_loop(pool, work)


def test_only_so_many_wait_and_none_that_may_be_slow(pool: WorkerPool) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        with stopped(pool) as worker:
            quick = [ask(pool, number) for number in range(10, 40)]
            assert len(worker.backlog) == DEPTH
            other = await asyncio.wait_for(ask(pool, 0, "SELECT ?s {{ ?s ?p {} }}"), 20)  # of a shape that is new
            assert other.content == answer(0)
        assert [reply.content for reply in await asyncio.gather(*quick)] == [*map(answer, range(10, 40))]

    on_a_loop(pool, work)


def test_behind_one_that_does_not_end_they_go_to_others(pool: WorkerPool) -> None:
    async def work() -> None:
        await known_as_quick(pool, ENDLESS)
        with stopped(pool) as worker:
            asked = [ask(pool, number) for number in range(10, 15)]
            endless = pool.query(Task(ENDLESS, bindings="csv"), 4.0)
            asked += [ask(pool, number) for number in range(15, 20)]
            assert len(worker.backlog) == 10
        replies = await asyncio.gather(*asked)
        assert [reply.content for reply in replies] == [*map(answer, range(10, 20))]
        assert not endless.done(), "they did not wait for its end"
        with pytest.raises(QueryTimeoutError):
            await endless
        await until_idle(pool)
        assert not pool._quick_shapes.has(shape_of(ENDLESS))

    on_a_loop(pool, work)


def test_a_worker_that_does_not_move_loses_what_waits_at_it(pool: WorkerPool) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        with stopped(pool) as worker:
            first = ask(pool, 10)
            asked = [ask(pool, number) for number in range(11, 16)]
            replies = await asyncio.wait_for(asyncio.gather(*asked), 20)
            assert [reply.content for reply in replies] == [*map(answer, range(11, 16))]
            assert worker.backlog or not worker.is_alive()
        assert (await first).content == answer(10)
        await until_idle(pool)
        assert (await ask(pool, 17)).content == answer(17), "what the worker answers late is nobody else's answer"

    on_a_loop(pool, work)


@pytest.mark.parametrize("kill", [True, False])
def test_a_worker_that_ends_takes_none_with_it(pool: WorkerPool, kill: bool) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        with stopped(pool) as worker:
            asked = [ask(pool, number) for number in range(10, 18)]
            if kill:
                os.kill(worker._pid, signal.SIGKILL)
            else:
                worker.patched = PATCH_BYTES + 1  # it is replaced after its query
        assert [reply.content for reply in await asyncio.gather(*asked)] == [*map(answer, range(10, 18))]
        assert worker not in pool._workers

    on_a_loop(pool, work)


def test_outcomes_that_come_together_replace_a_worker_once(pool: WorkerPool) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        with stopped(pool) as worker:
            asked = [ask(pool, number) for number in range(10, 18)]
            worker.patched = PATCH_BYTES + 1  # it is replaced after its query
            await asyncio.sleep(0)  # until all is sent
        time.sleep(0.3)
        assert [reply.content for reply in await asyncio.gather(*asked)] == [*map(answer, range(10, 18))]
        await until_idle(pool)
        await asyncio.sleep(0.3)
        assert len(pool._workers) == pool.short_workers == len(pool._idle)

    on_a_loop(pool, work)


def test_a_large_answer_for_which_nobody_waits_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.workers.slices.STUCK_SECONDS", 60.0)  # else its worker may be replaced
    store = Engine([ox.Quad(ox.NamedNode("x:0"), ox.NamedNode("x:p"), ox.Literal("b" * 3 * INLINE_BYTES))])
    pool = WorkerPool(lambda: store, Limits(workers=2))
    query = "SELECT ?o {{ <x:{}> ?p ?o }}"

    async def work() -> None:
        await ask(pool, 1, query)
        for _ in range(3):
            pool._quick_shapes.note(shape_of(query.format(0)), quick=True)
        with stopped(pool):
            asked = [ask(pool, number, query) for number in range(4)]
            asked[0].cancel()
        assert [reply.content for reply in await asyncio.gather(*asked[1:])] == [b"o\r\n"] * 3
        await until_idle(pool)
        assert spooled_bytes() == 0

    try:
        on_a_loop(pool, work)
    finally:
        pool.close()


def test_one_that_breaks_its_worker_fails_alone() -> None:
    quads = (ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode("x:p"), ox.Literal(n)) for n in range(100))
    engine = Engine(quads)
    pool = WorkerPool(lambda: engine, Limits(workers=2, memory=64 << 20))

    async def work() -> None:
        await known_as_quick(pool, GREEDY)
        with stopped(pool):
            before = [ask(pool, number) for number in range(10, 13)]
            greedy = pool.query(Task(GREEDY, bindings="csv"))
            after = [ask(pool, number) for number in range(13, 16)]
        replies = await asyncio.gather(*before, *after)
        assert [reply.content for reply in replies] == [*map(answer, range(10, 16))]
        with pytest.raises(TooLargeError):
            await greedy

    try:
        on_a_loop(pool, work)
    finally:
        pool.close()


@pytest.mark.parametrize("place", [0, 1, 4])
def test_one_whose_client_leaves_is_not_missed(pool: WorkerPool, place: int) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        with stopped(pool) as worker:
            asked = [ask(pool, number) for number in range(10, 15)]
            asked[place].cancel()
            again = ask(pool, 10 + place)
            assert worker.backlog
        left = [future for future in asked if future is not asked[place]]
        expected = [answer(number) for number in range(10, 15) if number != 10 + place]
        assert [reply.content for reply in await asyncio.gather(*left)] == expected
        assert (await again).content == answer(10 + place)
        assert asked[place].cancelled()
        await until_idle(pool)

    on_a_loop(pool, work)


def test_each_sees_the_version_that_it_is_said_to_see(pool: WorkerPool) -> None:
    async def work() -> None:
        await known_as_quick(pool)
        added = ox.Quad(ox.NamedNode("x:new"), ox.NamedNode("x:p"), ox.Literal(1000))
        with stopped(pool) as worker:
            first, before = ask(pool, 10), ask(pool, 1000)
            await pool.apply_patch(Patch(adds=(added,)).serialize(), lambda: None)
            after = pool.query(Task(EQUAL.format(1000), bindings="csv", version="after"))
            assert worker.pending
        replies = await asyncio.gather(first, before, after)
        for reply in replies[1:]:
            assert reply.content == (b"s\r\nx:new\r\n" if reply.version == 1 else b"s\r\n")
        assert replies[2].version == 1

    on_a_loop(pool, work)


def test_large_answers_among_small_ones() -> None:
    sizes = [INLINE_BYTES - 1, INLINE_BYTES, INLINE_BYTES + 1, 3 * INLINE_BYTES]
    framing = len("o\r\n\r\n")
    texts = ["a", *("b" * (size - framing) for size in sizes), "c"]
    store = Engine(
        ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode("x:p"), ox.Literal(text)) for n, text in enumerate(texts)
    )
    pool = WorkerPool(lambda: store, Limits(workers=2, spool=1 << 40))  # other tests may have files open
    query = "SELECT ?o {{ <x:{}> ?p ?o }} LIMIT 1"

    async def work() -> None:
        assert (await ask(pool, 0, query)).content == b"o\r\na\r\n"
        for _ in range(3):
            pool._quick_shapes.note(shape_of(query.format(0)), quick=True)
        with stopped(pool) as worker:
            asked = [
                ask(pool, number % len(texts), query.replace("LIMIT 1", f"LIMIT {number + 1}")) for number in range(12)
            ]
            assert len(worker.backlog) == 11
        for number, reply in enumerate(await asyncio.gather(*asked)):
            assert reply.content == f"o\r\n{texts[number % len(texts)]}\r\n".encode()

    try:
        on_a_loop(pool, work)
    finally:
        pool.close()


def test_a_shape_is_quick_after_some_times_and_no_more_after_one_that_was_slow() -> None:
    shapes = QuickShapes()
    for _ in range(3):
        assert not shapes.has("shape")
        shapes.note("shape", quick=True)
    assert shapes.has("shape")
    shapes.note("shape", quick=False)
    shapes.note("shape", quick=True)
    assert not shapes.has("shape")
    assert shapes.shape("SELECT * { <a> ?p 'b' }") == shapes.shape("SELECT * { <b> ?p 'c' }") != ""
    assert shapes.shape(f"SELECT * {{ <{'a' * 5000}> ?p 'b' }}") == ""
    assert not shapes.has("")
    for number in range(3000):
        shapes.note(f"shape {number}", quick=True)
    assert len(shapes._times) == 1000
