"""Validates the curated files with the SHACL shapes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph, URIRef

from kg.curation.curated import Claim, Curation, distinct, line_of, parse, read_claims
from kg.curation.marks import refuse_marks
from kg.rdf.files import UNREADABLE, decode, opened
from kg.rdf.loading import format_by_ending, format_of
from ontology import KelisimError, read_graph
from shapes import Report, validate

_WITH_GRAPHS = (ox.RdfFormat.TRIG, ox.RdfFormat.N_QUADS, ox.RdfFormat.JSON_LD)


def validate_curation(curation: Curation, files: Iterable[Path] = ()) -> Report:
    """The SHACL report on all curated files and on additional files of claims or reference data.

    These are in any RDF format, which the ending tells; claims need one that has graphs (TriG, N-Quads, JSON-LD).
    The facts of all claims, in every modality, are validated as one graph. Raises KelisimError if a file cannot be
    read, is malformed, holds a duplicate claim, or is a draft with open marks.
    """
    triples = [*curation.reference]
    claims = [*curation.claims]
    for place, text, syntax in _documents(files):
        refuse_marks([(place, text)])
        found, rest = _content(place, text, syntax)
        claims += found
        triples += rest
    triples += (t for c in distinct(claims) for t in (*c.facts, *(r for rs in c.record.values() for r in rs)))
    graph: Graph = read_graph()
    graph.parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph)


def places(report: Report, curation: Curation, files: Iterable[Path] = ()) -> dict[str, list[str]]:
    """Where the things stand that a report is about: by their IRIs, file, line and claim.

    A claim is where its graph is; any other thing is where claims state facts of it, or where the files name it.
    """
    wanted = {str(result.focus) for result in report.results if isinstance(result.focus, URIRef)}
    found: dict[str, list[str]] = {}
    claims = [*curation.claims]
    for place, text, syntax in _documents(files) if wanted else ():
        own, rest = _content(place, text, syntax)
        claims += own
        for subject in {t.subject.value for t in rest if isinstance(t.subject, ox.NamedNode)} & wanted:
            found.setdefault(subject, []).append(f"{place}:{line_of(text, subject)}")
    for claim in claims:
        subjects = {t.subject.value for t in claim.facts if isinstance(t.subject, ox.NamedNode)}
        for iri in {claim.iri, *subjects} & wanted:
            found.setdefault(iri, []).append(claim.place)
    return found


def _documents(files: Iterable[Path]) -> Iterator[tuple[str, str, ox.RdfFormat]]:
    """The place, the text and the format of each file, or of each file of an archive."""
    for path in files:
        if not format_by_ending(path.name) and path.suffix.lower() != ".zip":
            raise KelisimError(
                f"{path}: the ending tells no RDF format; name it .trig, .ttl, .nq, .nt, .rdf or .jsonld."
            )
        try:
            for part in opened(path, lambda name: bool(format_by_ending(name))):
                data = part.content.read()
                syntax = format_of(part.name, data[:4096])
                assert syntax is not None
                yield part.place, decode(data, part.place), syntax
        except UNREADABLE as error:
            raise KelisimError(f"{path} cannot be read: {error}.") from error


def _content(place: str, text: str, syntax: ox.RdfFormat) -> tuple[list[Claim], list[ox.Triple]]:
    if syntax in _WITH_GRAPHS:
        return read_claims(text, place, syntax)
    return [], [quad.triple for quad in parse(text, place, syntax)]
