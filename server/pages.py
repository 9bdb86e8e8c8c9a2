"""The start page, and whether the server is well."""

from flask import Blueprint, Response, jsonify, render_template

from kg.dataset import Dataset
from kg.questions import find_question, read_questions

STARTER = "visits-by-level"
"""The question that stands in the form of the start page."""


def blueprint(dataset: Dataset) -> Blueprint:
    """The pages about one dataset."""
    routes = Blueprint("pages", __name__)
    statistics = dataset.statistics()
    questions = read_questions()
    starter = find_question(STARTER).query

    @routes.get("/")
    def home() -> str:
        """What this is, with a query form and example questions."""
        return render_template("home.html", statistics=statistics, questions=questions, starter=starter)

    @routes.get("/health")
    def health() -> Response:
        """That the server lives, and what it has loaded."""
        return jsonify(status="ok", version=dataset.version, digest=dataset.digest, quads=len(dataset.quads))

    return routes
