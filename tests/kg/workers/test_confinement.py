"""Limits on worker processes, and the replacement of workers."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyoxigraph as ox
import pytest

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.errors import BusyError
from kg.engine.limits import Limits
from kg.rdf.patches import Patch
from kg.workers.allocator import library
from kg.workers.confinement import PrivateMemory
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from ontology import KelisimError

FORKED = """
import os
from kg.workers.allocator import library
from kg.workers.confinement import PrivateMemory

pages = bytearray(os.urandom(1) * (200 << 20))
child = os.fork()
if child == 0:
    memory = PrivateMemory(50 << 20)
    seen = [memory.is_exceeded(), sum(pages[::4096]) >= 0 and memory.is_exceeded()]
    for start in range(0, len(pages), 10 << 20):
        pages[start : start + (10 << 20) : 4096] = bytes(2560)
        seen.append(memory.is_exceeded())
    print(seen.index(True) - 2)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_private_memory_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert 4 <= int(done.stdout) <= 7, "pages written, in tens of mebibytes"


LIMITED = """
import mmap
from kg.workers.confinement import limit_memory

def take(mebibytes):
    return mmap.mmap(-1, mebibytes << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

reserved = take(200)
limit_memory(300 << 20, 50 << 20)
taken = []
try:
    while True:
        taken.append(take(5))
except OSError:
    print(len(taken) * 5)
"""


@pytest.mark.parametrize("allocator", ["mimalloc", "system"])
def test_address_space_that_mimalloc_reserves_counts_as_part_of_the_limit(allocator: str) -> None:
    environment = {**os.environ, "LD_PRELOAD": "", "MIMALLOC_ARENA_RESERVE": "32MiB"}
    if allocator == "mimalloc":
        try:
            environment["LD_PRELOAD"] = str(library())
        except KelisimError as reason:
            pytest.skip(f"{reason}")
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True, env=environment)
    least, most = (50, 150) if allocator == "mimalloc" else (300, 350)
    assert least <= int(done.stdout) <= most, "of 300 MiB 200 are reserved already, and 50 more are for the stack"


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    quads = (ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode("x:p"), ox.Literal(n)) for n in range(100))
    engine = Engine(quads)
    pool = WorkerPool(lambda: engine, Limits(workers=2))
    yield pool
    pool.close()


def on_a_loop(pool: WorkerPool, work: Callable[[], Awaitable[None]]) -> None:
    """Runs a coroutine on an event loop in another thread, since Playwright may have one in this thread."""

    async def begun() -> None:
        pool.start(asyncio.get_running_loop())
        await work()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, begun()).result(60)


async def count(pool: WorkerPool, mark: int) -> bytes:
    reply = await pool.query(Task(f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }} # {mark}", bindings="csv"))
    return reply.content


def test_retiring_workers_fail_no_query(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    def retiring(self: PrivateMemory) -> bool:
        self.exceeded = True
        return True

    monkeypatch.setattr(PrivateMemory, "is_exceeded", retiring)  # before the fork
    pool: WorkerPool = request.getfixturevalue("pool")

    async def work() -> None:
        answers = await asyncio.gather(*(count(pool, mark) for mark in range(60)))
        assert answers == [b"n\r\n100\r\n"] * 60
        assert pool.usage[2] >= 58

    on_a_loop(pool, work)


def test_workers_are_replaced_one_at_a_time_after_many_patches(pool: WorkerPool) -> None:
    async def work() -> None:
        added = 100
        for round_ in range(12):
            quads = tuple(
                ox.Quad(ox.NamedNode(f"x:{round_}-{n}"), ox.NamedNode("x:p"), ox.Literal("y" * 50))
                for n in range(12_000)
            )
            added += len(quads)
            await pool.apply_patch(Patch(adds=quads).serialize(), lambda: None)
            found = await asyncio.gather(*(count(pool, 1000 * round_ + mark) for mark in range(4)))
            assert found == [f"n\r\n{added}\r\n".encode()] * 4
        assert pool.short_workers <= pool.usage[2] <= 6 * pool.short_workers, "each now and then, not each time"

    on_a_loop(pool, work)


def test_no_file_descriptors_left_when_staging_a_change(pool: WorkerPool) -> None:
    async def work() -> None:
        await count(pool, 0)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        change = Change("update", "INSERT DATA { <x:new> <x:p> 1 }")
        for spare in range(6):
            free = os.dup(0)
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + spare, hard))
            try:
                await pool.stage_change(change, [])
            except BusyError:
                pass
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        patch = await pool.stage_change(change, [])
        async with asyncio.timeout(10):
            await pool.apply_patch(patch, lambda: None)
        assert await count(pool, 1) == b"n\r\n101\r\n"

    on_a_loop(pool, work)
