"""Errors of the WSGI layers before Flask, in the shape of `server.errors`: problem details (RFC 9457)."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from server.headers import HEADERS

_HEADERS: Final = (("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"), *HEADERS)


def refuse(  # noqa: PLR0913, PLR0917 - what WSGI gives, and what a problem says
    environ: WSGIEnvironment,
    start_response: StartResponse,
    status: int,
    title: str,
    detail: str,
    headers: Iterable[tuple[str, str]] = (),
    more: Mapping[str, int] | None = None,
) -> list[bytes]:
    """Answers a request with one problem; its body is empty for HEAD, as its length is not."""
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **(more or {})}
    body = json.dumps(problem).encode() + b"\n"
    start_response(f"{status} {HTTPStatus(status).phrase}", [*_HEADERS, ("Content-Length", str(len(body))), *headers])
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
