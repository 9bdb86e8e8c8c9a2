"""How fast the service answers, against the oxigraph server with the same data in the same run.

``make bench`` or ``python -m tests.benchmarks.service [--quick | --tiny] [PART ...]``. Answers are compared before they
are timed. Ratios say how many times the peer's figure Kelisim's is: throughput better above 1, latency better below 1.
"""

import argparse
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from ontology.namespaces import ID
from tests.benchmarks import data, load, workloads
from tests.benchmarks.answers import agree
from tests.benchmarks.limits import ANSWER_SECONDS, LARGE_SECONDS, cell, mean, ratio
from tests.benchmarks.peers import (
    MissingPeerError,
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
    queries. heavy_requests: medium queries in one run. triples: of the large dataset.
    """

    clients: tuple[int, ...] = (1, 8, 64)
    seconds: int = 2
    rounds: int = 3
    large_clients: tuple[int, ...] = (1, 8, 64)
    repeats: int = 3
    heavy_requests: int = 36
    triples: int = data.TRIPLES
    counter: load.Counter = field(default_factory=load.Counter)


PARTS = ("mixes", "single", "medium", "large")
TINY = Plan(clients=(2,), seconds=1, rounds=1, large_clients=(1,), repeats=1, heavy_requests=4, triples=5000)
QUICK = Plan(clients=(8,), seconds=2, rounds=1, large_clients=(1,), repeats=2, heavy_requests=24)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round at 8 clients, to see that all of it runs")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of: {', '.join(PARTS)}; else all")
    parser.add_argument("--tiny", action="store_true", help="all parts with 5000 triples, to see that they run")
    arguments = parser.parse_args()
    parts = set(arguments.parts or PARTS)
    if unknown := parts - {*PARTS}:
        parser.error(f"there is no part {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    plan = TINY if arguments.tiny else QUICK if arguments.quick else Plan()
    binary = peer(required=not arguments.tiny)
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
            million(plan, parts, binary, Path(temporary))


def peer(*, required: bool) -> Path | None:
    """The peer's program; None where it is neither there nor required."""
    try:
        return oxigraph_binary(cache_folder())
    except MissingPeerError as reason:
        if required:
            raise
        print(f"The peer is left out: {reason}.")
        return None


def start(stack: ExitStack, *servers: AbstractContextManager[Server]) -> list[Server]:
    """The servers that start in time."""
    started = []
    for server in servers:
        try:
            started.append(stack.enter_context(server))
        except MissingPeerError as reason:
            print(f"A peer is left out: {reason}.", flush=True)
    return started


def mixes(plan: Plan, binary: Path | None, temporary: Path) -> None:
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
        servers = start(stack, kelisim(), *([oxigraph_in_memory(binary, file)] if binary else []))
        _loads(plan, "Cached mix, curated graph", servers, workloads.cached_mix())
        asked = workloads.asked(subjects)
        _loads(plan, "Mix by Zipf's law, curated graph", servers, asked, workloads.by_zipf)
        _loads(plan, "All-different small queries, curated graph", servers, workloads.all_different(subjects))


def million(plan: Plan, parts: set[str], binary: Path | None, temporary: Path) -> None:
    """A million triples: single queries, medium queries under load, and one large answer."""
    file = cache_folder() / "million-1.nq" if plan.triples == data.TRIPLES else temporary / "triples.nq"
    data.write(file, plan.triples)
    with ExitStack() as stack:
        servers = start(stack, kelisim_with(file), *([oxigraph_in_memory(binary, file)] if binary else []))
        if "single" in parts:
            disk = start(stack, *([oxigraph_on_disk(binary, file, temporary / "store")] if binary else []))
            _latencies(plan, [*servers, *disk], [*workloads.small(), *workloads.medium()])
        if "medium" in parts:
            _heavy_loads(plan, f"Medium queries, {plan.triples} triples", servers, workloads.medium())
        if "large" in parts:
            _large(plan, servers)


def _loads(
    plan: Plan,
    title: str,
    servers: Sequence[Server],
    queries: Sequence[Query],
    drawn: Callable[[list[Query]], list[Query]] = list,
) -> None:
    """Loads the servers with the queries in turn, or with what is drawn of them."""
    queries = drawn(_heading(title, servers, queries))
    for clients in plan.clients if queries else ():
        _row(clients, load.compare(servers, queries, clients, plan.seconds, plan.rounds, plan.counter))


def _heavy_loads(plan: Plan, title: str, servers: Sequence[Server], queries: Sequence[Query]) -> None:
    queries = _heading(title, servers, queries)
    for clients in plan.clients if queries else ():
        requests = max(clients, plan.heavy_requests)
        rounds = [
            [load.work_off(s, queries, clients, requests, plan.counter) for s in servers] for _ in range(plan.rounds)
        ]
        _row(clients, load.medians(rounds))


def _heading(title: str, servers: Sequence[Server], queries: Sequence[Query]) -> list[Query]:
    rows = agree(servers, queries)
    print(f"\n{title} ({len(rows)} queries, {sum(rows.values())} rows)")
    print(f"{'clients':>8} {'answers/s':>10} {'peer':>8} {'ratio':>6} {'p50':>8} {'peer':>8}", end="")
    print(f" {'p99':>9} {'peer':>9} {'ratio':>6}")
    return [query for query in queries if query.name in rows]


def _row(clients: int, loads: Sequence[load.Load]) -> None:
    ours, other = [*loads, load.Load()][:2]
    print(f"{clients:8} {cell(ours.throughput, 10, 0)} {cell(other.throughput, 8, 0)}", end="")
    print(f" {cell(ratio(ours.throughput, other.throughput), 6)} {cell(ours.p50, 8)} {cell(other.p50, 8)}", end="")
    print(f" {cell(ours.p99, 9)} {cell(other.p99, 9)} {cell(ratio(ours.p99, other.p99), 6)}", end="")
    notes = [f"{who} {each.note}" for who, each in (("Kelisim", ours), ("peer", other)) if each.note]
    print("  ", *notes, flush=True)


def _latencies(plan: Plan, servers: Sequence[Server], queries: Sequence[Query]) -> None:
    rows = agree(servers, queries)
    queries = [query for query in queries if query.name in rows]
    small = sum(query in workloads.small() for query in queries)
    print(
        f"\nSingle queries, {plan.triples} triples, one client, each request new to the server ({plan.repeats} repeats)"
    )
    print(f"{'query':28} {'rows':>7} " + " ".join(f"{s.name:>19}" for s in servers))
    connections = [Connection(s) for s in servers]
    new: list[list[float]] = [[] for _ in servers[1:]]
    again: list[list[float]] = [[] for _ in servers[1:]]
    for query in queries:
        repeats = plan.repeats * (10 if query in queries[:small] else 1)
        numbers = plan.counter.take()
        medians = _medians(connections, [query.numbered(numbers + n) for n in range(repeats)])
        hot = _medians(connections, [query.numbered(numbers)] * 3)
        for i in range(len(new)):
            new[i].append(ratio(medians[0], medians[i + 1]))
            again[i].append(ratio(hot[0], hot[i + 1]))
        cells = [cell(seconds * 1000, 19, limit=ANSWER_SECONDS) for seconds in medians]
        print(f"{query.name:28} {rows[query.name]:7}", *cells, flush=True)
    for connection in connections:
        connection.close()
    for server, ratios, hot in zip(servers[1:], new, again, strict=True):
        print(f"Geometric mean of the ratios to {server.name}: {mean(ratios):.2f}", end=" ")
        print(f"(small {mean(ratios[:small]):.2f}, medium {mean(ratios[small:]):.2f});", end=" ")
        print(f"asked again: {mean(hot):.3f}")


def _medians(connections: list[Connection], queries: Sequence[str]) -> list[float]:
    """The median seconds of each connection's server over the queries, which they get in turn; infinite where late."""
    times: list[list[float]] = [[] for _ in connections]
    for query in queries:
        for connection, mine in zip(connections, times, strict=True):
            start = time.perf_counter()
            try:
                connection.ask(query)
                mine.append(time.perf_counter() - start)
            except TimeoutError:
                mine.append(math.inf)
    return [statistics.median(t) for t in times]


def _large(plan: Plan, servers: Sequence[Server]) -> None:
    query = Query("a million rows", f"{MILLION} LIMIT {NUMBER}")
    counts = agree(servers, [query])
    print(f"\n{counts.get(query.name, 'Unknown')} rows as JSON: seconds until each client has its whole answer", end="")
    print(", medians; and for all together")
    print(f"{'clients':>8} {'Kelisim':>9} {'in memory':>10} {'ratio':>6} {'all':>8} {'in memory':>10} {'ratio':>6}")
    for clients in plan.large_clients:
        measured: list[list[tuple[float, float]]] = [[] for _ in servers]
        for _ in range(plan.rounds if clients == 1 else 1):
            for server, mine in zip(servers, measured, strict=True):
                first = plan.counter.take()
                seconds = drain_together(server, [query.numbered(first + n) for n in range(clients)])
                mine.append((statistics.median(seconds), max(seconds)))
        figures = [[statistics.median(m) for m in zip(*pairs, strict=True)] for pairs in measured]
        ours, other = [*figures, [math.nan, math.nan]][:2]
        print(f"{clients:8}", end="")
        for mine, its, width in zip(ours, other, (9, 8), strict=True):
            cells = cell(mine, width, limit=LARGE_SECONDS), cell(its, 10, limit=LARGE_SECONDS)
            print("", *cells, cell(ratio(mine, its), 6), end="")
        print(flush=True)


if __name__ == "__main__":
    main()
