"""Descriptions of the dataset for programs: DCAT and VoID, sitemaps, ``robots.txt``."""

from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, Response, redirect, request

from kg.publishing.catalogue import Counts, catalogue, count
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from kg.publishing.schemas import schema
from kg.publishing.sitemaps import iris, parts
from kg.rdf.formats import GRAPH_FORMATS
from server.http.errors import ProblemError
from server.http.links import page_of
from server.http.negotiation import CONTENT_TYPES, HTML, accepted_types, graph_format
from server.http.signposts import of_dataset
from server.http.site import Site

SMALL_STORE: Final = 200_000
"""Of stores with at most so many triples in the default graph the catalogue gives the size of each file, for which they
are made at its first request; of others, the sizes of the files that somebody has asked for. 13 files of 30,000 triples
take two seconds."""

_WAIT_SECONDS: Final = 10.0
_SUFFIXES: Final = {f.extension: f for f in GRAPH_FORMATS}
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ROBOTS: Final = """User-agent: *
Disallow: /sparql
Disallow: /graphs
Disallow: /data/dump.
Disallow: /diff
Disallow: /cite
Disallow: /q/
Disallow: /claims?
Disallow: /claims.
Disallow: /answer.
Disallow: /timemap/
Disallow: /*version=
Sitemap: {}sitemap.xml
"""


def blueprint(site: Site) -> Blueprint:
    """The descriptions of a site's dataset."""
    routes = Blueprint("catalogue", __name__)
    dumps = site.dumps

    @lru_cache(1)
    def counts(version: str) -> Counts:
        return count(site.reader, version)

    @lru_cache(1)
    def sitemap_parts(_version: str) -> list[tuple[str, int]]:
        return parts(site.reader)

    @routes.get("/catalogue")
    def name() -> Response:
        """303 See Other to the page of downloads for browsers, to the RDF for other clients."""
        accept = accepted_types(request.headers.get("Accept"))
        page = accept.best_match([*(f.media_type for f in GRAPH_FORMATS), HTML]) == HTML
        response: Response = redirect("/downloads" if page else "/data/catalogue", 303)  # type: ignore[assignment]
        response.headers["Link"] = of_dataset(site.about, request.url_root)
        response.vary.add("Accept")
        return response

    @routes.get("/data/catalogue")
    @routes.get("/data/catalogue.<suffix>", endpoint="in_format")
    @routes.get("/.well-known/void", endpoint="void")
    def description(suffix: str = "") -> Response:
        """The dataset in DCAT and VoID (Describing Linked Datasets with VoID, section 7.2)."""
        if suffix and suffix not in _SUFFIXES:
            raise ProblemError(404, "Not found", f"There is no catalogue.{suffix}; there is: {', '.join(_SUFFIXES)}.")
        accept = accepted_types(request.headers.get("Accept"))
        form = _SUFFIXES[suffix] if suffix else graph_format(accept, request.args.get("format"))
        about, host, numbers = site.about, request.url_root, counts(site.store.version)
        if 0 < numbers.triples <= SMALL_STORE:
            dumps.make(site.files, _WAIT_SECONDS)
        made = dumps.made()
        files = {f"dump.{extension}": made.get(extension) for extension in site.files}
        if about.ours:
            files |= {name: schema(name) for name in SCHEMAS}
        found = catalogue(site.reader, about, host, numbers, files)
        response = Response(found.serialize(form, site.prefixes), content_type=CONTENT_TYPES[form.name])
        response.headers["Link"] = of_dataset(about, host)
        return _validated(_vary_by_host(response))

    @routes.get("/sitemap.xml")
    def sitemap() -> Response:
        """The index of the sitemaps."""
        root = Element("sitemapindex", xmlns=_SITEMAP)
        for kind, number in sitemap_parts(site.store.version):
            _address(root, "sitemap", f"sitemap/{kind}-{number}.xml")
        return _xml(root)

    @routes.get("/sitemap/<any(things, codes, sources, claims):kind>-<int:number>.xml")
    def sitemap_part(kind: str, number: int) -> Response:
        """One sitemap, of at most 50,000 pages."""
        found = iris(site.reader, kind, number)
        if not found:
            raise ProblemError(404, "Not found", f"There is no part {number} of the sitemap of {kind}.")
        root = Element("urlset", xmlns=_SITEMAP)
        for iri in found:
            _address(root, "url", page_of(iri).removeprefix("/"))
        return _xml(root)

    @routes.get("/robots.txt")
    def robots() -> Response:
        """Rules for crawlers (RFC 9309)."""
        return _vary_by_host(Response(_ROBOTS.format(request.url_root), mimetype="text/plain"))

    return routes


def _address(root: Element, name: str, path: str) -> None:
    SubElement(SubElement(root, name), "loc").text = request.url_root + path


def _xml(root: Element) -> Response:
    return _vary_by_host(Response(tostring(root, "utf-8", xml_declaration=True), mimetype="application/xml"))


def _validated(response: Response) -> Response:
    """Adds an ETag of the content, since it lists files that are made without a change of the data."""
    response.cache_control.no_cache = True
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


def _vary_by_host(response: Response) -> Response:
    """Adds Vary, since the content has absolute URLs with the requested host."""
    response.vary.update(("Accept", "Host"))
    return response
