"""``/query``: the query editor with examples, and ``/question/...``: the examples in RDF."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, jsonify, redirect, render_template, request

from kg.engine.guard import with_from
from kg.publishing.examples import QUESTION, SCHEMA, SH, examples
from kg.publishing.questions import Question, find_question, read_questions
from kg.rdf.formats import GraphFormat
from ontology import KelisimError
from ontology.namespaces import PREFIXES
from server.endpoint.snippets import snippets
from server.http.errors import ProblemError
from server.http.languages import language
from server.http.lenses import chosen as through
from server.http.negotiation import CONTENT_TYPES, accepted_types, graph_format, wanted_formats
from server.http.site import Site
from server.pages.completion import terms
from server.pages.starters import starters

STARTER: Final = "visits-by-level"
"""The question in the editor if the request has none; the first one where there is no such question."""

# YASGUI's tables with resizable columns need inline styles, which no other page allows.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def blueprint(site: Site) -> Blueprint:
    """The query editor of a site; its completions are cached for each version of the data."""
    routes = Blueprint("query", __name__)
    questions = read_questions(site.data)
    starter = next((q for q in questions if q.name == STARTER), questions[0])

    @lru_cache(maxsize=8)
    def completed(version: str, code: str) -> list[tuple[str, str, str]]:
        return terms(site.reader, code, site.prefixes)

    @routes.get("/query")
    def query() -> Response:
        """The editor with a query: ``?query=``, ``?question=`` (a name), or the first one for such data.

        The questions are those of the project's data; of others the starters ask what they hold.
        """
        name, given = request.args.get("question"), request.args.get("query")
        lens = through([*filter(None, request.args.getlist("default-graph-uri"))])
        chosen = _question(name, site.data) if name else None
        starting = starters(site)
        first = starter.bare if site.kinds.get() else next(iter(starting.values()))
        text = given if given is not None else chosen.bare if chosen else first
        page = render_template(
            "pages/query.html",
            query=text,
            runs=given is not None or chosen is not None,
            chosen=chosen,
            lens=lens,
            questions=questions if site.kinds.get() else [],
            starters=starting,
            snippets=snippets(_endpoint(), with_from(text, lens) if lens else text),
            built=files("server").joinpath("static", "built", "yasgui.js").is_file(),
        )
        response = Response(page)
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    @routes.get("/query/terms.json")
    def completion() -> Response:
        """Prefixes and completions ([name, label, kind]) in the language of the request."""
        return jsonify(prefixes=dict(site.offered_prefixes), terms=completed(site.store.version, language()))

    @routes.route("/query/snippets.json", methods=["GET", "POST"])
    def programs() -> Response:
        """Programs that send ``query=``: [{name, code}]. Also by POST, since a query may be too long for a URL."""
        return jsonify(snippets(_endpoint(), request.values.get("query", "")))

    @routes.get("/question")
    def catalogue() -> Response:
        """The example questions: 303 to their page for browsers, else to their RDF."""
        return _see_other("/questions", "/data/questions")

    @routes.get("/question/<name>")
    def question(name: str) -> Response:
        """One example question: 303 to its page for browsers, else to its RDF."""
        _question(name, site.data)
        return _see_other(f"/questions/{name}", f"/data/question/{name}")

    @routes.get("/data/questions", defaults={"suffix": ""})
    @routes.get("/data/questions.<suffix>")
    def all_data(suffix: str) -> Response:
        """All example questions as SHACL executables, in any graph format."""
        return _graph(questions, suffix)

    @routes.get("/data/question/<name>")
    def data(name: str) -> Response:
        """One example question as a SHACL executable; a suffix such as ``.ttl`` selects the format."""
        name, _, suffix = name.partition(".")
        return _graph([_question(name, site.data)], suffix)

    return routes


def _question(name: str, data: Path | None) -> Question:
    """The question of that name; raises a 404 ProblemError if there is none."""
    try:
        return find_question(name, data)
    except KelisimError as error:
        raise ProblemError(404, "No such question", str(error)) from error


def _see_other(page: str, data: str) -> Response:
    """303 See Other to the page or the data, as the client prefers."""
    wants_page = wanted_formats(accepted_types(request.headers.get("Accept")), None).graph_page
    response = redirect(page if wants_page else data, 303)
    response.vary.add("Accept")
    return response  # type: ignore[return-value]


def _endpoint() -> str:
    return request.url_root + "sparql"


def _graph(questions: list[Question], suffix: str) -> Response:
    form = graph_format(accepted_types(request.headers.get("Accept")), suffix or request.args.get("format"))
    response = Response(_serialized(questions, form), content_type=CONTENT_TYPES[form.name])
    response.vary.add("Accept")
    return response


def _serialized(questions: list[Question], form: GraphFormat) -> bytes:
    prefixes = {**PREFIXES, "sh": SH, "schema": SCHEMA, "question": QUESTION}
    triples = sorted(examples(questions, _endpoint()), key=str)
    return ox.serialize(triples, format=form.engine, prefixes=prefixes) or b""
