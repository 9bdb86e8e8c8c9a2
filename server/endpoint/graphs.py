"""``/graphs``: the SPARQL 1.1 Graph Store HTTP Protocol."""

from typing import Final
from uuid import uuid4

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.http import parse_options_header

from kg.changes.staging import Change
from kg.rdf.formats import GRAPH_ALIASES, GRAPH_FORMATS
from kg.store.store import AS_OF, Store
from kg.workers.messages import Task
from server.endpoint.updates import change_store, check_preconditions, checked_iri, committed
from server.http.access import Access
from server.http.errors import ProblemError
from server.http.negotiation import CONTENT_TYPES, accepted_types, graph_format

QUAD_FORMATS: Final = tuple(f for name in ("nquads", "trig", "jsonld") for f in GRAPH_FORMATS if f.name == name)
"""The formats of whole datasets, the usual one first."""

_NAMES: Final = {f.media_type: f.name for f in GRAPH_FORMATS} | {
    t: n for t, n in GRAPH_ALIASES.items() if "/" in t and n in {f.name for f in GRAPH_FORMATS}
}


def blueprint(store: Store, access: Access) -> Blueprint:
    """The routes of the Graph Store Protocol, by indirect (``?graph=``, ``?default``) and direct identification."""
    routes = Blueprint("graphs", __name__)

    @routes.route("/graphs", methods=["GET", "PUT", "POST", "DELETE"])
    def graphs() -> Response:
        """One graph named in the query string (section 4.2), or without a name the whole dataset, as quads.

        POST of a document of triples without a name makes a new graph (section 5.5).
        """
        named, default = request.args.getlist("graph"), "default" in request.args
        if len(named) + default > 1:
            raise ProblemError(400, "Malformed request", "Name one graph: ?graph=IRI, or ?default.")
        if named or default:
            return _graph(store, access, checked_iri(named[0]) if named else "")
        if request.method in ("GET", "HEAD"):
            if "version" in request.args:
                detail = "One graph can be had as of a version: ?graph=IRI or ?default. Of all there is the latest."
                raise ProblemError(400, "Malformed request", detail)
            return _get_dataset()
        if request.method == "POST" and not _sends_quads():
            return _create(store, access)
        return _change_dataset(store, access)

    @routes.post("/compact")
    def compact() -> Response:
        """Compacts the history: the current version becomes its snapshot. Requires a token of scope admin."""
        access.require("admin")
        return jsonify(version=store.compact())

    @routes.route("/graphs/<path:name>", methods=["GET", "PUT", "POST", "DELETE"])
    def direct(name: str) -> Response:
        """The graph whose IRI is the URL itself (section 4.1)."""
        return _graph(store, access, request.base_url)

    return routes


def _graph(store: Store, access: Access, graph: str) -> Response:
    if request.method in ("GET", "HEAD"):
        return _get(store, graph)
    author = access.require("update")
    exists = _exists(store, graph)
    check_preconditions(store, exists=exists)
    if request.method == "DELETE":
        if not exists:
            raise _missing(graph)
        return committed(change_store(store, Change("drop", graph=graph), author))
    syntaxes, documents = _documents()
    kind = "replace" if request.method == "PUT" else "add"
    change = Change(kind, graph=graph, syntaxes=syntaxes, base=graph or request.base_url)
    return committed(change_store(store, change, author, documents), 200 if exists else 201)


def _change_dataset(store: Store, access: Access) -> Response:
    """PUT replaces all graphs by those of the documents, POST adds to them, DELETE empties the store."""
    author = access.require("update")
    check_preconditions(store)
    if request.method == "DELETE":
        return committed(change_store(store, Change("replace", dataset=True), author))
    syntaxes, documents = _documents()
    kind = "replace" if request.method == "PUT" else "add"
    change = Change(kind, syntaxes=syntaxes, base=request.base_url, dataset=True)
    return committed(change_store(store, change, author, documents))


def _get_dataset() -> Response:
    """All graphs, in a format that has graphs: the dump."""
    form = graph_format(accepted_types(request.headers.get("Accept")), request.args.get("format"), QUAD_FORMATS)
    response = redirect(f"/data/dump.{form.extension}", 303)
    response.vary.add("Accept")
    return response  # type: ignore[return-value]


def _sends_quads() -> bool:
    """Whether the body is in a format of quads."""
    types = [f.content_type or "" for name in request.files for f in request.files.getlist(name)]
    names = [_syntax(t) for t in types or [request.content_type or GRAPH_FORMATS[0].media_type]]
    return any(f.name in names for f in QUAD_FORMATS[:2])  # JSON-LD is sent for one graph too


def _create(store: Store, access: Access) -> Response:
    author = access.require("update")
    graph = f"{request.base_url}/{uuid4()}"
    syntaxes, documents = _documents()
    change = Change("add", graph=graph, syntaxes=syntaxes, base=graph)
    response = committed(change_store(store, change, author, documents), 201)
    response.headers["Location"] = graph
    return response


def _get(store: Store, graph: str) -> Response:
    form = graph_format(accepted_types(request.headers.get("Accept")), request.args.get("format"))
    version = store.state(AS_OF.get())
    if not _exists(store, graph):
        raise _missing(graph)
    pattern = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
    reply = store.query(Task(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}", graph=form.name))
    response = Response(reply.body, content_type=CONTENT_TYPES[form.name])
    response.content_length = len(reply.body)
    response.headers["Kelisim-Version"] = str(reply.version)
    response.set_etag(f"{version}.{form.name}")
    response.vary.add("Accept")
    return response


def _exists(store: Store, graph: str) -> bool:
    """Whether the graph has a triple; the default graph always exists."""
    if not graph:
        return True
    reply = store.query(Task(f"ASK {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}", bindings="csv"))
    return reply.content.strip() == b"true"


def _missing(graph: str) -> ProblemError:
    return ProblemError(404, "No such graph", f"There is no graph <{graph}>.")


def _documents() -> tuple[tuple[str, ...], list[bytes]]:
    """The formats and contents of the uploaded documents: the body, or the files of a multipart form (section 5.5)."""
    if request.mimetype == "multipart/form-data":
        files = [f for name in request.files for f in request.files.getlist(name)]
        if not files:
            raise ProblemError(400, "Malformed request", "The form holds no file.")
        return tuple(_syntax(f.content_type or "") for f in files), [f.stream.read() for f in files]
    return (_syntax(request.content_type or GRAPH_FORMATS[0].media_type),), [request.get_data()]


def _syntax(content_type: str) -> str:
    media_type, _ = parse_options_header(content_type)
    name = _NAMES.get(media_type.lower())
    if name is None:
        detail = f"A graph comes as one of: {', '.join(_NAMES)}; not as {media_type}."
        raise ProblemError(415, "Unsupported media type", detail, {"Accept-Post": ", ".join(_NAMES)})
    return name
