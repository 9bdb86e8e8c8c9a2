"""``/graphs``: the SPARQL 1.1 Graph Store HTTP Protocol."""

from typing import Final
from uuid import uuid4

from flask import Blueprint, Response, jsonify, request
from werkzeug.http import parse_options_header

from kg.changes.staging import Change
from kg.rdf.formats import ALIASES, GRAPH_FORMATS
from kg.store.store import Store
from kg.workers.messages import Task
from server.endpoint.updates import change_message, checked_iri, committed
from server.http.access import Access
from server.http.errors import ProblemError
from server.http.negotiation import accepted_types, graph_format

_NAMES: Final = {f.media_type: f.name for f in GRAPH_FORMATS} | {
    t: n for t, n in ALIASES.items() if n in {f.name for f in GRAPH_FORMATS}
}


def blueprint(store: Store, access: Access) -> Blueprint:
    """The routes of the Graph Store Protocol, by indirect (``?graph=``, ``?default``) and direct identification."""
    routes = Blueprint("graphs", __name__)

    @routes.route("/graphs", methods=["GET", "PUT", "POST", "DELETE"])
    def graphs() -> Response:
        """One graph named in the query string (section 4.2); POST without a name makes a new one (section 5.5)."""
        named, default = request.args.getlist("graph"), "default" in request.args
        if len(named) + default > 1:
            raise ProblemError(400, "Malformed request", "Name one graph: ?graph=IRI, or ?default.")
        if not named and not default:
            if request.method != "POST":
                raise ProblemError(400, "Malformed request", "Name the graph: ?graph=IRI, or ?default.")
            return _create(store, access)
        return _graph(store, access, checked_iri(named[0]) if named else "")

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
    if request.method == "DELETE":
        if not exists:
            raise _missing(graph)
        return committed(store.change(Change("drop", graph=graph), author=author, message=change_message()))
    syntaxes, documents = _documents()
    kind = "replace" if request.method == "PUT" else "add"
    change = Change(kind, graph=graph, syntaxes=syntaxes, base=graph or request.base_url)
    commit = store.change(change, documents, author=author, message=change_message())
    return committed(commit, 200 if exists else 201)


def _create(store: Store, access: Access) -> Response:
    author = access.require("update")
    graph = f"{request.base_url}/{uuid4()}"
    syntaxes, documents = _documents()
    change = Change("add", graph=graph, syntaxes=syntaxes, base=graph)
    response = committed(store.change(change, documents, author=author, message=change_message()), 201)
    response.headers["Location"] = graph
    return response


def _get(store: Store, graph: str) -> Response:
    form = graph_format(accepted_types(request.headers.get("Accept")), request.args.get("format"))
    if not _exists(store, graph):
        raise _missing(graph)
    pattern = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
    reply = store.query(Task(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}", graph=form.name))
    response = Response(reply.body, mimetype=form.media_type)
    response.content_length = len(reply.body)
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
    name = _NAMES.get(media_type)
    if name is None:
        detail = f"A graph comes as one of: {', '.join(_NAMES)}; not as {media_type}."
        raise ProblemError(415, "Unsupported media type", detail, {"Accept-Post": ", ".join(_NAMES)})
    return name
