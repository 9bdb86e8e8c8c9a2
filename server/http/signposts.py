"""Link headers between pages and their data (RFC 8288; FAIR Signposting)."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from werkzeug.urls import iri_to_uri

from kg.publishing.about import About
from kg.rdf.formats import GRAPH_FORMATS
from server.http.links import outside, page_of, resource_of

DESCRIPTION: Final = "/.well-known/void"
"""The path of the description of the dataset (VoID)."""

_LONG_IRI: Final = 1_000
"""Links with longer IRIs are left out: some clients take no more than some kilobytes of headers."""


def of_thing(what: str, iri: str, about: About) -> str:
    """The Link header of a page or description of `iri`, whose data are at ``/data/{what}``."""
    data = f"/data/{quote(what)}"
    links = list(_formats(data))
    if page_of(iri).startswith("/page/"):
        links.append(f'<{page_of(iri)}>; rel="alternate"; type="text/html"')
    links += [f'<{data}>; rel="describedby"', f'<{DESCRIPTION}>; rel="describedby"']
    links += _licences(tuple(about.licences))
    return ", ".join([*links, f'<{iri_to_uri(iri)}>; rel="canonical"'])


def of_resource(iri: str, about: About) -> str:
    """The Link header of the description of an IRI that has no address of its own here.

    The description is about the IRI (RFC 6903, section 2) and not a copy of what may be there.
    """
    links = [f'<{DESCRIPTION}>; rel="describedby"', *_licences(tuple(about.licences))]
    if len(iri) <= _LONG_IRI:
        links = [
            *(f'<{resource_of(iri, format=f.name)}>; rel="alternate"; type="{f.media_type}"' for f in GRAPH_FORMATS),
            f'<{resource_of(iri, format="html")}>; rel="alternate"; type="text/html"',
            *([f'<{iri_to_uri(iri)}>; rel="about"'] if outside(iri) else []),
            *links,
        ]
    return ", ".join(links)


def of_dataset(about: About, host: str) -> str:
    """The Link header of a page or description of the whole dataset, on the server at the URL `host`."""
    links = [
        *_formats("/data/catalogue"),
        '</>; rel="alternate"; type="text/html"',
        f'<{DESCRIPTION}>; rel="describedby"',
    ]
    links += _licences(tuple(about.licences))
    return ", ".join([*links, f'<{iri_to_uri(about.iri(host))}>; rel="canonical"'])


def of_lens(path: str, about: About) -> str:
    """The Link header of a lens: its data in each format, its page, and the licences; `path` is that of its name."""
    page = f'</lenses/{path}>; rel="alternate"; type="text/html"'
    return ", ".join([*_formats(f"/data/lens/{path}"), page, *_licences(tuple(about.licences))])


def licences(about: About) -> str:
    """The Link header of everything else: the licences of the data; empty if none is given."""
    return ", ".join(_licences(tuple(about.licences)))


@lru_cache(maxsize=8)
def _licences(iris: tuple[str, ...]) -> list[str]:
    return [f'<{iri_to_uri(iri)}>; rel="license"' for iri in iris]


def _formats(data: str) -> Iterator[str]:
    return (f'<{data}.{f.extension}>; rel="alternate"; type="{f.media_type}"' for f in GRAPH_FORMATS)
