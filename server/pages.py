"""The start page, and whether the server is well."""

from flask import Blueprint, Response, jsonify, render_template

from kg.questions import find_question, read_questions
from kg.worker import Task
from ontology import version
from server import openapi
from server.site import Site

STARTER = "visits-by-level"
"""The question that stands in the form of the start page."""


def blueprint(site: Site) -> Blueprint:
    """The start page of a site, and what tells of its health."""
    routes = Blueprint("pages", __name__)
    questions = read_questions()
    starter = find_question(STARTER).query

    @routes.get("/")
    def home() -> str:
        """What this is, with a query form and example questions."""
        return render_template("home.html", statistics=site.statistics, questions=questions, starter=starter)

    @routes.get("/health")
    def health() -> Response:
        """That the server lives, and the version of its data."""
        return _now(jsonify(status="ok", version=site.store.version))

    @routes.get("/ready")
    def ready() -> Response:
        """Whether queries are answered: 200 or 503."""
        site.store.query(Task("ASK {}", bindings="json"))
        return _now(jsonify(status="ready", version=site.store.version))

    @routes.get("/openapi.json")
    def description() -> Response:
        """What every route takes and gives (OpenAPI 3.1)."""
        return jsonify(openapi.describe(version()))

    return routes


def _now(response: Response) -> Response:
    """The response, which is true only now."""
    response.cache_control.no_store = True
    return response
