"""Dereferencing of the dataset's IRIs: 303 redirects to pages and data (Cool URIs for the Semantic Web, 4.2)."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.urls import iri_to_uri

from kg.language.messages import gettext_noop
from kg.publishing.about import About
from kg.publishing.descriptions import Description, describe, describe_ontology, describe_shapes, iri_status
from kg.publishing.schema_org import schema_org
from kg.rdf.formats import GRAPH_FORMATS, GraphFormat
from kg.store.reader import Reader, node
from ontology import BASE, ONTOLOGY_IRI, KelisimError, version
from ontology.namespaces import SHAPE
from server.http.errors import ProblemError
from server.http.languages import language
from server.http.links import iri_at, place_of
from server.http.negotiation import CONTENT_TYPES, HTML, accepted_types, graph_format
from server.http.signposts import of_dataset, of_thing
from server.http.site import Site

_SUFFIXES: Final = {f.extension: f for f in GRAPH_FORMATS} | {
    suffix: f for suffix, name in (("json", "jsonld"), ("xml", "rdfxml")) for f in GRAPH_FORMATS if f.name == name
}
_MOST_PAGES: Final = 1_000_000


def blueprint(site: Site) -> Blueprint:
    """The routes of all minted IRIs, and of the data about each."""
    routes = Blueprint("linked_data", __name__)

    for kind in ("id", "code", "claim", "source", "graph", "conflict"):

        @routes.get(f"/{kind}/<path:slug>", endpoint=kind)
        def name(slug: str, kind: str = kind) -> Response:
            """303 See Other from a thing's IRI to its page or its data."""
            slug, suffix = _split(slug)
            iri = f"{BASE}{kind}/{slug}"
            check(site.reader, iri)
            return _see_other(place_of(iri), iri, site.about, suffix)

    @routes.get("/ns")
    @routes.get("/ns.<suffix>", endpoint="ns_in_format")
    def ontology(suffix: str = "") -> Response:
        """The ontology and all its terms, whose IRIs differ in the fragment alone."""
        if suffix and suffix not in _SUFFIXES:
            raise unknown(f"{ONTOLOGY_IRI}.{suffix}")
        return _see_other("ns", ONTOLOGY_IRI, site.about, suffix)

    @routes.get("/ns/<release>")
    def release(release: str) -> Response:
        """One version of the ontology (owl:versionIRI); only the installed version exists."""
        if release != version():
            detail = f"This server has version {version()} of the ontology, not {release}."
            raise ProblemError(404, "Not found", detail)
        return _see_other("ns", ONTOLOGY_IRI, site.about)

    @routes.get("/.well-known/genid/<slug>")
    def genid(slug: str) -> Response:
        """A skolemized blank node of the ontology (RDF 1.1 Concepts, section 3.5)."""
        iri = f"{BASE}.well-known/genid/{slug}"
        if all(getattr(quad.subject, "value", "") != iri for quad in describe_ontology().quads):
            raise unknown(iri)
        return _see_other("ns", ONTOLOGY_IRI, site.about)

    @routes.get("/shape/<slug>")
    def shape(slug: str) -> Response:
        """A SHACL shape, which validation reports refer to."""
        iri = str(SHAPE[slug])
        if all(getattr(quad.subject, "value", "") != iri for quad in describe_shapes().quads):
            raise unknown(iri)
        return _redirect("/data/shape")

    @routes.get("/service")
    def service() -> Response:
        """The endpoint, whose description also names the graphs (SPARQL 1.1 Service Description)."""
        return _redirect("/sparql")

    @routes.get("/data/<path:what>")
    def data(what: str) -> Response:
        """The description of a thing, in the format of the suffix, of ``format=`` or of the Accept header."""
        what, suffix = _split(what)
        found = _described(site.reader, what)
        form = _SUFFIXES[suffix] if suffix else _negotiated()
        return _sent(site, found, what, form, negotiated=not suffix)

    @routes.app_context_processor
    def embedded() -> dict[str, Callable[[], dict[str, Any]]]:
        """Gives templates ``schema_org()``: the thing of a page below ``/page/`` in schema.org's terms."""
        return {"schema_org": lambda: schema_org(site.reader, iri_at(request.path.removeprefix("/page/")), language())}

    @routes.before_app_request
    def root() -> Response | None:
        """The root is the dataset's IRI: clients that prefer RDF are redirected to its description."""
        if request.path != "/" or request.method not in ("GET", "HEAD") or not _wants_rdf():
            return None
        return _redirect("/data/catalogue")

    @routes.after_app_request
    def signpost(response: Response) -> Response:
        """Adds a Link header from each page to its data."""
        if response.status_code == 200 and request.path.startswith("/page/"):
            what = request.path.removeprefix("/page/")
            response.headers["Link"] = of_thing(what, iri_at(what), site.about)
        elif response.status_code == 200 and request.path == "/":
            response.headers["Link"] = of_dataset(site.about, request.url_root)
            response.vary.add("Accept")
        return response

    return routes


