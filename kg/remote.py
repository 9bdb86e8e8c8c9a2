"""Queries to any SPARQL endpoint, by SPARQLWrapper."""

import urllib.error

import pyoxigraph as ox
from SPARQLWrapper import SPARQLExceptions, SPARQLWrapper

from kg.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from ontology import KelisimError

_GRAPH_FORMS = ("CONSTRUCT", "DESCRIBE")


class RemoteEndpoint:
    """A SPARQL 1.1 endpoint somewhere on the net; `timeout` in seconds."""

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self._url = url
        self._timeout = timeout

    def query(
        self, query: str, form: ResultFormat | GraphFormat | None = None
    ) -> tuple[bytes, ResultFormat | GraphFormat]:
        """The whole answer in the given format (JSON or Turtle by default), and that format.

        The endpoint is asked for JSON or Turtle, which all of them speak, and the answer is written anew here.
        Raises KelisimError when the endpoint cannot be reached, refuses the query, or the format does not fit.
        """
        client = SPARQLWrapper(self._url)
        client.setQuery(query)
        client.setMethod("POST")
        client.setTimeout(int(self._timeout))
        graph = client.queryType in _GRAPH_FORMS
        client.setReturnFormat("turtle" if graph else "json")
        formats = GRAPH_FORMATS if graph else RESULT_FORMATS
        form = form or formats[0]
        if form not in formats:
            offered = ", ".join(f.name for f in formats)
            raise KelisimError(f"This kind of query has no answer in {form.name}; choose one of: {offered}.")
        try:
            body: bytes = client.query().response.read()
        except SPARQLExceptions.SPARQLWrapperException as error:
            raise KelisimError(f"{self._url} refused the query: {_reason(error)}") from error
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            raise KelisimError(
                f"{self._url} did not answer: {error}. Is the address right, and the server up?"
            ) from error
        return _rewritten(body, form), form


def _rewritten(body: bytes, form: ResultFormat | GraphFormat) -> bytes:
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


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.partition("Response:")[2].strip() or text
