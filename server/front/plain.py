"""Plain SPARQL queries, answered without Flask, which alone would cost more than a small query."""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from wsgiref.types import WSGIEnvironment

from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Request as HTTPRequest

from kg.engine.replies import Reply
from ontology import KelisimError
from server.endpoint.citing import PARAMETERS as CITING
from server.endpoint.sparql import QUERY_BYTES, QueryRequest, hints
from server.endpoint.updates import seconds
from server.front.gateway import collect
from server.front.parameters import parameters_of
from server.front.problems import Answer, FileRange, problem, problem_answer
from server.http.compression import choose, compress_parts
from server.http.errors import UNEXPECTED, ProblemError, problem_of
from server.http.headers import HEADERS
from server.http.languages import language_of, translator
from server.http.negotiation import CONTENT_TYPES, DISPOSITIONS, Wanted, accepted_types, wanted_formats
from server.http.versions import is_number

_NOT_PLAIN: Final = frozenset({"update", "using-graph-uri", "using-named-graph-uri", *CITING})
_NO_VALUES: Final[list[str]] = []
_NO_VALUE: Final = ("",)
_SHARED: Final = (("Cache-Control", "public, no-cache"), ("Vary", "Accept, Accept-Encoding"), *HEADERS)
FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"


def plain_query(environ: WSGIEnvironment, body: bytes | None) -> QueryRequest | None:
    """The query of a well-formed query request to ``/sparql``; None for anything else.

    Malformed requests give None too: Flask answers them.
    """
    if environ["PATH_INFO"] != "/sparql":
        return None
    try:
        query, parameters = _sent(environ, body)
        if len(query) > QUERY_BYTES:
            return None
        wanted = _wanted(environ.get("HTTP_ACCEPT", ""), parameters.get("format", _NO_VALUE)[0])
        if wanted is None or not _NOT_PLAIN.isdisjoint(parameters):
            return None
        if len(parameters) == 1 and "query" in parameters:
            return QueryRequest(query, (), (), wanted, 0.0)
        timeout = seconds(parameters.get("timeout", _NO_VALUE)[0])
        version = parameters.get("version", _NO_VALUE)[0]
        if version and not is_number(version):
            raise ValueError  # noqa: TRY301 - a digest or a date, which may take a while to look up
    except (ValueError, ProblemError):
        return None
    given = (parameters.get(f"{name}-graph-uri", _NO_VALUES) for name in ("default", "named"))
    default, named = (tuple(filter(None, graphs)) for graphs in given)  # a form sends an empty one for none
    return QueryRequest(query, default, named, wanted, timeout, int(version or -1))


def _sent(environ: WSGIEnvironment, body: bytes | None) -> tuple[str, dict[str, list[str]]]:
    """The query and all parameters (SPARQL 1.1 Protocol, section 2.1). Raises ValueError if there is not one query."""
    parameters = parameters_of(environ["QUERY_STRING"])
    method, media_type = environ["REQUEST_METHOD"], environ.get("CONTENT_TYPE", "")
    if method == "GET":
        (query,) = parameters.get("query", _NO_VALUES)
    elif method == "POST" and body is not None and media_type == _QUERY:
        query = body.decode("utf-8-sig")
    elif method == "POST" and body is not None and media_type == FORM:
        form = parameters_of(body.decode("ascii"))
        (query,) = form.get("query", _NO_VALUES)
        parameters = {n: parameters.get(n, _NO_VALUES) + form.get(n, _NO_VALUES) for n in {*parameters, *form}}
    else:
        raise ValueError
    return query, parameters


def shared_headers(etag: str, links: str, version: int) -> list[tuple[str, str]]:
    """The headers of every successful response to a plain query, also of 304.

    `links` is the value of Link or empty, `version` the number of the version.
    """
    return [("ETag", etag), ("Kelisim-Version", str(version)), *_SHARED, *([("Link", links)] if links else [])]


def answer_of(reply: Reply, etag: str, links: str) -> Answer:
    """The uncompressed response for a reply."""
    headers = [("Content-Type", CONTENT_TYPES[reply.format]), ("Content-Length", str(len(reply.body)))]
    headers += hints(reply)
    if reply.format in DISPOSITIONS:
        headers.append(("Content-Disposition", DISPOSITIONS[reply.format]))
    return Answer(200, headers + shared_headers(etag, links, reply.version), reply.body, etag)


def refusal_of(error: Exception, environ: WSGIEnvironment) -> Answer:
    """The problem details for a query that ended in an error, in the client's preferred language."""
    if not isinstance(error, KelisimError):
        logging.getLogger("kelisim").error("A query could not be evaluated", exc_info=error)
        return problem(500, *UNEXPECTED)
    details, code = problem_of(error), language_of(HTTPRequest(environ))
    headers = [*details.headers.items(), ("Vary", "Accept, Accept-Language, Cookie"), ("Content-Language", code)]
    return problem_answer(details.as_json(translator(code)), headers)


def compressed(answer: Answer, encoding: str) -> Answer:
    """The response with its complete body in a content encoding."""
    body = answer.body
    assert not isinstance(body, FileRange)
    encoded = collect(compress_parts([body] if isinstance(body, bytes) else body, encoding))
    headers = [h for h in answer.headers if h[0] != "Content-Length"]
    headers += [("Content-Encoding", encoding), ("Content-Length", str(len(encoded)))]
    return Answer(answer.status, headers, encoded, answer.public)


@lru_cache(maxsize=1024)
def _wanted(accept: str, name: str) -> Wanted | None:
    try:
        return wanted_formats(accepted_types(accept), name)
    except ProblemError:
        return None


encoding_of: Callable[[str], str] = lru_cache(maxsize=256)(lambda header: choose(parse_accept_header(header)))
"""The content encoding for an Accept-Encoding header, empty for none."""
