"""Responses of the layers in front of Flask; errors are problem details, as in `server.http.errors`."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kg.engine.replies import SpooledFile
from server.http.errors import UNEXPECTED
from server.http.headers import HEADERS

_HEADERS: Final = (("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"), *HEADERS)


class KeptHeaders(list[tuple[str, str]]):
    """The headers of a response that is sent many times, with their lines, which who sends them first keeps here."""

    lines: str | None = None


class FileRange(NamedTuple):
    """The bytes of a file from `start` to before `end`; the sender closes the descriptor `file`."""

    file: int
    start: int
    end: int


class Answer(NamedTuple):
    """A response: status, headers, and the complete body, which is not sent for a HEAD request.

    public: the ETag if the response is known to be public; if empty, the cache reads the headers.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes | SpooledFile | FileRange = b""
    public: str = ""


def problem(
    status: int,
    title: str,
    detail: str,
    headers: Iterable[tuple[str, str]] = (),
) -> Answer:
    """Problem details (RFC 9457)."""
    return problem_answer({"type": "about:blank", "title": title, "status": status, "detail": detail}, headers)


def problem_answer(members: Mapping[str, object], headers: Iterable[tuple[str, str]]) -> Answer:
    """Problem details with the given members; ``status`` is also the status of the response."""
    body = json.dumps(members).encode() + b"\n"
    return Answer(int(str(members["status"])), [*_HEADERS, ("Content-Length", str(len(body))), *headers], body)


def unexpected() -> Answer:
    """Logs the exception that is being handled; the problem details that tell nothing of it."""
    logging.getLogger("kelisim").exception("Unexpected error before Flask")
    return problem(500, *UNEXPECTED)
