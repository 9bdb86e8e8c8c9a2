"""A client for any SPARQL 1.1 endpoint, with SPARQLWrapper."""

import ast
import http.client
import json
import math
import re
import urllib.error
from contextlib import closing
from typing import Final
from urllib.parse import urlsplit

import pyoxigraph as ox
from SPARQLWrapper import SPARQLExceptions, SPARQLWrapper

from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from ontology import KelisimError

_RESULT_FORMS: Final = ("SELECT", "ASK")
_GRAPH_FORMS: Final = ("CONSTRUCT", "DESCRIBE")

_ERROR_TEXT_LENGTH: Final = 1000

_SPACE: Final = r"(?:\s|#[^\n\r]*)*+"
_PROLOGUE: Final = re.compile(
    rf"(?:\s|#[^\n\r]*|BASE{_SPACE}<[^>]*>|PREFIX{_SPACE}[^\s:<]*{_SPACE}:{_SPACE}<[^>]*>|VERSION{_SPACE}(?:\"[^\"]*\"|'[^']*'))*+",
    re.IGNORECASE,
)
"""What may precede the keyword of a query (SPARQL 1.1, section 4.1; VERSION is of 1.2)."""


class RemoteEndpoint:
    """A SPARQL 1.1 endpoint; `timeout` in seconds, rounded up.

    Raises KelisimError if the address is not an HTTP URL.
    """

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self._url = _checked_url(url)
        self._timeout = max(1, math.ceil(timeout))

    def query(
        self, query: str, form: ResultFormat | GraphFormat | None = None
    ) -> tuple[bytes, ResultFormat | GraphFormat]:
        """The complete result in the given format (JSON or Turtle by default), and that format.

        The endpoint is asked for JSON or Turtle, which all endpoints support; the result is converted here.
        Raises KelisimError if this is not a query, if the endpoint cannot be reached or returns an error, or if the
        format does not fit the query form.
        """
        kind = query_form(query)
        formats = GRAPH_FORMATS if kind in _GRAPH_FORMS else RESULT_FORMATS
        form = form or formats[0]
        if form not in formats:
            offered = ", ".join(f.name for f in formats)
            raise KelisimError(f"This kind of query has no answer in {form.name}; choose one of: {offered}.")
        return _converted(self._ask(query, kind), form), form

    def _ask(self, query: str, kind: str) -> bytes:
        client = SPARQLWrapper(self._url)
        client.setTimeout(self._timeout)
        client.setMethod("POST")
        client.setReturnFormat("turtle" if kind in _GRAPH_FORMS else "json")
        client.setQuery(f"{kind} {{}}")  # SPARQLWrapper mistakes words in comments and prefixes for the keyword
        client.queryString = query
        try:
            return _response_body(client)
        except _RefusedError as error:
            raise KelisimError(f"{self._url} refused the query: {error}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            what = str(error).strip() or type(error).__name__
            raise KelisimError(
                f"{self._url} did not answer: {what}. Is the address right, and the server up?"
            ) from error


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


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url:
        raise KelisimError(f"{url!r} is no address of an endpoint; give one such as https://example.org/sparql.")
    return url


def _converted(body: bytes, form: ResultFormat | GraphFormat) -> bytes:
    written: bytes | None
    try:
        if isinstance(form, GraphFormat):
            written = ox.serialize(ox.parse(input=body, format=ox.RdfFormat.TURTLE), format=form.engine)
        else:
            written = ox.parse_query_results(input=body, format=ox.QueryResultsFormat.JSON).serialize(
                format=form.engine
            )
    except (SyntaxError, ValueError) as error:
        raise KelisimError(f"The endpoint's answer is not what SPARQL 1.1 says: {error}") from error
    return written or b""


class _RefusedError(Exception):
    """The endpoint responded with an HTTP error; the message is its explanation."""


def _response_body(client: SPARQLWrapper) -> bytes:
    try:
        with closing(client.query().response) as response:
            body: bytes = response.read()
    except SPARQLExceptions.SPARQLWrapperException as error:
        what, _, answer = str(error).partition("Response:\n")  # SPARQLWrapper quotes the answer's bytes
        raise _RefusedError(_error_text(ast.literal_eval(answer)) if answer else what.strip()) from error
    except urllib.error.HTTPError as error:
        with error:
            raise _RefusedError(f"HTTP {error.code} {error.reason}. {_error_text(error.read())}".strip()) from error
    return body


def _error_text(answer: bytes) -> str:
    """The message of an error response: the detail if it is problem details (RFC 9457), else the text."""
    text = answer.decode("utf-8", errors="replace").strip()
    try:
        problem = json.loads(text)
    except ValueError:
        problem = None
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return str(detail or text)[:_ERROR_TEXT_LENGTH]
