"""Idle workers that have copied much of the store's memory are replaced, one after another."""

import asyncio
import resource

import pytest

from kg.workers import lanes
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from tests.kg.workers.test_confinement import count, on_a_loop, pool

__all__ = ["pool"]

ROWS = "SELECT ?x {{ ?a ?p ?b . ?c ?p ?d BIND(CONCAT(STR(?a), STR(?c), '{}') AS ?x) }} ORDER BY ?x"


async def until_idle(pool: WorkerPool, number: int) -> None:
    async with asyncio.timeout(60):
        while len(pool._idle) < number:
            await asyncio.sleep(0.02)


def pids(pool: WorkerPool) -> set[int]:
    return {worker._pid for worker in pool._workers}


def test_what_a_worker_touched_grows_with_its_queries(pool: WorkerPool) -> None:
    async def work() -> None:
        await count(pool, 0)
        await until_idle(pool, pool.short_workers)
        before = {worker: worker.touched_bytes for worker in pool._workers}
        assert all(size >= resource.getpagesize() for size in before.values())
        await asyncio.gather(*(pool.query(Task(ROWS.format(n), bindings="csv")) for n in range(4)))
        assert sum(worker.touched_bytes - before.get(worker, 0) for worker in pool._workers) > 1 << 20

    on_a_loop(pool, work)


def test_idle_workers_that_touched_much_are_replaced(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(lanes, "_TOUCHED_BYTES", 0)

    async def work() -> None:
        await count(pool, 0)
        await until_idle(pool, pool.short_workers)
        first, mark, lowest = pids(pool), 0, pool.short_workers
        async with asyncio.timeout(60):
            while first & pids(pool):
                mark += 1
                assert await count(pool, mark) == b"n\r\n100\r\n"
                lowest = min(lowest, len(pool._workers))
                await asyncio.sleep(0.02)
        assert lowest >= pool.short_workers - 1, "one after another"
        assert pool.usage[2] == 0, "they could have gone on"

    on_a_loop(pool, work)


def test_others_are_left(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "IDLE_SECONDS", 0.02)

    async def work() -> None:
        await count(pool, 0)
        await until_idle(pool, pool.short_workers)
        looked, first, tidy = 0, pids(pool), pool._tidy

        def counted() -> None:
            nonlocal looked
            looked += 1
            tidy()

        monkeypatch.setattr(pool, "_tidy", counted)
        async with asyncio.timeout(60):
            while looked < 5:
                await asyncio.sleep(0.02)
        assert pids(pool) == first

    on_a_loop(pool, work)
