"""Rate limiting: equal to a token bucket per client, in bounded memory."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.front.rates import Buckets, RateLimit, client_key
from server.http.tokens import TokenStore
from tests.server.front.test_metrics import Clock


def ask(limit: RateLimit, path: str = "/sparql", address: str = "192.0.2.1") -> int:
    refusal = limit.refusal({"PATH_INFO": path, "REMOTE_ADDR": address})
    return refusal.status if refusal else 200


def test_a_burst_then_a_refusal_then_the_promised_time() -> None:
    clock = Clock()
    limit = RateLimit(Buckets(rate=0.5, burst=3, clock=clock))
    assert [ask(limit) for _ in range(4)] == [200, 200, 200, 429]
    refusal = limit.refusal({"PATH_INFO": "/sparql", "REMOTE_ADDR": "192.0.2.1"})
    assert refusal
    assert dict(refusal.headers)["Retry-After"] == "2"
    assert isinstance(refusal.body, bytes)
    assert json.loads(refusal.body)["title"] == "Too many requests"
    assert "2 s" in json.loads(refusal.body)["detail"]
    clock.now += 1.5
    assert ask(limit) == 429
    clock.now += 0.5
    assert ask(limit) == 200


def test_clients_are_apart_and_health_is_always_answered() -> None:
    limit = RateLimit(Buckets(rate=1, burst=1, clock=Clock()))
    asked = [ask(limit, address=a) for a in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    assert asked == [200, 429, 200]
    assert [ask(limit, path) for path in ("/health", "/ready", "/metrics") * 2] == [200] * 6


def test_memory_is_bounded() -> None:
    buckets = Buckets(rate=1, burst=2, capacity=5, clock=Clock())
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 5
    for _ in range(3):
        buckets.take("steady")
    for number in range(4):
        buckets.take(str(number))
    assert buckets.take("steady") > 0


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0), (float("nan"), 1), (float("inf"), 1)])
def test_senseless_limits_are_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="rate must be"):
        Buckets(rate, burst)


steps = st.lists(st.tuples(st.floats(0, 20), st.sampled_from("ab")), max_size=60)


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 20), steps=steps)
def test_it_admits_what_a_token_bucket_admits(rate: float, burst: int, steps: list[tuple[float, str]]) -> None:
    clock = Clock()
    buckets = Buckets(rate, burst, clock=clock)
    model = {key: (float(burst), 0.0) for key in "ab"}  # tokens, and when they were counted
    for pause, key in steps:
        clock.now += pause
        tokens, then = model[key]
        tokens = min(burst, tokens + (clock.now - then) * rate)
        wait = buckets.take(key)
        if abs(tokens - 1) > 1e-6 * max(1, rate):  # within rounding errors of one token
            assert (wait == 0) == (tokens >= 1)
        if wait:
            assert wait == pytest.approx((1 - tokens) / rate, rel=1e-6, abs=1e-6)
        model[key] = (tokens - (not wait), clock.now)


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 20), spent=st.integers(0, 50))
def test_a_client_that_waits_retry_after_is_admitted(rate: float, burst: int, spent: int) -> None:
    clock = Clock()
    buckets = Buckets(rate, burst, clock=clock)
    for _ in range(spent):
        buckets.take("a")
    clock.now += buckets.take("a")
    assert spent + 1 <= burst or buckets.take("a") == 0


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("no:address", "no:address"),
    ],
)
def test_client_keys(address: str, key: str) -> None:
    assert client_key({"REMOTE_ADDR": address}) == key


def test_a_valid_token_is_a_client_and_an_invented_one_is_not(tmp_path: Path) -> None:
    tokens = TokenStore(tmp_path)
    text = tokens.create(["query"], "robot")

    def key(token: str) -> str:
        return client_key({"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": f"Bearer {token}"}, tokens)

    assert (key(text), key("invented"), key("another")) == ("token robot", "192.0.2.1", "192.0.2.1")
