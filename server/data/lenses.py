"""``/lens/…``: the names of lenses, as linked data (Cool URIs for the Semantic Web, section 4.2)."""

import pyoxigraph as ox
from flask import Blueprint, Response, redirect, request

from kg.lenses.names import Lens, LensError
from kg.publishing.lenses import SD, described
from kg.rdf.formats import GRAPH_FORMATS
from kg.views.lenses import count, narrower
from server.http.languages import language
from server.http.lenses import lens_at, no_such, titles
from server.http.negotiation import CONTENT_TYPES, HTML, accepted_types, graph_format
from server.http.signposts import of_lens
from server.http.site import Site

_RELATED = 20
"""The most lenses of a kind that the description of one names."""


def blueprint(site: Site) -> Blueprint:
    """The routes of the lenses over a site's store."""
    routes = Blueprint("lens_names", __name__)

    @routes.get("/lens/")
    def every() -> Response:
        """303 See Other to the list of lenses, or to the service description, which names them."""
        return _see_other("/lenses" if _wants_page() else "/sparql")

    @routes.get("/lens/<path:path>")
    def name(path: str) -> Response:
        """303 See Other from a lens to its page or its data."""
        lens = lens_at(path)
        _counted(site, lens)
        return _see_other(f"/lenses/{lens.path}" if _wants_page() else f"/data/lens/{lens.path}")

    @routes.get("/data/lens/<path:path>")
    def data(path: str) -> Response:
        """The description of a lens, in the format of a suffix, of ``format=`` or of the Accept header."""
        stem, _, suffix = path.rpartition(".")
        by_suffix = next((f for f in GRAPH_FORMATS if stem and f.extension == suffix), None)
        form = by_suffix or graph_format(accepted_types(request.headers.get("Accept")), request.args.get("format"))
        lens = lens_at(stem if by_suffix else path)
        claims = _counted(site, lens)
        more = narrower(site.reader, lens, language(), _RELATED) if claims else {}
        related = {choice.lens: titles(site, choice.lens) for kind, choices in more.items() for choice in choices}
        triples = {*described(lens, titles(site, lens), claims, request.url_root + "sparql", related)}
        body = ox.serialize(sorted(triples, key=str), format=form.engine, prefixes={**site.prefixes, "sd": SD}) or b""
        response = Response(body, content_type=CONTENT_TYPES[form.name])
        response.headers["Link"] = of_lens(lens.path, site.about)
        if not by_suffix:
            response.vary.add("Accept")
        return response

    return routes


def _counted(site: Site, lens: Lens) -> int:
    """The number of its claims; raises a 404 ProblemError if there is no such source, speaker or modality."""
    try:
        return count(site.reader, lens)
    except LensError as error:
        raise no_such(error) from error


def _see_other(place: str) -> Response:
    response: Response = redirect(place, 303)  # type: ignore[assignment]
    response.vary.add("Accept")
    return response


def _wants_page() -> bool:
    """Whether the client prefers HTML to RDF; ``*/*`` means RDF."""
    accepted = accepted_types(request.headers.get("Accept"))
    return accepted.best_match([*(f.media_type for f in GRAPH_FORMATS), HTML]) == HTML