def _described(reader: Reader, what: str) -> Description:
    if what == "ns":
        return describe_ontology()
    if what == "shape":
        return describe_shapes()
    iri = iri_at(what)
    check(reader, iri)
    number = page_number()
    found = describe(reader, iri, number)
    if not found.quads:
        raise ProblemError(404, "Not found", f"The description of <{iri}> has no page {number}.")
    return found


def page_number() -> int:
    """The number of the page of a description that is asked for; raises a 400 ProblemError if it is none."""
    number = request.args.get("page", "1")
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:9]) <= _MOST_PAGES):
        raise ProblemError(400, "Malformed request", f"page={number} is no number of a page.")
    return int(number)


def check(reader: Reader, iri: str) -> None:
    """Raises a ProblemError: 404 for an IRI that is not in the graph, 410 for one that has been withdrawn.

    One that was renamed, since one other of ours replaces it, is redirected for good (RFC 9110, section 15.4.2).
    """
    try:
        node(iri)
    except KelisimError:
        raise unknown(iri) from None
    found = iri_status(reader, iri)
    if not found.known:
        raise unknown(iri)
    if len(found.successors) == 1 and found.successors[0].startswith(BASE):
        old, new = place_of(iri), place_of(found.successors[0])
        abort(redirect(iri_to_uri(request.full_path.rstrip("?").replace(f"/{old}", f"/{new}", 1)), 301))
    if found.withdrawn:
        instead = " and ".join(f"<{other}>" for other in found.successors)
        detail = f"<{iri}> has been withdrawn" + (f"; see {instead}." if instead else ".")
        link = ", ".join(f'<{iri_to_uri(other)}>; rel="successor-version"' for other in found.successors)
        raise ProblemError(410, "Gone", detail, {"Link": link} if link else None)


def unknown(iri: str) -> ProblemError:
    """The 404 for an IRI that is not in the graph."""
    detail = gettext_noop("Nothing is known of <%(iri)s>. The search may find what is meant.")
    return ProblemError(404, "Not found", detail, iri=iri)


def _split(path: str) -> tuple[str, str]:
    """A path without its suffix, and the suffix of a format, empty if there is none."""
    stem, _, suffix = path.rpartition(".")
    return (stem, suffix) if stem and suffix in _SUFFIXES else (path, "")


def _see_other(what: str, iri: str, about: About, suffix: str = "") -> Response:
    """Redirects to the page for browsers, to the data for other clients."""
    path = quote(what)
    if suffix:
        response = _redirect(f"/data/{path}.{suffix}")
    elif not _wants_page():
        graph_format(_accept(), None)  # raises 406 before the redirect
        response = _redirect(f"/data/{path}")
    elif what.startswith("graph/"):
        query = f"SELECT ?s ?p ?o WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }} LIMIT 100"
        response = _redirect(f"/sparql?{urlencode({'query': query})}")
    else:
        response = _redirect(f"/page/{path}")
    response.headers["Link"] = of_thing(what, iri, about)
    return response


def _redirect(path: str) -> Response:
    response: Response = redirect(path, 303)  # type: ignore[assignment]
    response.vary.add("Accept")
    return response


def _sent(site: Site, found: Description, what: str, form: GraphFormat, *, negotiated: bool) -> Response:
    response = Response(found.serialize(form, site.prefixes), content_type=CONTENT_TYPES[form.name])
    response.headers["Link"] = of_thing(what, found.iri, site.about) + page_links(found)
    if negotiated:
        page = f"?page={found.page}" if found.page > 1 else ""
        response.headers["Content-Location"] = f"/data/{quote(what)}.{form.extension}{page}"
        response.vary.add("Accept")
    return response


def page_links(found: Description) -> str:
    """Links to other pages of a description, in the same format."""
    numbers = {"prev": found.page - 1, "next": found.page + 1 if found.more else 0, "first": int(found.page > 1)}
    given = request.args.to_dict()
    queries = {name: urlencode({**given, "page": number}) for name, number in numbers.items() if number}
    return "".join(f', <{quote(request.path)}?{query}>; rel="{name}"' for name, query in queries.items())


def _negotiated() -> GraphFormat:
    return graph_format(_accept(), request.args.get("format"))


def _accept() -> MIMEAccept:
    return accepted_types(request.headers.get("Accept"))


def _wants_page() -> bool:
    """Whether the client prefers HTML to RDF; ``*/*`` means RDF."""
    return _accept().best_match([*(f.media_type for f in GRAPH_FORMATS), HTML]) == HTML


def _wants_rdf() -> bool:
    """Whether the client prefers RDF to HTML; ``*/*`` means HTML."""
    return (_accept().best_match([HTML, *(f.media_type for f in GRAPH_FORMATS)]) or HTML) != HTML
