"""Limits of requests: each is refused with the status and the words that fit, and none is read further than needed."""

import io
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from server.limits import RequestGuard, RequestLimits
from tests.test_metrics import Clock

LIMITS = RequestLimits(target=200, headers=10, header_bytes=400, body=100, bodies={"/graphs": 1000}, body_rate=10)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [str(len(body)).encode()]


class Trickle(io.BytesIO):
    """A body of which each part takes a second."""

    def __init__(self, data: bytes, clock: Clock, part: int) -> None:
        super().__init__(data)
        self.clock, self.part, self.taken = clock, part, 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.clock.now += 1
        part = super().read(min(self.part, size if size is not None and size >= 0 else self.part))
        self.taken += len(part)
        return part


def chunked(path: str, body: io.BytesIO) -> WSGIEnvironment:
    """A request whose body's length is not known, as Granian hands it on."""
    environ = EnvironBuilder(path, method="POST", input_stream=body).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    return environ | {
        "CONTENT_TYPE": "application/sparql-query",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
    }


def send(application: WSGIApplication, environ: WSGIEnvironment) -> TestResponse:
    """The answer to exactly this environ; werkzeug's client would find the length out."""
    body, status, headers = run_wsgi_app(application, environ, buffered=True)
    return TestResponse(body, status, headers, Request(environ))


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "said"),
    [
        ("/sparql?" + "q" * 150, {}, b"", 200, "0"),
        ("/sparql?" + "q" * 200, {}, b"", 414, "by POST"),
        ("/" + "p" * 200, {}, b"", 414, "longer than 200 bytes"),
        ("/sparql", {f"X-{n}": "1" for n in range(11)}, b"", 431, "more than 10"),
        ("/sparql", {"X": "1" * 400}, b"", 431, "400 bytes"),
        ("/sparql", {}, b"x" * 100, 200, "100"),
        ("/sparql", {}, b"x" * 101, 413, "longer than 100 bytes"),
        ("/graphs", {}, b"x" * 1000, 200, "1000"),
        ("/graphs", {}, b"x" * 1001, 413, "longer than 1000 bytes"),
    ],
)
def test_each_limit(path: str, headers: dict[str, str], body: bytes, status: int, said: str) -> None:
    answer = Client(RequestGuard(application, LIMITS)).post(path, headers=headers, data=body)
    assert answer.status_code == status
    assert said in answer.text
    if status != 200:
        assert answer.mimetype == "application/problem+json"
        assert answer.json
        assert answer.json["status"] == status


@pytest.mark.parametrize("length", ["x", "-1", "+3", "1.0", "٣", " 3"])
def test_an_invalid_length_is_malformed(length: str) -> None:
    answer = Client(RequestGuard(application, LIMITS)).post("/", environ_overrides={"CONTENT_LENGTH": length})
    assert answer.status_code == 400


@pytest.mark.parametrize("length", ["101", "9" * 30, "9" * 5000])
def test_a_length_over_the_limit_is_refused_unread(length: str) -> None:
    body = Trickle(b"x" * 200, Clock(), 10)
    answer = Client(RequestGuard(application, LIMITS)).post(
        "/", input_stream=body, environ_overrides={"CONTENT_LENGTH": length}
    )
    assert (answer.status_code, body.taken) == (413, 0)


def test_a_body_of_unknown_length_is_counted() -> None:
    guarded = RequestGuard(application, LIMITS)
    fits, over = Trickle(b"x" * 100, Clock(), 10), Trickle(b"x" * 500, Clock(), 10)
    assert send(guarded, chunked("/sparql", fits)).text == "100"
    answer = send(guarded, chunked("/sparql", over))
    assert (answer.status_code, over.taken) == (413, 101)
    assert answer.json
    assert answer.json["title"] == "Too large"


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    clock = Clock()
    guarded = RequestGuard(application, LIMITS, clock)
    slow, steady = Trickle(b"x" * 90, clock, 1), Trickle(b"x" * 1000, clock, 10)
    answer = send(guarded, chunked("/sparql", slow))
    assert answer.status_code == 408
    assert slow.taken < 15
    assert send(guarded, chunked("/graphs", steady)).text == "1000"  # 100 s, at the rate that is asked for


@given(st.binary(max_size=200), st.integers(1, 50))
def test_what_fits_arrives_unchanged_and_nothing_else_does(data: bytes, part: int) -> None:
    seen = list[bytes]()

    def keeping(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        seen.append(stream.readline() + b"".join(stream))
        start_response("200 OK", [])
        return []

    answer = send(RequestGuard(keeping, LIMITS), chunked("/", Trickle(data, Clock(), part)))
    assert (answer.status_code, seen) == ((200, [data]) if len(data) <= 100 else (413, []))


def test_flask_inside_tells_it_in_its_own_way() -> None:
    app = Flask("test")

    @app.route("/sparql", methods=["POST"])
    def sparql() -> str:
        return str(len(request.form["query"]))

    guarded = RequestGuard(app, LIMITS)
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "9"}
    assert send(guarded, chunked("/sparql", io.BytesIO(b"query=ASK")) | form).text == "3"
    assert send(guarded, chunked("/sparql", io.BytesIO(b"query=A")) | form).status_code == 400
    form["CONTENT_LENGTH"] = "506"
    assert send(guarded, chunked("/sparql", io.BytesIO(b"query=" + b"x" * 500)) | form).status_code == 413


def test_half_a_body_is_never_taken_for_a_whole_one() -> None:
    seen = list[bytes]()

    def writing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ["wsgi.input"].read(10))
        start_response("204 No Content", [])
        return []

    cut = chunked("/graphs", io.BytesIO(b"<a> <b> ")) | {"CONTENT_LENGTH": "10", "CONTENT_TYPE": "text/turtle"}
    cut.pop("HTTP_TRANSFER_ENCODING")
    answer = send(RequestGuard(writing, LIMITS), cut)
    assert (answer.status_code, seen) == (400, [])
    unmeasured = chunked("/graphs", io.BytesIO(b"<a> <b> ")) | {"CONTENT_TYPE": "text/turtle"}
    answer = send(RequestGuard(writing, LIMITS), unmeasured)
    assert (answer.status_code, seen) == (411, [])


def test_an_error_after_the_status_is_not_hidden() -> None:
    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    with pytest.raises(Exception, match="413"):
        send(RequestGuard(late, LIMITS), chunked("/", io.BytesIO(b"x" * 500)))


def test_head_is_refused_without_a_body() -> None:
    answer = Client(RequestGuard(application, LIMITS)).head("/" + "p" * 300)
    assert (answer.status_code, answer.data) == (414, b"")
