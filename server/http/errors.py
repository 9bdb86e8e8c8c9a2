"""The one shape of every error: problem details (RFC 9457), as JSON, or as a page for a browser."""

import logging
from typing import Final

from flask import Flask, Response, json, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kg.changes.staging import DocumentError
from kg.engine.engine import OperationError, QuerySyntaxError
from kg.engine.errors import (
    AbandonedError,
    BusyError,
    InvalidChangeError,
    QueryTimeoutError,
    StoppedError,
    TooDeepError,
    TooLargeError,
)
from kg.engine.guard import OutboundRefusedError
from kg.history.history import StoreFullError
from kg.language.messages import gettext_noop
from kg.rdf.formats import NotAcceptableError
from kg.store.store import ReadOnlyError
from ontology import KelisimError
from server.http.languages import language, translate

RETRY_SECONDS: Final = 5
"""What Retry-After says when the server is busy."""

UNEXPECTED: Final = (
    gettext_noop("Internal error"),
    gettext_noop("The server failed on this request; its operator finds the cause in the log."),
)
"""Title and detail where the fault is ours."""

_STATUS: Final[dict[type[KelisimError], tuple[int, str]]] = {
    QuerySyntaxError: (400, gettext_noop("Malformed query")),
    TooDeepError: (400, gettext_noop("Query too complex")),
    DocumentError: (400, gettext_noop("Malformed document")),
    ReadOnlyError: (403, gettext_noop("Read-only")),
    OperationError: (409, gettext_noop("Not possible")),
    InvalidChangeError: (422, gettext_noop("Not allowed by the shapes")),
    StoreFullError: (507, gettext_noop("Store full")),
    OutboundRefusedError: (403, gettext_noop("Outbound request refused")),
    NotAcceptableError: (406, gettext_noop("Not acceptable")),
    TooLargeError: (413, gettext_noop("Too large")),
    AbandonedError: (499, gettext_noop("Client left")),
    BusyError: (503, gettext_noop("Busy")),
    StoppedError: (503, gettext_noop("Busy")),
    QueryTimeoutError: (503, gettext_noop("Out of time")),
}

_HTTP: Final = {
    404: (gettext_noop("Not found"), gettext_noop("There is nothing at this address. Look for it by its name.")),
    405: (gettext_noop("Method not allowed"), gettext_noop("This address does not take requests of that sort.")),
}
"""Title and detail of what Flask finds out by itself; the rest keeps the names of RFC 9110."""


class ProblemError(KelisimError):
    """An error with the HTTP status that it ends in, and headers that belong to it.

    values: what stands for ``%(name)s`` in a detail that pages translate.
    """

    def __init__(
        self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **values: str
    ) -> None:
        super().__init__(detail % values if values else detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.values = values
        self.headers = headers or {}


def register(app: Flask) -> None:
    """Makes every error of the application end in that shape."""
    app.register_error_handler(KelisimError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def respond(
    status: int,
    title: str,
    detail: str,
    headers: dict[str, str] | None = None,
    position: dict[str, int] | None = None,
    **values: str,
) -> Response:
    """The error as a response: a page if the client prefers HTML, else ``application/problem+json``."""
    told = translate(detail)
    if values:
        told, detail = told % values, detail % values
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **(position or {})}
    accepted = request.accept_mimetypes
    prefers_page = accepted.best_match(["application/problem+json", "text/html"]) == "text/html"
    if prefers_page and "text/html" in accepted.values():
        response = make_response(
            render_template(
                "error.html",
                title=translate(title),
                detail=told,
                status=status,
                detail_language=language() if told != detail else "en",
            )
        )
    else:
        response = make_response(json.dumps(problem) + "\n")
        response.mimetype = "application/problem+json"
    response.status_code = status
    response.headers.update(headers or {})
    response.vary.add("Accept")
    return response


def _known(error: KelisimError) -> Response:
    if isinstance(error, ProblemError):
        return respond(error.status, error.title, error.detail, error.headers, None, **error.values)
    if isinstance(error, InvalidChangeError) and _prefers_rdf():
        return Response(error.report, status=422, mimetype="text/turtle")
    status, title, detail, headers, position = problem_of(error)
    return respond(status, title, detail, dict(headers), position)


def problem_of(error: KelisimError) -> tuple[int, str, str, list[tuple[str, str]], dict[str, int]]:
    """Status, title, detail, headers and position of an error that the user can mend."""
    status, title = _STATUS.get(type(error), (400, "The request cannot be answered"))
    headers = [("Retry-After", str(RETRY_SECONDS))] if status == 503 else []
    position = (
        {"line": error.line, "column": error.column} if isinstance(error, QuerySyntaxError) and error.line else {}
    )
    return status, title, str(error), headers, position


def _prefers_rdf() -> bool:
    """Whether the client would rather have the SHACL report in RDF than in words."""
    types = ["application/problem+json", "text/html", "text/turtle"]
    return (
        "text/turtle" in request.accept_mimetypes.values()
        and request.accept_mimetypes.best_match(types) == "text/turtle"
    )


def _http(error: HTTPException) -> Response:
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    status = error.code or 500
    title, detail = _HTTP.get(status, (error.name, error.description or error.name))
    own = error.description if error.description != type(error).description else ""
    return respond(status, title, own or detail, headers)


def _unexpected(error: Exception) -> Response:
    logging.getLogger("kelisim").exception("Unexpected error on %s", request.path.encode("unicode_escape").decode())
    return respond(500, *UNEXPECTED)
