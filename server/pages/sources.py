"""The articles that claims are drawn from: their list, and each with its claims in reading order."""

from collections import defaultdict
from typing import Any

from flask import Blueprint, render_template, request

from kg.curation.sources import ArticleText
from kg.views.article_store import Stretch, stretches
from kg.views.articles import (
    ARTICLES,
    CLAIMS,
    Place,
    Reading,
    claim_counts,
    describe_articles,
    newest_articles,
    read_article,
)
from kg.views.footnotes import Footnote
from ontology import KelisimError
from server.http.languages import language
from server.http.site import Site


def blueprint(site: Site) -> Blueprint:
    """The list of the articles of a site, the newest first."""
    routes = Blueprint("sources", __name__)

    @routes.get("/sources")
    def sources() -> str:
        """The articles, each with its publisher, its date and the number of its claims."""
        number = _positive("page", 1)
        found = newest_articles(site.reader, language(), (number - 1) * ARTICLES, ARTICLES + 1)
        shown = found[:ARTICLES]
        return render_template(
            "pages/sources.html",
            articles=shown,
            counted=claim_counts(site.reader, [a.iri for a in shown]),
            number=number,
            more=len(found) > ARTICLES,
        )

    return routes


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """What the page of an article shows beside its facts; for ``server.pages.things``.

    The texts of its paragraphs are there only if the operator gives a file that has the recorded hash.
    """
    article = next(iter(describe_articles(site.reader, [iri], language)), None)
    offset = _positive("from", 1) - 1
    reading = read_article(site.reader, iri, language, offset)
    text = site.shelf.find(article.sha256) if site.shelf and article else None
    return {
        "article": article,
        "reading": reading,
        "by_paragraph": _by_paragraph(reading),
        "texts": _texts(text, reading) if text else {},
        "text_is": "shown" if text else "missing" if site.shelf else "not given",
        "first": offset + 1,
        "step": CLAIMS,
    }


def _by_paragraph(reading: Reading) -> dict[int, list[tuple[Footnote, Place]]]:
    found = defaultdict(list)
    for note, place in reading.claims:
        found[place.paragraph].append((note, place))
    return found


def _texts(text: ArticleText, reading: Reading) -> dict[int, list[Stretch]]:
    """The paragraphs of the reading, each cut at the ends of the passages that its claims stand on."""
    found = {}
    for number in reading.paragraphs:
        try:
            found[number] = stretches(text, number, (p for _, p in reading.claims if p.paragraph == number))
        except KelisimError:  # a record that points beyond its article's end
            continue
    return found


def _positive(name: str, default: int) -> int:
    value = request.args.get(name, "")
    return max(1, int(value)) if value.isdecimal() and len(value) < 10 else default
