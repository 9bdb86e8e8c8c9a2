"""``/resource?iri=``: what the store holds of any IRI, as a page and as data."""

from typing import Final
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.datastructures import MIMEAccept

from kg.language.labels import Label, labels
from kg.language.messages import gettext_noop
from kg.language.vocabulary_labels import NAMES
from kg.publishing.descriptions import PAGE_ROWS, Description, describe, iri_status
from kg.rdf.formats import GRAPH_FORMATS
from kg.store.reader import node
from kg.views.resources import arrange
from ontology import BASE
from server.data.linked_data import page_links, page_number, unknown
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.links import place_of, resource_of
from server.http.negotiation import CONTENT_TYPES, HTML, accepted_types, graph_format
from server.http.signposts import of_resource
from server.http.site import Site

MOST_CHARACTERS: Final = 2_000
"""Of longer literals a page shows the beginning; the data have them whole."""

_PAGE: Final = ("html", HTML)
_QUERY: Final = """\
SELECT ?subject ?property ?value ?graph WHERE {{
  VALUES ?thing {{ {thing} }}
  {{ ?thing ?property ?value BIND(?thing AS ?subject) }}
  UNION {{ GRAPH ?graph {{ ?thing ?property ?value }} BIND(?thing AS ?subject) }}
  UNION {{ ?subject ?property ?thing BIND(?thing AS ?value) }}
  UNION {{ GRAPH ?graph {{ ?subject ?property ?thing }} BIND(?thing AS ?value) }}
}} LIMIT 1000"""


def blueprint(site: Site) -> Blueprint:
    """The descriptions of all IRIs of a site's store."""
    routes = Blueprint("resource", __name__)

    @routes.get("/resource")
    def resource() -> Response:
        """The description of ``iri=`` as a page or as data: by ``format=``, else as the client prefers.

        303 to the address of a name of the project's, 400 for what is no IRI, 404 for one that nothing is said of.
        """
        iri = _iri()
        if place_of(iri):
            return _redirect(iri)
        wants_page = _wants_page()
        form = None if wants_page else graph_format(_accept(), request.args.get("format"))
        number = page_number()
        status = iri_status(site.reader, iri)
        found = describe(site.reader, iri, number) if status.known else Description(iri, ())
        if not status.known:
            raise unknown(iri)
        if not found.quads:
            raise ProblemError(404, "Not found", f"The description of <{iri}> has no page {number}.")
        if form is None:
            response = make_response(_page(site, found, withdrawn=status.withdrawn))
        else:
            response = Response(found.serialize(form, site.prefixes), content_type=CONTENT_TYPES[form.name])
            if "format" not in request.args:
                response.headers["Content-Location"] = resource_of(iri, format=form.name, page=_number(number))
        response.headers["Link"] = of_resource(iri, site.about) + page_links(found)
        if "format" not in request.args:
            response.vary.add("Accept")
        return response

    return routes


def _iri() -> str:
    """The IRI of the request, which may stand in angle brackets; raises a 400 ProblemError if it is none."""
    given = request.args.get("iri", "").strip()
    iri = given[1:-1] if given.startswith("<") and given.endswith(">") else given
    if not iri:
        detail = gettext_noop("Say which IRI: /resource?iri=https://example.org/thing, percent-encoded.")
        raise ProblemError(400, "Malformed request", detail)
    try:
        ox.NamedNode(iri)
    except ValueError as error:
        detail = gettext_noop(
            "“%(iri)s” is no absolute IRI: %(reason)s. Give one such as https://example.org/thing; "
            "a # in it is sent as %%23, a & as %%26."
        )
        raise ProblemError(400, "Malformed request", detail, iri=iri[:200], reason=str(error).rstrip(".")) from error
    return iri


def _redirect(iri: str) -> Response:
    """303 See Other from one of the project's names to its own address, in the same format."""
    form = request.args.get("format", "")
    path = "/" + quote(iri.removeprefix(BASE), safe="/#:@!$&'()*+,;=~-._")
    if form and form not in _PAGE:
        path = f"/data/{quote(place_of(iri))}.{graph_format(_accept(), form).extension}"
    response: Response = redirect(path, 303)  # type: ignore[assignment]
    return response


def _page(site: Site, found: Description, *, withdrawn: bool) -> str:
    shown = arrange(found.iri, found.quads)
    return render_template(
        "pages/resource.html",
        resource=shown,
        names=labels(site.reader, shown.iris, language(), site.prefixes) | _named(site, found.iri),
        description=found,
        withdrawn=withdrawn,
        formats=GRAPH_FORMATS,
        query=_QUERY.format(thing=node(found.iri)),
        size=PAGE_ROWS,
        most=MOST_CHARACTERS,
        resource_of=resource_of,
    )


def _named(site: Site, iri: str) -> dict[str, Label]:
    """The name of a term of another vocabulary, such as a unit, if it has one here and none in the graph."""
    own = labels(site.reader, [iri], language(), site.prefixes)[iri]
    return {iri: Label(translate(NAMES[iri]), language())} if iri in NAMES and not own.language else {}


def _number(number: int) -> str:
    return str(number) if number > 1 else ""


def _accept() -> MIMEAccept:
    return accepted_types(request.headers.get("Accept"))


def _wants_page() -> bool:
    """Whether a page is asked for: by ``format=html``, or by a client that prefers HTML to RDF, as browsers do."""
    if form := request.args.get("format"):
        return form.lower() in _PAGE
    return _accept().best_match([*(f.media_type for f in GRAPH_FORMATS), HTML]) == HTML
