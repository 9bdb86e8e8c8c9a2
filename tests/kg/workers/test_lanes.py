"""The long lane of a pool: what is known to be long waits there, and nothing is forked in vain."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress

from kg.engine.errors import BusyError, QueryTimeoutError
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from tests.kg.workers.test_confinement import count, on_a_loop, pool

__all__ = ["pool"]

ENDLESS = "SELECT (COUNT(*) AS ?n) {{ ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h . ?i ?p ?j FILTER(?j != {}) }}"


async def wave(pool: WorkerPool, number: int, seconds: float) -> Counter[str]:
    """How so many distinct endless queries end that are asked at once."""
    mark = iter(range(int(pool._loop.time() * 1e6), 1 << 62))
    asked = [pool.query(Task(ENDLESS.format(next(mark)), bindings="csv"), seconds) for _ in range(number)]
    return Counter(type(outcome).__name__ for outcome in await asyncio.gather(*asked, return_exceptions=True))


def test_queries_that_expire_together_take_no_forks_from_others(pool: WorkerPool) -> None:
    async def work() -> None:
        await count(pool, 0)
        await wave(pool, 16, 2.0)
        before = pool.usage[2]
        ends = await wave(pool, 16, 1.0)
        assert ends == {QueryTimeoutError.__name__: 2, BusyError.__name__: 14}
        assert pool.usage[2] - before <= 2, "the two that ran, and none for those whose time was over too"
        assert pool.usage[0] == 0
        assert await count(pool, 1) == b"n\r\n100\r\n"

    on_a_loop(pool, work)


def test_a_shape_that_turns_out_to_be_short_is_forgotten(pool: WorkerPool) -> None:
    async def work() -> None:
        query = "SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o FILTER(?o >= {}) }}"
        await count(pool, 0)
        pool._long_shapes.add(query.format(1), pool._loop.time())
        for number in (2, 3):
            reply = await pool.query(Task(query.format(number), bindings="csv"))
            assert reply.content == f"n\r\n{100 - number}\r\n".encode()
        assert not pool._long_shapes.has(query.format(4), pool._loop.time())

    on_a_loop(pool, work)


def test_a_query_that_was_only_kept_waiting_is_not_known_as_long(pool: WorkerPool) -> None:
    """On a busy machine a small query may have no processor for a while; those like it must not take the long way."""

    async def work() -> None:
        await count(pool, 0)
        endless = asyncio.create_task(wave(pool, 2, 4.0))
        while sum(worker.long for worker in pool._workers) < 2:  # both slots of the long lane are taken
            await asyncio.sleep(0.05)
        stopped = [worker._pid for worker in pool._workers if not worker.long]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        query = "SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o FILTER(?o > {}) }}"
        assert (await pool.query(Task(query.format(1), bindings="csv"), 20.0)).content == b"n\r\n98\r\n"
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        assert not marked
        assert await endless == {QueryTimeoutError.__name__: 2}

    marked: list[str] = []
    add = pool._long_shapes.add

    def noting(query: str, now: float) -> None:
        marked.extend([query] if "FILTER(?o >" in query else [])
        add(query, now)

    pool._long_shapes.add = noting  # type: ignore[method-assign]
    on_a_loop(pool, work)
