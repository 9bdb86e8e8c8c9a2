"""The counts of requests, and their export to Prometheus."""

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import EnvironBuilder

from server.front.metrics import BUCKETS, Metrics, Workers, blueprint, route_of
from server.front.observation import RequestRecord, notify


class Clock:
    """A clock that is set by the test, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(target: str, status: int = 200, method: str = "GET", size: int = 4, complete: bool = True) -> RequestRecord:
    """A request of no duration; its query string is the outcome of the cache lookup."""
    path, _, cache = target.partition("?")
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "kelisim.cache": cache or None}
    return RequestRecord(environ, status, size, 0.0, 0.0, complete)


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    _, text = metrics.page()
    return {
        (s.name, tuple(value for _, value in sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text.decode())
        for s in family.samples
    }


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics(lambda: Workers(busy=2, waiting=3, replaced=4))
    metrics(record("/sparql?hit"))
    metrics(record("/sparql?miss"))
    metrics(record("/sparql?hit", method="POST"))
    metrics(record("/missing?miss", 404))
    metrics(record("/id/astana?miss", method="PATCHED"))
    found = samples(metrics)
    assert found["kelisim_http_requests_total", ("GET", "/sparql", "200")] == 2
    assert found["kelisim_http_requests_total", ("POST", "/sparql", "200")] == 1
    assert found["kelisim_http_requests_total", ("GET", "other", "404")] == 1
    assert found["kelisim_http_requests_total", ("other", "/id", "200")] == 1
    assert found["kelisim_http_response_bytes_total", ("/sparql",)] == 12
    assert found["kelisim_http_request_duration_seconds_count", ("/sparql",)] == 3
    assert found["kelisim_cache_requests_total", ("hit",)] == 2
    assert found["kelisim_cache_requests_total", ("miss",)] == 3
    assert found["kelisim_workers_busy", ()] == 2
    assert found["kelisim_workers_waiting", ()] == 3
    assert found["kelisim_workers_replaced_total", ()] == 4
    assert found["kelisim_http_incomplete_total", ()] == 0


def test_the_page_in_both_formats() -> None:
    app = Flask("test")
    app.register_blueprint(blueprint(Metrics()))
    client = app.test_client()
    plain = client.get("/metrics")
    assert (plain.status_code, plain.mimetype) == (200, "text/plain")
    assert b"process_open_fds" in plain.data
    opened = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert opened.mimetype == "application/openmetrics-text"
    assert opened.data.endswith(b"# EOF\n")
    assert client.head("/metrics").data == b""
    assert client.post("/metrics").status_code == 405


def test_two_instances_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one(record("/sparql"))
    assert ("kelisim_http_requests_total", ("GET", "/sparql", "200")) in samples(one)
    assert ("kelisim_http_requests_total", ("GET", "/sparql", "200")) not in samples(other)


def test_latency_falls_into_its_bucket_and_the_buckets_add_up() -> None:
    metrics = Metrics()
    environ = EnvironBuilder("/sparql").get_environ()
    for seconds in (0.0, 0.0005, 0.03, 3.0, 1000.0):
        metrics(RequestRecord(environ, 200, 0, 0.0, seconds, True))
    found = samples(metrics)
    name = "kelisim_http_request_duration_seconds"
    counts = {labels[0]: value for (n, labels), value in found.items() if n == f"{name}_bucket"}
    assert (counts["0.0005"], counts["0.025"], counts["0.05"], counts["120.0"], counts["+Inf"]) == (2, 2, 3, 4, 5)
    assert len(counts) == len(BUCKETS) + 1
    assert found[f"{name}_sum", ("/sparql",)] == pytest.approx(1003.0305)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/sparql", "/sparql"),
        ("/id/astana/x", "/id"),
        ("/sparql\n", "other"),
        ("", "other"),
        ("*", "other"),
    ],
)
def test_route_classes(path: str, route: str) -> None:
    assert route_of(path) == route


def test_a_client_that_disconnects_is_counted() -> None:
    metrics = Metrics()
    metrics(record("/sparql", size=2, complete=False))
    assert samples(metrics)["kelisim_http_incomplete_total", ()] == 1


def test_an_observer_that_fails_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    records = list[RequestRecord]()

    def failing(_: RequestRecord) -> None:
        raise RuntimeError("broken observer")

    notify([failing, records.append], record("/sparql"))
    assert len(records) == 1
    assert "broken observer" in caplog.text
