"""Every error as problem details (RFC 9457): JSON, or a page for a browser."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Flask, Response, json, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kg.changes.staging import DocumentError
from kg.engine.engine import OperationError
from kg.engine.errors import (
    BusyError,
    ClientDisconnectedError,
    EngineBusyError,
    EngineChangedError,
    EngineError,
    EngineTimeoutError,
    InvalidChangeError,
    OutcomeUnknownError,
    QuerySyntaxError,
    QueryTimeoutError,
    ServiceError,
    ServiceTimeoutError,
    StoppedError,
    TooDeepError,
    TooLargeError,
    UnknownGraphError,
)
from kg.engine.guard import OutboundRefusedError
from kg.history.history import StoreFullError
from kg.history.timeline import UnknownVersionError, VersionGoneError, VersionSyntaxError
from kg.language.messages import Translate, gettext_noop
from kg.rdf.formats import NotAcceptableError
from kg.store.store import ReadOnlyError
from ontology import KelisimError
from server.http.languages import language, translate

RETRY_SECONDS: Final = 5
"""The value of Retry-After in seconds for 503."""

UNEXPECTED: Final = (
    gettext_noop("Internal error"),
    gettext_noop("The server failed on this request; its operator finds the cause in the log."),
)
"""Title and detail of 500."""

_STATUS: Final[dict[type[KelisimError], tuple[int, str]]] = {
    QuerySyntaxError: (400, gettext_noop("Malformed query")),
    TooDeepError: (400, gettext_noop("Query too complex")),
    DocumentError: (400, gettext_noop("Malformed document")),
    ReadOnlyError: (403, gettext_noop("Read-only")),
    OperationError: (409, gettext_noop("Not possible")),
    InvalidChangeError: (422, gettext_noop("Not allowed by the shapes")),
    StoreFullError: (507, gettext_noop("Store full")),
    OutboundRefusedError: (403, gettext_noop("Outbound request refused")),
    ServiceError: (502, gettext_noop("Endpoint failed")),
    ServiceTimeoutError: (504, gettext_noop("Endpoint out of time")),
    EngineError: (502, gettext_noop("Endpoint failed")),
    EngineTimeoutError: (504, gettext_noop("Endpoint out of time")),
    EngineChangedError: (409, gettext_noop("Not possible")),
    OutcomeUnknownError: (504, gettext_noop("Endpoint out of time")),
    EngineBusyError: (503, gettext_noop("Busy")),
    VersionSyntaxError: (400, gettext_noop("Malformed request")),
    UnknownVersionError: (404, gettext_noop("No such version")),
    VersionGoneError: (410, gettext_noop("Version gone")),
    UnknownGraphError: (403, gettext_noop("No such graph")),
    NotAcceptableError: (406, gettext_noop("Not acceptable")),
    TooLargeError: (413, gettext_noop("Too large")),
    ClientDisconnectedError: (499, gettext_noop("Client left")),
    BusyError: (503, gettext_noop("Busy")),
    StoppedError: (503, gettext_noop("Busy")),
    QueryTimeoutError: (503, gettext_noop("Out of time")),
}

_HTTP: Final = {
    404: (gettext_noop("Not found"), gettext_noop("There is nothing at this address. Look for it by its name.")),
    405: (gettext_noop("Method not allowed"), gettext_noop("This address does not take requests of that sort.")),
}
"""Title and detail of errors that Flask raises; other statuses keep the names of RFC 9110."""


class ProblemError(KelisimError):
    """An error with its HTTP status and headers.

    values: values of the placeholders ``%(name)s`` in a translated detail.
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
    """Registers the error handlers of the application."""
    app.register_error_handler(KelisimError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


@dataclass(frozen=True)
class Problem:
    """Problem details: title and detail in English, translated when they are rendered.

    values: values of the placeholders ``%(name)s`` in the detail. position: line and column in the query, if known.
    """

    status: int
    title: str
    detail: str
    values: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    position: Mapping[str, int] = field(default_factory=dict)

    def words(self, translate: Translate = str) -> str:
        """The translated detail with its values and its position."""
        words = translate(self.detail)
        words = words % self.values if self.values else words
        if not self.position:
            return words
        return translate("The text is malformed at line %(line)s, column %(column)s: %(what)s") % {
            **self.position,
            "what": words,
        }

    def as_json(self, translate: Translate = str) -> dict[str, object]:
        """The members of problem details (RFC 9457, section 3); title and detail may be localised (section 3.1)."""
        members = {"title": translate(self.title), "status": self.status, "detail": self.words(translate)}
        return {"type": "about:blank", **members, **self.position}


def problem_of(error: KelisimError) -> Problem:
    """The problem details of an error that the client can correct or retry."""
    if isinstance(error, ProblemError):
        return Problem(error.status, error.title, error.detail, error.values, error.headers)
    status, title = _STATUS.get(type(error), (400, gettext_noop("The request cannot be answered")))
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    if isinstance(error, QuerySyntaxError):
        position = {"line": error.line, "column": error.column} if error.line else {}
        return Problem(status, title, error.template, error.values, headers, position)
    return Problem(status, title, str(error), headers=headers)


def respond(problem: Problem) -> Response:
    """The error as a response: a page if the client prefers HTML, else ``application/problem+json``."""
    accepted = request.accept_mimetypes
    prefers_page = accepted.best_match(["application/problem+json", "text/html"]) == "text/html"
    if prefers_page and "text/html" in accepted.values():
        words = problem.words(translate)
        response = make_response(
            render_template(
                "error.html",
                title=translate(problem.title),
                detail=words,
                status=problem.status,
                detail_language=language() if words != problem.words() else "en",
            )
        )
    else:
        response = make_response(json.dumps(problem.as_json(translate)) + "\n")
        response.mimetype = "application/problem+json"
    response.status_code = problem.status
    response.headers.update(problem.headers)
    response.vary.add("Accept")
    return response


def _known(error: KelisimError) -> Response:
    if isinstance(error, InvalidChangeError) and _prefers_rdf():
        return Response(error.report, status=422, mimetype="text/turtle")
    return respond(problem_of(error))


def _prefers_rdf() -> bool:
    """Whether the client prefers the SHACL report in Turtle to problem details."""
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
    return respond(Problem(status, title, own or detail, headers=headers))


def _unexpected(error: Exception) -> Response:
    logging.getLogger("kelisim").exception("Unexpected error on %s", request.path.encode("unicode_escape").decode())
    return respond(Problem(500, *UNEXPECTED))
