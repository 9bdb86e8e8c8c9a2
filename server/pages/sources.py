"""``/sources``: the articles that claims are drawn from; and the template variables of an article's page."""

from collections import defaultdict
from collections.abc import Callable
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, render_template, request

from kg.claims.citing import sources as sources_of
from kg.curation.sources import ArticleText
from kg.tabular.table import Field, Table
from kg.views.article_store import Segment, segments
from kg.views.articles import (
    ARTICLES_PER_PAGE,
    MAX_CLAIMS,
    Article,
    ArticlePage,
    PassageLocation,
    claim_counts,
    count_articles,
    describe_articles,
    first_of_page,
    newest_articles,
    read_article,
)
from kg.views.footnotes import Footnote
from kg.views.listings import Listing
from ontology import KelisimError
from server.http.languages import language, translate
from server.http.links import PARAGRAPH
from server.http.site import Site
from server.http.tables import tabular
from server.pages.facets import file_link, link
from server.pages.filters import Filters
from server.pages.list_files import MOST_IN_FILE, bounded, checked, table_of


def blueprint(site: Site) -> Blueprint:
    """The list of the articles of a site, newest first."""
    routes = Blueprint("sources", __name__)

    @routes.get("/sources")
    def sources() -> str:
        """A page of the articles, each with its publisher, date and number of claims."""
        number = _positive("page", 1)
        found = newest_articles(site.reader, language(), (number - 1) * ARTICLES_PER_PAGE, ARTICLES_PER_PAGE + 1)
        shown = found[:ARTICLES_PER_PAGE]
        return render_template(
            "pages/sources.html",
            articles=shown,
            counted=claim_counts(site.reader, [a.iri for a in shown]),
            number=number,
            more=len(found) > ARTICLES_PER_PAGE,
            listing=Listing((), 0 if found else count_articles(site.reader), number, ARTICLES_PER_PAGE),
            link=link,
            file_link=file_link,
            host=request.url_root.rstrip("/"),
        )

    @routes.get("/sources.<suffix>")
    def file(suffix: str) -> Response:
        """The articles as a table; 413 if there are more than `MOST_IN_FILE`."""
        checked(suffix, "sources", Filters(""))
        found = newest_articles(site.reader, language(), 0, MOST_IN_FILE + 1)
        bounded(len(found))
        return tabular(_table(site, found), suffix)

    return routes


def _table(site: Site, articles: list[Article]) -> Table:
    named = sources_of(site.reader, (each.iri for each in articles), language())
    counted = claim_counts(site.reader, (each.iri for each in articles))
    fields = (
        Field("article", translate("Article"), "things"),
        Field("headline", translate("Headline")),
        Field("author", translate("Author")),
        Field("publisher", translate("Publisher"), "things"),
        Field("address", translate("Address of the article"), "iri"),
        Field("language", translate("Language")),
        Field("published_earliest", translate("First day on which it may have appeared"), "date"),
        Field("published_latest", translate("Last such day"), "date"),
        Field("claims", translate("Claims"), "integer"),
        Field("sha256", "SHA-256"),
    )
    rows = [
        {
            "article": each.iri,
            "headline": named[each.iri].headline.text,
            "author": [*map(str, named[each.iri].authors)],
            "publisher": each.publisher,
            "address": named[each.iri].address,
            "language": each.language,
            "published_earliest": each.earliest,
            "published_latest": each.latest,
            "claims": counted.get(each.iri, 0),
            "sha256": each.sha256,
        }
        for each in articles
    ]
    return table_of(site, "sources", translate("Sources"), fields, rows)


def context(site: Site, iri: str, language: str) -> dict[str, Any]:
    """Template variables of a page of an article: its claims in reading order, by paragraph, and links to the others.

    The text of its paragraphs is included only if the operator provides a file with the recorded hash.
    """
    article = next(iter(describe_articles(site.reader, [iri], language)), None)
    first = first_of_page(_positive(PARAGRAPH, 1))
    reading = read_article(site.reader, iri, language, first)
    text = site.article_store.find(article.sha256) if site.article_store and article else None
    return {
        "article": article,
        "reading": reading,
        "by_paragraph": _by_paragraph(reading),
        "texts": _texts(text, reading) if text else {},
        "text_is": "shown" if text else "missing" if site.article_store else "not given",
        "elsewhere_told": [number for number in reading.every if first_of_page(number) != first],
        "runs": [(told, list(numbers)) for told, numbers in groupby(reading.paragraphs, _claims_in(reading))],
        "most": MAX_CLAIMS,
    }


def _claims_in(reading: ArticlePage) -> Callable[[int], bool]:
    """Whether a paragraph has claims; those in a row without any are folded."""
    told = {place.paragraph for _, place in reading.claims}
    return lambda number: number in told


def _by_paragraph(reading: ArticlePage) -> dict[int, list[tuple[Footnote, PassageLocation]]]:
    found = defaultdict(list)
    for note, place in reading.claims:
        found[place.paragraph].append((note, place))
    return found


def _texts(text: ArticleText, reading: ArticlePage) -> dict[int, list[Segment]]:
    """The text of the paragraphs, split into segments at the bounds of the claims' passages."""
    found = {}
    for number in reading.paragraphs:
        try:
            found[number] = segments(text, number, (p for _, p in reading.claims if p.paragraph == number))
        except KelisimError:  # a passage beyond the end of its article
            continue
    return found


def _positive(name: str, default: int) -> int:
    value = request.args.get(name, "")
    return max(1, int(value)) if value.isdecimal() and len(value) < 10 else default
