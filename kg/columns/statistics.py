"""What is known of the columns of one version: predicates, tables, classes, terms."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kg.columns.building import KINDS
from kg.columns.dictionary import Dictionary

ANY: Final = 1 << 31
"""Above all numbers of terms."""


class Predicate(NamedTuple):
    """A predicate: its number, those of its IRI and its table; triples, distinct subjects, and about so many objects.

    first, last, first_subject, last_subject: the least and greatest numbers of objects and subjects. kind: what all its
    objects are (`kg.columns.building.KINDS`), decimals with at most `scale` digits after the point.
    """

    number: int
    id: int
    table: int
    triples: int
    subjects: int
    objects: int
    first: int
    last: int
    first_subject: int
    last_subject: int
    kind: str
    scale: int

    @property
    def functional(self) -> bool:
        """Whether each of its subjects has one object."""
        return self.triples == self.subjects


@dataclass
class Statistics:
    """All predicates by IRI; classes that all subjects of a table have, as pairs of numbers; the dictionary."""

    dictionary: Dictionary
    predicates: dict[str, Predicate] = field(default_factory=dict)
    implied: frozenset[tuple[int, int]] = frozenset()

    def describe(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Takes rows of IRI and what `Predicate` has."""
        for iri, *rest in rows:
            self.predicates[iri] = Predicate._make((*rest[:-2], KINDS[rest[-2]], rest[-1]))

    def form(self, first: int, last: int) -> str:
        """What all of a span are: ``iri``, ``resource``, ``plain`` (strings), a language with its ``@``, or nothing.

        Sets of one form have the order of their numbers, but for resources, of which some are blank nodes.
        """
        for run in self.dictionary.runs:
            if run.first <= first <= last <= run.last:
                return ("resource", "iri", "plain", run.suffix, "")[run.rank]
        resources = self.dictionary.span(0, 1)
        return "resource" if resources[0] <= first <= last <= resources[1] else ""
