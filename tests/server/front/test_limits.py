"""Limits of requests: the status and detail of each refusal, and how much of the body is read."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, TypeVar
from wsgiref.types import WSGIEnvironment

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.front.limits import RefusedError, RequestGuard, RequestLimits
from server.front.problems import Answer

Outcome = TypeVar("Outcome")
LIMITS = RequestLimits(target=200, headers=10, header_bytes=400, body=100, bodies={"/graphs": 1000})


def request(path: str = "/sparql", query: str = "", **more: str) -> WSGIEnvironment:
    return {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": "POST", **more}


class Parts:
    """A body in parts, with a delay in seconds before each; `taken` counts the bytes read."""

    def __init__(self, parts: Iterable[bytes], seconds: float = 0.0) -> None:
        self.parts, self.seconds, self.taken = iter(parts), seconds, 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        for part in self.parts:
            self.taken += len(part)
            return part
        raise StopAsyncIteration


def run(coroutine: Coroutine[Any, Any, Outcome]) -> Outcome:
    """The result of a coroutine on an event loop in a thread: this thread may run the loop of other tests' browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def read(environ: WSGIEnvironment, parts: Parts, limits: RequestLimits = LIMITS) -> bytes:
    async def reading() -> bytes:
        with await RequestGuard(limits).body(environ, parts) as whole:
            return whole.read()

    return run(reading())


def refused(environ: WSGIEnvironment, parts: Parts, limits: RequestLimits = LIMITS) -> Answer:
    with pytest.raises(RefusedError) as caught:
        read(environ, parts, limits)
    return caught.value.answer


def said(answer: Answer) -> str:
    assert isinstance(answer.body, bytes)
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status
    assert dict(answer.headers)["Content-Type"] == "application/problem+json"
    return f"{answer.status} {problem['detail']}"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (request(query="q" * 150), None),
        (request(query="q" * 200), "414.*by POST"),
        (request("/" + "p" * 200), "414.*longer than 200 bytes"),
        (request(**{f"HTTP_X{n}": "1" for n in range(10)}), None),
        (request(**{f"HTTP_X{n}": "1" for n in range(11)}), "431.*more than 10"),
        (request(HTTP_X="1" * 401), "431.*400 bytes"),
        (request(CONTENT_LENGTH="100"), None),
        (request(CONTENT_LENGTH="101"), "413.*longer than 100 bytes"),
        (request("/graphs", CONTENT_LENGTH="1000"), None),
        (request("/graphs", CONTENT_LENGTH="1001"), "413.*longer than 1000 bytes"),
        *((request(CONTENT_LENGTH=n), "400.*no number") for n in ("x", "-1", "+3", "1.0", "٣", " 3")),
        *((request(CONTENT_LENGTH=n), "413") for n in ("9" * 30, "9" * 5000)),
        (request(HTTP_TRANSFER_ENCODING="chunked", CONTENT_TYPE="text/turtle"), None),
        (request(HTTP_TRANSFER_ENCODING="chunked", CONTENT_TYPE="Application/sparql-query; charset=utf-8"), None),
    ],
)
def test_heads(environ: WSGIEnvironment, words: str | None) -> None:
    answer = RequestGuard(LIMITS).refusal(environ)
    if words is None:
        assert answer is None
    else:
        assert answer
        status, _, rest = words.partition(".*")
        assert said(answer).startswith(status)
        assert rest in said(answer)


def test_a_body_of_unknown_length_is_counted() -> None:
    assert read(request(), Parts([b"x" * 10] * 10)) == b"x" * 100
    over = Parts([b"x" * 10] * 50)
    assert said(refused(request(), over)).startswith("413")
    assert over.taken == 110


def test_a_truncated_body_is_refused() -> None:
    assert read(request(CONTENT_LENGTH="8"), Parts([b"<a> ", b"<b> "])) == b"<a> <b> "
    assert "ended before" in said(refused(request(CONTENT_LENGTH="10"), Parts([b"<a> ", b"<b> "])))


def test_a_slow_body_is_refused() -> None:
    limits = RequestLimits(body=1000, body_seconds=0.2, body_rate=100)
    began = time.monotonic()
    assert said(refused(request(), Parts([b"x"] * 1000, seconds=0.05), limits)).startswith("408")
    assert said(refused(request(), Parts([], seconds=30), limits)).startswith("408")
    assert time.monotonic() - began < 10
    steady = Parts([b"x" * 50] * 8, seconds=0.1)  # takes longer than 0.2 s, above the required rate
    assert len(read(request(), steady, limits)) == 400


def test_too_many_bodies_at_once_are_refused() -> None:
    guard = RequestGuard(RequestLimits(body=1 << 22, bodies_at_once=3 << 20))
    part = b"x" * (1 << 19)

    async def both() -> list[IO[bytes] | BaseException]:
        bodies = [guard.body(request(), Parts([part] * 5, seconds=0.01)) for _ in range(2)]
        return list(await asyncio.gather(*bodies, return_exceptions=True))

    outcomes = run(both())
    for whole in outcomes:
        if not isinstance(whole, BaseException):
            guard.release(whole)
    errors = [o for o in outcomes if isinstance(o, RefusedError)]
    assert [e.answer.status for e in errors] == [503]
    assert dict(errors[0].answer.headers)["Retry-After"] == "5"
    with run(guard.body(request(), Parts([part] * 5))) as alone:  # those before are released
        assert len(alone.read()) == 5 << 19


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_bodies_within_the_limit_are_unchanged_and_others_refused(parts: list[bytes]) -> None:
    data = b"".join(parts)
    if len(data) <= 100:
        assert read(request(), Parts(parts)) == data
    else:
        assert refused(request(), Parts(parts)).status == 413


def test_the_rest_of_a_refused_body_is_read_within_limits() -> None:
    guard = RequestGuard(RequestLimits(discarded=100, body_seconds=0.2))
    short, long = Parts([b"x" * 10] * 5), Parts([b"x" * 10] * 50)
    run(guard.discard(short))
    run(guard.discard(long))
    run(guard.discard(Parts([], seconds=30)))
    assert (short.taken, long.taken) == (50, 110)
