"""Template variables of the base layout: the dataset's name and description, the navigation, the footer, languages."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, request
from markupsafe import Markup

from kg.language.labels import Label
from kg.language.periods import parse_day
from kg.publishing.citing import Citation, cite
from kg.views.facts import in_language as facts_in_language
from kg.views.footnotes import Footnote
from kg.views.quotations import quotations
from ontology import version
from ontology.namespaces import shorten
from server.http.languages import PARAMETER, language
from server.http.parameters import known
from server.http.site import Site


def register(app: Flask, site: Site) -> None:
    """Registers the variables of ``base.html``, filters and a function.

    The filters are ``in_its_language``, ``in_one_language``, ``shorten``, ``has_passed`` of a day, and ``passed``: of a
    planned day that is over up to when the sources reach. The function is ``passages``: the
    texts of the passages of footnotes, with their languages.
    """
    release = version()
    app.jinja_env.filters["in_its_language"] = in_its_language
    app.jinja_env.filters["has_passed"] = _has_passed
    app.jinja_env.filters["passed"] = lambda day: site.sources_until.get() if _has_passed(day) else ""

    def passages(notes: Iterable[Footnote]) -> dict[str, Label]:
        return quotations(site.reader, site.article_store, (note.passage for note in notes))

    app.jinja_env.globals["passages"] = passages
    app.jinja_env.filters["in_one_language"] = lambda facts: facts_in_language(facts, language())
    app.jinja_env.filters["shorten"] = lambda iri: shorten(iri, site.prefixes)

    @app.context_processor
    def shell() -> dict[str, Any]:
        about = site.about
        return {
            "release": release,
            "data_version": site.store.version,
            "in_language": in_language,
            "about": about,
            "site_name": about.name(language()),
            "kinds": site.kinds.get(),
            "sources_until": site.sources_until.get(),
            "cited_page": lambda title: _cited(site, title),
        }


def _has_passed(day: str) -> bool:
    """Whether a day (xsd:date) has passed; one that is no date has not."""
    last = parse_day(day)
    return last is not None and last < datetime.now(UTC).date()


def _cited(site: Site, title: str) -> Citation:
    """The citation of this page at its own address, by its title without the name of the site."""
    about = site.about
    bare = Markup(title).striptags().removesuffix(f" · {about.name(language())}")  # noqa: S704 - out of a template
    return cite(bare, _address(), site.version, about=about, key=_key())


def _address() -> str:
    """The address of this page, with what it reads of its query, but without its language."""
    fields = [(k, v) for k, v in known() if k != PARAMETER and v]
    return request.host_url.rstrip("/") + quote(request.path) + (f"?{urlencode(fields)}" if fields else "")


def _key() -> str:
    """The name of this page in a bibliography."""
    return request.path.strip("/").replace("/", "-") or "home"


def in_language(code: str) -> str:
    """The query string of this request in another language, as a relative URL; without what no page reads."""
    fields = [(k, v) for k, v in known() if k != PARAMETER]
    return f"?{urlencode([*fields, (PARAMETER, code)])}"


def in_its_language(label: Label) -> Markup:
    """The attribute ``lang`` for a label that is not in the language of the page, else nothing (WCAG 2.2, 3.1.2)."""
    foreign = label.language and label.language != language()
    return Markup(' lang="{}"').format(label.language) if foreign else Markup()
