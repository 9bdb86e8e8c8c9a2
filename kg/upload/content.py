"""What is to be in an engine: triples as text, in parts that are small enough to compare and send again.

A part is a named graph, or of a larger one those triples whose subjects' MD5 begins with the same hexadecimal digits,
which an engine can select too (SPARQL 1.1 Query, section 17.4.6.1). Literals are in pyoxigraph's canonical forms
(``1.10`` as ``1.1``); blank nodes are Skolem IRIs (RDF 1.1 Concepts, section 3.5), since no update can name one.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import quote

import pyoxigraph as ox

from kg.rdf.patches import Patch
from kg.rdf.set_digest import SetDigest
from kg.upload.names import check_unreserved
from ontology import KelisimError
from ontology.namespaces import SKOLEM

_PART_TRIPLES: Final = 250
"""Graphs are divided until their parts have about so many triples, or fewer."""
_LARGEST_MEAN: Final = 1000
"""A division of an earlier run is kept until the parts have more on average."""
_BATCH: Final = 100_000


class Part(NamedTuple):
    """A graph, empty for the default graph, and the digits with which the hashes of its subjects begin."""

    graph: str
    prefix: str = ""


class Signature(NamedTuple):
    """How many triples, and the digest of the set of their N-Triples lines (`kg.rdf.set_digest`)."""

    size: int
    digest: str

    @classmethod
    def of(cls, triples: Iterable[str]) -> "Signature":
        """The signature of a part's triples."""
        found, digest = [triple.encode() + b" .\n" for triple in triples], SetDigest()
        digest.add(found)
        return cls(len(found), digest.hexdigest())


def texts(quads: Iterable[ox.Quad]) -> Iterator[tuple[str, str]]:
    """Graphs, empty for the default graph, and the text of their triples without the dot.

    Raises KelisimError for triple terms, which SPARQL 1.1 does not have.
    """
    store = ox.Store()
    store.extend(quads)  # brings literals into their canonical form
    for quad in store:
        if isinstance(quad.object, ox.Triple) or isinstance(quad.subject, ox.Triple):
            raise KelisimError(f"SPARQL 1.1 engines have no triple terms, but the data has one: {quad.triple}.")
        graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else _iri(quad.graph_name).value
        yield graph, str(ox.Triple(_iri(quad.subject), quad.predicate, _object(quad.object)))


def with_stable_labels(quads: set[ox.Quad]) -> set[ox.Quad]:
    """The quads with blank nodes named after what is said of them (RDF Dataset Canonicalization, RDFC-1.0).

    A file's blank nodes get other labels each time it is read; so the same file is the same content.
    """
    if not any(isinstance(term, ox.BlankNode) for quad in quads for term in quad):
        return quads
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {*dataset}


def skolemised(quad: ox.Quad) -> ox.Quad:
    """The quad with Skolem IRIs in place of its blank nodes."""
    name = quad.graph_name
    graph = _iri(name) if isinstance(name, ox.BlankNode) else name
    value = _iri(quad.object) if isinstance(quad.object, ox.BlankNode) else quad.object
    subject = _iri(quad.subject) if isinstance(quad.subject, ox.BlankNode) else quad.subject
    return ox.Quad(subject, quad.predicate, value, graph)


def _iri(term: ox.NamedNode | ox.BlankNode) -> ox.NamedNode:
    return ox.NamedNode(SKOLEM + quote(term.value, safe="")) if isinstance(term, ox.BlankNode) else term


def _object(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> ox.NamedNode | ox.Literal:
    return term if isinstance(term, ox.Literal) else _iri(term)


def prefix_length(triples: int) -> int:
    """How many digits divide a graph of so many triples into parts."""
    length = 0
    while triples > _PART_TRIPLES * 2 * 16**length:
        length += 1
    return length


def part_of(graph: str, triple: str, length: int) -> Part:
    """The part of a graph in which a triple is."""
    if not length:
        return Part(graph)
    subject = triple[1 : triple.index(">")]
    return Part(graph, hashlib.md5(subject.encode(), usedforsecurity=False).hexdigest()[:length])


@dataclass
class Content:
    """A version of a dataset, in parts."""

    version: str
    """That of the ontology."""
    digest: str
    """The dataset's identity: `kg.curation.dataset.Dataset.digest`, or the digest of a store's version."""
    store_version: int | None = None
    """The number of the version in its store's history."""
    parts: dict[Part, set[str]] = field(default_factory=dict)
    signatures: dict[Part, Signature] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    """The length of the prefixes of each graph's parts."""

    def fill(self, quads: Iterable[ox.Quad], lengths: Mapping[str, int]) -> None:
        """Takes the triples; `lengths` are those of the parts of an earlier run, which are kept where they do.

        Raises KelisimError for triple terms, and for graphs of reserved names.
        """
        graphs: dict[str, list[str]] = defaultdict(list)
        batch: list[ox.Quad] = []
        for quad in quads:
            batch.append(quad)
            if len(batch) == _BATCH:
                _collect(batch, graphs)
                batch.clear()
        _collect(batch, graphs)
        check_unreserved(graphs)
        for graph in [*graphs]:
            triples = graphs.pop(graph)
            length = lengths.get(graph, prefix_length(len(triples)))
            if len(triples) > _LARGEST_MEAN * 16**length:
                length = prefix_length(len(triples))
            self.lengths[graph] = length
            for triple in triples:
                self.parts.setdefault(part_of(graph, triple, length), set()).add(triple)
        self.signatures = {part: Signature.of(triples) for part, triples in self.parts.items()}

    def apply(self, patch: Patch) -> dict[Part, set[str]]:
        """Changes the content as a patch does; returns what the parts that it touches held before."""
        before: dict[Part, set[str]] = {}
        for quads, adds in ((patch.deletes, False), (patch.adds, True)):
            for graph, triple in texts(quads):
                check_unreserved([graph])
                part = part_of(graph, triple, self.lengths.setdefault(graph, 0))
                held = self.parts.setdefault(part, set())
                before.setdefault(part, {*held})
                (held.add if adds else held.discard)(triple)
        for part in before:
            if self.parts[part]:
                self.signatures[part] = Signature.of(self.parts[part])
            else:
                self.signatures.pop(part, None)
                del self.parts[part]
        return before

    @property
    def count(self) -> int:
        """How many quads there are."""
        return sum(signature.size for signature in self.signatures.values())

    def counts(self) -> dict[str, int]:
        """How many triples each graph has."""
        found: dict[str, int] = defaultdict(int)
        for part, signature in self.signatures.items():
            found[part.graph] += signature.size
        return found


def _collect(quads: Iterable[ox.Quad], graphs: Mapping[str, list[str]]) -> None:
    for graph, triple in texts(quads):
        graphs[graph].append(triple)
