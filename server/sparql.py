"""``/sparql``: queries by the SPARQL 1.1 Protocol."""

from flask import Blueprint, Response, json, render_template, request

from kg.engine import Answer, Engine
from kg.formats import RESULT_FORMATS, GraphFormat
from ontology import PREFIXES
from server.errors import ProblemError
from server.negotiation import choose

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"


def blueprint(engine: Engine) -> Blueprint:
    """The endpoint over one engine."""
    routes = Blueprint("sparql", __name__)

    @routes.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        """Answers a query (SPARQL 1.1 Protocol, section 2.1): GET, URL-encoded POST, or POST of the query itself."""
        query = _query()
        answer = engine.query(
            query,
            default_graphs=request.values.getlist("default-graph-uri"),
            named_graphs=request.values.getlist("named-graph-uri"),
        )
        form = choose(request, answer.formats)
        response = _page(query, answer) if form is None else Response(answer.serialize(form), mimetype=form.media_type)
        response.vary.add("Accept")
        return response

    return routes


def _query() -> str:
    """The query of the request; raises a ProblemError with 400, 403 or 415 where there is not just one."""
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


def _page(query: str, answer: Answer) -> Response:
    """The answer for a browser: a table, yes or no, or the graph as Turtle text."""
    form = answer.formats[0]
    body = answer.serialize(form)
    if isinstance(form, GraphFormat):
        return Response(render_template("results.html", query=query, turtle=body.decode()))
    results = json.loads(body)
    rows = results.get("results", {}).get("bindings", [])
    return Response(
        render_template(
            "results.html",
            query=query,
            variables=results["head"].get("vars", []),
            rows=rows,
            truth=results.get("boolean"),
            formats=[f.name for f in RESULT_FORMATS],
            shorten=shorten,
        )
    )


def shorten(iri: str) -> str:
    """The IRI with one of our prefixes, if one fits."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
