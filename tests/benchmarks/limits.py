"""Limits on how long a benchmark waits for anything, and how a table tells of what took longer.

A time past its limit is infinite, and one that was not taken is no number (NaN).
"""

import math
import multiprocessing
import statistics
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from kg.workers.confinement import die_with_parent

PEER_SECONDS: Final = 20.0
"""For one answer of a peer that runs in this process."""
ANSWER_SECONDS: Final = 60.0
"""For one answer of a server."""
LARGE_SECONDS: Final = 600.0
"""For one answer of a million rows, of which many are on their way."""

_T = TypeVar("_T")


def forked(work: Callable[[], Iterable[_T]], limit: float) -> list[_T] | None:
    """What the work yields in a forked process; None where it takes longer than `limit` seconds for one item.

    The process is killed then, and when this one dies. Raises RuntimeError where the work fails.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send_all, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    items: list[_T] = []
    try:
        while ours.poll(limit):
            items.append(ours.recv())
    except EOFError:
        process.join(limit)
        if process.exitcode:
            raise RuntimeError(f"the forked process ended with {process.exitcode}") from None
        return items
    finally:
        process.kill()
        process.join()
        ours.close()
    return None


def _send_all(work: Callable[[], Iterable[Any]], channel: "Connection[Any, Any]") -> None:
    die_with_parent()
    for item in work():
        channel.send(item)


def cell(value: float, width: int, places: int = 2, limit: float = 0.0) -> str:
    """A cell of a table: the value, ``over N s`` where it is past the limit, a dash where there is none."""
    text = "-" if math.isnan(value) else f"over {limit:g} s" if math.isinf(value) else f"{value:.{places}f}"
    return f"{text:>{width}}"


def ratio(a: float, b: float) -> float:
    """a / b, where both were measured."""
    return a / b if math.isfinite(a) and math.isfinite(b) and b else math.nan


def mean(ratios: Iterable[float]) -> float:
    """The geometric mean of those that were measured."""
    measured = [r for r in ratios if math.isfinite(r)]
    return statistics.geometric_mean(measured) if measured else math.nan
