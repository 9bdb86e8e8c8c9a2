"""Rate limiting per client: 429 (RFC 6585, section 4) for those that ask too often."""

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
"""How many clients are remembered at once."""

EXEMPT: Final = frozenset({"/health", "/ready", "/metrics"})
"""Paths that are always answered: who watches the server must not be locked out."""

_EPSILON: Final = 1e-9


class Buckets:
    """Token buckets by key: `rate` tokens flow in per second, `burst` fit in. Safe for several threads.

    Each is kept as one number, the time at which it will be full (the generic cell rate algorithm, which admits what
    a token bucket admits). At most `capacity` are kept: the one not seen for longest goes first, and is full if it
    comes back, as it nearly always would be by then.
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
        """Takes one token: returns 0 if there was one, else the seconds until there will be."""
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
    """Refuses with 429 and Retry-After (whole seconds) what a client asks beyond its rate.

    `identify` names the client of a request; see `client_key`.
    """

    def __init__(self, buckets: Buckets, identify: Callable[[WSGIEnvironment], str] | None = None) -> None:
        self._buckets = buckets
        self._identify = identify or client_key

    def refusal(self, environ: WSGIEnvironment) -> Answer | None:
        """The problem, if this request is one too many."""
        if environ["PATH_INFO"] in EXEMPT:
            return None
        wait = self._buckets.take(self._identify(environ))
        if not wait:
            return None
        seconds = max(1, math.ceil(wait - _EPSILON))
        detail = f"You ask more often than this server allows. Try again in {seconds} s."
        return problem(429, "Too many requests", detail, [("Retry-After", str(seconds))])


def client_key(environ: WSGIEnvironment, tokens: TokenStore | None = None) -> str:
    """Who asks: the name of the token, if a valid one is sent (an invented one gives no new bucket), else the address.

    Of an IPv6 address the first 64 bits count, since every subscriber has all that follow them (RFC 6177).
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
