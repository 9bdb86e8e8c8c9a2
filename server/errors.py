"""The one shape of every error: problem details (RFC 9457), as JSON, or as a page for a browser."""

import logging

from flask import Flask, Response, json, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kg.engine import QuerySyntaxError
from kg.guard import OutboundRefusedError
from ontology import KelisimError


class ProblemError(KelisimError):
    """An error with the HTTP status that it ends in, and headers that belong to it."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.headers = headers or {}


def register(app: Flask) -> None:
    """Makes every error of the application end in that shape."""
    app.register_error_handler(ProblemError, lambda e: respond(e.status, e.title, str(e), e.headers))
    app.register_error_handler(QuerySyntaxError, _malformed)
    app.register_error_handler(OutboundRefusedError, lambda e: respond(403, "Outbound request refused", str(e)))
    app.register_error_handler(KelisimError, lambda e: respond(400, "The request cannot be answered", str(e)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def respond(
    status: int,
    title: str,
    detail: str,
    headers: dict[str, str] | None = None,
    position: dict[str, int] | None = None,
) -> Response:
    """The error as a response: a page if the client prefers HTML, else ``application/problem+json``."""
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **(position or {})}
    accepted = request.accept_mimetypes
    if (
        accepted.best_match(["application/problem+json", "text/html"]) == "text/html"
        and "text/html" in accepted.values()
    ):
        response = make_response(render_template("error.html", **problem))
    else:
        response = make_response(json.dumps(problem) + "\n")
        response.mimetype = "application/problem+json"
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _malformed(error: QuerySyntaxError) -> Response:
    position = {"line": error.line, "column": error.column} if error.line else {}
    return respond(400, "Malformed query", str(error), position=position)


def _http(error: HTTPException) -> Response:
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return respond(error.code or 500, error.name, error.description or error.name, headers)


def _unexpected(error: Exception) -> Response:
    logging.getLogger("kelisim").exception("Unexpected error on %s", request.path.encode("unicode_escape").decode())
    return respond(500, "Internal error", "The server failed on this request; its operator finds the cause in the log.")
