"""``/cite``: how to cite a thing, or the answer of a query, in a version of the data."""

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from kg.claims.citing import Source, cite_claim, sources
from kg.language.labels import labels
from kg.publishing.citing import FORMATS, Citation, answer_title, cite
from kg.publishing.permalinks import QUERY_CHARACTERS
from kg.views.footnotes import footnotes
from server.data.linked_data import check
from server.endpoint.updates import checked_iri
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.links import place_of, resource_of
from server.http.negotiation import HTML
from server.http.site import Site
from server.http.versions import version_of

_SUFFIXES: Final = {"text": "txt", "bibtex": "bib", "csl": "json", "ris": "ris"}


def blueprint(site: Site) -> Blueprint:
    """The citations of a site."""
    routes = Blueprint("citations", __name__)

    @routes.get("/cite")
    def citation() -> Response:
        """The citation of ``iri=`` or of the answer of ``query=``, in ``version=``, by default the latest.

        With ``format=`` text, bibtex, csl or ris as a file, else by the Accept header; else a page with all.
        """
        found, title, address = _citation(site)
        form = _form()
        if form == "html":
            page = render_template("versions/citation.html", citation=found, title=title, address=address)
            response = Response(page)
        else:
            response = Response(getattr(found, form) + "\n", content_type=f"{FORMATS[form]}; charset=utf-8")
            response.headers["Content-Disposition"] = f'inline; filename="citation.{_SUFFIXES[form]}"'
        response.vary.add("Accept")
        return response

    return routes


def _citation(site: Site) -> tuple[Citation, str, str]:
    """The citation, what is cited, and where it is here."""
    iri, query = request.args.get("iri", ""), request.args.get("query", "")
    if bool(iri) == bool(query):
        raise ProblemError(400, "Malformed request", "Say what to cite: iri= of a thing, or query=, and not both.")
    at = version_of(site.store, request.args.get("version"))
    number = at if at >= 0 else site.store.number
    version = site.store.timeline.get(number)
    if query:
        if len(query) > QUERY_CHARACTERS:
            raise ProblemError(413, "Too large", f"Queries of up to {QUERY_CHARACTERS} characters can be cited.")
        address, title = _of_query(query, number), answer_title(query)
        return cite(title, address, version, about=site.about, key=f"answer-{number}"), title, address
    checked_iri(iri)
    check(site.reader, iri)
    title = str(labels(site.reader, [iri], language(), site.prefixes)[iri])
    if note := footnotes(site.reader, [iri], language()).get(iri):
        source = sources(site.reader, [note.article], language()).get(note.article, Source(note.article))
        return (
            cite_claim(note, source, version, language(), translate),
            title,
            f"/page/{place_of(iri)}?version={number}",
        )
    place = place_of(iri)
    here = f"/page/{place}?version={number}" if place else resource_of(iri, version=str(number))
    return cite(title, iri, version, about=site.about), title, here


def _of_query(query: str, number: int) -> str:
    """The permalink of the request if it is one of this server's, else the query itself as of the version."""
    root, permalink = request.url_root, request.args.get("permalink", "")
    if permalink.startswith(f"{root}q/"):
        return permalink
    sorts = ("default-graph-uri", "named-graph-uri")
    graphs = [(sort, graph) for sort in sorts for graph in request.args.getlist(sort)]
    return f"{root}sparql?{urlencode([('query', query), *graphs, ('version', number)])}"


def _form() -> str:
    if given := request.args.get("format"):
        if given not in (*FORMATS, "html"):
            names = ", ".join(FORMATS)
            raise ProblemError(406, "Not acceptable", f"There is no format {given!r}; there is: {names}, html.")
        return given
    best = request.accept_mimetypes.best_match([*FORMATS.values(), HTML])
    return next(
        (name for name, media_type in FORMATS.items() if media_type == best), "html" if best == HTML else "text"
    )
