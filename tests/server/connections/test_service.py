"""The service over raw sockets: every refusal has a body, half-closed clients are answered, nothing cut is whole."""

import json
import socket
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Serving, serving
from tests.http import send
from tests.server.connections.application import rest
from tests.server.endpoint.test_safety import metric, until
from tests.server.endpoint.test_writes import Client, make_token
from tests.waiting import becomes

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
KEEP = " HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def running(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, str, Path]]:
    """A server that takes changes, a token for it, and its access log."""
    folder = tmp_path_factory.mktemp("connections")
    token, log = make_token(folder / "store"), folder / "access.jsonl"
    options = ("--store", str(folder / "store"), "--allow-updates", "--timeout", "60", "--access-log", str(log))
    with serving(kelisim, *options) as served:
        yield served, token, log


def connect(address: str, request: str = "") -> socket.socket:
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(request.encode("latin-1"))
    return connection


def response(received: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, and body."""
    head, _, body = received.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    headers = BytesParser(policy=HTTP).parsebytes(fields)
    return int(status.split()[1]), {n.lower(): v for n, v in headers.items()}, body


REFUSED = {
    "a malformed head": (400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
    "no host": (400, "GET / HTTP/1.1\r\n\r\n"),
    "two lengths": (400, "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
    "a long target": (414, f"GET /sparql?query={'a' * 62_000}{KEEP}"),
    "a longer target": (414, f"GET /sparql?query={'a' * 200_000}{KEEP}"),
    "many fields": (431, "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X{n}: y\r\n" for n in range(100)) + "\r\n"),
    "too many fields": (431, "GET / HTTP/1.1\r\nHost: x\r\n" + "X: y\r\n" * 1000 + "\r\n"),
    "a long field": (431, f"GET / HTTP/1.1\r\nHost: x\r\nX: {'y' * 40_000}\r\n\r\n"),
    "a longer field": (431, f"GET / HTTP/1.1\r\nHost: x\r\nX: {'y' * 400_000}\r\n\r\n"),
    "another version": (505, "GET / HTTP/3.0\r\nHost: x\r\n\r\n"),
    "another method": (501, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "another method that is known": (405, "PATCH /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
    "a cut body": (400, "POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nASK\r\n"),
    "a malformed chunk": (400, "POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nASK\r\n"),
    "a short body": (400, "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nASK"),
    "a long body": (413, "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nASK"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_is_problem_details(running: tuple[Serving, str, Path], name: str) -> None:
    status, request = REFUSED[name]
    with connect(running[0].address, request) as connection:
        connection.shutdown(socket.SHUT_WR)
        got, headers, body = response(rest(connection))
    said = json.loads(body)
    assert (got, said["status"]) == (status, status)
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(body)
    assert len(said["title"]) > 3
    assert len(said["detail"]) > 10
    assert "server" not in headers
    assert headers["date"]


def test_refusals_are_logged(running: tuple[Serving, str, Path]) -> None:
    served, _, log = running
    with connect(served.address, REFUSED["two lengths"][1]) as connection:
        assert rest(connection)
    refused = {"status": 400, "client": "127.0.0.1", "complete": True}
    assert becomes(lambda: refused.items() <= json.loads(log.read_text().splitlines()[-1]).items())


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_half_closed_client_gets_its_answer(running: tuple[Serving, str, Path], accept: str) -> None:
    query, rest_of_head = quote("SELECT * { ?s ?p ?o } LIMIT 3"), f"Host: x\r\nAccept: {accept}\r\n\r\n"
    posted = "Content-Type: application/sparql-query\r\nContent-Length: 6\r\n"
    for request in (
        f"GET /sparql?query={query} HTTP/1.1\r\n{rest_of_head}",
        f"GET /events HTTP/1.1\r\n{rest_of_head}",
        f"POST /sparql HTTP/1.1\r\n{posted}{rest_of_head}ASK {{}}",
    ):
        for _ in range(2):  # the second from the cache
            with connect(running[0].address, request) as connection:
                connection.shutdown(socket.SHUT_WR)
                status, headers, body = response(rest(connection))
            assert status == 200
            assert int(headers["content-length"]) == len(body) > 0


def test_a_long_query_of_a_half_closed_client_is_stopped(running: tuple[Serving, str, Path]) -> None:
    address = running[0].address
    with connect(address, f"GET /sparql?query={quote(ENDLESS)}{KEEP}") as connection:
        assert until(address, "kelisim_workers_busy", 1, 10)
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection) in (b"", b"(reset)")
    assert until(address, "kelisim_workers_busy", 0, 10)
    assert metric(address, "kelisim_http_incomplete") >= 1


def test_an_upload_that_is_refused_is_not_asked_for(running: tuple[Serving, str, Path]) -> None:
    served, token, _ = running
    head = "PUT /graphs?graph=urn:expect HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\nExpect: 100-continue\r\n"
    body = "<urn:a> <urn:p> 1 ."
    with connect(served.address, f"{head}Content-Length: {len(body)}\r\n\r\n") as connection:
        status, headers, _ = response(rest(connection))
    assert (status, headers["connection"]) == (401, "close")
    with connect(
        served.address, f"{head}Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    ) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body.encode())
        connection.shutdown(socket.SHUT_WR)
        assert response(rest(connection))[0] in (200, 201, 204)
    assert Client(served, token).rows("GRAPH <urn:expect> { ?s <urn:p> ?o }") == 1


def test_refused_documents_are_not_kept_in_memory(running: tuple[Serving, str, Path]) -> None:
    served, token, _ = running
    body = "no triple\n" + "#" * 10_000_000

    def memory() -> int:
        status = Path(f"/proc/{served.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) << 10

    before = 0
    for number in range(7):
        before = before or (memory() if number else 0)  # after the first, when what is used again is there
        head = f"PUT /graphs?graph=urn:refused HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        head += f"Connection: close\r\nContent-Type: text/turtle\r\nContent-Length: {len(body)}\r\n\r\n"
        with connect(served.address, head + body) as connection:
            assert response(rest(connection))[0] == 400
    assert memory() < before + 4 * len(body)


def test_pipelined_queries_and_pages_come_in_order(running: tuple[Serving, str, Path]) -> None:
    paths = [f"/sparql?query={quote(f'SELECT ?n{n} {{}}')}" if n % 2 else f"/nowhere-{n}" for n in range(8)]
    with connect(running[0].address, "".join(f"GET {path}{KEEP}" for path in paths)) as connection:
        connection.shutdown(socket.SHUT_WR)
        received = rest(connection)
    places = [received.index(f'"n{n}"'.encode() if n % 2 else b"404", 0) for n in range(8) if n % 2]
    assert places == sorted(places)
    assert received.count(b"HTTP/1.1 200") == received.count(b"HTTP/1.1 404") == 4


def test_messages_of_changes_are_utf_8(running: tuple[Serving, str, Path]) -> None:
    served, token, _ = running
    update = "INSERT DATA { <urn:message> <urn:p> 1 }"
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    head += "Content-Type: application/sparql-update\r\n"
    with connect(served.address) as connection:
        connection.sendall(f"{head}Kelisim-Message: Астана\r\nContent-Length: {len(update)}\r\n\r\n{update}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert response(rest(connection))[0] == 200
    folder = running[2].parent / "store"
    log = b"".join(f.read_bytes() for f in folder.rglob("*") if f.is_file())
    assert "Астана".encode() in log


def test_java_offers_an_upgrade_and_is_answered(running: tuple[Serving, str, Path]) -> None:
    head = "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    post = f"POST /sparql HTTP/1.1\r\n{head}Content-Type: application/sparql-query\r\nContent-Length: 6\r\n\r\nASK {{}}"
    with connect(running[0].address, f"{post}GET /health{KEEP}") as connection:
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection).count(b"HTTP/1.1 200 OK") == 2


def test_no_server_is_named(running: tuple[Serving, str, Path]) -> None:
    for path in ("", "sparql?query=ASK%7B%7D", "nowhere", "health"):
        assert send(running[0].address + path)[1]["Server"] is None
