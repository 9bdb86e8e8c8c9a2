"""``/search``: full-text search, as a page and as JSON; ``/opensearch.xml``: its description for browsers."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Blueprint, Response, after_this_request, jsonify, make_response, render_template, request

from kg.language.labels import Label, labels
from kg.publishing.about import About
from kg.search.index import Index
from kg.search.search import MAX_CHARACTERS, MAX_HITS, PAGE_SIZE, Hit, SearchPage, correction, search
from kg.store.background import WAIT_SECONDS, Cached
from ontology.namespaces import PREFIXES, shorten
from server.http.class_names import class_names
from server.http.errors import ProblemError
from server.http.languages import LANGUAGES, language, translate
from server.http.links import page_of
from server.http.negotiation import HTML
from server.http.site import Site

FIRST_PATIENCE: Final = 10.0
"""How long a search waits for the first index, in seconds."""

_LAST_PAGE: Final = MAX_HITS // PAGE_SIZE
_JSON: Final = "application/json"

_SHORT_NAME: Final = 16
_DESCRIPTION: Final = 1024
"""The most characters that OpenSearch 1.1 allows."""


@dataclass(frozen=True)
class SearchParameters:
    """The parameters of a search: words, class (IRI or empty), language of the texts (or empty), page number."""

    words: str
    classed: str
    language: str
    page: int


def blueprint(site: Site) -> Blueprint:
    """The search of a site."""
    routes = Blueprint("search", __name__)

    @routes.get("/search")
    def find() -> Response:
        """The hits: a page, or JSON by ``format=json`` or negotiation."""
        form, parameters = _format(), _parameters()
        words, classed = parameters.words, parameters.classed
        index = current_index(site)
        found = search(index.value, words, class_iri=classed, language=parameters.language, number=parameters.page)
        complete = found.total and not found.partial
        suggestion = "" if complete or not words else correction(index.value, words)
        names = class_names(site.reader, {*found.classes, *([classed] if classed else [])})
        shown = labels(site.reader, [hit.thing for hit in found.hits], language(), site.prefixes)
        if form == _JSON:
            response = jsonify(_document(parameters, index, found, suggestion, names, shown))
        else:
            response = make_response(
                render_template(
                    "data/search.html",
                    parameters=parameters,
                    index=index,
                    found=found,
                    suggestion=suggestion,
                    names=names,
                    labels=shown,
                    pages=_pages(found),
                    most=MAX_HITS,
                    most_characters=MAX_CHARACTERS,
                    address=_address,
                    shorten=shorten,
                )
            )
        response.vary.add("Accept")
        return response

    @routes.get("/opensearch.xml")
    def opensearch() -> Response:
        """The OpenSearch 1.1 description of the search."""
        return Response(_opensearch(site.about, request.host_url), mimetype="application/opensearchdescription+xml")

    return routes


def current_index(site: Site) -> Cached[Index]:
    """The current index, or an older one (``fresh`` is False) if it is not ready; raises BusyError if there is none."""
    index = site.index.get(WAIT_SECONDS if site.index.ready else FIRST_PATIENCE)
    if not index.fresh:
        after_this_request(_forbid_caching)
    return index


def _forbid_caching(response: Response) -> Response:
    """Results of an older index must not be cached under the current version."""
    response.cache_control.no_store = True
    return response


def _format() -> str:
    named = request.args.get("format", "")
    if named:
        if named not in ("html", "json"):
            raise ProblemError(406, "Not acceptable", "Search answers with format=html or format=json.")
        return _JSON if named == "json" else HTML
    accepted = request.accept_mimetypes
    return _JSON if accepted.best_match([HTML, _JSON]) == _JSON else HTML


def _parameters() -> SearchParameters:
    words = request.args.get("q", "").strip()
    if len(words) > MAX_CHARACTERS:
        raise ProblemError(400, "Search too long", f"Search for at most {MAX_CHARACTERS} characters.")
    page = request.args.get("page") or "1"  # OpenSearch clients send an empty page for the first
    if not (page.isascii() and page.isdecimal() and len(page) < 6 and 1 <= int(page) <= _LAST_PAGE):
        raise ProblemError(400, "No such page", f"Pages of a search are numbered from 1 to {_LAST_PAGE}.")
    chosen = request.args.get("language", "")
    if chosen and chosen not in LANGUAGES:
        offered = ", ".join(LANGUAGES)
        raise ProblemError(400, "No such language", f"There are texts in: {offered}. Leave language away for all.")
    return SearchParameters(words, expanded(request.args.get("type", "")), chosen, int(page))


def expanded(name: str) -> str:
    """The IRI of a prefixed name such as ``kel:State``; a name without one of `PREFIXES` is returned unchanged."""
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name


def _pages(found: SearchPage) -> int:
    return min(_LAST_PAGE, -(-found.total // PAGE_SIZE))


def _address(
    parameters: SearchParameters, *, words: str = "", classed: str | None = None, page: int = 1, form: str = ""
) -> str:
    """The URL of this search with other parameters."""
    fields = {
        "q": words or parameters.words,
        "type": shorten(parameters.classed if classed is None else classed),
        "language": parameters.language,
        "page": str(page) if page > 1 else "",
        "format": form,
    }
    return "/search?" + urlencode({name: value for name, value in fields.items() if value})


def _document(  # noqa: PLR0913, PLR0917 - one argument for each part of the response
    parameters: SearchParameters,
    index: Cached[Index],
    found: SearchPage,
    suggestion: str,
    names: dict[str, str],
    shown: dict[str, Label],
) -> dict[str, Any]:
    """The JSON response: see ``/openapi.json``. URLs are absolute; ``marks`` are pairs of offsets in characters."""
    host = request.host_url.rstrip("/")
    pages = _pages(found)
    return {
        "query": parameters.words,
        "version": index.version,
        "fresh": index.fresh,
        "total": found.total,
        "capped": found.capped,
        "all_words": not found.partial,
        "page": parameters.page,
        "pages": pages,
        "results": [_result(hit, names, shown[hit.thing], host) for hit in found.hits],
        "types": [{"iri": iri, "name": names[iri], "count": count} for iri, count in found.classes.items()],
        "did_you_mean": suggestion or None,
        "next": host + _address(parameters, page=parameters.page + 1, form="json") if parameters.page < pages else None,
    }


def _result(hit: Hit, names: dict[str, str], label: Label, host: str) -> dict[str, Any]:
    marks, start = [], 0
    for part, marked in hit.marked:
        if marked:
            marks.append([start, start + len(part)])
        start += len(part)
    return {
        "iri": hit.thing,
        "page": host + page_of(hit.thing),
        "label": label.text,
        "language": label.language,
        "type": {"iri": hit.class_iri, "name": names[hit.class_iri]} if hit.class_iri else None,
        "match": {"kind": hit.kind, "language": hit.language, "text": hit.text, "marks": marks},
    }


def _opensearch(about: About, host: str) -> str:
    address = escape(host + "search?q={searchTerms}&page={startPage?}", {'"': "&quot;"})
    name = str(about.name(language()))
    if about.ours:
        description = translate("Search in Kelisim: who leads states, what they sign, what they trade.")
    else:
        description = translate("Search in %(name)s") % {"name": name}
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
        f"<ShortName>{escape(name[:_SHORT_NAME])}</ShortName>\n<Description>{escape(description[:_DESCRIPTION])}</Description>\n"
        f'<Url type="text/html" template="{address}"/>\n'
        f'<Url type="application/json" template="{address}&amp;format=json"/>\n'
        f'<Image height="64" width="64" type="image/svg+xml">{escape(host)}static/icon.svg</Image>\n'
        "<InputEncoding>UTF-8</InputEncoding>\n<OutputEncoding>UTF-8</OutputEncoding>\n</OpenSearchDescription>\n"
    )
