"""Whether the published facts and the ontology can all be true, and what follows from them."""

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph

from kg.curation import Curation, parse
from kg.dataset import build
from ontology import INFERRED_GRAPH, read_graph
from ontology.reasoning import Verdict, reason


@dataclass(frozen=True)
class Consistency:
    """The verdict of the reasoner, and the inferred graph as sorted N-Triples."""

    verdict: Verdict
    inferred: bytes
    missed: tuple[str, ...]
    """What HermiT derived and our rules did not; empty when the rules suit the ontology."""

    @property
    def sound(self) -> bool:
        """Consistent, every class satisfiable, and no inference missed."""
        return self.verdict.consistent and not self.verdict.unsatisfiable and not self.missed

    def in_words(self) -> str:
        """The verdict for people."""
        verdict = self.verdict
        if not verdict.consistent:
            named = "\n".join(f"  {iri}" for iri in verdict.individuals) or "  (none named)"
            why = "\n".join(f"  {line}" for line in verdict.explanation)
            return f"Inconsistent. Things that clash:\n{named}\nBecause:\n{why}"
        lines = [f"Consistent. {len(self.inferred.splitlines())} triples follow."]
        lines += [f"Unsatisfiable class: {iri}" for iri in verdict.unsatisfiable]
        lines += [f"Missed by ontology/rules: {triple}" for triple in self.missed]
        return "\n".join(lines)


def check(curation: Curation, extra: Path | None = None) -> Consistency:
    """Runs HermiT over the ontology, the default graph and, if given, one more Turtle file.

    Raises KelisimError where the file is malformed or the reasoner fails.
    """
    dataset = build(curation)
    inferred = [line for q, line in zip(dataset.quads, dataset.lines, strict=True) if _is_inferred(q)]
    triples = sorted(line.rpartition(b" <")[0] + b" ." for line in inferred)
    graph = read_graph()
    derived = {q.triple for q in dataset.quads if _is_inferred(q)}
    given = (t for t in dataset.default_graph if t not in derived)
    graph.parse(data=ox.serialize(given, format=ox.RdfFormat.N_TRIPLES), format="nt")
    if extra:
        quads = parse(extra.read_text(encoding="utf-8"), extra.name)
        graph.parse(data=ox.serialize((q.triple for q in quads), format=ox.RdfFormat.N_TRIPLES), format="nt")
    verdict = reason(graph)
    known = Graph().parse(data=b"\n".join(triples), format="nt")
    missed = [] if extra else sorted(" ".join(t) for t in verdict.inferred if t not in known and t not in graph)
    return Consistency(verdict, b"".join(t + b"\n" for t in triples), tuple(missed))


def _is_inferred(quad: ox.Quad) -> bool:
    return isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value == INFERRED_GRAPH
