"""What one machine serves, measured, and what several would, simulated with the times measured here.

``python -m tests.benchmarks.capacity [--tiny]``. First the times of requests for one thing of the curated graph, one
after another. Then requests at random times (Poisson) for questions by Zipf's law, beside a simulation of the same: its
error. Then the simulation alone, for machines that are not here.
"""

import argparse
import asyncio
import math
import os
import random
import selectors
import statistics
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil

from ontology.namespaces import ID
from tests.benchmarks.peers import Server, kelisim
from tests.benchmarks.simulation import Costs, Load, Machines, Outcome, picker, simulate
from tests.benchmarks.transfer import Connection
from tests.benchmarks.workloads import request

SKEW = 0.8
CHANGES = 1 / 60
CONNECTIONS = 128
HEAVY_SECONDS = 0.15
"""A question that joins or sums a good part of a million triples (RESULTS.md, citations: 104 to 300 ms)."""


_T = TypeVar("_T")


@dataclass
class Plan:
    """How much: requests one by one, seconds and different questions of a load; requests of a simulation."""

    single: int = 1500
    seconds: float = 8.0
    questions: int = 2000
    simulated: int = 15_000
    shares: tuple[float, ...] = (0.2, 0.4, 0.6)
    servers: tuple[int, ...] = (1, 2, 3, 4, 6, 8)


TINY = Plan(single=60, seconds=1, questions=50, simulated=300, shares=(0.2,), servers=(1, 2))


@dataclass(frozen=True)
class Measured:
    """The costs, and what a client sees of a hit beyond them (sockets, waking up), in seconds."""

    costs: Costs
    beyond: float


class Processes:
    """The processor time of a server's processes."""

    def __init__(self, server: Server) -> None:
        connections = psutil.net_connections("tcp")
        listening = [
            c.pid for c in connections if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == server.port
        ]
        self._main = psutil.Process(listening[0])
        self.sessions = ["self", str(self._main.pid)]
        """Our session and that of the server, each by a process in it."""

    def now(self) -> tuple[float, float]:
        """Seconds used so far by the process that serves, and by its workers that live."""
        used = [_used(p) for p in self._main.children(recursive=True)]
        return _used(self._main), sum(used)


@contextmanager
def _ahead(sessions: Sequence[str]) -> Iterator[None]:
    """Puts sessions ahead of all others on a machine that does other things too (sched(7), autogroup), as root."""
    files = [Path(f"/proc/{session}/autogroup") for session in sessions]
    with suppress(OSError):
        for file in files:
            file.write_text("-19")
        print("These two are put ahead of all else that runs on the machine.")
    try:
        yield
    finally:
        with suppress(OSError):
            files[0].write_text("0")


def _used(process: psutil.Process) -> float:
    """The seconds that a process has had of processors, to the nanosecond (proc(5), schedstat)."""
    seconds = 0.0
    with suppress(OSError):
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            seconds += int((thread / "schedstat").read_text().split()[0]) / 1e9
    return seconds


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="with few requests, to see that all of it runs")
    plan = TINY if parser.parse_args().tiny else Plan()
    busy = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, shared by the server and the generator. Load average before: {busy:.1f}.")
    with kelisim() as server, _ahead(Processes(server).sessions):
        measured = _one_by_one(server, plan)
        dearer = _validate(server, plan, measured)
    _scenarios(plan, measured.costs.times(dearer))


def _question(number: int) -> str:
    """A question for one thing; the limit makes each a question of its own."""
    things = ("kazakhstan", "russia", "vladimir-putin", "astana", "emmanuel-macron", "csto-summit-astana-2024")
    return f"SELECT ?p ?o WHERE {{ <{ID}{things[number % len(things)]}> ?p ?o }} LIMIT {10**8 + number}"


