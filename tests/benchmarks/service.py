"""How fast the service answers, against the oxigraph server with the same data in the same run.

``make bench`` or ``python -m tests.benchmarks.service [--quick | --tiny] [PART ...]``. Answers are compared before they
are timed. Ratios say how many times the peer's figure Kelisim's is: throughput better above 1, latency better below 1.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from ontology.namespaces import ID
from tests.benchmarks import data, load, workloads
from tests.benchmarks.answers import agree
from tests.benchmarks.peers import (
    Server,
    cache_folder,
    kelisim,
    kelisim_with,
    oxigraph_binary,
    oxigraph_in_memory,
    oxigraph_on_disk,
)
from tests.benchmarks.transfer import Connection, drain_together
from tests.benchmarks.workloads import MILLION, NUMBER, Query


@dataclass
class Plan:
    """How long it takes.

    clients: of the mixes; large_clients: of the large answer. seconds and rounds: of each run. repeats: of single
    queries. heavy_requests: medium queries in one run.
    """

    clients: tuple[int, ...] = (1, 8, 64)
    seconds: int = 2
    rounds: int = 3
    large_clients: tuple[int, ...] = (1, 8, 64)
    repeats: int = 3
    heavy_requests: int = 36
    counter: load.Counter = field(default_factory=load.Counter)


PARTS = ("mixes", "single", "medium", "large")
TINY = Plan(clients=(2,), seconds=1, rounds=1, large_clients=(1,), repeats=1, heavy_requests=2)
QUICK = Plan(clients=(8,), seconds=2, rounds=1, large_clients=(1,), repeats=2, heavy_requests=24)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round at 8 clients, to see that all of it runs")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of: {', '.join(PARTS)}; else all")
    parser.add_argument("--tiny", action="store_true", help="the mixes for a second, to see that they run")
    arguments = parser.parse_args()
    parts = set(arguments.parts or (PARTS[:1] if arguments.tiny else PARTS))
    if unknown := parts - {*PARTS}:
        parser.error(f"there is no part {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    plan = TINY if arguments.tiny else QUICK if arguments.quick else Plan()
    folder = cache_folder()
    binary = oxigraph_binary(folder)
    generator = "wrk" if load.WRK else "a client in Python, slower than the caches: install wrk for true figures"
    print(f"{os.cpu_count()} cores, shared by the server under load and the generator ({generator}).")
    print(
        f"Others on the machine: load average {os.getloadavg()[0]:.1f} before the start (above 0.5 spoils latencies)."
    )
    print(f"Medians of {plan.rounds} rounds of {plan.seconds} s, the servers in turn. Latencies in ms.")
    with tempfile.TemporaryDirectory() as temporary:
        if "mixes" in parts:
            mixes(plan, binary, Path(temporary))
        if parts - {"mixes"}:
            million(plan, parts, binary, folder, Path(temporary))


def mixes(plan: Plan, binary: Path, temporary: Path) -> None:
    """Many small requests to the curated graph."""
    file = temporary / "curated.nq"
    export: list[str | Path] = [
        Path(sys.executable).with_name("kelisim"),
        "export",
        "--format",
        "nquads",
        "--output",
        file,
    ]
    subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    things = {q.subject.value for q in ox.parse(path=file) if isinstance(q.subject, ox.NamedNode)}
    subjects = sorted(t for t in things if t.startswith(str(ID)))
    with ExitStack() as stack:
        servers = [stack.enter_context(kelisim()), stack.enter_context(oxigraph_in_memory(binary, file))]
        _loads(plan, "Cached mix, curated graph", servers, workloads.cached_mix())
        _loads(plan, "All-different small queries, curated graph", servers, workloads.all_different(subjects))


def million(plan: Plan, parts: set[str], binary: Path, folder: Path, temporary: Path) -> None:
    """A million triples: single queries, medium queries under load, and one large answer."""
    file = folder / "million-1.nq"
    data.write(file)
    with ExitStack() as stack:
        servers = [stack.enter_context(kelisim_with(file)), stack.enter_context(oxigraph_in_memory(binary, file))]
        if "single" in parts:
            disk = stack.enter_context(oxigraph_on_disk(binary, file, temporary / "store"))
            _latencies(plan, [*servers, disk], [*workloads.small(), *workloads.medium()])
        if "medium" in parts:
            _heavy_loads(plan, "Medium queries, a million triples", servers, workloads.medium())
        if "large" in parts:
            _large(plan, servers)


def _loads(plan: Plan, title: str, servers: Sequence[Server], queries: Sequence[Query]) -> None:
    _heading(title, agree(servers, queries))
    for clients in plan.clients:
        _row(clients, load.compare(servers, queries, clients, plan.seconds, plan.rounds, plan.counter))


def _heavy_loads(plan: Plan, title: str, servers: Sequence[Server], queries: Sequence[Query]) -> None:
    _heading(title, agree(servers, queries))
    for clients in plan.clients:
        requests = max(clients, plan.heavy_requests)
        rounds = [
            [load.work_off(s, queries, clients, requests, plan.counter) for s in servers] for _ in range(plan.rounds)
        ]
        _row(clients, load.medians(rounds))


def _heading(title: str, rows: dict[str, int]) -> None:
    print(f"\n{title} ({len(rows)} queries, {sum(rows.values())} rows)")
    print(f"{'clients':>8} {'answers/s':>10} {'peer':>8} {'ratio':>6} {'p50':>8} {'peer':>8}", end="")
    print(f" {'p99':>9} {'peer':>9} {'ratio':>6}")


def _row(clients: int, loads: Sequence[load.Load]) -> None:
    ours, peer = loads
    print(
        f"{clients:8} {ours.throughput:10.0f} {peer.throughput:8.0f} {ours.throughput / peer.throughput:6.2f}", end=""
    )
    print(f" {ours.p50:8.2f} {peer.p50:8.2f} {ours.p99:9.2f} {peer.p99:9.2f} {ours.p99 / peer.p99:6.2f}", flush=True)


def _latencies(plan: Plan, servers: Sequence[Server], queries: Sequence[Query]) -> None:
    rows = agree(servers, queries)
    print(f"\nSingle queries, a million triples, one client, each request new to the server ({plan.repeats} repeats)")
    print(f"{'query':28} {'rows':>7} " + " ".join(f"{s.name:>19}" for s in servers))
    connections = [Connection(s) for s in servers]
    new: list[list[float]] = [[] for _ in servers[1:]]
    again: list[list[float]] = [[] for _ in servers[1:]]
    for query in queries:
        repeats = plan.repeats * (10 if query in workloads.small() else 1)
        numbers = plan.counter.take()
        medians = _medians(connections, [query.numbered(numbers + n) for n in range(repeats)])
        hot = _medians(connections, [query.numbered(numbers)] * 3)
        for i in range(len(new)):
            new[i].append(medians[0] / medians[i + 1])
            again[i].append(hot[0] / hot[i + 1])
        print(f"{query.name:28} {rows[query.name]:7} " + " ".join(f"{m * 1000:19.2f}" for m in medians), flush=True)
    for connection in connections:
        connection.close()
    for server, ratios, hot in zip(servers[1:], new, again, strict=True):
        print(f"Geometric mean of the ratios to {server.name}: {statistics.geometric_mean(ratios):.2f}", end=" ")
        print(f"(small {statistics.geometric_mean(ratios[: len(workloads.small())]):.2f},", end=" ")
        print(f"medium {statistics.geometric_mean(ratios[len(workloads.small()) :]):.2f});", end=" ")
        print(f"asked again: {statistics.geometric_mean(hot):.3f}")


def _medians(connections: list[Connection], queries: Sequence[str]) -> list[float]:
    """The median seconds of each connection's server over the queries, which the servers get in turn."""
    times: list[list[float]] = [[] for _ in connections]
    for query in queries:
        for connection, mine in zip(connections, times, strict=True):
            start = time.perf_counter()
            connection.ask(query)
            mine.append(time.perf_counter() - start)
    return [statistics.median(t) for t in times]


