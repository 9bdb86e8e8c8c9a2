"""Answers plain queries by GET before Flask is reached, which alone would cost more than they do."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.http import parse_accept_header

from kg.store import Store
from ontology import KelisimError
from server.compression import WORTH_BYTES, choose, compressed
from server.errors import UNEXPECTED, ProblemError, problem_of
from server.headers import HEADERS
from server.negotiation import MEDIA_TYPES, Wanted, accepted_types, wanted_formats
from server.problems import refuse
from server.sparql import Request, seconds

_NOT_PLAIN: Final = frozenset({"update", "using-graph-uri", "using-named-graph-uri"})
_NO_VALUES: Final[list[str]] = []


class QueryFront:
    """WSGI middleware that answers what is surely a plain query; all else goes on to the application.

    What it answers is what the application would answer. It takes GET with one query, in UTF-8, of a client that wants
    no page; anything with a fault in it is the application's business.
    """

    def __init__(self, application: WSGIApplication, store: Store) -> None:
        self._application = application
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers, or passes on."""
        asked = _plain_query(environ)
        if asked is None:
            return self._application(environ, start_response)
        environ["kelisim.query"] = asked.query
        accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        etag = f'"{asked.etag(self._store.version, accept_encoding)}"'
        shared = [("ETag", etag), ("Cache-Control", "public, no-cache"), ("Vary", "Accept, Accept-Encoding"), *HEADERS]
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 Not Modified", shared)
            return []
        try:
            reply = asked.answer(self._store)
        except RuntimeError:
            logging.getLogger("kelisim").exception("A query could not be evaluated")
            return refuse(environ, start_response, 500, *UNEXPECTED)
        except KelisimError as error:
            status, title, detail, headers, position = problem_of(error)
            headers = [*headers, ("Vary", "Accept")]
            return refuse(environ, start_response, status, title, detail, headers, position)
        body: Iterable[bytes] = [reply.body] if isinstance(reply.body, bytes) else reply.body
        headers = [("Content-Type", MEDIA_TYPES[reply.format])]
        encoding = _encoding(accept_encoding) if accept_encoding and len(reply.body) >= WORTH_BYTES else ""
        if encoding:
            body = compressed(body, encoding)
            headers.append(("Content-Encoding", encoding))
            if isinstance(reply.body, bytes):
                whole = b"".join(body)
                body = [whole]
                headers.append(("Content-Length", str(len(whole))))
        else:
            headers.append(("Content-Length", str(len(reply.body))))
        start_response("200 OK", headers + shared)
        return body


def _plain_query(environ: WSGIEnvironment) -> Request | None:
    """The plain query that a request is; None for anything else."""
    if environ["REQUEST_METHOD"] != "GET" or environ["PATH_INFO"] != "/sparql":
        return None
    try:
        parameters = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    if len(parameters.get("query", _NO_VALUES)) != 1 or not _NOT_PLAIN.isdisjoint(parameters):
        return None
    wanted = _wanted(environ.get("HTTP_ACCEPT", ""), parameters.get("format", [""])[0])
    if wanted is None or wanted.page:
        return None
    try:
        timeout = seconds(parameters.get("timeout", [""])[0])
    except ProblemError:
        return None
    default, named = (tuple(parameters.get(f"{name}-graph-uri", _NO_VALUES)) for name in ("default", "named"))
    return Request(parameters["query"][0], default, named, wanted, timeout)


@lru_cache(maxsize=1024)
def _wanted(accept: str, name: str) -> Wanted | None:
    try:
        return wanted_formats(accepted_types(accept), name)
    except ProblemError:
        return None


@lru_cache(maxsize=256)
def _encoding(accept_encoding: str) -> str:
    return choose(parse_accept_header(accept_encoding))
