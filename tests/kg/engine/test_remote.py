"""Queries to other endpoints: updates are never sent, and all errors are reported."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest

from kg.engine.remote import RemoteEndpoint, query_form
from ontology import KelisimError

HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
YES = b'{"head":{},"boolean":true}'
PROBLEM = b'{"title":"Malformed query","detail":"no such prefix"}'


class Endpoint:
    """An endpoint that sends a fixed response and records the requests."""

    def __init__(self) -> None:
        self.answer = b""
        self.sent: list[dict[str, list[str]]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.sent.append(parse_qs(body.decode()))
                self.wfile.write(endpoint.answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/sparql"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("ask {}", "ASK"),
        ("# CLEAR ALL\nPREFIX clear: <urn:clear#> BASE <urn:b>\tSELECT ?insert {}", "SELECT"),
        ("PREFIX:<urn:x>#c\nDESCRIBE <urn:delete>", "DESCRIBE"),
        ("PREFIX a: <urn:a> PREFIX b: <urn:b> CONSTRUCT WHERE { ?s ?p ?o FILTER(?s != b:<c>) }", "CONSTRUCT"),
    ],
)
def test_queries_are_known_by_their_keyword(query: str, form: str) -> None:
    assert query_form(query) == form


@pytest.mark.parametrize(
    "text",
    [
        "CLEAR ALL",
        "# SELECT\nDROP ALL",
        "PREFIX select: <urn:select> INSERT DATA { select:a select:b 1 }",
        "PREFIX a: <urn:SELECT> delete where { ?s ?p ?o }",
        "SELECTED",
        "PREFIX SELECT",
        "",
        "{ SELECT",
    ],
)
def test_updates_are_never_sent(text: str, endpoint: Endpoint) -> None:
    with pytest.raises(KelisimError, match="This is no query: it begins with"):
        RemoteEndpoint(endpoint.url).query(text)
    assert endpoint.sent == []


def test_the_query_is_sent_as_it_is(endpoint: Endpoint) -> None:
    endpoint.answer = HEAD % (b"200 OK", len(YES), YES)
    query = "# é CONSTRUCT\nASK {}"
    body, form = RemoteEndpoint(endpoint.url, timeout=0.3).query(query)
    assert (b"true" in body, form.name) == (True, "json")
    assert endpoint.sent[0]["query"] == [query]
    assert "update" not in endpoint.sent[0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"GARBAGE\r\n\r\n", "did not answer: GARBAGE. Is the address right"),
        (HEAD % (b"200 OK", 500, b"{}"), "did not answer: IncompleteRead"),
        (HEAD % (b"200 OK", 3, b"<a>"), "is not what SPARQL 1.1 says"),
        (HEAD % (b"400 Bad", len(PROBLEM), PROBLEM), "refused the query: no such prefix$"),
        (HEAD % (b"500 Oh", 6, b"caf\xc3\xa9\n"), "refused the query: café$"),
        (HEAD % (b"401 No", 0, b""), "refused the query: Unauthorized"),
        (HEAD % (b"503 Busy", 5, b"later"), "refused the query: HTTP 503 Busy. later$"),
    ],
)
def test_all_errors_are_reported(answer: bytes, message: str, endpoint: Endpoint) -> None:
    endpoint.answer = answer
    with pytest.raises(KelisimError, match=message):
        RemoteEndpoint(endpoint.url).query("ASK {}")


@pytest.mark.parametrize(
    "url", ["", "no address", "file:///etc/passwd", "ftp://a/", "http://", "http://a:b/", "http://[a/", "http://a/b c"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(KelisimError, match="is no address of an endpoint"):
        RemoteEndpoint(url)
