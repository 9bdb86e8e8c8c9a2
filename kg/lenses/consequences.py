"""What follows in a lens from several claims together, by the OWL 2 RL rules of ``ontology/rules/owl2rl.ru``.

What follows from one claim alone stands in its graph already, and so does what follows from the new triples' premises
one by one. So the rules with two premises are evaluated once over the store, and from then on the rules are applied to
new triples only (semi-naive evaluation: Abiteboul, Hull and Vianu, Foundations of Databases, section 13.1).
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyoxigraph as ox

from ontology import BASE
from ontology.namespaces import PREFIXES, RDF_TYPE

_DEFAULT: Final = ox.DefaultGraph()
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_UNIVERSAL: Final = frozenset((PREFIXES["owl"] + "Thing", PREFIXES["rdfs"] + "Resource"))
_PROLOGUE: Final = f"PREFIX owl: <{PREFIXES['owl']}> PREFIX rdfs: <{PREFIXES['rdfs']}> PREFIX rdf: <{RDF_TYPE[:-4]}> "
_Object = Any  # a term of any kind, which the engine's functions take only where it may stand
_Pairs = dict[str, list[ox.NamedNode]]


class Rules:
    """The rules of the ontology that stands in a store's default graph, by the names of their premises' properties."""

    def __init__(self, store: ox.Store) -> None:
        def pairs(where: str) -> _Pairs:
            found: _Pairs = defaultdict(list)
            for row in _rows(store, f"SELECT DISTINCT ?of ?then {{ {where} }}"):
                found[row[0].value].append(row[1])
            return dict(found)

        self.superclasses = pairs("?of rdfs:subClassOf ?then FILTER NOT EXISTS { ?then a owl:Restriction }")
        self.superproperties = pairs("?of rdfs:subPropertyOf ?then")
        self.inverses = pairs("{ ?of owl:inverseOf ?then } UNION { ?then owl:inverseOf ?of }")
        self.domains = pairs("?of rdfs:domain ?then")
        self.ranges = pairs("?of rdfs:range ?then")
        steps = [(row[0], row[0], row[0]) for row in _rows(store, "SELECT ?p { ?p a owl:TransitiveProperty }")]
        chain = "?p owl:propertyChainAxiom ?c . ?c rdf:first ?a ; rdf:rest/rdf:first ?b"
        steps += [(row[0], row[1], row[2]) for row in _rows(store, f"SELECT ?a ?b ?p {{ {chain} }}")]
        self.chains = steps
        """The properties of two steps, and that of both together (prp-spo2; prp-trp as one of them)."""
        restricted = "?r owl:allValuesFrom ?class ; owl:onProperty ?p . ?owner rdfs:subClassOf+ ?r"
        self.restrictions = [
            (row[0], row[1], row[2]) for row in _rows(store, f"SELECT ?owner ?p ?class {{ {restricted} }}")
        ]
        """Class, property, and the class to which that property's values belong (cls-avf)."""
        self.premises = frozenset(
            {RDF_TYPE, *self.superproperties, *self.inverses, *self.domains, *self.ranges}
            | {p.value for a, b, _ in self.chains for p in (a, b)}
            | {p.value for _, p, _ in self.restrictions}
        )
        """The properties from whose triples something may follow."""

    def joined(self, store: ox.Store) -> Iterator[ox.Triple]:
        """What follows from two triples of the default graph and is not there."""
        for first, second, whole in self.chains:
            where = f"{{ ?x {first} ?y . ?y {second} ?z FILTER NOT EXISTS {{ ?x {whole} ?z }} }}"
            for row in _rows(store, f"SELECT DISTINCT ?x ?z {where}"):
                yield ox.Triple(row[0], whole, row[1])
        for owner, p, kind in self.restrictions:
            where = f"{{ ?x a {owner} ; {p} ?y FILTER NOT EXISTS {{ ?y a {kind} }} FILTER(isIRI(?y)) }}"
            for row in _rows(store, f"SELECT DISTINCT ?y {where}"):
                yield ox.Triple(row[0], _TYPE, kind)

    def following(self, triple: ox.Triple, store: ox.Store) -> Iterator[ox.Triple]:
        """What follows from a triple, alone and with others of the default graph."""
        x, p, y = triple.subject, triple.predicate, triple.object
        name = p.value
        if name == RDF_TYPE:
            if isinstance(y, ox.NamedNode):
                yield from (ox.Triple(x, _TYPE, kind) for kind in self.superclasses.get(y.value, ()))
                for owner, of, kind in self.restrictions:
                    if owner == y:
                        named = (z for z in _objects(store, x, of) if isinstance(z, ox.NamedNode))
                        yield from (ox.Triple(z, _TYPE, kind) for z in named)
            return
        yield from (ox.Triple(x, other, y) for other in self.superproperties.get(name, ()))
        yield from (ox.Triple(x, _TYPE, kind) for kind in self.domains.get(name, ()))
        if not isinstance(y, ox.NamedNode):
            return
        yield from (ox.Triple(y, other, x) for other in self.inverses.get(name, ()))
        yield from (ox.Triple(y, _TYPE, kind) for kind in self.ranges.get(name, ()))
        for first, second, whole in self.chains:
            if first == p:
                yield from (ox.Triple(x, whole, z) for z in _objects(store, y, second))
            if second == p:
                yield from (ox.Triple(q.subject, whole, y) for q in store.quads_for_pattern(None, first, x, _DEFAULT))
        for owner, of, kind in self.restrictions:
            if of == p and ox.Quad(x, _TYPE, owner) in store:
                yield ox.Triple(y, _TYPE, kind)


def close(store: ox.Store, rules: Rules, seeds: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Adds to the default graph what follows from it; returns that.

    `seeds` are its triples whose own consequences may be missing; of all others, those that follow from one alone are
    there.
    """
    added: list[ox.Triple] = []
    queue: deque[ox.Triple] = deque()

    def add(found: Iterable[ox.Triple]) -> None:
        for triple in found:
            quad = ox.Quad(triple.subject, triple.predicate, triple.object)
            if is_informative(triple) and quad not in store:
                store.add(quad)
                added.append(triple)
                queue.append(triple)

    for seed in seeds:
        add([*rules.following(seed, store)])
    add([*rules.joined(store)])
    while queue:
        add([*rules.following(queue.popleft(), store)])
    return added


def is_informative(triple: ox.Triple) -> bool:
    """Whether an inferred triple is kept: it is about a thing of the project, and not that it is a thing at all."""
    subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else ""
    is_thing = subject.startswith(BASE) and not subject.startswith((BASE + "ns", BASE + ".well-known"))
    return is_thing and getattr(triple.object, "value", None) not in _UNIVERSAL


def _objects(store: ox.Store, subject: _Object, p: ox.NamedNode) -> Iterator[_Object]:
    return (quad.object for quad in store.quads_for_pattern(subject, p, None, _DEFAULT))


def _rows(store: ox.Store, query: str) -> list[tuple[Any, ...]]:
    found = store.query(_PROLOGUE + query)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(row) for row in found]
