"""``/answer.csv`` and the like: the answer of a query as a table with labels beside the IRIs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, json, request

from kg.engine.errors import TooLargeError
from kg.publishing.citing import answer_title
from kg.publishing.questions import find_question
from kg.rdf.formats import RESULT_FORMATS
from kg.tabular.table import Field, Table
from kg.workers.messages import Task
from ontology import KelisimError
from server.endpoint.updates import seconds
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import SUFFIXES, tabular
from server.http.versions import mark, version_of
from server.pages.heads import heads
from server.pages.list_files import table_of

MOST_ROWS: Final = 20_000
"""The limit of rows in such a table; longer answers are refused with 413: ``/sparql`` gives them without labels."""

_NUMBERS: Final = ("integer", "decimal", "double", "float")
_TITLE: Final = 120


def blueprint(site: Site) -> Blueprint:
    """The answers of a site's store as tables."""
    routes = Blueprint("answers", __name__)

    @routes.get("/answer.<suffix>")
    def answer(suffix: str) -> Response:
        """The answer of ``query=`` as a table, with ``default-graph-uri=``, ``version=`` and ``timeout=`` as usual."""
        _check(suffix, "answer")
        query = request.args.get("query", "")
        if not query:
            raise ProblemError(400, "Malformed request", "Give the query as the parameter query.")
        return _answered(site, query, suffix, "answer", answer_title(query)[:_TITLE])

    @routes.get("/questions/<name>.<any(csv, json, xlsx):suffix>")
    def question(name: str, suffix: str) -> Response:
        """The answer of a question as a table; 404 if there is no such question."""
        try:
            chosen = find_question(name)
        except KelisimError as error:
            raise ProblemError(404, "No such question", str(error)) from error
        return _answered(site, chosen.query, suffix, name, str(chosen.titled(language())))

    return routes


def _check(suffix: str, name: str) -> None:
    if suffix not in SUFFIXES:
        offered = ", ".join(f"{name}.{each}" for each in SUFFIXES)
        raise ProblemError(404, "Not found", f"There is no {name}.{suffix}; there is: {offered}.")


def _answered(site: Site, query: str, suffix: str, name: str, title: str) -> Response:
    at = version_of(site.store, request.args.get("version"))
    graphs = (tuple(filter(None, request.args.getlist(f"{sort}-graph-uri"))) for sort in ("default", "named"))
    task = Task(query, *graphs, bindings="json", graph="ntriples", at=at, result_bytes=site.store.pool.limits.result)
    reply = site.store.query(task, seconds(request.args.get("timeout")) or None, request.remote_addr or "")
    if reply.format != RESULT_FORMATS[0].name:
        raise ProblemError(
            400, "Malformed request", "Only the answers of SELECT and ASK are tables. Take a graph from /sparql."
        )
    response = tabular(_table(site, json.loads(reply.content), name, title), suffix)
    mark(response, at, request.args.get("version"))
    return response


def _table(site: Site, results: Mapping[str, Any], name: str, title: str) -> Table:
    if "boolean" in results:
        return table_of(
            site, name, title, [Field("answer", translate("Answer"))], [{"answer": str(results["boolean"])}]
        )
    rows = results["results"]["bindings"]
    if len(rows) > MOST_ROWS:
        message = translate("The answer has more than %(most)s rows. Add a LIMIT, or take it from /sparql.")
        raise TooLargeError(message % {"most": MOST_ROWS})
    variables = results["head"].get("vars", [])
    words = heads(site.reader, variables)
    fields = [Field(v, str(words.get(v) or v), _kind([row[v] for row in rows if v in row])) for v in variables]
    records = ({v: term["value"] for v, term in row.items()} for row in rows)
    return table_of(site, name, title, fields, records)


def _kind(terms: Sequence[Mapping[str, str]]) -> Any:
    """What a column holds; a column with things among its values has labels beside it."""
    if any(term["type"] == "uri" for term in terms):
        return "things"
    types = {term.get("datatype", "").rpartition("#")[2] for term in terms}
    if types and types <= {"integer"}:
        return "integer"
    if types and types <= set(_NUMBERS):
        return "decimal"
    return "date" if types == {"date"} else "text"
