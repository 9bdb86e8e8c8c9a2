"""Where the things of the graph have their pages and their data on this host."""

import re
from typing import Final
from urllib.parse import quote

from flask import Flask

from ontology import BASE, ONTOLOGY_IRI

_SEGMENTS: Final = ("code/", "claim/", "source/", "graph/", "id/")
"""Where what follows the base of our IRIs follows ``/page/`` and ``/data/`` too; all else there is a thing's slug."""

_TAKEN: Final = ("ns", "shape", "catalogue", "dump", "questions", "question")
"""Names under ``/page/`` and ``/data/`` that are no thing's; a thing of that name stands under ``…/id/``."""

_SAFE: Final = "/-._~!$&'()*+,;=:@"
"""What may stand in a path as it is (RFC 3986, section 3.3)."""


def register(app: Flask) -> None:
    """Gives templates the filters ``page_of`` and ``data_of``."""
    app.jinja_env.filters.update(page_of=page_of, data_of=data_of)


def page_of(iri: str) -> str:
    """The path of the page of an IRI of ours; a foreign http(s) IRI itself; nothing for one that no link can take.

    ``…/id/oil`` gives ``/page/oil``, ``…/code/planned`` ``/page/code/planned``, ``…/ns#State`` ``/page/ns#State``.
    """
    if iri == BASE:
        return "/"
    path = _path(iri)
    if path:
        term = iri.partition("#")[2] if path == "ns" else ""
        return f"/page/{path}" + (f"#{quote(term)}" if term else "")
    return iri if iri.startswith(("https://", "http://")) else ""  # never javascript: or data:


def data_of(iri: str, suffix: str = "") -> str:
    """The path of the RDF of an IRI of ours, in a format such as ``ttl``; of another IRI, the IRI itself."""
    path = _path(iri)
    return f"/data/{path}" + (f".{suffix}" if suffix else "") if path else iri


def place_of(iri: str) -> str:
    """What follows ``/page/`` and ``/data/`` for an IRI of ours, not quoted; nothing for one that stands at neither."""
    rest = iri.removeprefix(BASE) if iri.startswith(BASE) else ""
    if rest == "ns" or rest.startswith("ns#"):
        return "ns"
    slug = rest.removeprefix("id/")
    if slug != rest and slug and not slug.startswith(_SEGMENTS) and re.split("[./]", slug)[0] not in _TAKEN:
        return slug
    return rest if rest.startswith(_SEGMENTS) and rest not in _SEGMENTS else ""


def iri_at(place: str) -> str:
    """The IRI that stands at what follows ``/page/`` or ``/data/``, not quoted: `place_of` turned round."""
    if place == "ns":
        return ONTOLOGY_IRI
    return BASE + (place if place.startswith(_SEGMENTS) else f"id/{place}")


def _path(iri: str) -> str:
    return quote(place_of(iri), safe=_SAFE)
