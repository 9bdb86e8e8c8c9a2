"""Answers with citations: ``cite=true``, ``min-certainty=`` and ``min-sources=`` of ``/sparql``."""

from functools import lru_cache
from typing import Final

import pyoxigraph as ox
from flask import Flask, Response, request
from werkzeug.datastructures import MultiDict

from kg.citations.answers import checked_certainty
from kg.citations.cited import Citing
from kg.language.labels import Label, labels
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, by_name
from kg.views.citations import CitedAnswer
from ontology import PREFIXES, KelisimError
from ontology.namespaces import CODE, MODALITIES
from server.http.errors import ProblemError
from server.http.languages import language
from server.http.negotiation import CONTENT_TYPES, DISPOSITIONS, Wanted, accepted_types, graph_format
from server.http.site import Site

PARAMETERS: Final = ("cite", "min-certainty", "min-sources")

DATASET_FORMATS: Final = [by_name(name, GRAPH_FORMATS) for name in ("trig", "nquads", "jsonld")]
"""What can hold a graph with its citations: the first is the default."""

_TRUE, _FALSE = frozenset(("true", "1", "yes", "on")), frozenset(("false", "0", "no", "off", ""))


def citing_of(values: MultiDict[str, str]) -> Citing | None:
    """What a request asks about the citations of its answer, None for nothing; raises a 400 ProblemError."""
    cite = values.get("cite", "").lower()
    if cite not in _TRUE | _FALSE:
        raise ProblemError(400, "Malformed request", f"cite is true or false, not {cite!r}.")
    sources = values.get("min-sources", "0") or "0"
    if not (sources.isascii() and sources.isdigit() and len(sources) < 4):
        raise ProblemError(400, "Malformed request", f"min-sources is a number of sources, not {sources!r}.")
    try:
        certainty = checked_certainty(values.get("min-certainty", "").lower())
    except KelisimError as error:
        raise ProblemError(400, "Malformed request", f"min-certainty: {error}") from error
    if cite in _FALSE and not certainty and not int(sources):
        return None
    return Citing(cite in _TRUE, certainty, int(sources), language())


def cited_response(answer: CitedAnswer, citing: Citing, wanted: Wanted) -> Response:
    """The answer in a format, with its citations if they are told; raises a 406 ProblemError."""
    if answer.is_graph:
        return _graph(answer, citing)
    name = wanted.bindings
    if not name:
        offered = ", ".join(f"{f.name} ({f.media_type})" for f in RESULT_FORMATS)
        raise ProblemError(406, "Not acceptable", f"None of the types asked for fits this answer: {offered}.")
    if name == "json" and citing.told:
        body = answer.json()
    else:
        form = by_name(name, RESULT_FORMATS)
        body = (answer.result() if citing.told else answer.plain()).serialize(form)
    return _response(body, name)


def _graph(answer: CitedAnswer, citing: Citing) -> Response:
    accept, name = accepted_types(request.headers.get("Accept")), request.values.get("format")
    if not citing.told:
        form = graph_format(accept, name)
        return _response(ox.serialize(answer.triples(), format=form.engine, prefixes=dict(PREFIXES)) or b"", form.name)
    try:
        form = graph_format(accept, name, DATASET_FORMATS)
    except ProblemError as error:
        detail = (
            "A graph with its citations is a dataset, one graph for each set of claims: ask for trig, nquads or jsonld."
        )
        raise ProblemError(406, "Not acceptable", detail) from error
    quads = dict.fromkeys(answer.dataset())
    return _response(ox.serialize(quads, format=form.engine, prefixes=dict(PREFIXES)) or b"", form.name)


def _response(body: bytes, name: str) -> Response:
    response = Response(body, content_type=CONTENT_TYPES[name])
    response.content_length = len(body)
    response.vary.update(("Accept-Language", "Cookie"))
    if name in DISPOSITIONS:
        response.headers["Content-Disposition"] = DISPOSITIONS[name]
    return response


def graph_text(answer: CitedAnswer, citing: Citing) -> str:
    """A graph for a page: as TriG with its citations, or as Turtle."""
    quads = dict.fromkeys(answer.dataset()) if citing.told else answer.triples()
    form = DATASET_FORMATS[0].engine if citing.told else GRAPH_FORMATS[0].engine
    return (ox.serialize(quads, format=form, prefixes=dict(PREFIXES)) or b"").decode()


def register(app: Flask, site: Site) -> None:
    """Registers for templates: ``certainties_offered()``, those to choose from, the surest first, with their labels."""

    @lru_cache(maxsize=8)
    def offered(_version: str, code: str) -> list[tuple[str, Label]]:
        iris = {name: str(CODE[name]) for name in MODALITIES[:-1]}
        found = labels(site.reader, iris.values(), code)
        return [(name, found.get(iri, Label(name))) for name, iri in iris.items()]

    app.jinja_env.globals.update(certainties_offered=lambda: offered(site.store.version, language()))
