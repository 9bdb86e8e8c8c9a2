"""A pool that goes on with another fork server, as replicas do when they have fetched another state."""

import asyncio
from pathlib import Path

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.lenses.kept import Lenses
from kg.lenses.names import LENSES, Lens
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.process import ForkServer
from ontology.iris import KEL
from tests.kg.workers.test_confinement import on_a_loop
from tests.waiting import becomes

LENS = f"{LENSES}everything"
CLAIM = ox.NamedNode("x:claim")
QUADS = [
    ox.Quad(ox.NamedNode("x:s"), ox.NamedNode("x:p"), ox.NamedNode("x:o"), CLAIM),
    ox.Quad(CLAIM, ox.NamedNode(str(KEL.modality)), ox.NamedNode("x:asserted")),
]
MEMORY = 1 << 30


class SlowLenses(Lenses):
    """Makes no lens before there is a file."""

    def __init__(self, store: ox.Store, folder: Path) -> None:
        super().__init__(store)
        self._folder = folder

    def _made(self, lens: Lens) -> ox.Store:
        (self._folder / "begun").touch()
        becomes((self._folder / "gate").exists, 300)
        return super()._made(lens)


def slow(folder: Path) -> Engine:
    """An engine whose fork server is busy for long with its first lens."""
    engine = Engine(QUADS)
    engine.lenses = SlowLenses(engine.store, folder)
    return engine


def test_queries_for_which_a_replaced_fork_server_makes_a_lens_are_answered_by_the_other(tmp_path: Path) -> None:
    pool = WorkerPool(lambda: slow(tmp_path), Limits(workers=1))
    other = ForkServer(lambda: Engine(QUADS), MEMORY)

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loaded = asyncio.Event()
        other.connect(loop, loaded.set)
        await loaded.wait()
        tasks = [Task(f"ASK {{ ?s ?p {n} }}", bindings="csv", default_graphs=(LENS,)) for n in range(3)]
        waiting = [asyncio.ensure_future(pool.query(task, timeout=250)) for task in tasks]
        async with asyncio.timeout(30):
            while len(pool._lenses.get("everything", ())) < len(tasks) or not (tmp_path / "begun").exists():
                await asyncio.sleep(0.01)
        pool.adopt(other, 1, lambda: None, keep=other)
        async with asyncio.timeout(30):
            replies = await asyncio.gather(*waiting)
        assert [reply.version for reply in replies] == [1, 1, 1]
        assert not pool._lenses

    try:
        on_a_loop(pool, work)
    finally:
        pool.close()


def test_what_a_fork_server_that_is_kept_has_made_changes_nothing_any_more(tmp_path: Path) -> None:
    pool = WorkerPool(lambda: slow(tmp_path), Limits(workers=1))
    other, former = ForkServer(lambda: slow(tmp_path), MEMORY), pool.fork_server

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loaded = asyncio.Event()
        other.connect(loop, loaded.set)
        await loaded.wait()
        waiting = asyncio.ensure_future(pool.query(Task("ASK {}", bindings="csv", default_graphs=(LENS,)), timeout=50))
        async with asyncio.timeout(30):
            while not (tmp_path / "begun").exists():
                await asyncio.sleep(0.01)
            pool.adopt(other, 1, lambda: None, keep=former)
            while not pool._lenses:  # the other is asked for it too
                await asyncio.sleep(0.01)
            (tmp_path / "gate").touch()
            assert (await waiting).version == 1

    try:
        on_a_loop(pool, work)
    finally:
        former.close()
        pool.close()
