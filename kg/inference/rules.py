"""The rules of ``ontology/rules/owl2rl.ru`` as heads and bodies, so that they can be run forward and backward."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple, TypeAlias

import pyoxigraph as ox
from rdflib import URIRef, Variable
from rdflib.plugins.sparql.algebra import translateUpdate
from rdflib.plugins.sparql.parser import parseUpdate

from ontology import KelisimError, read_text

_NAMES: Final = re.compile(r"^# ([a-z]+-\w+(?:, [a-z]+-\w+)*):", re.MULTILINE)

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Pattern: TypeAlias = str | Term
"""A term, or the name of a variable."""


class Atom(NamedTuple):
    """A pattern of triples. With `fact` it stands in the graph that the rule is run in, else in the default graph."""

    subject: Pattern
    predicate: Pattern
    object: Pattern
    fact: bool


@dataclass(frozen=True)
class Rule:
    """A rule: where all of `body` matches and none of `excluded`, and no `resources` is a literal, `head` follows."""

    name: str
    head: Atom
    body: tuple[Atom, ...]
    excluded: tuple[Atom, ...] = ()
    resources: tuple[str, ...] = ()


@cache
def rules() -> tuple[Rule, ...]:
    """The OWL 2 RL rules that the ontology needs (OWL 2 Profiles, section 4.3), named as there."""
    text = read_text("rules/owl2rl.ru")
    names, updates = _NAMES.findall(text), translateUpdate(parseUpdate(text)).algebra
    return tuple(rule for name, update in zip(names, updates, strict=True) for rule in _read(name, update))


def _read(names: str, update: Any) -> Iterator[Rule]:
    ((graph, (triple,)),) = update.insert.quads.items()
    head = _atom(triple, fact=True)
    for name, parts in zip(names.split(", "), _branches(update.where, graph, fact=False), strict=True):
        resources = [part for part in parts if isinstance(part, str)]
        body: list[Atom] = [part for part in parts if isinstance(part, Atom)]
        excluded = [p.atom for p in parts if isinstance(p, _Excluded) and p.atom != head]  # the head: it is new
        yield Rule(name, head, tuple(body), tuple(excluded), tuple(resources))


class _Excluded(NamedTuple):
    """An atom that must not match."""

    atom: Atom


_Part: TypeAlias = Atom | _Excluded | str
"""A condition of a rule; of a string: the variable of that name must not be a literal."""


def _branches(node: Any, graph: Any, *, fact: bool) -> list[list[_Part]]:
    """The alternatives of a pattern of the SPARQL algebra."""
    match node.name:
        case "BGP":
            return [[_atom(triple, fact=fact) for triple in node.triples]]
        case "Join":
            pairs = product(_branches(node.p1, graph, fact=fact), _branches(node.p2, graph, fact=fact))
            return [first + second for first, second in pairs]
        case "Union":
            return _branches(node.p1, graph, fact=fact) + _branches(node.p2, graph, fact=fact)
        case "Graph" if node.term == graph:
            return _branches(node.p, graph, fact=True)
        case "Filter":
            conditions = _conditions(node.expr, graph, fact=fact)
            return [branch + conditions for branch in _branches(node.p, graph, fact=fact)]
    raise KelisimError(f"ontology/rules/owl2rl.ru has a pattern that is not understood: {node.name}.")


def _conditions(expression: Any, graph: Any, *, fact: bool) -> list[_Part]:
    match expression.name:
        case "ConditionalAndExpression":
            expressions = (expression.expr, *expression.other)
            return [part for each in expressions for part in _conditions(each, graph, fact=fact)]
        case "Builtin_NOTEXISTS":
            ((part,),) = _branches(expression.graph, graph, fact=fact)
            assert isinstance(part, Atom)
            return [_Excluded(part)]
        case "UnaryNot" if expression.expr.name == "Builtin_isLITERAL":
            return [str(expression.expr.arg)]
    raise KelisimError(f"ontology/rules/owl2rl.ru has a condition that is not understood: {expression.name}.")


def _atom(triple: Any, *, fact: bool) -> Atom:
    subject, predicate, object_ = (_pattern(term) for term in triple)
    return Atom(subject, predicate, object_, fact)


def _pattern(term: Any) -> Pattern:
    if isinstance(term, Variable):
        return str(term)
    if isinstance(term, URIRef):
        return ox.NamedNode(str(term))
    raise KelisimError(f"ontology/rules/owl2rl.ru has a term that is not understood: {term!r}.")
