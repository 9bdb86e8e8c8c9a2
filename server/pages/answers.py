"""``/answer.csv`` and the like: the answer of a query as a table with labels beside the IRIs.

With ``cite=true``, and of a question always, each row says who says so, how surely and where, in its last columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from flask import Blueprint, Response, json, request

from kg.citations.answers import term_of
from kg.citations.cited import Citing
from kg.engine.errors import TooLargeError
from kg.publishing.citing import answer_title
from kg.publishing.questions import find_question
from kg.rdf.formats import RESULT_FORMATS
from kg.tabular.table import Field, Table, Text
from kg.views.citations import CitedAnswer
from kg.workers.messages import Task
from ontology import KelisimError
from ontology.namespaces import CODE
from server.endpoint.citing import citing_of
from server.endpoint.updates import seconds
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import tabular
from server.http.versions import mark, version_of
from server.pages.heads import heads
from server.pages.list_files import known, said_fields, table_of

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
        known(suffix, "answer")
        query = request.args.get("query", "")
        if not query:
            raise ProblemError(400, "Malformed request", "Give the query as the parameter query.")
        citing = citing_of(request.args)
        return _answered(site, query, citing, Named("answer", answer_title(query)[:_TITLE], suffix))

    @routes.get("/questions/<name>.<any(csv, json, xlsx):suffix>")
    def question(name: str, suffix: str) -> Response:
        """The answer of a question as a table; 404 if there is no such question."""
        try:
            chosen = find_question(name)
        except KelisimError as error:
            raise ProblemError(404, "No such question", str(error)) from error
        citing = Citing(True, language=language())
        return _answered(site, chosen.query, citing, Named(name, str(chosen.titled(language())), suffix))

    return routes


class Named(NamedTuple):
    """The name, the title and the suffix of a table."""

    name: str
    title: str
    suffix: str


def _answered(site: Site, query: str, citing: Citing | None, named: Named) -> Response:
    at = version_of(site.store, request.args.get("version"))
    default, of_names = (
        tuple(filter(None, request.args.getlist(f"{sort}-graph-uri"))) for sort in ("default", "named")
    )
    most = site.store.pool.limits.result
    task = Task(query, default, of_names, "json", "ntriples", most, at=at, citing=citing)
    reply = site.store.query(task, seconds(request.args.get("timeout")) or None, request.remote_addr or "")
    cited = CitedAnswer(reply.content, translate) if citing else None
    if cited.is_graph if cited else reply.format != RESULT_FORMATS[0].name:
        raise ProblemError(
            400, "Malformed request", "Only the answers of SELECT and ASK are tables. Take a graph from /sparql."
        )
    results = cited.document if cited else json.loads(reply.content)
    response = tabular(_table(site, results, cited, named), named.suffix)
    mark(response, at, request.args.get("version"))
    if response.cache_control.immutable:
        response.add_etag()
        response.make_conditional(request)
    else:
        del response.headers["Cache-Control"]  # it gets that of the lists, with an ETag; see `server.http.freshness`
    return response


def _table(site: Site, results: Mapping[str, Any], cited: CitedAnswer | None, named: Named) -> Table:
    told = [_said(cited, row) for row in cited.rows] if cited else []
    more = (*said_fields(), Field("citation", translate("Citation"))) if cited else ()
    if "boolean" in results:
        fields = [Field("answer", translate("Answer")), *_beside(more, ["answer"])]
        record = {"answer": "true" if results["boolean"] else "false"}
        return table_of(site, named.name, named.title, fields, [record | (told[0] if told else {})])
    bindings = results["results"]["bindings"]
    if len(bindings) > MOST_ROWS:
        message = translate("The answer has more than %(most)s rows. Add a LIMIT, or take it from /sparql.")
        raise TooLargeError(message % {"most": MOST_ROWS})
    variables = results["head"].get("vars", [])
    words = heads(site.reader, variables)
    fields = [Field(v, str(words.get(v) or v), _kind([row[v] for row in bindings if v in row])) for v in variables]
    beside = _beside(more, variables)
    renamed = {old.name: new.name for old, new in zip(more, beside, strict=True)}
    records = [{v: _cell(term) for v, term in row.items()} for row in bindings]
    for record, of in zip(records, told, strict=bool(told)):
        record.update((renamed[name], cell) for name, cell in of.items())
    return table_of(site, named.name, named.title, [*fields, *beside], records)


def _beside(fields: Sequence[Field], variables: Sequence[str]) -> list[Field]:
    """The fields, those whose name a variable has with another name that is free."""
    found, taken = list[Field](), {*variables, *(each.name for each in fields)}
    for each in fields:
        name = f"cited_{each.name}" if each.name in variables else each.name
        while name != each.name and name in taken:
            name += "_"
        taken.add(name)
        found.append(replace(each, name=name))
    return found


def _cell(term: Mapping[str, Any]) -> str:
    """The text of a term: an IRI, which may have a label, or what has none; a triple as N-Triples has it."""
    if term["type"] == "uri":
        return str(term["value"])
    return Text(_ntriples(term) if term["type"] == "triple" else term["value"])


def _ntriples(term: Mapping[str, Any]) -> str:
    """A term as N-Triples-star has it."""
    if term["type"] == "triple":
        return f"<< {' '.join(_ntriples(term['value'][part]) for part in ('subject', 'predicate', 'object'))} >>"
    return str(term_of(term))


def _said(cited: CitedAnswer, row: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of `said_fields` and the citation, for what a row rests on."""
    claims = [cited.claims[number] for number in row["claims"]]
    return {
        "modality": dict.fromkeys(str(CODE[c["modality"]]) for c in claims if c.get("modality")),
        "speaker": dict.fromkeys(c["speaker"] for c in claims if "speaker" in c),
        "article": dict.fromkeys(c["article"] for c in claims if "article" in c),
        "paragraph": dict.fromkeys(c["paragraph"] for c in claims if "paragraph" in c),
        "published": dict.fromkeys(c["date"] for c in claims if "date" in c),
        "gloss": dict.fromkeys(c["gloss"] for c in claims if "gloss" in c),
        "claim": [c["claim"] for c in claims],
        "citation": row["citation"],
    }


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
