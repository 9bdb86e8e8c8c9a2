"""Where the things of the graph have their pages and their data on this host."""

from typing import Final
from urllib.parse import quote

from flask import Flask

from ontology import BASE

_SEGMENTS: Final = {"id/": "", "code/": "code/", "claim/": "claim/", "source/": "source/", "graph/": "graph/"}
"""What follows the base of our IRIs, and what follows ``/page/`` and ``/data/``."""

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


def _path(iri: str) -> str:
    """What follows ``/page/`` or ``/data/``; nothing for an IRI that has neither."""
    if not iri.startswith(BASE):
        return ""
    rest = iri.removeprefix(BASE)
    if rest == "ns" or rest.startswith("ns#"):
        return "ns"
    for segment, folder in _SEGMENTS.items():
        if rest.startswith(segment) and len(rest) > len(segment):
            return folder + quote(rest.removeprefix(segment), safe=_SAFE)
    return ""
