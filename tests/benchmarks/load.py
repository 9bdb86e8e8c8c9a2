"""Loads a server with requests from many clients for a few seconds, and measures throughput and latency.

With wrk where it is installed, which takes a small part of one core; else with `tests.benchmarks.client`, a client in
Python, which is slower than the servers' caches and says so.
"""

import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks.limits import ANSWER_SECONDS
from tests.benchmarks.peers import Server
from tests.benchmarks.transfer import Connection
from tests.benchmarks.workloads import NUMBER, Query, request

WRK: Final = shutil.which("wrk")


@dataclass(frozen=True)
class Load:
    """What one server did under load: answers per second, and latencies in milliseconds; or a note why not."""

    throughput: float = math.nan
    p50: float = math.nan
    p99: float = math.nan
    note: str = ""


@dataclass
class Counter:
    """Gives each run a range of numbers of its own, so that no run repeats the requests of another."""

    start: int = 10_000_000

    def take(self) -> int:
        """The first number of the next range."""
        self.start += 10_000_000
        return self.start


def run(server: Server, queries: Sequence[Query], clients: int, seconds: int, counter: Counter) -> Load:
    """Loads a server with the queries in turn; a note tells where an answer does not come in time.

    Raises RuntimeError if any answer is not a success.
    """
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\0".join(request(server.address, q.text) for q in queries))
        file.flush()
        arguments = [file.name, NUMBER, str(counter.take())]
        if WRK:
            script = str(Path(__file__).with_name("load.lua"))
            command = [WRK, "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={ANSWER_SECONDS:g}s", "-s", script]
            command += [f"http://127.0.0.1:{server.port}/", "--", *arguments]
        else:
            command = [sys.executable, "-m", "tests.benchmarks.client", str(server.port), str(clients), str(seconds)]
            command += [str(ANSWER_SECONDS), *arguments]
        output = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=seconds + 2 * ANSWER_SECONDS
        ).stdout
    outcome = json.loads(output.splitlines()[-1])
    if outcome["late"] or not (outcome["requests"] or outcome["errors"]):  # at the end wrk waits for no answer
        return Load(note=f"over {ANSWER_SECONDS if outcome['late'] else seconds:g} s")
    if outcome["errors"]:
        raise RuntimeError(f"{server.name}: {outcome['errors']} of {outcome['requests']} requests failed: {output}")
    return Load(outcome["requests"] / outcome["microseconds"] * 1e6, outcome["p50"] / 1000, outcome["p99"] / 1000)


def compare(
    servers: Sequence[Server], queries: Sequence[Query], clients: int, seconds: int, rounds: int, counter: Counter
) -> list[Load]:
    """Loads the servers one after another, round by round; medians of each.

    A short run warms them up before, unless there is only one round, which is no measurement.
    """
    for server in servers if rounds > 1 else ():
        run(server, queries, clients, 1, counter)
    return medians([[run(s, queries, clients, seconds, counter) for s in servers] for _ in range(rounds)])


def work_off(server: Server, queries: Sequence[Query], clients: int, requests: int, counter: Counter) -> Load:
    """Has the clients send so many requests together, the queries in turn, and waits for all answers.

    For queries that take long: of those, a run of fixed time would leave many unfinished, and the server busy with
    them. Here the generator is Python, which a few hundred requests per second do not mind. A note tells where an
    answer does not come in time.
    """
    numbers = iter(range(first := counter.take(), first + requests))
    latencies: list[float] = []
    late = threading.Event()

    def client() -> None:
        connection = Connection(server)
        for number in numbers:
            begin = time.perf_counter()
            try:
                connection.ask(queries[number % len(queries)].numbered(number))
            except TimeoutError:
                late.set()
            if late.is_set():
                break
            latencies.append((time.perf_counter() - begin) * 1000)
        connection.close()

    start = time.perf_counter()
    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if late.is_set():
        return Load(note=f"over {ANSWER_SECONDS:g} s")
    if len(latencies) < requests:
        raise RuntimeError(f"{server.name}: {requests - len(latencies)} of {requests} requests failed")
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    return Load(requests / (time.perf_counter() - start), cuts[49], cuts[98])


def medians(loads: Sequence[Sequence[Load]]) -> list[Load]:
    """The median of each figure for each server, or a note of one; `loads` has a row for each round."""
    return [
        next((r[i] for r in loads if r[i].note), None)
        or Load(
            statistics.median(r[i].throughput for r in loads),
            statistics.median(r[i].p50 for r in loads),
            statistics.median(r[i].p99 for r in loads),
        )
        for i in range(len(loads[0]))
    ]
