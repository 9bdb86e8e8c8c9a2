"""The home page, the about page, health checks and ``/openapi.json``."""

from collections import defaultdict
from typing import Final

from flask import Blueprint, Response, jsonify, render_template, request

from kg.language.labels import labels
from kg.publishing.citing import cite
from kg.publishing.questions import read_questions
from kg.store.followed import Followed
from kg.views.articles import Article, newest_articles, read_article
from kg.views.footnotes import Footnote
from kg.views.overview import counts, follow_counts
from kg.views.profile import MAX_COUNTED, Profile, follow_profile, profile
from kg.workers.messages import Task
from ontology import version
from server.http.languages import language
from server.http.site import Site
from server.openapi import openapi
from server.pages.starters import starters

NEWEST: Final = 8
"""How many of the newest claims the home page shows."""


def blueprint(site: Site) -> Blueprint:
    """The home page and the about page of a site, and the health checks."""
    routes = Blueprint("pages", __name__)
    questions = len(read_questions(site.data))

    counted_kinds = Followed(site.store, counts, follow_counts)
    profiled = Followed(site.store, profile, follow_profile)

    @routes.get("/")
    def home() -> str:
        """The home page: introduction, links and the newest claims; for other data than the project's, a profile."""
        if not site.about.ours:
            return _profile(site, profiled.get())
        article, claims = _newest(site)
        counted = defaultdict(int, counted_kinds.get(), questions=questions)
        return render_template(
            "pages/home.html", statistics=site.statistics, counted=counted, newest=article, claims=claims
        )

    @routes.get("/about")
    def about() -> str:
        """The about page: how facts are curated, citation, licences; for other data what is said of them."""
        if site.about.ours:
            return render_template("pages/about_kelisim.html", statistics=site.statistics)
        about, host = site.about, request.url_root
        citation = cite(str(about.title(language())), about.iri(host), site.version, about=about)
        return render_template("pages/about.html", citation=citation)

    @routes.get("/health")
    def health() -> Response:
        """Liveness check: 200, with the version of the data."""
        return _uncached(jsonify(status="ok", version=site.store.version))

    @routes.get("/ready")
    def ready() -> Response:
        """Readiness check: 200 if a worker evaluates a query, else 503.

        It tells whether changes wait for the loading, how far a replica is behind its writer, and what an engine
        elsewhere is like that has the data.
        """
        site.store.query(Task("ASK {}", bindings="json", internal=True))
        more = {"replica": site.store.following} if site.store.following else {}
        more |= {"engine": site.engine()} if site.engine else {}
        return _uncached(jsonify(status="ready", version=site.store.version, loading=site.store.is_loading, **more))

    @routes.get("/openapi.json")
    def description() -> Response:
        """The description of all routes (OpenAPI 3.1)."""
        return jsonify(openapi.describe(version(), site.about))

    return routes


def _profile(site: Site, found: Profile) -> str:
    names = labels(site.reader, found.iris, language(), site.prefixes)
    return render_template("pages/dataset.html", profile=found, names=names, starters=starters(site), most=MAX_COUNTED)


def _uncached(response: Response) -> Response:
    """The response with ``Cache-Control: no-store``."""
    response.cache_control.no_store = True
    return response


def _newest(site: Site) -> tuple[Article | None, list[Footnote]]:
    """The newest article and its first claims."""
    articles = newest_articles(site.reader, language(), limit=1)
    if not articles:
        return None, []
    reading = read_article(site.reader, articles[0].iri, language(), limit=NEWEST)
    return articles[0], [note for note, _ in reading.claims]
