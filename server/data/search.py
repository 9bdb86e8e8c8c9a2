"""``/search``: full-text search, as a page and as JSON; ``/opensearch.xml`` tells browsers of it."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Blueprint, Response, after_this_request, jsonify, make_response, render_template, request

from kg.language.labels import Label, labels
from kg.search.index import Index
from kg.search.search import MOST_CHARACTERS, MOST_HITS, PAGE_SIZE, Found, Hit, correction, search
from kg.store.background import PATIENCE_SECONDS, Held
from ontology.namespaces import PREFIXES, shorten
from server.http.class_names import class_names
from server.http.errors import ProblemError
from server.http.languages import LANGUAGES, language, translate
from server.http.links import page_of
from server.http.negotiation import HTML
from server.http.site import Site

FIRST_PATIENCE: Final = 10.0
"""Seconds that a search waits while there is no index at all."""

_LAST_PAGE: Final = MOST_HITS // PAGE_SIZE
_JSON: Final = "application/json"


@dataclass(frozen=True)
class Asked:
    """What a request looks for: the words, the class (IRI or empty), the texts' language (or empty), the page."""

    words: str
    classed: str
    language: str
    page: int


def blueprint(site: Site) -> Blueprint:
    """Search over one site."""
    routes = Blueprint("search", __name__)

    @routes.get("/search")
    def find() -> Response:
        """What has the words: a page, or JSON by ``format=json`` or negotiation."""
        form, asked = _format(), _asked()
        held = current_index(site)
        found = search(held.value, asked.words, classed=asked.classed, language=asked.language, number=asked.page)
        complete = found.total and not found.partial
        meant = "" if complete or not asked.words else correction(held.value, asked.words)
        names = class_names(site.reader, {*found.classes, *([asked.classed] if asked.classed else [])})
        shown = labels(site.reader, [hit.thing for hit in found.hits], language())
        if form == _JSON:
            response = jsonify(_document(asked, held, found, meant, names, shown))
        else:
            response = make_response(
                render_template(
                    "data/search.html",
                    asked=asked,
                    held=held,
                    found=found,
                    meant=meant,
                    names=names,
                    labels=shown,
                    pages=_pages(found),
                    most=MOST_HITS,
                    most_characters=MOST_CHARACTERS,
                    address=_address,
                    shorten=shorten,
                )
            )
        response.vary.add("Accept")
        return response

    @routes.get("/opensearch.xml")
    def opensearch() -> Response:
        """How browsers and programs search here (OpenSearch 1.1)."""
        return Response(_opensearch(request.host_url), mimetype="application/opensearchdescription+xml")

    return routes


def current_index(site: Site) -> Held[Index]:
    """The index of now, or one that is a little older and says so; raises BusyError while there is none."""
    held = site.index.get(PATIENCE_SECONDS if site.index.made else FIRST_PATIENCE)
    if not held.fresh:
        after_this_request(_passing)
    return held


def _passing(response: Response) -> Response:
    """What an older index finds is not kept as the answer of this version."""
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


def _asked() -> Asked:
    words = request.args.get("q", "").strip()
    if len(words) > MOST_CHARACTERS:
        raise ProblemError(400, "Search too long", f"Search for at most {MOST_CHARACTERS} characters.")
    page = request.args.get("page") or "1"  # programs that know only the first page leave it empty
    if not (page.isascii() and page.isdecimal() and len(page) < 6 and 1 <= int(page) <= _LAST_PAGE):
        raise ProblemError(400, "No such page", f"Pages of a search are numbered from 1 to {_LAST_PAGE}.")
    chosen = request.args.get("language", "")
    if chosen and chosen not in LANGUAGES:
        offered = ", ".join(LANGUAGES)
        raise ProblemError(400, "No such language", f"There are texts in: {offered}. Leave language away for all.")
    return Asked(words, expanded(request.args.get("type", "")), chosen, int(page))


def expanded(name: str) -> str:
    """The IRI that a name with one of our prefixes stands for, such as ``kel:State``; other names as they are."""
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name


def _pages(found: Found) -> int:
    return min(_LAST_PAGE, -(-found.total // PAGE_SIZE))


def _address(asked: Asked, *, words: str = "", classed: str | None = None, page: int = 1, form: str = "") -> str:
    """The address of a search like this one."""
    fields = {
        "q": words or asked.words,
        "type": shorten(asked.classed if classed is None else classed),
        "language": asked.language,
        "page": str(page) if page > 1 else "",
        "format": form,
    }
    return "/search?" + urlencode({name: value for name, value in fields.items() if value})


def _document(  # noqa: PLR0913, PLR0917 - what was asked and all that was found
    asked: Asked, held: Held[Index], found: Found, meant: str, names: dict[str, str], shown: dict[str, Label]
) -> dict[str, Any]:
    """The JSON: see ``/openapi.json``. Addresses are absolute; ``marks`` are pairs of offsets in Unicode characters."""
    host = request.host_url.rstrip("/")
    pages = _pages(found)
    return {
        "query": asked.words,
        "version": held.version,
        "fresh": held.fresh,
        "total": found.total,
        "capped": found.capped,
        "all_words": not found.partial,
        "page": asked.page,
        "pages": pages,
        "results": [_result(hit, names, shown[hit.thing], host) for hit in found.hits],
        "types": [{"iri": iri, "name": names[iri], "count": count} for iri, count in found.classes.items()],
        "did_you_mean": meant or None,
        "next": host + _address(asked, page=asked.page + 1, form="json") if asked.page < pages else None,
    }


def _result(hit: Hit, names: dict[str, str], label: Label, host: str) -> dict[str, Any]:
    marks, start = [], 0
    for part, marked in hit.marked:
        if marked:
            marks.append([start, start + len(part)])
        start += len(part)
    page = page_of(hit.thing)
    return {
        "iri": hit.thing,
        "page": host + page if page.startswith("/") else page or None,
        "label": label.text,
        "language": label.language,
        "type": {"iri": hit.classed, "name": names[hit.classed]} if hit.classed else None,
        "match": {"kind": hit.kind, "language": hit.language, "text": hit.text, "marks": marks},
    }


def _opensearch(host: str) -> str:
    address = escape(host + "search?q={searchTerms}&page={startPage?}", {'"': "&quot;"})
    description = translate("Search in Kelisim: who leads states, what they sign, what they trade.")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
        f"<ShortName>Kelisim</ShortName>\n<Description>{escape(description)}</Description>\n"
        f'<Url type="text/html" template="{address}"/>\n'
        f'<Url type="application/json" template="{address}&amp;format=json"/>\n'
        f'<Image height="64" width="64" type="image/svg+xml">{escape(host)}static/icon.svg</Image>\n'
        "<InputEncoding>UTF-8</InputEncoding>\n<OutputEncoding>UTF-8</OutputEncoding>\n</OpenSearchDescription>\n"
    )