def _one_by_one(server: Server, plan: Plan) -> Measured:
    _run(_send(server, Load(100, 2 * plan.single // 10, 0), -(10**6)))  # each worker has its first
    connection, processes = Connection(server), Processes(server)

    def timed() -> tuple[list[float], float, float]:
        before, latencies = processes.now(), []
        for number in range(plan.single):
            begin = time.perf_counter()
            connection.ask(_question(10**6 + number))
            latencies.append(time.perf_counter() - begin)
        after = processes.now()
        return latencies, (after[0] - before[0]) / plan.single, (after[1] - before[1]) / plan.single

    misses, miss, worker = timed()
    hits, hit, _ = timed()
    connection.close()
    beyond = max(0.0, statistics.median(hits) - hit)
    shape = [max(1e-5, latency - beyond - miss) for latency in sorted(misses)[: int(len(misses) * 0.99)]]
    worker = worker or statistics.mean(shape)  # a tiny run takes less than the clock of processes shows
    scale = worker / statistics.mean(shape)
    hop = max(0.0, statistics.mean(shape) - worker)
    print(
        "\nOne request after another, milliseconds: processor time in the event loop and in a worker; the client's wait"
    )
    print(f"{'answer':24} {'loop':>8} {'worker':>8} {'median':>8} {'p99':>8}")
    for name, loop, work, seen in (("from the cache", hit, 0.0, hits), ("new, of one thing", miss, worker, misses)):
        p99 = statistics.quantiles(seen, n=100)[98]
        print(f"{name:24} {loop * 1e3:8.3f} {work * 1e3:8.3f} {statistics.median(seen) * 1e3:8.2f} {p99 * 1e3:8.2f}")
    return Measured(Costs(hit, miss, [s * scale for s in shape], hop), beyond)


def _validate(server: Server, plan: Plan, measured: Measured) -> float:
    """Compares loads with their simulation; returns how much dearer a request is under load than one by one."""
    print(
        f"\nPoisson arrivals for {plan.questions} questions, Zipf {SKEW}, from an empty cache, {plan.seconds:g} s each"
    )
    print(
        f"{'':10} {'requests/s':>10} {'refused':>8} {'hits':>6} {'used':>6} {'mean ms':>8}"
        f" {'p50':>8} {'p95':>8} {'p99':>8}"
    )
    processes, errors, dearer = Processes(server), [], 1.0
    work = statistics.mean(measured.costs.work)
    for turn, share in enumerate(plan.shares):
        rate = share * (os.cpu_count() or 1) / (0.5 * (measured.costs.hit + measured.costs.miss + work) + 1e-4)
        requests = int(rate * plan.seconds)
        load = Load(rate, requests, plan.questions, SKEW)
        before, own = processes.now(), time.process_time()
        begin = time.perf_counter()
        latencies, different, refused = _run(_send(server, load, (turn + 1) * 10**7))
        took = time.perf_counter() - begin
        client = (time.process_time() - own) / requests
        used = (sum(processes.now()) - sum(before) + client * requests) / took / (os.cpu_count() or 1)
        found = Outcome(latencies, max(0, len(latencies) - different), refused, used)
        costs = replace(measured.costs, client=client)
        model = simulate(costs, load, Machines(processors=os.cpu_count() or 1))
        model.latencies = [x + max(0.0, measured.beyond - client) for x in model.latencies]
        _row("measured", rate, found)
        _row("simulated", rate, model)
        dearer = max(dearer, found.used / model.used)
        errors.append(
            (model.mean / found.mean - 1, model.quantile(0.5) / found.quantile(0.5) - 1, model.used - found.used)
        )
    mean, median, used = (max(e, key=abs) for e in zip(*errors, strict=True))
    print(f"Largest errors of the simulation: mean {mean:+.0%}, median {median:+.0%}, use {used * 100:+.0f} points.")
    print(f"Under load a request takes up to {dearer:.2f} times the processor time; so below all times are multiplied.")
    return dearer


def _row(name: str, rate: float, outcome: Outcome) -> None:
    print(f"{name:10} {rate:10.0f} {outcome.refused:8} {outcome.hit_rate:6.0%} {outcome.used:6.0%}", end="")
    times = (outcome.mean, outcome.quantile(0.5), outcome.quantile(0.95), outcome.quantile(0.99))
    print("".join(f" {seconds * 1e3:8.2f}" for seconds in times), flush=True)


def _run(sending: Coroutine[Any, Any, _T]) -> _T:
    """Runs it on an event loop whose timers are exact to microseconds: that of epoll rounds them to milliseconds."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return runner.run(sending)


async def _send(server: Server, load: Load, first: int) -> tuple[list[float], int, int]:
    """Sends requests at random times, whatever the answers do.

    Returns the latencies, how many different questions there were, and how many requests were refused.
    """
    chance = random.Random(5)
    pick = picker(load, chance)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", server.port))
    latencies: list[float] = []
    asked: set[int] = set()
    refused = 0

    async def ask(question: int, begin: float) -> None:
        nonlocal refused
        reader, writer = connection = await free.get()
        writer.write(request(server.address, _question(first + question)))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        if b" 200 " in head[:20]:
            latencies.append(time.perf_counter() - begin)
        elif b" 503 " in head[:20]:
            refused += 1
        else:
            raise RuntimeError(f"a request failed: {head!r}")
        free.put_nowait(connection)

    async with asyncio.TaskGroup() as group:
        at = time.perf_counter()
        for _ in range(load.requests):
            at += chance.expovariate(load.rate)
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            question = pick()
            asked.add(question)
            group.create_task(ask(question, at))
    while not free.empty():
        free.get_nowait()[1].close()
    return latencies, len(asked), refused


def _scenarios(plan: Plan, costs: Costs) -> None:
    heavy = [*costs.work] * max(1, math.ceil(99 / len(costs.work)))
    some = [*heavy, *([HEAVY_SECONDS] * max(1, len(heavy) // 99))]
    rate, requests = 1000.0, plan.simulated
    mixes: Sequence[tuple[str, Costs, Load]] = (
        (
            "of one thing, 10000 questions, Zipf 1",
            costs,
            Load(rate, requests, questions=10_000, skew=1.0, changes=CHANGES),
        ),
        ("of one thing, 100000, Zipf 0.6", costs, Load(rate, requests, questions=100_000, skew=0.6, changes=CHANGES)),
        ("of one thing, all different", costs, Load(rate, requests)),
        ("all different, 1% of 150 ms", replace(costs, work=some), Load(rate, requests)),
    )
    print("\nSimulated: 1000 requests a second, a change a minute, servers with 2 processors of their own")
    print(f"{'questions':38} {'servers':>7} {'hits':>5} {'used':>5} {'p50 ms':>8} {'p99 ms':>9} {'refused':>8}")
    for name, times, load in mixes:
        for servers in plan.servers:
            found = simulate(times, load, Machines(servers=servers))
            print(
                f"{name:38} {servers:7} {found.hit_rate:5.0%} {found.used:5.0%} {found.quantile(0.5) * 1e3:8.2f}",
                end="",
            )
            print(f" {found.quantile(0.99) * 1e3:9.2f} {found.refused / load.requests:8.1%}", flush=True)
            if not found.refused and found.used < 0.5:
                break


if __name__ == "__main__":
    main()
