"""Queries to other endpoints: updates are never sent, and all errors are reported."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from kg.commands.cli import cli
from kg.engine.remote import RemoteEndpoint, query_form
from kg.rdf.formats import RESULT_FORMATS
from ontology import KelisimError

HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
YES = b'{"head":{},"boolean":true}'
PROBLEM = b'{"title":"Malformed query","detail":"no such prefix"}'


class Endpoint:
    """An endpoint that sends a fixed response and records the requests."""

    def __init__(self) -> None:
        self.answer = b""
        self.redirections: dict[str, bytes] = {}
        self.sent: list[dict[str, list[str]]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.sent.append(parse_qs(body.decode()))
                self.wfile.write(endpoint.redirections.get(self.path, endpoint.answer))

            def do_GET(self) -> None:
                endpoint.sent.append(parse_qs(urlsplit(self.path).query))
                self.wfile.write(endpoint.redirections.get(self.path, endpoint.answer))

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
        (HEAD % (b"401 No", 0, b""), r"refused the query: HTTP 401 No\.$"),
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


MOVED = b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
TYPED = b"HTTP/1.1 %d Said\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirections_keep_the_query(status: int, endpoint: Endpoint) -> None:
    endpoint.redirections = {"/sparql": MOVED % (status, b"/second"), "/second": MOVED % (307, b"/third?x=1")}
    endpoint.answer = HEAD % (b"200 OK", len(YES), YES)
    query = "ASK { ?s ?p 'a&b=é' }"
    if status == 303:
        endpoint.redirections = {"/sparql": MOVED % (status, b"/third?x=1")}
    assert b"true" in RemoteEndpoint(endpoint.url).query(query)[0]
    assert endpoint.sent[-1]["query"] == [query]


def test_redirections_without_end_or_elsewhere_are_errors(endpoint: Endpoint) -> None:
    endpoint.redirections = {"/sparql": MOVED % (308, b"/sparql")}
    with pytest.raises(KelisimError, match="infinite loop"):
        RemoteEndpoint(endpoint.url).query("ASK {}")
    endpoint.redirections = {"/sparql": MOVED % (301, b"ftp://127.0.0.1/sparql")}
    with pytest.raises(KelisimError):
        RemoteEndpoint(endpoint.url).query("ASK {}")


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize(
    ("media_type", "page"),
    [(b"text/html; charset=utf-8", b"<p>Welcome"), (b"text/plain", b"\n<!DOCTYPE html><title>Welcome</title>")],
)
def test_a_web_page_is_told_as_one(status: int, media_type: bytes, page: bytes, endpoint: Endpoint) -> None:
    endpoint.answer = TYPED % (status, media_type, len(page), page)
    with pytest.raises(
        KelisimError, match=r"a web page \(text/\w+\), not with SPARQL results.*/sparql/query\.$"
    ) as caught:
        RemoteEndpoint(endpoint.url).query("ASK {}")
    assert "Welcome" not in str(caught.value)
    assert (f"HTTP {status}" in str(caught.value)) == (status != 200)


ODD = [
    {"x": {"type": "bnode", "value": "node id:7 [b]"}, "y": {"type": "uri", "value": "http://e/a b"}},
    {"x": {"type": "literal", "value": "colour", "xml:lang": "en_US"}, "y": {"type": "uri", "value": "relative"}},
    {"x": {"type": "typed-literal", "value": "1", "datatype": "http://e/my type"}},
    {"x": {"type": "bnode", "value": "node id:7 [b]"}, "y": {"type": "literal", "value": ":smile: [red]fine"}},
]


def test_odd_terms_lose_no_row(endpoint: Endpoint) -> None:
    body = json.dumps({"head": {"vars": ["x", "y"]}, "results": {"bindings": ODD}}).encode()
    endpoint.answer = HEAD % (b"200 OK", len(body), body)
    query = "SELECT ?x ?y { ?x ?p ?y }"
    printed = CliRunner().invoke(cli, ["query", "--endpoint", endpoint.url, query]).output
    for shown in ("node id:7 [b]", "<http://e/a b>", "colour", "<relative>", ":smile: [red]fine", "4 rows"):
        assert shown in printed
    for form in RESULT_FORMATS:
        written = RemoteEndpoint(endpoint.url).query(query, form)[0].decode()
        assert "colour" in written
        assert written.count("fine") == 1
        if form.name in {"csv", "csv-excel", "tsv"}:
            assert len(written.splitlines()) == 5


def test_an_answer_in_another_format_is_read(endpoint: Endpoint) -> None:
    xml = b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head/><boolean>true</boolean></sparql>'
    endpoint.answer = TYPED % (200, b"application/sparql-results+xml", len(xml), xml)
    assert b"true" in RemoteEndpoint(endpoint.url).query("ASK {}")[0]
    triples = b"<http://e/a> <http://e/b> <http://e/c> .\n"
    endpoint.answer = TYPED % (200, b"application/n-triples", len(triples), triples)
    assert b"http://e/c" in RemoteEndpoint(endpoint.url).query("DESCRIBE <http://e/a>")[0]
