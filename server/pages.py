"""The start page, and whether the server is well."""

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, render_template

from kg.questions import find_question, read_questions
from kg.store import Store
from kg.worker import Task
from ontology import version
from server import openapi

STARTER = "visits-by-level"
"""The question that stands in the form of the start page."""


Statistics = Mapping[str, object]
"""Counts by name, as `Dataset.statistics` gives them."""


def blueprint(store: Store, statistics: Statistics) -> Blueprint:
    """The pages about one store."""
    routes = Blueprint("pages", __name__)
    questions = read_questions()
    starter = find_question(STARTER).query

    @routes.get("/")
    def home() -> str:
        """What this is, with a query form and example questions."""
        return render_template("home.html", statistics=statistics, questions=questions, starter=starter)

    @routes.get("/health")
    def health() -> Response:
        """That the server lives, and the version of its data."""
        return jsonify(status="ok", version=store.version)

    @routes.get("/ready")
    def ready() -> Response:
        """Whether queries are answered: 200 or 503."""
        store.query(Task("ASK {}", bindings="json"))
        return jsonify(status="ready", version=store.version)

    @routes.get("/openapi.json")
    def description() -> Response:
        """What every route takes and gives (OpenAPI 3.1)."""
        return jsonify(openapi.describe(version()))

    return routes
