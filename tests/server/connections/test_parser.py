"""Bytes to requests: what is refused, with which status, and that the cuts of the network change nothing."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.connections.parser as parser_module
from server.connections.heads import LONGEST, KnownHeads
from server.connections.parser import FIELDS, HEAD_BYTES, TARGET_BYTES, RequestParser
from server.connections.request import Request
from tests.server.connections.carrier import SilentCarrier

GET = b"GET / HTTP/1.1\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
HOST = b"Host: x\r\n"


def parsed(*parts: bytes) -> tuple[list[Request], RequestParser]:
    """The requests in the bytes, which arrive in such parts; like `Connection`, it takes one after another."""
    parser, found, unparsed = RequestParser(SilentCarrier()), list[Request](), b""
    for part in parts:
        unparsed += part
        while unparsed and not parser.refusal:
            unparsed = parser.feed(unparsed)
            found += parser.arrived
            parser.arrived.clear()
    return found, parser


def content(request: Request) -> bytes:
    return b"".join(request._parts)


AMBIGUOUS = {
    "a length and chunks": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two equal lengths": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": POST + b"Content-Length: +3\r\n\r\nabc",
    "a length in hexadecimal": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "an empty length": POST + b"Content-Length:\r\n\r\nabc",
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999999\r\n\r\nabc",
    "chunked not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed after the request line": b"GET / HTTP/1.1\n" + HOST + b"\r\n",
    "a bare line feed after a field": GET + b"Host: x\nA: b\r\n\r\n",
    "a bare line feed at the end": GET + HOST + b"\n",
    "a bare carriage return": GET + HOST + b"A: b\rc\r\n\r\n",
    "a folded field": GET + HOST + b"A: b\r\n c\r\n\r\n",
    "a space before the colon": GET + b"Host : x\r\n\r\n",
    "a space before the first field": GET + b" Host: x\r\n\r\n",
    "a field without a name": GET + HOST + b": x\r\n\r\n",
    "a zero byte": GET + HOST + b"A: b\0c\r\n\r\n",
    "two hosts": GET + HOST + b"Host: y\r\n\r\n",
    "no host": GET + b"\r\n",
    "a host with a space": GET + b"Host: a b\r\n\r\n",
    "a host with a path": GET + b"Host: x/y\r\n\r\n",
    "a host with a user": GET + b"Host: u@x\r\n\r\n",
    "a host with markup": GET + b'Host: "><script>\r\n\r\n',
    "a host with another letter": GET + b"Host: \xd2\x9b\r\n\r\n",
    "a host with a port that is no number": GET + b"Host: x:y\r\n\r\n",
    "empty lines without end": b"\r\n" * HEAD_BYTES,
    "a space in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a target that is no path": b"GET astana HTTP/1.1\r\n" + HOST + b"\r\n",
}
OTHERS = {
    "an unknown method": (501, b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a proxy's method": (501, b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an unknown transfer coding": (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "chunks in HTTP/1.0": (501, b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "another expectation": (417, POST + b"Expect: coffee\r\nContent-Length: 3\r\n\r\nabc"),
    "HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/2 in a request": (505, b"GET / HTTP/2.0\r\n" + HOST + b"\r\n"),
    "HTTP/1.2": (505, b"GET / HTTP/1.2\r\n" + HOST + b"\r\n"),
    "HTTP/0.9": (505, b"GET /\r\n\r\n"),
    "a long target": (414, b"GET /" + b"a" * TARGET_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a target without end": (414, b"GET /" + b"a" * 2 * HEAD_BYTES),
    "a method without end": (400, b"GETS" * HEAD_BYTES),
    "a long field": (431, GET + HOST + b"A: " + b"a" * (HEAD_BYTES + 10_000) + b"\r\n\r\n"),
    "a field without end": (431, GET + HOST + b"A: " + b"a" * 2 * HEAD_BYTES),
    "many fields": (431, GET + HOST + b"A: b\r\n" * FIELDS + b"\r\n"),
}
REFUSED = {name: (400, data) for name, data in AMBIGUOUS.items()} | OTHERS


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    status, data = REFUSED[name]
    found, parser = parsed(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    assert parser.refusal
    assert not found
    assert isinstance(parser.refusal.body, bytes)
    said = json.loads(parser.refusal.body)
    assert (said["status"], parser.refusal.status) == (status, status), said
    assert len(said["detail"]) > 20
    assert dict(parser.refusal.headers)["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", REFUSED)
def test_what_stands_before_a_refused_request_is_read(name: str) -> None:
    found, parser = parsed(GET + HOST + b"\r\n" + REFUSED[name][1])
    assert parser.refusal
    assert len(found) == 1
    assert found[0].complete


def test_targets() -> None:
    for target, path, query, host in (
        ("/a%20b?c=%20d&e", "/a b", "c=%20d&e", "x"),
        ("/%D0%B0%zz", "/\xd0\xb0%zz", "", "x"),
        ("/?#fragment", "/", "", "x"),
        ("//other/path", "//other/path", "", "x"),
        ("http://other.org:81/a?b", "/a", "b", "other.org:81"),
        ("http://other.org", "/", "", "other.org"),
        ("http://[::1]:81/a", "/a", "", "[::1]:81"),
        ("/search?q=Қазақстан", "/search", "q=%D2%9A%D0%B0%D0%B7%D0%B0%D2%9B%D1%81%D1%82%D0%B0%D0%BD", "x"),
    ):
        ((request,), _) = parsed(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        environ = request.environ
        assert (environ["PATH_INFO"], environ["QUERY_STRING"], environ["HTTP_HOST"]) == (path, query, host)


@pytest.mark.parametrize("host", ["", "x:", "x:80", "[::1]:80", "a.b-c_d", "%D2%9B", "x.", "192.0.2.1:8000"])
def test_hosts(host: str) -> None:
    ((request,), _) = parsed(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert request.environ["HTTP_HOST"] == host


def test_letters_of_a_target_that_arrives_in_parts() -> None:
    data = "GET /search?q=Қазақстан HTTP/1.1\r\nHost: x\r\nA: қ\r\n\r\n".encode()
    for size in (1, 5, 30):
        ((request,), _) = parsed(*(data[i : i + size] for i in range(0, len(data), size)))
        assert request.environ["QUERY_STRING"] == "q=%D2%9A%D0%B0%D0%B7%D0%B0%D2%9B%D1%81%D1%82%D0%B0%D0%BD"
        assert request.environ["HTTP_A"] == "\xd2\x9b"


def test_fields() -> None:
    fields = b"X_Real_Ip: 1\r\nX-A: 1\r\nx-a:  2 \r\nCookie: a=1\r\nCookie: b=2\r\nContent-Type: t\r\nX-L: \xd0\xb0\r\n"
    ((request,), _) = parsed(GET + HOST + fields + b"\r\n")
    assert request.environ == {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "x",
        "HTTP_X_A": "1, 2",
        "HTTP_COOKIE": "a=1; b=2",
        "CONTENT_TYPE": "t",
        "HTTP_X_L": "\xd0\xb0",
    }


def test_trailers_are_ignored() -> None:
    body = b"3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
    ((first, second), parser) = parsed(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body + GET + HOST + b"\r\n")
    assert content(first) == b"abc"
    assert first.complete
    assert "HTTP_AUTHORIZATION" not in first.environ | second.environ
    assert not parser.refusal


@pytest.mark.parametrize(
    "rest", [b"A: " + b"a" * 2 * HEAD_BYTES, b"A: b\r\n" * HEAD_BYTES, b"3;" + b"x" * 2 * HEAD_BYTES]
)
def test_trailers_and_extensions_have_a_limit(rest: bytes) -> None:
    last = b"" if rest[:1] == b"3" else b"0\r\n"
    ((request,), parser) = parsed(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + last + rest)
    assert parser.ended
    assert not request.complete


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"\r\n"]
)
def test_an_upgrade_is_declined(framing: bytes) -> None:
    """Java's HTTP client offers HTTP/2 so with its first request, also with a body."""
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    ((first, second), parser) = parsed(POST + upgrade + framing + GET + HOST + b"A: b\r\n\r\n")
    assert content(first) == (b"" if framing == b"\r\n" else b"abc")
    assert first.complete
    assert first.keep_alive
    assert first.environ["REQUEST_METHOD"] == "POST"
    assert second.environ["HTTP_A"] == "b"
    assert not parser.refusal


