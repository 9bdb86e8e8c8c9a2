"""A resource of any vocabulary as its page shows it: the quads of its description, arranged by the part it plays."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from ontology.namespaces import PREFIXES, RDF_TYPE

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
"""A term; readers leave out triple terms (RDF 1.2), so that none comes here."""

_FIRST: Final = PREFIXES["rdf"] + "first"
_REST: Final = PREFIXES["rdf"] + "rest"


@dataclass(frozen=True)
class Value:
    """One end of a statement, and where the statement stands.

    graphs: the named graphs with it. plain: whether the default graph has it. rows: what is said of a blank node.
    items: the members of a list (RDF Schema 1.1, section 5.2). cut: whether there is more to say of a blank node.
    """

    term: Term
    graphs: tuple[str, ...] = ()
    plain: bool = True
    rows: tuple["Row", ...] = ()
    items: tuple["Value", ...] = ()
    cut: bool = False


Row = tuple[str, tuple[Value, ...]]
"""A property and its values, or the subjects that have it."""


@dataclass(frozen=True)
class Resource:
    """A resource: what is said of it, what points to it, where it is a property, and what it holds as a named graph.

    rows: by property, the values. incoming: by property, the subjects. uses: pairs of subject and value. members:
    subject, property and value. iris: all that is named.
    """

    iri: str
    rows: tuple[Row, ...] = ()
    incoming: tuple[Row, ...] = ()
    uses: tuple[tuple[Value, Value], ...] = ()
    members: tuple[tuple[Value, str, Value], ...] = ()
    iris: frozenset[str] = field(default_factory=frozenset)


def arrange(iri: str, quads: Iterable[ox.Quad]) -> Resource:
    """The resource from the quads of its description; quads that only name others are left aside."""
    of: dict[object, list[ox.Quad]] = defaultdict(list)
    incoming, uses, members = [], [], []
    thing = ox.NamedNode(iri)
    for quad in quads:
        of[quad.subject].append(quad)
        if quad.object == thing and quad.subject != thing:
            incoming.append(quad)
        if quad.predicate == thing:
            uses.append(quad)
        if quad.graph_name == thing:
            members.append(quad)
    nested = _Nested(of)
    rows = _rows(of[thing], nested.value)
    return Resource(
        iri,
        rows,
        _rows(incoming, _value, subjects=True),
        tuple((_value(q.subject, [q]), _value(q.object, [q])) for q in uses),
        tuple((Value(q.subject), q.predicate.value, Value(q.object)) for q in members),
        frozenset(_iris(iri, (*incoming, *uses, *members, *(q for s in (thing, *nested.seen) for q in of[s])))),
    )


class _Nested:
    """Makes values with what is said of blank nodes, each once, so that cycles end."""

    def __init__(self, of: dict[object, list[ox.Quad]]) -> None:
        self._of = of
        self.seen: set[object] = set()

    def value(self, term: Term, quads: list[ox.Quad]) -> Value:
        found = _value(term, quads)
        if not isinstance(term, ox.BlankNode):
            return found
        own = self._of.get(term, [])
        if term in self.seen or not own:
            return Value(term, found.graphs, found.plain, cut=True)
        self.seen.add(term)
        if any(quad.predicate.value == _FIRST for quad in own):
            items, cut = self._items(term)
            return Value(term, found.graphs, found.plain, items=items, cut=cut)
        return Value(term, found.graphs, found.plain, rows=_rows(own, self.value))

    def _items(self, start: ox.BlankNode) -> tuple[tuple[Value, ...], bool]:
        """The members of the list that begins at a node, and whether it goes on beyond what is known."""
        items: list[Value] = []
        node: object = start
        while isinstance(node, ox.BlankNode):
            own = self._of.get(node, [])
            self.seen.add(node)
            items += [self.value(q.object, [q]) for q in own if q.predicate.value == _FIRST]
            node = next((q.object for q in own if q.predicate.value == _REST), None)
            if node is None or node in self.seen:
                return tuple(items), True
        return tuple(items), False


def _rows(
    quads: Iterable[ox.Quad], value: Callable[[Term, list[ox.Quad]], Value], *, subjects: bool = False
) -> tuple[Row, ...]:
    """The quads by property, then by value (or subject), sorted; the class comes first."""
    found: dict[str, dict[Term, list[ox.Quad]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        term = quad.subject if subjects else quad.object
        found[quad.predicate.value][term].append(quad)
    ordered = sorted(found, key=lambda name: (name != RDF_TYPE, name))
    return tuple((name, tuple(value(t, found[name][t]) for t in sorted(found[name], key=_order))) for name in ordered)


def _value(term: Term, quads: list[ox.Quad]) -> Value:
    named = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode | ox.BlankNode)}
    return Value(term, tuple(sorted(named)), any(isinstance(quad.graph_name, ox.DefaultGraph) for quad in quads))


def _iris(iri: str, quads: Iterable[ox.Quad]) -> set[str]:
    """All IRIs to name."""
    terms = (t for q in quads for t in (q.subject, q.predicate, q.object, q.graph_name))
    return {iri, *(term.value for term in terms if isinstance(term, ox.NamedNode))}


def _order(term: Term) -> tuple[bool, str, str]:
    language = (term.language or "") if isinstance(term, ox.Literal) else ""
    return isinstance(term, ox.BlankNode), language, str(term)
