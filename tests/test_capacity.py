"""The simulation behind the capacity page: where queueing theory has a formula, the simulation agrees with it."""

import math
import random

import pytest

from tests.benchmarks.simulation import Costs, Load, Machines, picker, simulate

REQUESTS = 20_000
UNBOUNDED = 1 << 30


def samples(draw: random.Random, mean: float) -> list[float]:
    """Exponential times with exactly this mean."""
    found = [draw.expovariate(1 / mean) for _ in range(20_000)]
    return [x * mean * len(found) / sum(found) for x in found]


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (1, 0.8), (3, 0.7)])
def test_it_waits_as_erlang_says(servers: int, load: float) -> None:
    """M/M/c: the mean wait is C(c, a) / (c mu - lambda) (Erlang, 1917)."""
    service = 0.002
    rate = load * servers / service
    a = rate * service
    last = a**servers / math.factorial(servers) / (1 - load)
    waiting = last / (sum(a**k / math.factorial(k) for k in range(servers)) + last)
    expected = service + waiting / (servers / service - rate)
    costs = Costs(0, 0, samples(random.Random(7), service))
    machines = Machines(processors=64, workers=servers, queue=UNBOUNDED)
    found = simulate(costs, Load(rate, REQUESTS), machines)
    assert found.refused == found.hits == 0
    assert found.mean == pytest.approx(expected, rel=0.08)


def test_one_event_loop_waits_as_pollaczek_and_khinchine_say() -> None:
    """M/D/1: the mean time is s + rho s / (2 (1 - rho)) (Pollaczek, 1930)."""
    service, load = 0.001, 0.7
    found = simulate(Costs(0, service, [0.0]), Load(load / service, REQUESTS), Machines(processors=64, queue=UNBOUNDED))
    # Half of the time is before and half after the worker, which takes none: two visits in line.
    assert found.mean == pytest.approx(service + load * service / (2 * (1 - load)), rel=0.25)
    assert found.used * 64 == pytest.approx(load, rel=0.03)


def test_processors_are_shared() -> None:
    """With as many workers as requests, a processor is M/M/1 with slices: the mean time is s / (1 - rho)."""
    service, load = 0.004, 0.6
    machines = Machines(processors=1, workers=10_000, queue=UNBOUNDED)
    found = simulate(Costs(0, 0, samples(random.Random(9), service)), Load(load / service, REQUESTS), machines)
    assert found.mean == pytest.approx(service / (1 - load), rel=0.08)


def test_questions_are_asked_by_zipfs_law() -> None:
    pick = picker(Load(1, 1, questions=1000, skew=1.0), random.Random(3))
    drawn = [pick() for _ in range(100_000)]
    assert set(drawn) <= set(range(1000))
    assert drawn.count(0) / drawn.count(9) == pytest.approx(10, rel=0.15)


def test_the_cache_has_what_is_asked_often() -> None:
    """Che's approximation of the hit rate of a cache of the least recently used (Che, Tung and Wang, 2002)."""
    load = Load(1000, REQUESTS, questions=2000, skew=0.8)
    weights = [(n + 1) ** -load.skew for n in range(load.questions)]
    shares = [w / sum(weights) for w in weights]
    entries, low, high = 200, 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        full = sum(1 - math.exp(-s * middle) for s in shares) < entries
        low, high = (middle, high) if full else (low, middle)
    expected = sum(s * (1 - math.exp(-s * low)) for s in shares)
    found = simulate(Costs(0, 0, [0.0]), load, Machines(processors=64, entries=entries))
    assert found.hit_rate == pytest.approx(expected, abs=0.02)
    changed = simulate(Costs(0, 0, [0.0]), Load(1000, REQUESTS, 2000, 0.8, changes=5), Machines(processors=64))
    assert changed.hit_rate < found.hit_rate


def test_what_is_too_much_is_refused() -> None:
    found = simulate(Costs(0, 0, [0.01]), Load(1000, 5000), Machines(processors=2, workers=2, queue=64))
    assert found.refused / 5000 == pytest.approx(0.8, abs=0.02), "two processors answer 200 of 1000 in a second"
    more = simulate(Costs(0, 0, [0.01]), Load(1000, 5000), Machines(servers=8, processors=2, workers=2, queue=64))
    assert more.refused == 0
