"""``/sparql``: queries and updates by the SPARQL 1.1 Protocol, and the service description."""

import hashlib
import time
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from flask import Blueprint, Response, json, redirect, render_template, request

from kg.citations.cited import Citing
from kg.engine.guard import with_from
from kg.engine.replies import Reply
from kg.language.labels import labels
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat
from kg.store.store import Store
from kg.views.citations import CitedAnswer
from kg.views.footnotes import footnotes
from kg.views.passage_names import passage_names
from kg.workers.messages import Task
from server.endpoint.citing import (
    DATASET_FORMATS,
    cited_response,
    citing_of,
    graph_text,
)
from server.endpoint.snippets import snippets
from server.endpoint.updates import run_update, seconds
from server.http.access import Access
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.lenses import chosen
from server.http.negotiation import (
    CONTENT_TYPES,
    DISPOSITIONS,
    PAGE,
    Wanted,
    accepted_types,
    graph_format,
    is_graph,
    wanted_formats,
)
from server.http.site import Site
from server.http.versions import mark, version_of

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"

QUERY_BYTES = 1_000_000
"""Longer queries are refused with 413; no query by hand or program comes near."""

PAGE_BYTES = 2_000_000
"""Results of more bytes are not rendered as HTML but offered as files."""

PAGE_ROWS = 500
"""How many rows of a result a page shows."""


class QueryRequest(NamedTuple):
    """One query request: text, dataset (graph IRIs), accepted formats, and timeout in seconds (0 for the default).

    citing: what is asked about the citations of the answer. at: the number of the version to ask, -1 for the latest.
    """

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    wanted: Wanted
    timeout: float
    at: int = -1
    citing: Citing | None = None

    def etag(self, version: str, accept_encoding: str) -> str:
        """The ETag of the response, known before the evaluation: a hash of the data's version and the request."""
        code = language() if self.wanted.may_be_page or self.citing else ""
        if not (self.citing or self.default_graphs or self.named_graphs):  # the common case; nothing before has a zero
            text = "\0".join((version, *self.wanted, accept_encoding, code, self.query))
            return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        key = (
            version,
            *(self.citing or ()),
            self.query,
            self.default_graphs,
            self.named_graphs,
            *self.wanted,
            accept_encoding,
            code,
        )
        return hashlib.sha256(repr(key).encode()).hexdigest()[:32]

    def task(self, version: str, result_bytes: int, *, counted: bool = False) -> Task:
        """The task for a worker; see `Task`."""
        bindings, graph = self.wanted.evaluated()
        return Task(
            self.query,
            self.default_graphs,
            self.named_graphs,
            bindings,
            graph,
            result_bytes,
            version,
            counted,
            hinted=not (self.default_graphs or self.named_graphs),
            at=self.at,
            citing=self.citing,
        )


_NAMES_LENGTH: Final = 1000
"""The most characters of unknown names in a header: proxies bound all headers together, often to 4 kB."""

_IN_IRI: Final = "%/:?#[]@!$&'()*+,;=~"


def blueprint(site: Site, access: Access, describe: Callable[[str, GraphFormat], bytes]) -> Blueprint:
    """The endpoint of a site's store; `describe` serializes the service description for the server's URL."""
    routes = Blueprint("sparql", __name__)
    store = site.store

    @routes.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        """A query (SPARQL 1.1 Protocol, section 2.1) or update (2.2); GET without a query: the service description."""
        if request.method != "POST" and "update" in request.args:
            raise ProblemError(400, "Malformed request", "An update comes by POST.")
        if request.method != "POST" and "query" not in request.args:
            return _described(describe)
        update = _update()
        if update is not None:
            if "version" in request.values:
                raise ProblemError(
                    400, "Malformed request", "Only the latest version can be changed: leave out version=."
                )
            return run_update(store, access, update)
        query = _read_request(store)
        request.environ["kelisim.query"] = query.query
        etag = query.etag(store.state(query.at), request.headers.get("Accept-Encoding", ""))
        response = Response(status=304) if request.if_none_match.contains(etag) else _answer(site, access, query)
        response.set_etag(etag)
        response.cache_control.public = True
        mark(response, query.at, request.values.get("version"))
        response.vary.update(("Accept", "Accept-Encoding"))
        return response

    return routes


