"""HermiT over the ontology and what the claims tell, with the lines of the things that clash."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyoxigraph as ox
from rdflib import RDFS, SKOS, Graph

from kg.checks.collection import Collection, CuratedClaim
from kg.checks.findings import Finding
from ontology import read_graph
from ontology.namespaces import CODE, PUBLISHED_MODALITIES
from ontology.reasoning import reason

_WORDS: Final = (RDFS.label, RDFS.comment, SKOS.definition, SKOS.prefLabel, SKOS.altLabel, SKOS.example)
_LISTED: Final = 3


def contradictions(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Things of which the claims, told as facts or plans, tell what cannot be true together.

    Texts and codes do not matter to a reasoner and are left out, which makes it several times as fast.
    Raises KelisimError if the reasoner fails.
    """
    facts = [s for c in claims if c.code("modality") in PUBLISHED_MODALITIES for s in c.facts]
    things = {iri for s in facts for iri in (s.subject, s.value)}
    statements = [*facts, *(s for iri in things for s in collection.described.get(iri, ()))]
    triples = {
        ox.Triple(ox.NamedNode(s.subject), ox.NamedNode(s.predicate), s.object)
        for s in statements
        if isinstance(s.object, ox.NamedNode)
    }
    graph = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    for triple in read_graph():
        if triple[1] not in _WORDS and not str(triple[0]).startswith(str(CODE)):
            graph.add(triple)
    verdict = reason(graph, infer=False)
    if verdict.consistent:
        return
    because = "; ".join(line.rstrip(".") for line in verdict.explanation[:_LISTED]) or "why, is not known"
    clashing = [(c, s) for c in claims for s in c.facts if s.subject in verdict.individuals]
    for claim, statement in clashing or [(claims[0], claims[0].facts[0])]:
        wrong = f"The ontology contradicts what is told: {because}."
        yield claim.error(
            statement.line,
            "contradiction",
            wrong,
            "`kelisim reason` tells all of it. Correct the class or the property.",
        )
