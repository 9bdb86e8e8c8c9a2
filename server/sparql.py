"""``/sparql``: queries by the SPARQL 1.1 Protocol."""

import hashlib
from dataclasses import dataclass

from flask import Blueprint, Response, json, render_template, request

from kg.formats import GRAPH_FORMATS, RESULT_FORMATS
from kg.pool import Reply, WorkerPool
from kg.worker import Task
from ontology import PREFIXES
from server.errors import ProblemError
from server.negotiation import Wanted, wanted_formats

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"
_MEDIA_TYPES = {f.name: f.media_type for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}

PAGE_BYTES = 2_000_000
"""Bigger answers are not shown as a page, which no browser would stand, but offered as files."""


@dataclass(frozen=True)
class Request:
    """One query as asked: its text, its dataset, the formats that fit, and the seconds that it may take (0: usual)."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    wanted: Wanted
    timeout: float


def blueprint(pool: WorkerPool, version: str) -> Blueprint:
    """The endpoint over a pool of workers; `version` identifies the dataset that they hold."""
    routes = Blueprint("sparql", __name__)

    @routes.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        """Answers a query (SPARQL 1.1 Protocol, section 2.1): GET, URL-encoded POST, or POST of the query itself."""
        asked = read_request()
        etag = _etag(version, asked)
        response = Response(status=304) if request.if_none_match.contains(etag) else _answer(pool, asked)
        response.set_etag(etag)
        response.cache_control.public = True
        response.cache_control.no_cache = True
        response.vary.update(("Accept", "Accept-Encoding"))
        return response

    return routes


def read_request() -> Request:
    """The query that the HTTP request holds; raises a ProblemError with 400, 403, 406 or 415."""
    return Request(
        _query(),
        tuple(request.values.getlist("default-graph-uri")),
        tuple(request.values.getlist("named-graph-uri")),
        wanted_formats(request.accept_mimetypes, request.values.get("format")),
        _timeout(request.values.get("timeout")),
    )


def _query() -> str:
    if request.method == "POST" and request.mimetype == _QUERY:
        try:
            return request.get_data().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProblemError(400, "Malformed request", f"The query is not UTF-8 (byte {error.start}).") from error
    if request.mimetype == _UPDATE or "update" in request.values:
        raise ProblemError(403, "Read-only", "This endpoint takes queries; updates are off.")
    if request.method == "POST" and request.mimetype != _FORM:
        detail = f"Send the query as {_FORM} (query=...) or as the body itself with {_QUERY}."
        raise ProblemError(415, "Unsupported media type", detail, {"Accept-Post": f"{_FORM}, {_QUERY}"})
    queries = request.values.getlist("query")
    if len(queries) != 1:
        detail = f"Give exactly one query parameter; there are {len(queries)}. The form on the start page helps."
        raise ProblemError(400, "Malformed request", detail)
    return queries[0]


def _timeout(given: str | None) -> float:
    if not given:
        return 0.0
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ProblemError(400, "Malformed request", f"timeout={given} is no number of seconds above 0.")
    return seconds


def _etag(version: str, asked: Request) -> str:
    """Names the answer before it is known: what it depends on is the dataset, the request and the encoding."""
    seen = repr((version, asked.query, asked.default_graphs, asked.named_graphs, asked.wanted))
    return hashlib.sha256(seen.encode() + request.headers.get("Accept-Encoding", "").encode()).hexdigest()[:32]


def _answer(pool: WorkerPool, asked: Request) -> Response:
    wanted = asked.wanted
    if wanted.page:
        reply = _evaluate(pool, asked, RESULT_FORMATS[0].name, GRAPH_FORMATS[0].name)
        return _page(asked.query, reply)
    reply = _evaluate(pool, asked, wanted.bindings, wanted.graph)
    response = Response(reply.body, mimetype=_MEDIA_TYPES[reply.format])
    response.content_length = len(reply.body)
    return response


def _evaluate(pool: WorkerPool, asked: Request, bindings: str, graph: str) -> Reply:
    task = Task(asked.query, asked.default_graphs, asked.named_graphs, bindings, graph, pool.limits.result)
    return pool.query(task, asked.timeout or None)


def _page(query: str, reply: Reply) -> Response:
    """The answer for a browser: a table, yes or no, or the graph as Turtle text."""
    names = [f.name for f in (GRAPH_FORMATS if reply.format == GRAPH_FORMATS[0].name else RESULT_FORMATS)]
    if not isinstance(reply.body, bytes) and len(reply.body) > PAGE_BYTES:
        return Response(render_template("results.html", query=query, formats=names, size=len(reply.body)))
    body = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
    if reply.format == GRAPH_FORMATS[0].name:
        return Response(render_template("results.html", query=query, formats=names, turtle=body.decode()))
    results = json.loads(body)
    return Response(
        render_template(
            "results.html",
            query=query,
            formats=names,
            variables=results["head"].get("vars", []),
            rows=results.get("results", {}).get("bindings", []),
            truth=results.get("boolean"),
            shorten=shorten,
        )
    )


def shorten(iri: str) -> str:
    """The IRI with one of our prefixes, if one fits."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
