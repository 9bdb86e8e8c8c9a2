"""What clients with endless queries cost everybody else: latencies of small queries, probes, pages and changes.

``make bench`` or ``python -m tests.benchmarks.fairness [--tiny]``. The same small requests are timed on the idle server
and while other clients send distinct endless queries without pause, which no cache or sharing helps. The target is that
p99 under attack is at most twice that of the idle server and 20 ms.
"""

import itertools
import math
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from tests.benchmarks.limits import cell
from tests.benchmarks.peers import Server, running_kelisim

CLIENTS: Final = 16
SECONDS: Final = 40.0
TINY_SECONDS: Final = 2.0
TIMEOUT_SECONDS: Final = 100
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != {0}) }}"
ATTACKS: Final = (("endless queries", ""), ("endless queries with timeout=0.5", "0.5"))
NUMBERS: Final = itertools.count()


@dataclass(frozen=True)
class Target:
    """A server that takes changes: the token for them."""

    server: Server
    token: str

    def send(self, method: str, path: str, body: str = "", media_type: str = "") -> int:
        """The status of one request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=TIMEOUT_SECONDS)
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if body else {}
            connection.request(method, path, body or None, headers | ({"Content-Type": media_type} if body else {}))
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def query(self, query: str, **more: str) -> int:
        """The status of a query."""
        return self.send("GET", "/sparql?" + urllib.parse.urlencode({"query": query, **more}))


@contextmanager
def store() -> Iterator[Target]:
    """Kelisim with its curated graph in a store that takes changes."""
    with tempfile.TemporaryDirectory() as folder:
        made = [str(Path(sys.executable).with_name("kelisim")), "token", "create", "bench", "--store", folder]
        token = subprocess.run(made, check=True, capture_output=True, text=True).stdout.split()[-1]
        with running_kelisim("--store", folder, "--allow-updates") as server:
            yield Target(server, token)


def small(target: Target, seconds: float) -> tuple[dict[str, list[float]], Counter[str]]:
    """The latencies in milliseconds of small requests, by kind, one after another for so many seconds.

    And how many of each kind were no success.
    """
    times: dict[str, list[float]] = {"query": [], "/ready": [], "page": [], "change": []}
    failures = Counter[str]()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        number = next(NUMBERS)
        query = f'SELECT ?p {{ <https://w3id.org/kelisim/id/astana> ?p ?o FILTER(?o != "{number}") }} LIMIT 5'
        update = f"INSERT DATA {{ <urn:fair:{number}> <urn:p> {number} }}"
        requests: list[tuple[str, Callable[[], int]]] = [
            ("query", partial(target.query, query)),
            ("/ready", partial(target.send, "GET", "/ready")),
            ("page", partial(target.send, "GET", f"/events?year=2023&n={number}")),
            ("change", partial(target.send, "POST", "/sparql", update, "application/sparql-update")),
        ]
        for name, send in requests[: 4 if number % 10 == 0 else 2]:
            start = time.perf_counter()
            status = send()
            times[name].append((time.perf_counter() - start) * 1000)
            failures[name] += status != 200
    return times, failures


@contextmanager
def attack(target: Target, clients: int, timeout: str) -> Iterator[Counter[object]]:
    """Clients that send endless queries without pause, and what they were answered."""
    over, ends = threading.Event(), Counter[object]()

    def one() -> None:
        while not over.is_set():
            try:
                ends[target.query(ENDLESS.format(next(NUMBERS)), **({"timeout": timeout} if timeout else {}))] += 1
            except (OSError, HTTPException) as error:
                ends[type(error).__name__] += 1

    for _ in range(clients):
        threading.Thread(target=one, daemon=True).start()
    try:
        yield ends
    finally:
        over.set()


def main() -> None:
    """Prints a table for each attack."""
    seconds, attacks = (TINY_SECONDS, ATTACKS[-1:]) if "--tiny" in sys.argv else (SECONDS, ATTACKS)
    for title, timeout in attacks:
        with store() as target:
            small(target, min(seconds, 3))  # warm
            idle, _ = small(target, seconds / 2)
            with attack(target, CLIENTS, timeout) as ends:
                busy, failures = small(target, seconds)
            print(f"\n{CLIENTS} clients with distinct {title}, {seconds:g} s; milliseconds")
            print(f"{'request':10} {'number':>8} {'failed':>7} {'idle p50':>10} {'p50':>8}", end="")
            print(f" {'idle p99':>10} {'p99':>8} {'allowed':>9}")
            for name, times in busy.items():
                before, now = (_cuts(t) for t in (idle[name], times))
                print(f"{name:10} {len(times):8} {failures[name]:7}", end="")
                print(f" {cell(before[0], 10, 1)} {cell(now[0], 8, 1)}", end="")
                print(f" {cell(before[1], 10, 1)} {cell(now[1], 8, 1)} {cell(2 * before[1] + 20, 9, 1)}")
            print(f"answers to the endless ones: {dict(ends)}", flush=True)


def _cuts(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times * 2 or [math.nan] * 2, n=100, method="inclusive")
    return cuts[49], cuts[98]


if __name__ == "__main__":
    main()
