"""The home page, what Kelisim is, and whether the server is well."""

from collections import defaultdict
from typing import Final

from flask import Blueprint, Response, jsonify, render_template

from kg.publishing.questions import read_questions
from kg.views.articles import Article, newest_articles, read_article
from kg.views.footnotes import Footnote
from kg.views.overview import counts
from kg.workers.messages import Task
from ontology import version
from server.http.languages import language
from server.http.site import Site
from server.openapi import openapi

NEWEST: Final = 8
"""So many of the newest claims stand on the home page."""


def blueprint(site: Site) -> Blueprint:
    """The home page of a site, the page about it, and what tells of its health."""
    routes = Blueprint("pages", __name__)
    questions = len(read_questions())

    @routes.get("/")
    def home() -> str:
        """What this is, where to begin, and the newest claims."""
        article, claims = _newest(site)
        counted = defaultdict(int, counts(site.reader), questions=questions)
        return render_template(
            "pages/home.html", statistics=site.statistics, counted=counted, newest=article, claims=claims
        )

    @routes.get("/about")
    def about() -> str:
        """How facts are made and said, how to cite them, and under which licences they are."""
        return render_template("pages/about.html", statistics=site.statistics)

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


def _newest(site: Site) -> tuple[Article | None, list[Footnote]]:
    """The article that appeared last, and the first of its claims."""
    articles = newest_articles(site.reader, language(), limit=1)
    if not articles:
        return None, []
    reading = read_article(site.reader, articles[0].iri, language(), limit=NEWEST)
    return articles[0], [note for note, _ in reading.claims]
