"""Queries beyond the limits end in a clear error, and other requests are not affected."""

import contextlib
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.conftest import serving
from tests.http import ask, send

LIMITS = ("--timeout", "4", "--max-timeout", "10", "--memory", "300", "--result", "20", "--queue", "4")
PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
QUERY = {"Content-Type": "application/sparql-query"}


@pytest.fixture(scope="module")
def small(kelisim: str, engine_options: Sequence[str]) -> Iterator[str]:
    """A server with small limits."""
    with serving(kelisim, *LIMITS, *engine_options) as running:
        yield running.address


@pytest.fixture(scope="module")
def patient(kelisim: str, engine_options: Sequence[str]) -> Iterator[str]:
    """A server with a long query timeout."""
    with serving(kelisim, "--timeout", "60", *engine_options) as running:
        yield running.address


@pytest.fixture
def sink() -> Iterator[tuple[int, list[bytes]]]:
    """A port that accepts connections, and a list of what it receives."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                heard.append(b"connected")
                connection.close()

        threading.Thread(target=take, daemon=True).start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)


def nested(opening: str, closing: str, depth: int, middle: str = "") -> str:
    return opening * depth + middle + closing * depth


HEAVY = {
    "a cartesian product that is counted": (f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}", {503, 413}),
    "a cartesian product that is sorted": (f"SELECT * {{ {PRODUCT} }} ORDER BY ?a ?i", {413, 503}),
    "a large answer": ("SELECT * { ?a ?b ?c . ?d ?e ?f }", {413}),
    "a huge group": (f"SELECT ?a ?d (COUNT(*) AS ?n) {{ {PRODUCT} }} GROUP BY ?a ?d ?g", {413, 503}),
    "a product taken away": (f"SELECT * {{ {PRODUCT} MINUS {{ ?a ?b ?i . ?d ?e ?c }} }}", {413, 503}),
    "nested paths": (
        "SELECT (COUNT(*) AS ?n) { ?a ((!<urn:x>|^!<urn:x>)*/(!<urn:y>)+)* ?b . ?b (!<urn:z>)* ?c }",
        {503, 413},
    ),
    "a long join": (
        "SELECT (COUNT(*) AS ?n) { " + " . ".join(f"?a{i} ?p{i} ?b{i}" for i in range(60)) + " }",
        {503, 413},
    ),
}
DEEP = {
    "groups": "ASK { " + nested("{ ", "} ", 100_000) + "}",
    "parentheses": "ASK { FILTER(" + nested("(", ")", 200_000, "1") + ") }",
    "not": "ASK { FILTER(" + "!" * 300_000 + "true) }",
    "unions": "ASK { " + "{} UNION " * 60_000 + "{} }",
    "path steps": "ASK { ?a " + "/".join(["<urn:p>"] * 60_000) + " ?b }",
    "subselects": "SELECT * { " + nested("{ SELECT * { ", "} } ", 30_000) + "}",
    "blank nodes": "ASK { ?s ?p " + nested("[ ?p ", "] ", 60_000, "1 ") + "}",
    "lists": "ASK { ?s ?p " + nested("( ", ") ", 60_000) + "}",
}


def answers(server: str) -> bool:
    status, _, body = send(ask(server, "ASK {}", format="json"))
    return status == 200 and json.loads(body)["boolean"] is True


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_queries_end_in_a_clear_error(small: str, name: str, engine_options: Sequence[str]) -> None:
    query, statuses = HEAVY[name]
    status, headers, body = send(ask(small, query))
    # An engine elsewhere gives an answer when it is whole: its time may be over before its size is known.
    assert status in statuses | ({503, 504} if engine_options else set()), body
    assert headers.get_content_type() == "application/problem+json"
    assert len(json.loads(body)["detail"]) > 30
    if status == 503:
        assert headers["Retry-After"]
    assert answers(small)


@pytest.mark.parametrize("name", DEEP)
def test_deep_queries_are_answered_or_refused(small: str, name: str) -> None:
    status, headers, body = send(f"{small}sparql", method="POST", body=DEEP[name].encode(), headers=QUERY)
    assert status in (200, 400, 413, 503), body
    assert headers.get_content_type() in ("application/problem+json", "application/sparql-results+json")
    assert answers(small)


def test_catastrophic_regexes_and_giant_values_are_harmless(small: str) -> None:
    regex = "ASK { FILTER(REGEX('" + "a" * 5000 + "', '^(a+)+$|(a|aa)*b')) }"
    assert send(ask(small, regex))[0] == 200
    values = "SELECT (COUNT(*) AS ?n) { VALUES ?x { " + "1 " * 400_000 + "} }"
    assert send(f"{small}sparql", method="POST", body=values.encode(), headers=QUERY)[0] in (200, 413, 503)
    assert answers(small)


def test_a_query_may_ask_for_less_or_more_time(small: str) -> None:
    heavy = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    for asked, said in (("0.5", "0.5 seconds"), ("100", "10 seconds")):
        status, _, body = send(ask(small, heavy, timeout=asked))
        assert (status, said in json.loads(body)["detail"]) == (503, True)


def test_others_go_on_while_one_query_is_heavy(small: str) -> None:
    """While one worker is busy, small queries are answered meanwhile, not afterwards."""
    thread = threading.Thread(target=send, args=(ask(small, f"SELECT (COUNT(*) AS ?m) {{ {PRODUCT} }}", timeout="8"),))
    thread.start()
    time.sleep(0.3)
    for i in range(20):
        assert send(ask(small, f"ASK {{ FILTER({i} = {i}) }}"))[0] == 200
    assert thread.is_alive(), "the heavy query ended before the small ones were done"
    thread.join()


def test_queries_beyond_the_queue_are_refused(small: str) -> None:
    statuses: list[int] = []

    def run(i: int) -> None:
        statuses.append(send(ask(small, f"SELECT (COUNT(*) AS ?n{i}) {{ {PRODUCT} }}", timeout="2"))[0])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {503}
    assert answers(small)


def test_no_query_sends_outbound_requests(small: str, sink: tuple[int, list[bytes]]) -> None:
    port, heard = sink
    url = f"http://127.0.0.1:{port}/x"
    for query in (
        f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ {{}} SERVICESILENT <{url}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ BIND(trueSERVICE<{url}>{{?s ?p ?o}} }}",
        f"PREFIX : <{url}> SELECT * {{ {{}} SERVICE:{{ ?s ?p ?o }} }}",
        f"PREFIX S: <{url}> SELECT * {{ {{}} SERVICES:{{ ?s ?p ?o }} }}",
        f"SELECT * FROM <{url}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    ):
        assert send(ask(small, query))[0] in (400, 403), query
    for parameter in ("default-graph-uri", "named-graph-uri"):
        status, _, body = send(ask(small, "SELECT * { ?s ?p ?o }", **{parameter: url}))
        assert status == 403
        assert "load it into the store" in json.loads(body)["detail"]
    assert heard == []


def test_bodies_of_unknown_length_are_counted(small: str) -> None:
    host, port = small.removeprefix("http://").rstrip("/").split(":")
    query = b"ASK {} #" + b"x" * 1_200_000
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(c), c) for c in (query[i : i + 60_000] for i in range(0, len(query), 60_000))
    )
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nTransfer-Encoding: chunked\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):  # the server need not read the whole body
            connection.sendall(head + b"Connection: close\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert connection.recv(100).split()[1] in (b"413", b"411")
    assert answers(small)


def test_a_thousand_idle_connections_and_slow_heads_block_nobody(small: str) -> None:
    host, port = small.removeprefix("http://").rstrip("/").split(":")
    held = []
    try:
        for i in range(1000):
            connection = socket.create_connection((host, int(port)), timeout=10)
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: " if i % 2 else b"")
            held.append(connection)
        assert answers(small)
    finally:
        for connection in held:
            connection.close()
    assert answers(small)


def test_the_same_question_at_the_same_time_is_evaluated_once(small: str) -> None:
    query = f"SELECT (COUNT(*) AS ?same) {{ {PRODUCT} }}"
    before = metric(small, "kelisim_workers_replaced")
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(send(ask(small, query, timeout="4"))[0])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [503] * 8
    assert metric(small, "kelisim_workers_replaced") == before + 1, "one worker was stopped for all of them"


def metric(server: str, name: str) -> int:
    lines = send(f"{server}metrics")[2].decode().splitlines()
    return int(float(next(line for line in lines if line.startswith(name)).split()[-1]))


def until(server: str, name: str, value: int, seconds: float) -> bool:
    """Whether a metric reaches the value within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if metric(server, name) == value:
            return True
        time.sleep(0.05)
    return False