def _read_request(store: Store) -> QueryRequest:
    """The query of the HTTP request; raises a ProblemError with 400, 406 or 415, and 404 or 410 for its version."""
    return QueryRequest(
        _query(),
        tuple(filter(None, request.values.getlist("default-graph-uri"))),  # a form sends an empty one for none
        tuple(filter(None, request.values.getlist("named-graph-uri"))),
        wanted_formats(accepted_types(request.headers.get("Accept")), request.values.get("format")),
        seconds(request.values.get("timeout")),
        version_of(store, request.values.get("version")),
        citing_of(request.values),
    )


def _described(describe: Callable[[str, GraphFormat], bytes]) -> Response:
    """The service description in RDF (SPARQL 1.1 Service Description, section 2); browsers get the query page."""
    accept, name = accepted_types(request.headers.get("Accept")), request.args.get("format")
    if wanted_formats(accept, name).graph_page:
        return redirect("/query", 303)  # type: ignore[return-value]
    form = graph_format(accept, name)
    response = Response(describe(request.url_root, form), content_type=CONTENT_TYPES[form.name])
    response.vary.add("Accept")
    return response


def _update() -> str | None:
    """The update of the request, if it has one; raises a 400 ProblemError if it is ambiguous."""
    request.get_data(cache=True)  # before the form is parsed, so that `_query` can check its encoding
    if request.method == "POST" and request.mimetype == _UPDATE:
        return _text()
    if request.method == "POST" and request.mimetype == _FORM and "update" in request.form:
        if len(request.form.getlist("update")) > 1 or "query" in request.form:
            raise ProblemError(400, "Malformed request", "Give one update, and no query with it.")
        return request.form["update"]
    return None


def _query() -> str:
    if request.method == "POST" and request.mimetype == _QUERY:
        return _within_size(_text())
    if request.method == "POST" and request.mimetype != _FORM:
        detail = f"Send a query as {_FORM} (query=...) or as the body itself with {_QUERY}."
        raise ProblemError(415, "Unsupported media type", detail, {"Accept-Post": f"{_FORM}, {_QUERY}, {_UPDATE}"})
    queries = (request.form if request.method == "POST" else request.args).getlist("query")
    if len(queries) != 1:
        detail = f"Give exactly one query parameter; there are {len(queries)}. The page /query helps."
        raise ProblemError(400, "Malformed request", detail)
    _check_encoding(request.query_string if request.method != "POST" else request.get_data())
    return _within_size(queries[0])


def _within_size(query: str) -> str:
    """The query; raises a 413 ProblemError if it is too long: only updates may be longer."""
    if len(query) > QUERY_BYTES:
        raise ProblemError(413, "Too large", f"The query is longer than {QUERY_BYTES} bytes.")
    return query


