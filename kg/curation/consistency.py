"""Checks the published facts and the ontology for consistency, and computes the inferred triples."""

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph

from kg.curation.curated import Curation, parse
from kg.curation.dataset import build
from kg.rdf.files import read_text
from ontology import BASE, INFERRED_GRAPH, read_graph
from ontology.reasoning import Verdict, reason
from ontology.rules import infer


@dataclass(frozen=True)
class Consistency:
    """The verdict of HermiT, and the triples inferred by the OWL 2 RL rules, as sorted N-Triples."""

    verdict: Verdict
    inferred: bytes
    missed: tuple[str, ...]
    """Triples that HermiT derived and the rules did not; empty if the rules are complete for the ontology."""

    @property
    def sound(self) -> bool:
        """Consistent, every class satisfiable, and no inference missed."""
        return self.verdict.consistent and not self.verdict.unsatisfiable and not self.missed

    def as_json(self) -> dict[str, bool | int | list[str]]:
        """The verdict as JSON values; ``inferred`` is the number of triples."""
        return {
            "consistent": self.verdict.consistent,
            "sound": self.sound,
            "inferred": len(self.inferred.splitlines()),
            "unsatisfiable": list(self.verdict.unsatisfiable),
            "missed": list(self.missed),
            "individuals": list(self.verdict.individuals),
            "explanation": list(self.verdict.explanation),
        }

    def in_words(self) -> str:
        """The verdict as plain text."""
        verdict = self.verdict
        if not verdict.consistent:
            named = "\n".join(f"  {iri}" for iri in verdict.individuals) or "  (none named)"
            why = "\n".join(f"  {line}" for line in verdict.explanation)
            return f"Inconsistent. Things that clash:\n{named}\nBecause:\n{why}"
        count = len(self.inferred.splitlines())
        lines = [f"Consistent. {count} triples follow by the OWL 2 RL rules (ontology/rules), checked against HermiT."]
        lines += [f"Unsatisfiable class: {iri}" for iri in verdict.unsatisfiable]
        lines += [f"Derived by HermiT and missed by the rules: {triple}" for triple in self.missed]
        return "\n".join(lines)


def check(curation: Curation, extra: Path | None = None) -> Consistency:
    """Runs HermiT and the OWL 2 RL rules over the ontology, the default graph and, if given, one more Turtle file.

    Raises KelisimError where the file cannot be read or is malformed, or the reasoner fails.
    """
    dataset = build(curation)
    default = {*dataset.default_graph}
    derived = {q.triple for q in dataset.quads if _is_inferred(q)} & default  # not what only hedged claims entail
    given = default - derived
    if extra:
        given.update(q.triple for q in parse(read_text(extra), str(extra)))
        derived = {*infer(given, {INFERRED_GRAPH: given})[INFERRED_GRAPH]}
    inferred = ox.serialize(derived, format=ox.RdfFormat.N_TRIPLES) or b""
    graph = read_graph()
    graph.parse(data=ox.serialize(given, format=ox.RdfFormat.N_TRIPLES), format="nt")
    verdict = reason(graph)
    known = graph + Graph().parse(data=inferred, format="nt")
    missed = sorted(" ".join(t) for t in verdict.inferred if t[0].startswith(BASE) and t not in known)
    return Consistency(verdict, b"".join(sorted(inferred.splitlines(keepends=True))), tuple(missed))


def _is_inferred(quad: ox.Quad) -> bool:
    return isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value == INFERRED_GRAPH