MALFORMED_CHUNKS = [
    b"3 \r\nabc",
    b"3\nabc\r\n0\r\n\r\n",
    b"0x3\r\nabc\r\n",
    b"3\r\nabcd\r\n",
    b"-3\r\n",
    b"f" * 20,
    b"g\r\n",
]


@pytest.mark.parametrize("chunks", MALFORMED_CHUNKS)
def test_malformed_chunks_end_the_body_and_the_connection(chunks: bytes) -> None:
    ((request,), parser) = parsed(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + GET + HOST + b"\r\n")
    assert not request.complete
    assert parser.ended


STREAM = (
    GET
    + HOST
    + b"A: b\r\n\r\n"
    + POST
    + b"Content-Length: 5000\r\n\r\n"
    + b"x" * 5000
    + POST
    + b"Transfer-Encoding: chunked\r\n\r\n5;e=f\r\nabcde\r\n2\r\nfg\r\n0\r\nT: u\r\n\r\n"
    + b"GET /last HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    + GET
    + HOST
    + b"Connection: close\r\n\r\n"
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_the_cuts_of_the_network_change_nothing(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    found, parser = parsed(*(STREAM[a:b] for a, b in pairwise(places)))
    assert [(r.environ["REQUEST_METHOD"], content(r), r.complete, r.keep_alive) for r in found] == [
        ("GET", b"", True, True),
        ("POST", b"x" * 5000, True, True),
        ("POST", b"abcdefg", True, True),
        ("GET", b"", True, True),
        ("GET", b"", True, False),
    ]
    assert found[0].environ["HTTP_A"] == "b"
    assert not parser.refusal


@given(st.binary(max_size=300), st.sampled_from([b"", GET, GET + HOST, POST + b"Transfer-Encoding: chunked\r\n\r\n"]))
def test_any_bytes_are_read_or_refused(data: bytes, start: bytes) -> None:
    _, parser = parsed(start + data)
    assert not (parser.refusal and parser.in_head)


REPEATED = [
    GET + HOST + b"\r\n",
    b"GET /%C3%A9?a=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    b"\r\n" + GET + HOST + b"\r\n\r\n",
    GET + HOST + b"Connection: close\r\n\r\n",
    GET + HOST + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    GET + HOST + b"Content-Length: 0\r\n\r\n",
    POST + b"Content-Length: 3\r\n\r\nabc",
    POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    GET + HOST + b"\r\n" + GET + HOST + b"A: b\r\n\r\n",
    GET + HOST + b"\r\nGET",
    GET + HOST + b"A: " + b"b" * LONGEST + b"\r\n\r\n",
    b"GET / HTTP/2.0\r\n\r\n",
]


@pytest.mark.parametrize("data", REPEATED)
def test_what_came_before_is_read_as_the_first_time(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes, client: str) -> list[object]:
        carrier = SilentCarrier()
        carrier.client = client
        parser, found = RequestParser(carrier), list[Request]()
        for _ in range(3):  # one after another on a connection
            unparsed = data
            while unparsed and not parser.refusal:
                unparsed = parser.feed(unparsed)
            found += parser.arrived
            parser.arrived.clear()
        state = parser.refusal, parser.in_head, parser.ended, parser.incoming is None, parser.environ
        return [state, *[(r.environ, r.version, r.keep_alive, r.complete, content(r), r.body_left) for r in found]]

    with monkeypatch.context() as patch:
        patch.setattr(parser_module, "_HEADS", KnownHeads())
        patch.setattr("server.connections.heads._MOST", 0)
        first = read(data, "192.0.2.1")
    monkeypatch.setattr(parser_module, "_HEADS", KnownHeads())
    for number in range(2, 6):
        again = read(data, f"192.0.2.{number}")
        assert repr(again).replace(f"192.0.2.{number}", "192.0.2.1") == repr(first)


def test_what_is_remembered_is_bounded_and_not_shared() -> None:
    known = KnownHeads()
    for number in range(20_000):
        for _ in range(2):
            known.add(b"%d" % number, {"PATH_INFO": str(number)}, "1.1")
    assert len(known._heads) <= 512
    assert len(known._seen) <= 8192
    (found,) = parsed(GET + HOST + b"B: c\r\n\r\n")[0]
    for _ in range(3):
        found.environ["kelisim.query"] = "changed by who answers"
        (found,) = parsed(GET + HOST + b"B: c\r\n\r\n")[0]
        assert "kelisim.query" not in found.environ