def open_request(server: str, request: str) -> socket.socket:
    """A connection that has sent a request and not read the response."""
    host, port = server.removeprefix("http://").rstrip("/").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(request.encode())
    return connection


@pytest.mark.parametrize("kind", ["GET", "POST", "page"])
def test_a_query_whose_client_disconnects_is_cancelled(patient: str, kind: str) -> None:
    query = urllib.parse.urlencode({"query": f"SELECT (COUNT(*) AS ?{kind}) {{ {PRODUCT} }}", "timeout": "60"})
    head = "Host: x\r\nAccept: " + ("text/html" if kind == "page" else "*/*") + "\r\n"
    posted = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(query)}\r\n\r\n{query}"
    request = f"POST /sparql HTTP/1.1\r\n{head}{posted}" if kind == "POST" else ""
    before = metric(patient, "kelisim_workers_replaced")
    with open_request(patient, request or f"GET /sparql?{query} HTTP/1.1\r\n{head}\r\n"):
        assert until(patient, "kelisim_workers_busy", 1, 5)
        time.sleep(0.3)
        assert metric(patient, "kelisim_workers_busy") == 1
    assert until(patient, "kelisim_workers_replaced", before + 1, 5), "its worker goes on for nobody"
    assert until(patient, "kelisim_workers_busy", 0, 5)
    assert answers(patient)
    time.sleep(0.5)
    assert metric(patient, "kelisim_workers_replaced") == before + 1, "it was evaluated once more, for nobody"


