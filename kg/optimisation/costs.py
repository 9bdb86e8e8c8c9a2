"""Estimates of what the engine does for a basic graph pattern: the rows that it reads, in the order that it takes.

Estimates of joins are those of Selinger et al., "Access Path Selection in a Relational Database Management System"
(SIGMOD 1979): values are equally frequent and independent. The frequencies of constants are exact where the
statistics have them. The order is the engine's own (oxigraph's sparopt): it takes
patterns by which of their places are bound, knows no statistics, and of equals the first.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg.citations.algebra import Link, Triple
from kg.citations.support import Term
from kg.optimisation.statistics import Predicate, Statistics

_SIZES: Final = {
    (True, True, True): 1,
    (False, True, True): 10_000,
    (True, False, True): 2,
    (True, True, False): 10,
    (False, False, True): 100_000,
    (False, True, False): 1_000_000,
    (True, False, False): 100,
    (False, False, False): 1_000_000_000,
}
"""What the engine takes for the size of a pattern, by whether subject, predicate and object are bound."""


_OF_ANY: Final = 4.0
"""How many triples of any predicates are taken to have the same subject, or object."""

_NONE: Final[Mapping[str, Sequence[Term]]] = {}


@dataclass(frozen=True)
class Pattern:
    """A triple pattern: about how many triples match it, and how many distinct values its variables have in these.

    domain: of the subject, how many the predicate has.
    """

    triple: Triple
    size: float
    distinct: dict[str, float]
    domain: dict[str, float]

    @property
    def places(self) -> tuple[str, str, str]:
        """Subject, predicate and object, as written."""
        assert isinstance(self.triple.path, Link)
        return self.triple.subject, self.triple.path.term, self.triple.object


def pattern_of(
    triple: Triple, statistics: Statistics, term: Callable[[str], Term], given: Mapping[str, Sequence[Term]] = _NONE
) -> Pattern | None:
    """The estimates of a triple pattern; None for a path.

    `term` gives the terms of constants, `given` the only values that some variables can have.
    """
    if not isinstance(triple.path, Link):
        return None

    def values(place: str) -> Sequence[Term] | None:
        return (term(place),) if place[0] != "?" else given.get(place)

    subjects, predicates, objects = map(values, (triple.subject, triple.path.term, triple.object))
    if predicates is None:
        found = [Predicate(triples=statistics.triples, subjects=_OF_ANY, objects=_OF_ANY)]
        distinct = {triple.path.term: max(1.0, float(len(statistics.predicates)))}
    else:
        iris = [p.value for p in predicates if isinstance(p, ox.NamedNode)]
        found = [statistics.predicates[iri] for iri in iris if iri in statistics.predicates]
        distinct = {triple.path.term: float(len(predicates))} if triple.path.term[0] == "?" else {}
    domain = dict[str, float]()
    size = sum(_matches(each, subjects, objects) for each in found)
    for place, number, only in (
        (triple.object, sum(p.triples / p.objects for p in found), objects),
        (triple.subject, sum(p.triples / p.subjects for p in found), subjects),
    ):
        if place[0] == "?":
            distinct[place] = max(1.0, min(number if only is None else len(only), size))
            if place is triple.subject:
                domain[place] = max(1.0, number)
    return Pattern(triple, size, distinct, domain)


def _matches(predicate: Predicate, subjects: Sequence[Term] | None, objects: Sequence[Term] | None) -> float:
    """How many triples of a predicate have one of the subjects and one of the objects; None for any."""
    size = float(predicate.triples)
    if not size:
        return 0.0
    if objects is not None:
        counted = predicate.frequencies
        of_value = [predicate.objects] * len(objects) if counted is None else [counted.get(str(o), 0) for o in objects]
        size *= min(1.0, sum(of_value) / predicate.triples)
    if subjects is not None:
        size *= min(1.0, predicate.subjects * len(subjects) / predicate.triples)
    return size


@dataclass(frozen=True)
class Rows:
    """Estimated solutions: their number, the distinct values of each variable, and the rows read for them.

    domain: of variables that are subjects, how many the predicate has that has most.
    """

    number: float
    distinct: dict[str, float]
    domain: dict[str, float]
    read: float

    def joined(self, other: "Rows | Pattern") -> "Rows":
        """The join with others.

        Patterns of one subject are taken to be independent in the larger domain; otherwise the values of the side that
        has fewer all occur in the other.
        """
        rows = self.number * (other.size if isinstance(other, Pattern) else other.number)
        values, domain = dict(self.distinct), dict(self.domain)
        for variable, number in other.distinct.items():
            if variable in values:
                of_subjects = variable in domain and variable in other.domain
                one, two = (self.domain, other.domain) if of_subjects else (self.distinct, other.distinct)
                rows /= max(one[variable], two[variable])
                values[variable] = min(values[variable], number)
            else:
                values[variable] = number
            if variable in other.domain:
                domain[variable] = max(domain.get(variable, 0.0), other.domain[variable])
        return Rows(rows, {v: max(1.0, min(n, rows)) for v, n in values.items()}, domain, self.read)


NOTHING: Final = Rows(1.0, {}, {}, 0.0)
"""What there is to begin with: one solution without values."""


def loops(patterns: Sequence[Pattern], given: Collection[str] = (), first: Rows = NOTHING) -> Rows:
    """What the engine reads for patterns in that order of the text: nested loops over its indexes.

    `given` are variables whose few values are written before them, `first` are rows with which it begins.
    """
    waiting, rows = [*patterns], first
    while waiting:
        connected = [p for p in waiting if rows.distinct.keys() & p.distinct.keys()] or waiting
        bound = {*rows.distinct, *given}
        chosen = min(connected, key=lambda p: engine_size(p, bound))
        waiting.remove(chosen)
        following = rows.joined(chosen)
        rows = replace(following, read=rows.read + rows.number + following.number)
    return rows


def engine_size(pattern: Pattern, bound: Collection[str]) -> int:
    """What the engine takes for the number of triples that match a pattern with some variables bound."""
    subject, predicate, value = (place[0] != "?" or place in bound for place in pattern.places)
    return _SIZES[subject, predicate, value]


def ordered(patterns: Sequence[Pattern]) -> list[Pattern]:
    """The patterns, each time the one next that leaves the fewest rows, of those that share a variable with others."""
    waiting, rows, found = [*patterns], NOTHING, list[Pattern]()
    while waiting:
        connected = [p for p in waiting if rows.distinct.keys() & p.distinct.keys()] or waiting
        chosen = min(connected, key=lambda p: rows.joined(p).number)
        waiting.remove(chosen)
        found.append(chosen)
        rows = rows.joined(chosen)
    return found


def hashed(parts: Sequence[Rows]) -> tuple[float, list[int]]:
    """What the engine reads to join the solutions of several subqueries by hashing, and the best order of these."""
    waiting = {*range(len(parts))}
    first = min(waiting, key=lambda n: parts[n].number)
    order, rows = [first], parts[first]
    waiting.remove(first)
    read = sum(part.read for part in parts)
    while waiting:
        connected = [n for n in waiting if rows.distinct.keys() & parts[n].distinct.keys()] or [*waiting]
        chosen = min(connected, key=lambda n: rows.joined(parts[n]).number)
        waiting.remove(chosen)
        order.append(chosen)
        following = rows.joined(parts[chosen])
        read += _HASHING * (rows.number + parts[chosen].number) + following.number
        rows = following
    return read, order


_HASHING: Final = 3.0
"""What a row costs that is hashed or looked up in a hash table, in rows that are read from an index."""