def _large(plan: Plan, servers: Sequence[Server]) -> None:
    query = Query("a million rows", f"{MILLION} LIMIT {NUMBER}")
    (count,) = agree(servers, [query]).values()
    print(f"\n{count} rows as JSON: seconds until each client has its whole answer, medians; and for all together")
    print(f"{'clients':>8} {'Kelisim':>9} {'in memory':>10} {'ratio':>6} {'all':>8} {'in memory':>10} {'ratio':>6}")
    for clients in plan.large_clients:
        measured: list[list[tuple[float, float]]] = [[], []]
        for _ in range(plan.rounds if clients == 1 else 1):
            for server, mine in zip(servers, measured, strict=True):
                first = plan.counter.take()
                seconds = drain_together(server, [query.numbered(first + n) for n in range(clients)])
                mine.append((statistics.median(seconds), max(seconds)))
        ours, peer = ([statistics.median(m) for m in zip(*pairs, strict=True)] for pairs in measured)
        print(f"{clients:8} {ours[0]:9.2f} {peer[0]:10.2f} {ours[0] / peer[0]:6.2f}", end="")
        print(f" {ours[1]:8.2f} {peer[1]:10.2f} {ours[1] / peer[1]:6.2f}", flush=True)


if __name__ == "__main__":
    main()
