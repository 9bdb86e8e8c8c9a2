"""The paths of pages and data for the IRIs of the graph."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlencode

from flask import Flask

from kg.views.articles import first_of_page
from ontology import BASE, ONTOLOGY_IRI
from ontology.namespaces import EVERYTHING

PARAGRAPH: Final = "paragraph"
"""The parameter of an article's page: the first paragraph that it shows."""

_SEGMENTS: Final = ("code/", "claim/", "source/", "graph/", "id/", "conflict/")
"""Prefixes that are the same below the base IRI and below ``/page/`` and ``/data/``; other paths there are slugs."""

_RESERVED: Final = ("ns", "shape", "catalogue", "dump", "questions", "question")
"""Reserved names below ``/page/`` and ``/data/``; a thing with such a slug is at ``…/id/`` and its slug."""

_SAFE: Final = "/-._~!$&'()*+,;=:@"
"""Characters of a path that need no percent-encoding (RFC 3986, section 3.3)."""


def register(app: Flask) -> None:
    """Registers the filters ``page_of``, ``paragraph_of``, ``data_of`` and ``outside``, and the name ``everything``."""
    app.jinja_env.globals.update(everything=EVERYTHING)
    app.jinja_env.filters.update(page_of=page_of, paragraph_of=paragraph_of, data_of=data_of, outside=outside)


@lru_cache(maxsize=1 << 14)
def page_of(iri: str) -> str:
    """The path of the page of an IRI: below ``/page/`` for one below `BASE`, else ``/resource?iri=``.

    ``…/id/oil`` gives ``/page/oil``, ``…/code/planned`` ``/page/code/planned``, ``…/ns#State`` ``/page/ns#State``.
    """
    if iri == BASE:
        return "/"
    path = _path(iri)
    if path:
        term = iri.partition("#")[2] if path == "ns" else ""
        return f"/page/{path}" + (f"#{quote(term)}" if term else "")
    return resource_of(iri)


def paragraph_of(article: str, paragraph: int) -> str:
    """The path of a paragraph of an article, by its IRI: on the page of the article that shows it."""
    if not paragraph:
        return page_of(article)
    first = first_of_page(paragraph)
    page = page_of(article)
    mark = "&" if "?" in page else "?"
    return page + (f"{mark}{PARAGRAPH}={first}" if first > 1 else "") + f"#p{paragraph}"


def data_of(iri: str, suffix: str = "") -> str:
    """The path of the RDF data of an IRI, with a suffix such as ``ttl`` or, for one outside `BASE`, a parameter."""
    path = _path(iri)
    if path:
        return f"/data/{path}" + (f".{suffix}" if suffix else "")
    return resource_of(iri, format=suffix)


def resource_of(iri: str, **parameters: str) -> str:
    """The path ``/resource`` with an IRI; empty parameters are left out."""
    given = {name: value for name, value in parameters.items() if value}
    return "/resource?" + urlencode({"iri": iri, **given}, safe="/:")


def outside(iri: str) -> str:
    """An IRI outside `BASE` if a browser can follow it safely, else empty: never ``javascript:`` or ``data:``."""
    return iri if iri.lower().startswith(("https://", "http://")) and not iri.startswith(BASE) else ""


def place_of(iri: str) -> str:
    """The path of an IRI below ``/page/`` and ``/data/``, not quoted; the empty string if it has none."""
    rest = iri.removeprefix(BASE) if iri.startswith(BASE) else ""
    if rest == "ns" or rest.startswith("ns#"):
        return "ns"
    slug = rest.removeprefix("id/")
    if slug != rest and slug and not slug.startswith(_SEGMENTS) and re.split("[./]", slug)[0] not in _RESERVED:
        return slug
    return rest if rest.startswith(_SEGMENTS) and rest not in _SEGMENTS else ""


def iri_at(place: str) -> str:
    """The IRI for an unquoted path below ``/page/`` or ``/data/``: the inverse of `place_of`."""
    if place == "ns":
        return ONTOLOGY_IRI
    return BASE + (place if place.startswith(_SEGMENTS) else f"id/{place}")


def _path(iri: str) -> str:
    return quote(place_of(iri), safe=_SAFE)