def _text() -> str:
    """The body as text (SPARQL 1.1 Protocol, sections 2.1.3 and 2.2.2: UTF-8 only)."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise ProblemError(415, "Unsupported media type", f"The charset is UTF-8, not {charset}.")
    try:
        return request.get_data().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(400, "Malformed request", f"The body is not UTF-8 (byte {error.start}).") from error


def hints(reply: Reply) -> list[tuple[str, str]]:
    """Headers about what an answer lacks: rows told with less certainty, and names that are not in the data."""
    headers = []
    if reply.hedged:
        headers.append(("Kelisim-Hedged", str(reply.hedged)))
    if reply.unknown:
        names = ""
        for name in reply.unknown:
            more = f"{', ' if names else ''}<{quote(name, safe=_IN_IRI)}>"
            names += more if len(names) + len(more) <= _NAMES_LENGTH else ""
        if names:
            headers.append(("Kelisim-Unknown", names))
    return headers


def _check_encoding(encoded: bytes) -> None:
    """Raises a 400 ProblemError if URL-encoded text is not UTF-8."""
    try:
        unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemError(400, "Malformed request", "The query is not URL-encoded UTF-8.") from error


def _answer(site: Site, access: Access, query: QueryRequest) -> Response:
    began, store = time.perf_counter(), site.store
    reply = request.environ.get("kelisim.reply")  # set if `server.front.front` has evaluated the query
    if isinstance(reply, Exception):
        raise reply
    if reply is None:
        task = query.task(store.state(query.at), store.pool.limits.result)
        task = task._replace(new_graphs=store.new_graphs or access.may_change())
        reply = store.query(task, query.timeout or None, request.remote_addr or "")
    if query.citing:
        cited = CitedAnswer(reply.content, translate)
        if (query.wanted.graph if cited.is_graph else query.wanted.bindings) != PAGE:
            return cited_response(cited, query.citing, query.wanted)
        return _page(site, query, reply, time.perf_counter() - began, cited)
    if query.wanted.is_page(reply.format):
        page = _page(site, query, reply, time.perf_counter() - began)
        page.headers["Kelisim-Version"] = str(reply.version)
        return page
    response = Response(reply.body, content_type=CONTENT_TYPES[reply.format])
    response.content_length = len(reply.body)
    response.headers.extend(hints(reply))
    response.headers["Kelisim-Version"] = str(reply.version)
    if reply.format in DISPOSITIONS:
        response.headers["Content-Disposition"] = DISPOSITIONS[reply.format]
    return response


def _page(site: Site, asked: QueryRequest, reply: Reply, taken: float, cited: CitedAnswer | None = None) -> Response:
    """The result as HTML: a table, yes or no, or the graph as Turtle; `taken` is the evaluation time in seconds."""
    query, graph = asked.query, cited.is_graph if cited else is_graph(reply.format)
    lens, citing = chosen([*asked.default_graphs]), asked.citing or Citing(False)
    given = {"default-graph-uri": asked.default_graphs, "named-graph-uri": asked.named_graphs}
    graphs: dict[str, list[str]] = {name: [*iris] for name, iris in given.items() if iris}
    about = {
        "query": query,
        "lens": lens,
        "graphs": graphs,
        "version": reply.version,
        "formats": [
            f.name for f in (DATASET_FORMATS if cited and graph else GRAPH_FORMATS if graph else RESULT_FORMATS)
        ],
        "taken": round(taken, 3),
        "hedged": reply.hedged,
        "unknown": reply.unknown,
        "snippets": snippets(request.url_root + "sparql", with_from(query, lens) if lens else query),
        "citing": citing,
        "cited": cited if citing.told else None,
        "notes": footnotes(site.reader, [c["claim"] for c in cited.claims[:500]], language()) if cited else {},
        "parameters": {**graphs, **citing.parameters},
    }
    if len(reply.body) > PAGE_BYTES:
        return Response(render_template("endpoint/results.html", **about, size=len(reply.body)))
    if graph:
        turtle = graph_text(cited, citing) if cited else reply.content.decode()
        return Response(render_template("endpoint/results.html", **about, turtle=turtle))
    results = cited.document if cited else json.loads(reply.content)
    rows = results.get("results", {}).get("bindings", [])
    shown = rows[:PAGE_ROWS]
    iris = {t["value"] for row in shown for t in row.values() if t["type"] == "uri"}
    return Response(
        render_template(
            "endpoint/results.html",
            **about,
            variables=results["head"].get("vars", []),
            rows=shown,
            total=len(rows),
            truth=results.get("boolean"),
            names=labels(site.reader, iris, language(), site.prefixes)
            | passage_names(site.reader, iris, language(), translate),
        )
    )
