"""Answers, and errors among them, of the layers before Flask; errors have the shape of `server.http.errors`."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kg.engine.replies import SpooledFile
from server.http.headers import HEADERS

_HEADERS: Final = (("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"), *HEADERS)


class FilePart(NamedTuple):
    """The bytes of a file from `start` to before `end`; whoever sends them closes the descriptor `file`."""

    file: int
    start: int
    end: int


class Answer(NamedTuple):
    """What a request gets: status, headers, and the whole body, of which a HEAD request gets nothing.

    `public` is its ETag where it surely is for all who ask alike; else the headers tell.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes | SpooledFile | FilePart = b""
    public: str = ""


def problem(
    status: int,
    title: str,
    detail: str,
    headers: Iterable[tuple[str, str]] = (),
) -> Answer:
    """Problem details (RFC 9457)."""
    return problem_answer({"type": "about:blank", "title": title, "status": status, "detail": detail}, headers)


def problem_answer(said: Mapping[str, object], headers: Iterable[tuple[str, str]]) -> Answer:
    """Problem details with the given members, of which ``status`` is that of the answer."""
    body = json.dumps(said).encode() + b"\n"
    return Answer(int(str(said["status"])), [*_HEADERS, ("Content-Length", str(len(body))), *headers], body)
