"""``/metrics``: counters and gauges in Prometheus' text format or OpenMetrics."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPMethod
from itertools import accumulate
from typing import Final, NamedTuple

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from kg.workers.allocator import in_use
from server.front.observation import RequestRecord

ROUTES: Final = frozenset(
    [
        *("", "sparql", "graphs", "health", "ready", "metrics", "openapi.json", "static", "id", "page", "data", "ns"),
        *("code", "claim", "source", "search", "reconcile", "query", "charts", "replication"),
    ]
)
"""First segments of paths that have a label of their own; all others are ``other``, so that clients add no series."""

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
"""Upper bounds of the latency histogram in seconds, without +Inf."""

_METHODS: Final = frozenset(HTTPMethod)


class Workers(NamedTuple):
    """The state of the worker pool: busy workers, queued requests, workers replaced and scans since the start.

    Scans are queries that columns answered. `optimised` are queries that were rewritten.
    """

    busy: int
    waiting: int
    replaced: int
    scanned: int = 0
    optimised: int = 0


@dataclass
class _Latency:
    """Latencies of one route: requests per bucket (the last is +Inf), and the sums of seconds and body bytes."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0
    size: int = 0


class Metrics(Collector):
    """Counts requests (an observer of `server.front.observation`) and exports the counts to Prometheus.

    A request costs one lock and a few additions: the library's own counters cost several times as much, which shows in
    responses from the cache. `workers` is called at each scrape. Each instance has its own registry, none is global.
    """

    def __init__(self, workers: Callable[[], Workers] | None = None) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._latencies: defaultdict[str, _Latency] = defaultdict(_Latency)
        self._cache: defaultdict[str | None, int] = defaultdict(int)
        self._incomplete = 0
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)
        ProcessCollector(registry=self.registry)  # CPU, memory and open files of the serving process

    def __call__(self, record: RequestRecord) -> None:
        """Counts one request. ``kelisim.cache`` in its environ is ``hit`` or ``miss`` if the cache was looked up."""
        environ, status, size, _, seconds, complete = record
        route, method = _labels_of(environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", ""))
        with self._lock:
            self._requests[route, method, status] += 1
            latency = self._latencies[route]
            latency.buckets[bisect_left(BUCKETS, seconds)] += 1
            latency.seconds += seconds
            latency.size += size
            self._cache[environ.get("kelisim.cache")] += 1
            if not complete:
                self._incomplete += 1

    def collect(self) -> Iterator[Metric]:
        """The current metrics; the registry calls this at each scrape."""
        with self._lock:
            requests = dict(self._requests)
            latencies = {r: _Latency(list(x.buckets), x.seconds, x.size) for r, x in self._latencies.items()}
            cache, incomplete = {kind: self._cache[kind] for kind in ("hit", "miss")}, self._incomplete
        count = CounterMetricFamily("kelisim_http_requests", "Requests answered.", labels=["route", "method", "status"])
        for (route, method, status), number in sorted(requests.items()):
            count.add_metric([route, method, str(status)], number)
        duration = HistogramMetricFamily(
            "kelisim_http_request_duration_seconds", "Time from request to end of answer.", labels=["route"]
        )
        size = CounterMetricFamily("kelisim_http_response_bytes", "Bytes of answers' bodies.", labels=["route"])
        bounds = [*map(floatToGoString, BUCKETS), "+Inf"]
        for route, latency in sorted(latencies.items()):
            cumulative = list(zip(bounds, map(float, accumulate(latency.buckets)), strict=True))
            duration.add_metric([route], cumulative, latency.seconds)
            size.add_metric([route], latency.size)
        lookups = CounterMetricFamily("kelisim_cache_requests", "Requests looked up in the cache.", labels=["outcome"])
        for outcome, number in cache.items():
            lookups.add_metric([outcome], number)
        yield from (count, duration, size, lookups)
        yield InfoMetricFamily("kelisim_allocator", "What allocates memory.", value={"name": in_use()})
        yield CounterMetricFamily("kelisim_http_incomplete", "Answers that ended before their end.", value=incomplete)
        if self._workers:
            state = self._workers()
            yield GaugeMetricFamily("kelisim_workers_busy", "Workers that evaluate.", value=state.busy)
            yield GaugeMetricFamily("kelisim_workers_waiting", "Requests that wait for a worker.", value=state.waiting)
            yield CounterMetricFamily("kelisim_workers_replaced", "Workers replaced.", value=state.replaced)
            yield CounterMetricFamily("kelisim_columns_answers", "Queries that columns answered.", value=state.scanned)
            yield CounterMetricFamily("kelisim_optimised_queries", "Queries rewritten.", value=state.optimised)

    def page(self, accept: str = "") -> tuple[str, bytes]:
        """The media type negotiated by an Accept header, and the metrics in it."""
        encode, media_type = choose_encoder(accept)
        return media_type, encode(self.registry)


def blueprint(metrics: Metrics) -> Blueprint:
    """The route that Prometheus scrapes."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def page() -> Response:
        """The current metrics."""
        media_type, body = metrics.page(request.headers.get("Accept", ""))
        response = Response(body, content_type=media_type)
        response.cache_control.no_store = True
        response.vary.add("Accept")
        return response

    return routes


@lru_cache(maxsize=1024)
def _labels_of(path: str, method: str) -> tuple[str, str]:
    return route_of(path), method if method in _METHODS else "other"


def route_of(path: str) -> str:
    """The route label of a path: ``/`` and its first segment if that is one of `ROUTES`, else ``other``."""
    first = path[1:].partition("/")[0]
    return f"/{first}" if path.startswith("/") and first in ROUTES else "other"
