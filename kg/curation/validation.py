"""Validates the curated files with the SHACL shapes."""

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph

from kg.curation.curated import Curation, distinct, parse, read_claims
from kg.rdf.files import read_text
from ontology import read_graph
from shapes import Report, validate


def validate_curation(curation: Curation, files: Iterable[Path] = ()) -> Report:
    """The SHACL report on all curated files, and on claims (.trig) or reference data (.ttl) in additional files.

    The facts of all claims, in every modality, are validated as one graph. Raises KelisimError if a file cannot be
    read, is malformed, or holds a duplicate claim.
    """
    triples = [*curation.reference]
    claims = [*curation.claims]
    for path in files:
        text = read_text(path)
        if path.suffix == ".trig":
            found, rest = read_claims(text, str(path))
            claims += found
            triples += rest
        else:
            triples += (q.triple for q in parse(text, str(path)))
    triples += (t for c in distinct(claims) for t in (*c.facts, *(r for rs in c.record.values() for r in rs)))
    graph: Graph = read_graph()
    graph.parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph)
