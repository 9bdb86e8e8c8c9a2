"""Link headers between pages and their data (RFC 8288; FAIR Signposting)."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from werkzeug.urls import iri_to_uri

from kg.rdf.formats import GRAPH_FORMATS
from ontology import BASE
from server.http.links import page_of

LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
DESCRIPTION: Final = "/.well-known/void"
"""The path of the description of the dataset (VoID)."""


def of_thing(what: str, iri: str) -> str:
    """The Link header of a page or description of `iri`, whose data are at ``/data/{what}``."""
    data = f"/data/{quote(what)}"
    links = list(_formats(data))
    if page_of(iri).startswith("/page/"):
        links.append(f'<{page_of(iri)}>; rel="alternate"; type="text/html"')
    links += [f'<{data}>; rel="describedby"', f'<{DESCRIPTION}>; rel="describedby"']
    return ", ".join([*links, f'<{LICENSE}>; rel="license"', f'<{iri_to_uri(iri)}>; rel="canonical"'])


def of_dataset() -> str:
    """The Link header of a page or description of the whole dataset."""
    links = [
        *_formats("/data/catalogue"),
        '</>; rel="alternate"; type="text/html"',
        f'<{DESCRIPTION}>; rel="describedby"',
    ]
    return ", ".join([*links, f'<{LICENSE}>; rel="license"', f'<{BASE}>; rel="canonical"'])


def _formats(data: str) -> Iterator[str]:
    return (f'<{data}.{f.extension}>; rel="alternate"; type="{f.media_type}"' for f in GRAPH_FORMATS)
