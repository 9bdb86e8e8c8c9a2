"""How long a change of one quad takes in stores of several sizes, beside comparing the whole store before and after.

``make bench`` or ``python -m tests.benchmarks.updates [--tiny]``. The medians of both ways are taken in the same run,
and the time until such a change is acknowledged: worked out in a fork, checked against the shapes, on disk, and seen.
"""

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.changes import updates
from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.history.history import History
from kg.rdf.patches import diff
from kg.store.store import Store
from kg.workers.pool import WorkerPool

SIZES: Final = (20_000, 200_000, 2_000_000)
TINY: Final = 1000
START_SECONDS: Final = 60
ROUNDS: Final = {"direct": 51, "whole": 3}
UPDATE: Final = """
DELETE {{ <x:{0}> <x:p2> ?o }} INSERT {{ <x:{0}> <x:p2> ?n }} WHERE {{ <x:{0}> <x:p2> ?o BIND(?o + 1 AS ?n) }}
"""


def quads(number: int) -> Iterator[ox.Quad]:
    """Quads with ten to a subject; of each ten one is in a named graph."""
    predicates = [ox.NamedNode(f"x:p{n}") for n in range(10)]
    for subject in range(number // 10):
        node, graph = ox.NamedNode(f"x:{subject}"), ox.NamedNode(f"x:g{subject % 1000}")
        for n, predicate in enumerate(predicates):
            yield ox.Quad(node, predicate, ox.Literal(subject * 7 + n), graph if n == 9 else ox.DefaultGraph())


def median(name: str, run: Callable[[str], object]) -> float:
    """The median seconds that different updates take."""
    times = []
    for number in range(ROUNDS[name]):
        start = time.perf_counter()
        run(UPDATE.format(number))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def compare(engine: Engine, update: str) -> None:
    """The whole store before and after."""
    before = set(engine.quads())
    engine.update(update)
    diff(before, set(engine.quads()))


def acknowledged(engine: Engine, folder: Path) -> float:
    """The median seconds until a change lasts and is seen."""
    with acknowledging(engine, folder) as store:
        return median("direct", lambda update: store.change(Change("update", update)))


@contextmanager
def acknowledging(engine: Engine, folder: Path) -> Iterator[Store]:
    """A store with its workers, forked from here, whose changes are logged in the folder; each changes a copy."""
    pool = WorkerPool(lambda: engine, Limits(workers=2))  # forks, so before there are threads
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        with History.create(folder, ()) as history:
            store = Store(pool, "benchmark", history)
            asyncio.run_coroutine_threadsafe(_start(store), loop).result(START_SECONDS)
            yield store
    finally:
        loop.call_soon_threadsafe(pool.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _start(store: Store) -> None:
    store.start(asyncio.get_running_loop())


def row(size: int) -> str:
    """The times for one size, in milliseconds."""
    engine = Engine(quads(size))
    direct = median("direct", lambda update: updates.run(engine, update))
    whole = median("whole", lambda update: compare(engine, update))
    with tempfile.TemporaryDirectory() as folder:
        lasting = acknowledged(engine, Path(folder) / "history")
    return f"{size:10} {direct * 1000:10.2f} {whole * 1000:12.0f} {whole / direct:9.0f} {lasting * 1000:13.1f}"


def main() -> None:
    """Prints a table."""
    print(f"{'quads':>10} {'direct':>10} {'whole store':>12} {'ratio':>9} {'acknowledged':>13}  (milliseconds)")
    for size in (TINY,) if "--tiny" in sys.argv else SIZES:
        print(row(size), flush=True)


if __name__ == "__main__":
    main()
