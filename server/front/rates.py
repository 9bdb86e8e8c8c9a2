"""Rate limiting per client: 429 (RFC 6585, section 4) for requests beyond the rate."""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from wsgiref.types import WSGIEnvironment

from server.front.problems import Answer, problem
from server.http.tokens import TokenStore

CLIENTS: Final = 10_000
"""How many clients have a bucket at once."""

EXEMPT: Final = frozenset({"/health", "/ready", "/metrics"})
"""Paths without a rate limit, so that monitoring always works."""

_EPSILON: Final = 1e-9


class Buckets:
    """Token buckets by key: `rate` tokens are added per second, up to `burst`. Safe for several threads.

    A bucket is stored as one number, the time at which it will be full (the generic cell rate algorithm, which admits
    what a token bucket admits). At most `capacity` buckets are stored; the least recently used is evicted, and starts
    full if its key returns, as it nearly always would be by then.
    """

    def __init__(
        self, rate: float, burst: int, capacity: int = CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not (0 < rate < math.inf and burst >= 1 and capacity >= 1):
            raise ValueError("rate must be positive and finite, burst and capacity at least 1")
        self._interval = 1 / rate
        self._tolerance = (burst - 1) * self._interval
        self._capacity = capacity
        self._clock = clock
        self._full: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """Takes one token: returns 0 if there was one, else the seconds until the next."""
        with self._lock:
            now = self._clock()
            full = max(self._full.pop(key, now), now)
            wait = full - now - self._tolerance
            admitted = wait <= _EPSILON
            self._full[key] = full + self._interval if admitted else full
            if len(self._full) > self._capacity:
                self._full.popitem(last=False)
            return 0.0 if admitted else wait

    def __len__(self) -> int:
        return len(self._full)


class RateLimit:
    """Refuses requests beyond a client's rate with 429 and Retry-After (in whole seconds).

    `identify` returns the key of a request's client; the default is `client_key`.
    """

    def __init__(self, buckets: Buckets, identify: Callable[[WSGIEnvironment], str] | None = None) -> None:
        self._buckets = buckets
        self._identify = identify or client_key

    def refusal(self, environ: WSGIEnvironment) -> Answer | None:
        """The problem details if this request is beyond the rate, else None; takes a token."""
        if environ["PATH_INFO"] in EXEMPT:
            return None
        wait = self._buckets.take(self._identify(environ))
        if not wait:
            return None
        seconds = max(1, math.ceil(wait - _EPSILON))
        detail = f"You ask more often than this server allows. Try again in {seconds} s."
        return problem(429, "Too many requests", detail, [("Retry-After", str(seconds))])


def client_key(environ: WSGIEnvironment, tokens: TokenStore | None = None) -> str:
    """The key of a request's client: the name of its token if that is valid, else its IP address.

    Of an IPv6 address only the first 64 bits count, since a subscriber has at least a /64 (RFC 6177).
    """
    header = environ.get("HTTP_AUTHORIZATION")
    if tokens and header:
        token = tokens.check(header)
        if token:
            return f"token {token.name}"
    address = str(environ.get("REMOTE_ADDR", ""))
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
