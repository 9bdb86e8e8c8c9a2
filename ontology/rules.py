"""Inference with the OWL 2 RL rules of ``rules/owl2rl.ru`` and our own of ``rules/derived.ru``, as SPARQL updates."""

from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from ontology.namespaces import BASE
from ontology.terms import read_text

SPOKEN_OF = (
    "Event",
    "Visit",
    "Instrument",
    "DocumentPackage",
    "Project",
    "Facility",
    "Route",
    "Policy",
    "Relation",
)
"""The classes (``kel:``) of things that exist only as they are told of, as ``rules/derived.ru`` has them."""

# Classes that contain everything: membership in them carries no information.
_UNIVERSAL_CLASSES = frozenset(
    {"http://www.w3.org/2002/07/owl#Thing", "http://www.w3.org/2000/01/rdf-schema#Resource"},
)


def infer(ontology: Iterable[ox.Triple], facts: Mapping[str, Iterable[ox.Triple]]) -> dict[str, list[ox.Triple]]:
    """The triples that follow from the ontology and the facts of each graph alone, without the given ones.

    `facts` maps names of graphs to their triples; `ontology` has no blank nodes. Only triples about the things of the
    project are returned. The rules are those of OWL 2 Profiles, section 4.3, that the ontology needs; tests compare
    their result with HermiT and with another RL reasoner.
    """
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in ontology)
    for name, triples in facts.items():
        store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(name)) for t in triples)
    given = {*store}  # read back, since the store normalises numbers
    rules, before = read_text("rules/owl2rl.ru"), -1
    while len(store) != before:
        before = len(store)
        store.update(rules)
    return {
        name: [
            quad.triple
            for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(name))
            if quad not in given and is_informative(quad.triple)
        ]
        for name in facts
    }


def derive(default: Iterable[ox.Triple], claims: Mapping[str, Iterable[ox.Triple]]) -> list[ox.Triple]:
    """The triples that the rules of ``rules/derived.ru`` add to the default graph, without the given ones.

    `default` are the triples of the default graph; `claims` maps the IRIs of claims to their facts.
    """
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in default)
    for name, triples in claims.items():
        store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(name)) for t in triples)
    given = {*store}
    store.update(read_text("rules/derived.ru"))
    return [q.triple for q in {*store} - given]


def is_informative(triple: ox.Triple) -> bool:
    """Whether a conclusion is kept: it is about a thing of the project, and no membership in a universal class."""
    subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else ""
    is_thing = subject.startswith(BASE) and not subject.startswith((BASE + "ns", BASE + ".well-known"))
    return is_thing and getattr(triple.object, "value", None) not in _UNIVERSAL_CLASSES
