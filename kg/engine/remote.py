"""A client for any SPARQL 1.1 endpoint, with SPARQLWrapper."""

import http.client
import json
import math
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO, Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import pyoxigraph as ox

from kg.engine.replies import Lacking
from kg.rdf.excel import for_excel
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from ontology import KelisimError

_RESULT_FORMS: Final = ("SELECT", "ASK")
_GRAPH_FORMS: Final = ("CONSTRUCT", "DESCRIBE")

_ERROR_TEXT_LENGTH: Final = 1000
_PAGES: Final = ("text/html", "application/xhtml+xml")
_SEE_OTHER: Final = 303
_BAD_REQUEST: Final = 400
_SERVER_ERROR: Final = 500
_RESULT_TYPES: Final = {
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
_GRAPH_TYPES: Final = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
"""Answers in formats that were not asked for."""

_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")

_SPACE: Final = r"(?:\s|#[^\n\r]*)*+"
_PROLOGUE: Final = re.compile(
    rf"(?:\s|#[^\n\r]*|BASE{_SPACE}<[^>]*>|PREFIX{_SPACE}[^\s:<]*{_SPACE}:{_SPACE}<[^>]*>|VERSION{_SPACE}(?:\"[^\"]*\"|'[^']*'))*+",
    re.IGNORECASE,
)
"""What may precede the keyword of a query (SPARQL 1.1, section 4.1; VERSION is of 1.2)."""


class RemoteEndpoint:
    """A SPARQL 1.1 endpoint; `timeout` in seconds, rounded up. `parameters` are sent with each query.

    Raises KelisimError if the address is not an HTTP URL.
    """

    def __init__(self, url: str, *, timeout: float = 60.0, parameters: Mapping[str, str] | None = None) -> None:
        if not is_http_url(url):
            raise KelisimError(f"{url!r} is no address of an endpoint; give one such as https://example.org/sparql.")
        self._url = url
        self._timeout = max(1, math.ceil(timeout))
        self._parameters = parameters or {}
        self.lacking = Lacking(0, {})
        """What the last answer lacks, if the endpoint is one of Kelisim's, which tell it."""

    def query(
        self, query: str, form: ResultFormat | GraphFormat | None = None
    ) -> tuple[bytes, ResultFormat | GraphFormat]:
        """The complete result in the given format (JSON or Turtle by default), and that format.

        The endpoint is asked for JSON or Turtle, which all endpoints support; the result is converted here. Terms that
        RDF does not allow, such as IRIs with spaces, stay in JSON as they came; other formats get the nearest valid
        ones.
        Raises KelisimError if this is not a query, if the endpoint cannot be reached or returns an error, or if the
        format does not fit the query form.
        """
        kind = query_form(query)
        formats = GRAPH_FORMATS if kind in _GRAPH_FORMS else RESULT_FORMATS
        form = form or formats[0]
        if form not in formats:
            offered = ", ".join(f.name for f in formats)
            raise KelisimError(f"This kind of query has no answer in {form.name}; choose one of: {offered}.")
        body, media_type = self._ask(query, kind)
        self.lacking = _lacking(body)
        return _converted(body, media_type, form), form

    def results(self, query: str) -> bytes:
        """The answer of a SELECT or ASK in JSON as it came, with members that only this endpoint knows.

        Raises KelisimError as `query` does.
        """
        kind = query_form(query)
        if kind in _GRAPH_FORMS:
            raise KelisimError("From an endpoint only SELECT and ASK are cited here; ask it by HTTP with cite=true.")
        return self._ask(query, kind)[0]

    def _ask(self, query: str, kind: str) -> tuple[bytes, str]:
        """The body of the answer and its media type."""
        from SPARQLWrapper import SPARQLWrapper  # it brings rdflib's parsers, which others need not load

        client = SPARQLWrapper(self._url)
        client.setTimeout(self._timeout)
        client.setMethod("POST")
        client.setReturnFormat("turtle" if kind in _GRAPH_FORMS else "json")
        client.setQuery(f"{kind} {{}}")  # SPARQLWrapper mistakes words in comments and prefixes for the keyword
        client.queryString = query
        for name, value in self._parameters.items():
            client.addParameter(name, value)
        try:
            # SPARQLWrapper makes the request; it would lose the query on a redirection.
            opener = urllib.request.build_opener(_Redirections(query))
            with opener.open(client._createRequest(), timeout=self._timeout) as response:
                body, media_type = response.read(), response.headers.get_content_type()
        except urllib.error.HTTPError as error:
            with error:
                raise KelisimError(self._refusal(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            what = str(error).strip() or type(error).__name__
            raise KelisimError(
                f"{self._url} did not answer: {what}. Is the address right, and the server up?"
            ) from error
        if _is_page(body, media_type):
            raise KelisimError(self._about_page(media_type))
        return body, media_type

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        answer, media_type = error.read(), error.headers.get_content_type()
        status = f"HTTP {error.code} {error.reason}".strip()
        if _is_page(answer, media_type):
            return f"{status}: {self._about_page(media_type)}"
        text = _error_text(answer)
        alone = text and error.code in {_BAD_REQUEST, _SERVER_ERROR}
        return f"{self._url} refused the query: " + (text if alone else f"{status}. {text}".strip())

    def _about_page(self, media_type: str) -> str:
        address = self._url.partition("?")[0].rstrip("/")
        return (
            f"{self._url} answered with a web page ({media_type}), not with SPARQL results. Give the address of the "
            f"endpoint itself; often it is {address}/sparql or {address}/query."
        )


def _lacking(body: bytes) -> Lacking:
    if not body.startswith((b'{"hedged":', b'{"unknown":')):
        return Lacking(0, {})
    match _loaded(body):
        case {"hedged": {"rows": int(rows)}, "unknown": dict(unknown)}:
            pass
        case {"hedged": {"rows": int(rows)}}:
            unknown = {}
        case {"unknown": dict(unknown)}:
            rows = 0
        case _:
            return Lacking(0, {})
    return Lacking(rows, {name: [*map(str, similar)] for name, similar in unknown.items() if isinstance(similar, list)})


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:  # told when it is converted
        return None


def query_form(query: str) -> str:
    """The query form (SELECT, ASK, CONSTRUCT or DESCRIBE), after prologue and comments.

    Raises KelisimError if it is none of them: an update would change the endpoint's data.
    """
    match = _PROLOGUE.match(query)
    word = re.match(r"[A-Za-z]*", query[match.end() if match else 0 :])
    found = word[0].upper() if word else ""
    if found in (*_RESULT_FORMS, *_GRAPH_FORMS):
        return found
    raise KelisimError(
        f"This is no query: it begins with {found or 'no keyword'}. After its prefixes a query begins with SELECT, "
        "ASK, CONSTRUCT or DESCRIBE; updates are not sent from here."
    )


def is_http_url(url: str) -> bool:
    """Whether a text is the HTTP URL of something that can be asked."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(valid) and url.isprintable() and " " not in url


class _Redirections(urllib.request.HTTPRedirectHandler):
    """Follows redirections with the query: again as POST, after 303 (See Other) as GET."""

    def __init__(self, query: str) -> None:
        self._query = query

    def redirect_request(  # noqa: PLR0913, PLR0917 - the library calls it so
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request:
        kept = {name: value for name, value in req.header_items() if name.lower() in {"accept", "user-agent"}}
        if urlsplit(newurl).scheme not in {"http", "https"}:
            raise ValueError(f"it points to {newurl}, which is no address of an endpoint")
        if req.data is not None and code != _SEE_OTHER:
            kept["Content-Type"] = "application/x-www-form-urlencoded"
            return urllib.request.Request(newurl, req.data, kept)  # noqa: S310 - the scheme is checked
        if "query" not in parse_qs(urlsplit(newurl).query):
            newurl += ("&" if urlsplit(newurl).query else "?") + "query=" + quote(self._query, safe="")
        return urllib.request.Request(newurl, headers=kept)  # noqa: S310 - the scheme is checked


def _is_page(body: bytes, media_type: str) -> bool:
    return media_type in _PAGES or body[:500].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _converted(body: bytes, media_type: str, form: ResultFormat | GraphFormat) -> bytes:
    try:
        if isinstance(form, GraphFormat):
            syntax = _GRAPH_TYPES.get(media_type, ox.RdfFormat.TURTLE)
            return ox.serialize(ox.parse(input=body, format=syntax), format=form.engine) or b""
        kind = _RESULT_TYPES.get(media_type, ox.QueryResultsFormat.JSON)
        try:
            return _results(body, kind, form)
        except (SyntaxError, ValueError):
            if kind != ox.QueryResultsFormat.JSON:
                raise
            given = _checked_results(json.loads(body))
            if form.engine == ox.QueryResultsFormat.JSON:
                return json.dumps(given, ensure_ascii=False).encode()
            return _results(json.dumps(_mended(given)).encode(), kind, form)
    except (SyntaxError, ValueError) as error:
        raise KelisimError(f"The endpoint's answer is not what SPARQL 1.1 says: {error}") from error


def _results(body: bytes, kind: ox.QueryResultsFormat, form: ResultFormat) -> bytes:
    written = ox.parse_query_results(input=body, format=kind).serialize(format=form.engine) or b""
    return for_excel(written) if form.name == "csv-excel" else written


def _checked_results(given: Any) -> dict[str, Any]:
    """The value if it is built as SPARQL 1.1 Query Results JSON, whatever its terms; raises ValueError if it is not."""
    match given:
        case {"boolean": bool()}:
            return {"head": {}, "boolean": given["boolean"]}
        case {"head": {"vars": [*names]}, "results": {"bindings": [*rows]}}:
            sound = all(isinstance(name, str) for name in names) and all(
                isinstance(row, dict) and all(_is_term(term) for term in row.values()) for row in rows
            )
            if sound:
                return {"head": {"vars": names}, "results": {"bindings": rows}}
    raise ValueError("it is no JSON with head and results, or a term in it has no type and value")


def _is_term(given: Any) -> bool:
    if not isinstance(given, dict) or not isinstance(given.get("type"), str):
        return False
    value = given.get("value")
    if given["type"] != "triple":
        return isinstance(value, str)
    parts = ("subject", "predicate", "object")
    return isinstance(value, dict) and all(_is_term(value.get(part)) for part in parts)


def _mended(results: dict[str, Any]) -> dict[str, Any]:
    """The results with each term that RDF does not allow replaced by the nearest that it allows."""
    labels: dict[str, str] = {}
    rows = results.get("results", {}).get("bindings", [])
    mended = [{name: _mended_term(term, labels) for name, term in row.items()} for row in rows]
    return {**results, "results": {"bindings": mended}}


def _mended_term(term: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    value, kind = term["value"], term["type"]
    if kind == "triple":
        return {"type": kind, "value": {part: _mended_term(inner, labels) for part, inner in value.items()}}
    if kind == "bnode":
        label = value if _LABEL.fullmatch(value) else labels.setdefault(value, f"odd{len(labels)}")
        return {"type": kind, "value": label}
    if kind == "uri":
        return {"type": kind, "value": iri} if (iri := _mended_iri(value)) else {"type": "literal", "value": value}
    if tag := term.get("xml:lang"):
        tag = str(tag).replace("_", "-")
        return {"type": "literal", "value": value, **({"xml:lang": tag} if _LANGUAGE.fullmatch(tag) else {})}
    datatype = _mended_iri(str(term.get("datatype", "")))
    return {"type": "literal", "value": value, **({"datatype": datatype} if datatype else {})}


def _mended_iri(given: str) -> str:
    """The IRI with what it must not have percent-encoded; empty if even so it is none."""
    iri = re.sub(r'[\x00-\x20<>"{}|\\^`]', lambda match: quote(match[0], safe=""), given)
    try:
        return ox.NamedNode(iri).value
    except ValueError:
        return ""


def _error_text(answer: bytes) -> str:
    """The message of an error response: the detail if it is problem details (RFC 9457), else the text."""
    text = answer.decode("utf-8", errors="replace").strip()
    try:
        problem = json.loads(text)
    except ValueError:
        problem = None
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return str(detail or text)[:_ERROR_TEXT_LENGTH]
