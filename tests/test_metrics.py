"""What is counted of requests, and how Prometheus is told of it."""

from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client, EnvironBuilder

from server.metrics import BUCKETS, Metrics, MetricsPage, Workers, route_of
from server.observation import Exchange, Observation


class Clock:
    """A clock that moves when it is told to, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stream:
    """A body in parts that takes a second for each, and knows whether it was closed."""

    def __init__(self, clock: Clock, parts: list[bytes]) -> None:
        self.clock, self.parts, self.closed = clock, parts, 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            self.clock.now += 1
            yield part

    def close(self) -> None:
        self.clock.now += 1
        self.closed += 1


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["kelisim.cache"] = "hit" if "hit" in environ["QUERY_STRING"] else "miss"
    missing = environ["PATH_INFO"] == "/missing"
    start_response("404 Not Found" if missing else "200 OK", [("Content-Type", "text/plain")])
    return [b"four"]


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    _, text = metrics.page()
    return {
        (s.name, tuple(value for _, value in sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text.decode())
        for s in family.samples
    }


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics(lambda: Workers(busy=2, waiting=3, replaced=4))
    client = Client(MetricsPage(Observation(application, [metrics]), metrics))
    client.get("/sparql?hit")
    client.get("/sparql")
    client.post("/sparql?hit", data=b"x", buffered=True)
    client.get("/missing", buffered=True)
    client.open("/id/astana", method="PATCHED", buffered=True)
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


def test_it_keeps_to_wsgi() -> None:
    client = Client(validator(Observation(validator(MetricsPage(validator(application), Metrics())), [])))
    assert client.get("/sparql", buffered=True).data == b"four"
    assert client.get("/metrics", buffered=True).status_code == 200


def test_the_page_in_both_formats() -> None:
    metrics = Metrics()
    client = Client(MetricsPage(application, metrics))
    plain = client.get("/metrics")
    assert plain.status_code == 200
    assert plain.mimetype == "text/plain"
    assert b"process_open_fds" in plain.data
    opened = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert opened.mimetype == "application/openmetrics-text"
    assert opened.data.endswith(b"# EOF\n")
    head = client.head("/metrics")
    assert (head.status_code, head.data) == (200, b"")
    refused = client.post("/metrics")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert refused.json
    assert refused.json["status"] == 405


def test_two_instances_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    Client(Observation(application, [one])).get("/sparql")
    assert ("kelisim_http_requests_total", ("GET", "/sparql", "200")) in samples(one)
    assert ("kelisim_http_requests_total", ("GET", "/sparql", "200")) not in samples(other)


def test_latency_falls_into_its_bucket_and_the_buckets_add_up() -> None:
    metrics = Metrics()
    environ = EnvironBuilder("/sparql").get_environ()
    for seconds in (0.0, 0.0005, 0.03, 3.0, 1000.0):
        metrics(Exchange(environ, 200, 0, 0.0, seconds, True))
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


def test_a_stream_is_timed_to_its_end_and_told_of_once() -> None:
    clock, told = Clock(), list[Exchange]()
    stream = Stream(clock, [b"ab", b"cde"])

    def streaming(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return stream

    environ = EnvironBuilder("/sparql").get_environ()
    body = Observation(streaming, [told.append], clock, lambda: 77.0)(environ, lambda *_: lambda _: None)
    assert b"".join(body) == b"abcde"
    assert not told
    body.close()  # type: ignore[attr-defined]
    body.close()  # type: ignore[attr-defined]
    assert told == [Exchange(environ, 200, 5, 77.0, 3.0, True)]


def test_a_client_that_leaves_is_told_of() -> None:
    clock, told, metrics = Clock(), list[Exchange](), Metrics()

    def streaming(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return iter([b"ab", b"cde"])

    body = Observation(streaming, [told.append, metrics], clock)(
        EnvironBuilder("/sparql").get_environ(), lambda *_: lambda _: None
    )
    assert next(iter(body)) == b"ab"
    body.close()  # type: ignore[attr-defined]
    assert [(e.size, e.complete) for e in told] == [(2, False)]
    assert samples(metrics)["kelisim_http_incomplete_total", ()] == 1


def test_a_list_stays_a_list() -> None:
    body = [b"four"]

    def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return body

    environ = EnvironBuilder("/").get_environ()
    assert Observation(answering, [Metrics()])(environ, lambda *_: lambda _: None) is body


def test_an_application_that_raises_counts_as_500() -> None:
    told = list[Exchange]()

    def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Client(Observation(failing, [told.append])).get("/sparql")
    assert [e.status for e in told] == [500]


def test_an_observer_that_fails_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    told = list[Exchange]()

    def failing(_: Exchange) -> None:
        raise RuntimeError("broken observer")

    assert Client(Observation(application, [failing, told.append])).get("/sparql").status_code == 200
    assert len(told) == 1
    assert "broken observer" in caplog.text
