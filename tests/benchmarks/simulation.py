"""A simulation of servers under load: a queueing network in simpy, with the times of a real server.

What it has: requests that arrive at random (Poisson), for questions of which some are asked more often than others
(Zipf); servers with a cache of answers (the least recently used leaves, a change empties it), one event loop, workers
with a bounded queue, and a few processors for all of these, shared in slices; a proxy that asks the server with the
fewest requests. Who asks what is being answered waits for the same answer.

What it leaves out: the network, TLS and the proxy's own time, large answers, the lane of long queries (a question of
more than 0.2 s), changes themselves (only their effect on the caches), memory, and whatever else runs on a machine.
"""

import random
from bisect import bisect
from collections import OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import simpy

SLICE_SECONDS: Final = 0.003
"""How long a processor stays with one task while others wait: about what Linux gives."""

LAST_SECONDS: Final = 120
"""How long the answers may take after the last arrival."""

Steps = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Costs:
    """What a request costs, in seconds of a processor.

    hit: in the event loop, if the answer is in the cache; miss: in the event loop, if not. work: what a worker takes, a
    sample of many questions. hop: how much longer a miss takes without anybody working (messages between processes).
    client: what the generator of the load takes on the same machine, 0 if it has its own.
    """

    hit: float
    miss: float
    work: Sequence[float]
    hop: float = 0.0
    client: float = 0.0

    def times(self, factor: float) -> "Costs":
        """The same, so many times as dear for the server."""
        return Costs(
            self.hit * factor, self.miss * factor, [w * factor for w in self.work], self.hop * factor, self.client
        )


@dataclass(frozen=True)
class Load:
    """What is asked. rate: requests per second; questions: how many different ones, 0 if none is asked twice.

    skew: the exponent of Zipf's law, 0 if all are asked alike. changes: how often in a second the data change.
    """

    rate: float
    requests: int
    questions: int = 0
    skew: float = 1.0
    changes: float = 0.0


@dataclass(frozen=True)
class Machines:
    """What answers: equal servers, each with its processors, workers, places in the queue and entries in the cache."""

    servers: int = 1
    processors: int = 2
    workers: int = 6
    queue: int = 64
    entries: int = 20_000


@dataclass
class Outcome:
    """What happened: latencies of the answers in seconds; hits among them; refusals; the share of processors used."""

    latencies: list[float] = field(default_factory=list)
    hits: int = 0
    refused: int = 0
    used: float = 0.0

    def quantile(self, share: float) -> float:
        """The latency that this share of the answers does not exceed; infinite if there are none."""
        found = sorted(self.latencies)
        return found[min(len(found) - 1, int(share * len(found)))] if found else float("inf")

    @property
    def mean(self) -> float:
        """The mean latency."""
        return sum(self.latencies) / len(self.latencies) if self.latencies else float("inf")

    @property
    def hit_rate(self) -> float:
        """The part of the answers that came from a cache."""
        return self.hits / len(self.latencies) if self.latencies else 0.0


class _Server:
    def __init__(self, environment: simpy.Environment, machines: Machines) -> None:
        self.environment = environment
        self.machines = machines
        self.processors = simpy.Resource(environment, machines.processors)
        self.loop = simpy.Resource(environment, 1)
        self.workers = simpy.Resource(environment, machines.workers)
        self.cache: OrderedDict[int, None] = OrderedDict()
        self.asked: dict[int, simpy.Event] = {}
        self.open = 0
        self.busy = 0.0

    def compute(self, seconds: float) -> Steps:
        """Takes so much of a processor, in slices."""
        while seconds > 0:
            with self.processors.request() as turn:
                yield turn
                part = min(seconds, SLICE_SECONDS)
                yield self.environment.timeout(part)
            self.busy += part
            seconds -= part

    def in_loop(self, seconds: float) -> Steps:
        """The same in the event loop, which does one thing at a time."""
        with self.loop.request() as turn:
            yield turn
            yield from self.compute(seconds)

    def has(self, question: int) -> bool:
        """Whether the cache has the answer, which has been used now."""
        if question not in self.cache:
            return False
        self.cache.move_to_end(question)
        return True

    def keep(self, question: int) -> None:
        """Puts an answer into the cache."""
        self.cache[question] = None
        if len(self.cache) > self.machines.entries:
            self.cache.popitem(last=False)


class _Run:
    def __init__(self, costs: Costs, load: Load, machines: Machines, seed: int) -> None:
        self.costs, self.load, self.machines = costs, load, machines
        self.environment, self.chance, self.outcome = simpy.Environment(), random.Random(seed), Outcome()
        self.servers = [_Server(self.environment, machines) for _ in range(machines.servers)]

    def arrive(self) -> Steps:
        """All requests, each at its time; the proxy asks one of the servers with the fewest."""
        pick = picker(self.load, self.chance)
        for _ in range(self.load.requests):
            yield self.environment.timeout(self.chance.expovariate(self.load.rate))
            fewest = min(s.open for s in self.servers)
            server = self.chance.choice([s for s in self.servers if s.open == fewest])
            self.environment.process(self.answer(server, pick()))

    def change(self) -> Steps:
        """Changes of the data, each of which empties the caches."""
        while self.load.changes:
            yield self.environment.timeout(self.chance.expovariate(self.load.changes))
            for server in self.servers:
                server.cache.clear()

    def answer(self, server: _Server, question: int) -> Steps:
        """One request at one server."""
        begin, costs = self.environment.now, self.costs
        server.open += 1
        yield from server.compute(costs.client / 2)
        if server.has(question):
            yield from server.in_loop(costs.hit)
            self.outcome.hits += 1
        else:
            yield from server.in_loop(costs.miss / 2)
            if question not in server.asked and len(server.workers.queue) >= self.machines.queue:
                server.open -= 1
                self.outcome.refused += 1
                return
            yield from self.evaluate(server, question)
            yield from server.in_loop(costs.miss / 2)
        yield from server.compute(costs.client / 2)
        server.open -= 1
        self.outcome.latencies.append(self.environment.now - begin)

    def evaluate(self, server: _Server, question: int) -> Steps:
        """Waits for a worker's answer, or for that to another who asked the same."""
        if question in server.asked:
            yield server.asked[question]
            return
        done = server.asked[question] = self.environment.event()
        with server.workers.request() as turn:
            yield turn
            yield self.environment.timeout(self.costs.hop)
            yield from server.compute(self.chance.choice(self.costs.work))
        del server.asked[question]
        server.keep(question)
        done.succeed()

    def all(self) -> Outcome:
        """Lets all requests arrive and be answered."""
        self.environment.process(self.change())
        self.environment.run(self.environment.process(self.arrive()))
        processors = self.machines.processors * self.machines.servers
        self.outcome.used = sum(s.busy for s in self.servers) / (self.environment.now * processors)
        end = self.environment.now + LAST_SECONDS
        while any(s.open for s in self.servers) and self.environment.now < end:
            self.environment.run(self.environment.now + 1)
        return self.outcome


def simulate(costs: Costs, load: Load, machines: Machines, seed: int = 1) -> Outcome:
    """What happens to such a load; the same for the same seed."""
    return _Run(costs, load, machines, seed).all()


def picker(load: Load, chance: random.Random) -> Any:
    """Gives the question of each request: a number, by Zipf's law; a new one each time if there are no `questions`."""
    if not load.questions:
        return iter(range(1 << 62)).__next__
    sums = [*accumulate((rank + 1) ** -load.skew for rank in range(load.questions))]
    return lambda: bisect(sums, chance.random() * sums[-1])
