"""Checks the curated graph against the shapes."""

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph

from kg.curation import Curation, parse, read_claims
from ontology import read_graph
from shapes import Report, validate


def validate_curation(curation: Curation, files: Iterable[Path] = ()) -> Report:
    """The SHACL report on everything curated, and on claims (.trig) or reference data (.ttl) in further files.

    The facts of all claims are checked together, whatever their modality. Raises KelisimError where a file is
    malformed.
    """
    triples = [*curation.reference]
    claims = [*curation.claims]
    for path in files:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".trig":
            found, rest = read_claims(text, path.name)
            claims += found
            triples += rest
        else:
            triples += (q.triple for q in parse(text, path.name))
    triples += (t for c in claims for t in (*c.facts, *(r for rs in c.record.values() for r in rs)))
    graph: Graph = read_graph()
    graph.parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    return validate(graph)
