"""Builds the one dataset from the curated files and the ontology."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

import pyoxigraph as ox

from kg.curation.curated import Curation
from ontology import BASE, INFERRED_GRAPH, published_triples, version
from ontology.namespaces import CLAIM, CODE, ID, KEL, PREFIXES, PUBLISHED_MODALITIES, RDF_TYPE, shorten
from ontology.rules import derive, infer


@dataclass(frozen=True)
class Dataset:
    """An RDF dataset with its quads in the order of their canonical N-Quads lines.

    The default graph holds the ontology, the reference data, the records of the claims, the facts of the claims that
    are asserted, reported or planned, the inferred triples, and the conflicts between claims. Each claim is a named
    graph of its facts and of what follows from these alone. The inferred triples, of the default graph and of claims,
    are in a named graph too.
    """

    quads: tuple[ox.Quad, ...]
    lines: tuple[bytes, ...]
    """The same quads as canonical N-Quads, in UTF-8, without line ends."""
    version: str

    @cached_property
    def digest(self) -> str:
        """The dataset's identity: the SHA-256 of its sorted canonical N-Quads, in hexadecimal."""
        return hashlib.sha256(b"".join(line + b"\n" for line in self.lines)).hexdigest()

    @property
    def default_graph(self) -> Iterator[ox.Triple]:
        """The triples of the default graph."""
        return (q.triple for q in self.quads if isinstance(q.graph_name, ox.DefaultGraph))

    @property
    def named_graphs(self) -> set[str]:
        """The IRIs of the named graphs."""
        return {q.graph_name.value for q in self.quads if isinstance(q.graph_name, ox.NamedNode)}

    def statistics(self) -> dict[str, int | str | dict[str, int]]:
        """Counts, digest and version, as ``kelisim stats`` prints them."""
        default = list(self.default_graph)
        types = Counter(
            shorten(t.object.value)
            for t in default
            if t.predicate.value == RDF_TYPE
            and isinstance(t.object, ox.NamedNode)
            and isinstance(t.subject, ox.NamedNode)
            and t.subject.value.startswith(BASE + "id/")
            and t.object.value.startswith((str(KEL), PREFIXES["foaf"] + "Person"))
        )
        modalities = Counter(
            t.object.value.removeprefix(str(CODE))
            for t in default
            if t.predicate.value == str(KEL.modality) and isinstance(t.object, ox.NamedNode)
        )
        articles = Counter(
            g.removeprefix(str(CLAIM)).partition("-")[0] for g in self.named_graphs if g.startswith(str(CLAIM))
        )
        return {
            "version": self.version,
            "digest": self.digest,
            "quads": len(self.quads),
            "triples in the default graph": len(default),
            "claims": sum(articles.values()),
            "triples in claims": sum(_in_claim(q) for q in self.quads),
            "inferred triples": sum(_is_named(q, INFERRED_GRAPH) for q in self.quads),
            "claims by article": dict(sorted(articles.items())),
            "claims by modality": dict(modalities.most_common()),
            "things by class": dict(sorted(types.items())),
        }


def build(curation: Curation) -> Dataset:
    """The dataset of the curated files and the ontology; deterministic.

    Raises KelisimError, with the claim, if a claim does not have exactly one modality.
    """
    from kg.conflicts.terms import conflict_triples  # who has a built dataset need not load it

    ontology = [*published_triples()]
    default = {*ontology, *curation.reference}
    claims = {claim.iri: claim.facts for claim in curation.claims}
    for claim in curation.claims:
        default.update(t for triples in claim.record.values() for t in triples)
        if claim.value("modality").removeprefix(str(CODE)) in PUBLISHED_MODALITIES:
            default.update(claim.facts)
    quads = close(ontology, default, claims)
    quads.update(ox.Quad(t.subject, t.predicate, t.object) for t in conflict_triples(quads))
    return from_quads(quads)


def close(
    ontology: Collection[ox.Triple], default: Iterable[ox.Triple], claims: Mapping[str, Collection[ox.Triple]]
) -> set[ox.Quad]:
    """The quads of a dataset with all that follows: of what its default graph and its claims tell.

    `ontology` are the axioms, which `default` holds too; `claims` maps the IRIs of claims to their facts.
    """
    told = {*default}
    derived = derive(told, claims)
    told.update(derived)
    inferred = infer(ontology, {INFERRED_GRAPH: told})[INFERRED_GRAPH]
    of_claims = {iri: [t for t in found if _is_thing(t.subject)] for iri, found in infer(ontology, claims).items()}
    stated = {t for facts in claims.values() for t in facts}
    inferred_graph = {*derived, *inferred, *(t for found in of_claims.values() for t in found if t not in stated)}
    quads = {ox.Quad(t.subject, t.predicate, t.object) for t in (*told, *inferred)}
    for graph, triples in (*claims.items(), *of_claims.items(), (INFERRED_GRAPH, inferred_graph)):
        quads.update(ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph)) for t in triples)
    return quads


def from_quads(quads: set[ox.Quad]) -> Dataset:
    """A dataset of the given quads, sorted."""
    unordered = list(quads)
    serialised = ox.serialize(unordered, format=ox.RdfFormat.N_QUADS) or b""
    pairs = sorted(zip(serialised.splitlines(), unordered, strict=True), key=itemgetter(0))
    return Dataset(tuple(q for _, q in pairs), tuple(line for line, _ in pairs), version())


def _is_thing(term: ox.NamedNode | ox.BlankNode | ox.Triple) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(str(ID))


def _is_named(quad: ox.Quad, graph: str) -> bool:
    return isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value == graph


def _in_claim(quad: ox.Quad) -> bool:
    return isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value.startswith(str(CLAIM))
