"""A pool that answers from a store on disk while the same is loaded into memory."""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyoxigraph as ox
import pytest

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.errors import BusyError, QueryTimeoutError, StoppedError
from kg.engine.limits import Limits
from kg.history.history import History
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from tests.kg.history.test_history import quad
from tests.kg.workers.test_confinement import count, on_a_loop

COMPLETE = Change("update", "INSERT DATA { <x:new> <x:p> 1 }")
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h . ?i ?p ?j }"


@dataclass(frozen=True)
class Loading:
    """A pool, the file that lets it go on to load, the copy on disk, and this process's earlier children."""

    pool: WorkerPool
    gate: Path
    copy: Path
    others: frozenset[psutil.Process]

    def fork_servers(self) -> int:
        return len({*psutil.Process(os.getpid()).children()} - self.others)


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[Loading]:
    gate = tmp_path / "gate"
    with History.create(tmp_path / "store", [quad(n) for n in range(100)]) as history:
        history.write_disk_copy(0)
        copy = history.usable_disk_copy()
        assert copy is not None

        def load() -> Engine:
            while not gate.exists():
                time.sleep(0.01)
            store = ox.Store()
            history.load_into(store)
            return Engine(store)

        others = frozenset(psutil.Process(os.getpid()).children())
        pool = WorkerPool(lambda: Engine(ox.Store.read_only(str(copy)), on_disk=True), Limits(workers=2), load)
        made = Loading(pool, gate, tmp_path / "store" / "snapshot-0.rocksdb", others)
        yield made
        pool.close()
        assert made.fork_servers() == 0


def test_queries_are_answered_meanwhile_and_changes_wait(loading: Loading) -> None:
    pool = loading.pool

    async def work() -> None:
        assert await asyncio.gather(*(count(pool, mark) for mark in range(20))) == [b"n\r\n100\r\n"] * 20
        with pytest.raises(BusyError, match="still being loaded"):
            await pool.stage_change(COMPLETE, [], timeout=0.1)
        waiting = asyncio.ensure_future(pool.stage_change(COMPLETE, []))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        loading.gate.touch()
        await pool.apply_patch(await waiting, lambda: None)
        assert await asyncio.gather(*(count(pool, 20 + mark) for mark in range(20))) == [b"n\r\n101\r\n"] * 20

    on_a_loop(pool, work)


def test_changes_that_wait_are_told_of_a_stop(loading: Loading) -> None:
    pool = loading.pool

    async def work() -> None:
        waiting = [asyncio.ensure_future(pool.stage_change(COMPLETE, [])) for _ in range(3)]
        await asyncio.sleep(0.1)
        pool.shut_down()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, StoppedError)

    on_a_loop(pool, work)


def test_a_query_under_way_ends_where_it_began(loading: Loading) -> None:
    pool = loading.pool

    async def work() -> None:
        assert loading.fork_servers() == 2
        endless = [pool.query(Task(f"{ENDLESS} # {n}", bindings="csv"), timeout=3) for n in range(4)]
        await asyncio.sleep(0.5)
        loading.gate.touch()
        await pool.apply_patch(await pool.stage_change(COMPLETE, []), lambda: None)
        assert await asyncio.gather(*(count(pool, mark) for mark in range(20))) == [b"n\r\n101\r\n"] * 20
        for outcome in await asyncio.gather(*endless, return_exceptions=True):
            assert isinstance(outcome, QueryTimeoutError | BusyError)
        async with asyncio.timeout(20):
            while loading.fork_servers() > 1:
                await asyncio.sleep(0.1)  # the fork server on disk has ended with its last worker

    on_a_loop(pool, work)


def test_a_pool_that_is_closed_meanwhile_leaves_no_process(loading: Loading) -> None:
    pool = loading.pool

    async def work() -> None:
        endless = asyncio.ensure_future(pool.query(Task(f"{ENDLESS} # closed", bindings="csv"), timeout=60))
        await asyncio.sleep(0.5)
        loading.gate.touch()
        await pool.loaded.wait()
        assert loading.fork_servers() == 2, "that on disk waits for its query"
        pool.shut_down()
        with pytest.raises(StoppedError):
            await endless

    on_a_loop(pool, work)


def test_a_copy_that_is_damaged_gives_an_error_and_no_part_of_an_answer(loading: Loading) -> None:
    pool = loading.pool

    async def work() -> None:
        await pool.query(Task("ASK {}", bindings="csv"))  # opened, and nothing is read yet
        for path in loading.copy.glob("*.sst"):
            path.write_bytes(bytes(path.stat().st_size))
        with pytest.raises(BusyError, match="copy on disk"):
            await count(pool, 0)
        loading.gate.touch()
        await pool.loaded.wait()
        assert await count(pool, 1) == b"n\r\n100\r\n"

    on_a_loop(pool, work)