def test_a_shared_query_goes_on_while_one_client_waits(patient: str) -> None:
    query = urllib.parse.urlencode({"query": f"SELECT (COUNT(*) AS ?both) {{ {PRODUCT} }}", "timeout": "60"})
    request = f"GET /sparql?{query} HTTP/1.1\r\nHost: x\r\n\r\n"
    before = metric(patient, "kelisim_workers_replaced")
    with open_request(patient, request):
        with open_request(patient, request):
            assert until(patient, "kelisim_workers_busy", 1, 5)
            time.sleep(0.3)
        time.sleep(1)
        assert metric(patient, "kelisim_workers_replaced") == before
        assert metric(patient, "kelisim_workers_busy") == 1
    assert until(patient, "kelisim_workers_replaced", before + 1, 5)


@pytest.fixture
def redirecting(sink: tuple[int, list[bytes]]) -> Iterator[str]:
    """An endpoint that redirects every request to the sink."""

    class Redirect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{sink[0]}/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    with HTTPServer(("127.0.0.1", 0), Redirect) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()


def test_federation_with_allowed_endpoints(
    kelisim: str, server: str, redirecting: str, sink: tuple[int, list[bytes]]
) -> None:
    _, heard = sink
    allowed = f"{server}sparql"
    options = [word for url in (allowed, redirecting, "http://h.invalid/") for word in ("--allow-service", url)]
    with serving(kelisim, *options) as running:

        def status(pattern: str) -> int:
            return send(ask(running.address, f"SELECT * {{ {pattern} }}", format="json"))[0]

        label = "<https://w3id.org/kelisim/id/astana> <http://www.w3.org/2000/01/rdf-schema#label> ?label"
        for keyword in ("SERVICE", "service silent"):
            query = f"SELECT * {{ {keyword} <{allowed}> {{ {label} }} }}"
            body = send(ask(running.address, query, format="json"))[2]
            assert len(json.loads(body)["results"]["bindings"]) == 3
        assert heard == []
        for other in (f"<{allowed}x>", f"<{server}>", "?endpoint", "x:y"):
            assert status(f"SERVICE {other} {{ {label} }}") in (400, 403), other
        assert status(f"SERVICE <http://h.invalid/> {{ {label} }}") == 502
        _, _, body = send(ask(running.address, f"SELECT * {{ SERVICE SILENT <http://h.invalid/> {{ {label} }} }}"))
        assert json.loads(body)["results"]["bindings"] == [{}]
        assert status(f"{{}} SERVICESILENT <{redirecting}> {{ {label} }}") == 403
        assert heard == []
        assert status(f"SERVICE <{redirecting}> {{ {label} }}") == 502
        assert status(f"SERVICE SILENT <{redirecting}> {{ {label} }}") == 200
        assert heard == [], "a redirect was followed"
