"""Inference with the OWL 2 RL rules of ``rules/owl2rl.ru``, as SPARQL updates."""

from collections.abc import Iterable

import pyoxigraph as ox

from ontology.namespaces import BASE, INFERRED_GRAPH
from ontology.terms import read_text

# Classes that contain everything: membership in them carries no information.
_UNIVERSAL_CLASSES = frozenset(
    {"http://www.w3.org/2002/07/owl#Thing", "http://www.w3.org/2000/01/rdf-schema#Resource"},
)


def infer(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The triples inferred from facts and ontology, about the things of the project only, without the given ones.

    `triples` are the ontology (without blank nodes) and the facts. The rules are those of OWL 2 Profiles, section 4.3,
    that the ontology needs; tests compare their result with HermiT and with another RL reasoner.
    """
    store = ox.Store()
    graph = ox.NamedNode(INFERRED_GRAPH)
    given = set(triples)
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in given)
    rules = read_text("rules/owl2rl.ru")
    new: set[ox.Triple] = set()
    while True:
        store.update(rules)
        found = {q.triple for q in store.quads_for_pattern(None, None, None, graph)} - new
        if not found:
            break
        new |= found
        store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in found)
    return [t for t in new if _is_informative(t)]


def _is_informative(triple: ox.Triple) -> bool:
    subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else ""
    is_thing = subject.startswith(BASE) and not subject.startswith((BASE + "ns", BASE + ".well-known"))
    return is_thing and getattr(triple.object, "value", None) not in _UNIVERSAL_CLASSES
