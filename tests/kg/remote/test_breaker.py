"""The circuit breaker: closed, open, half-open, in one process and over several."""

import os

import pytest

from kg.engine.errors import EngineBusyError
from kg.remote.breaker import FAILURES, OPEN_SECONDS, TRIAL_SECONDS, Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("http://engine", clock)


def open_it(breaker: Breaker) -> None:
    for _ in range(FAILURES):
        breaker.admit()
        breaker.failed()


def test_it_opens_after_failures_in_a_row_alone(breaker: Breaker) -> None:
    for _ in range(2 * FAILURES):
        breaker.failed()
        breaker.succeeded()
    assert breaker.state == "closed"
    open_it(breaker)
    assert breaker.state == "open"
    with pytest.raises(EngineBusyError, match="http://engine"):
        breaker.admit()


def test_one_request_tries_and_its_success_closes(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.now += OPEN_SECONDS
    assert breaker.state == "half-open"
    breaker.admit()
    with pytest.raises(EngineBusyError):
        breaker.admit()
    breaker.succeeded()
    assert breaker.state == "closed"
    breaker.admit()


def test_the_failure_of_the_trial_opens_again(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.now += OPEN_SECONDS
    breaker.admit()
    breaker.failed()
    assert breaker.state == "open"
    with pytest.raises(EngineBusyError):
        breaker.admit()


def test_a_trial_that_was_killed_is_given_up(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.now += OPEN_SECONDS
    breaker.admit()
    clock.now += TRIAL_SECONDS
    breaker.admit()


def test_processes_share_it(breaker: Breaker) -> None:
    child = os.fork()
    if child == 0:
        open_it(breaker)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert breaker.state == "open"
