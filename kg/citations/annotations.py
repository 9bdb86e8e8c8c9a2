"""Why-provenance: the minimal sets of sources from which a solution follows.

The annotations are the elements of the semiring of positive Boolean expressions, in minimal disjunctive form: minimal
witnesses (Buneman, Khanna and Tan, "Why and Where: A Characterization of Data Provenance", ICDT 2001), as a commutative
semiring (Green, Karvounarakis and Tannen, "Provenance Semirings", PODS 2007). A join multiplies, alternatives add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

KEPT_SETS: Final = 64
"""How many minimal sets an annotation keeps: their number may grow exponentially."""

Sources = frozenset[str]


@dataclass(frozen=True, slots=True)
class Annotation:
    """The minimal sets of sources (IRIs of claims or of other named graphs), any one of which is enough.

    No set at all: it follows from nothing (zero). The empty set: it needs no source (one). `every` is the union of all
    sets, also of those beyond `KEPT_SETS` that were dropped; then `complete` is false.
    """

    sets: tuple[Sources, ...]
    every: Sources
    complete: bool = True

    @property
    def is_zero(self) -> bool:
        """Whether it follows from nothing."""
        return not self.sets

    def __add__(self, other: "Annotation") -> "Annotation":
        """What follows from one or from the other."""
        if not other.sets and other.complete:
            return self
        if not self.sets and self.complete:
            return other
        return _of((*self.sets, *other.sets), self, other)

    def __mul__(self, other: "Annotation") -> "Annotation":
        """What follows from both together."""
        if self.sets == _ONE_SETS and self.complete:
            return other
        if other.sets == _ONE_SETS and other.complete:
            return self
        return _of((a | b for a in self.sets for b in other.sets), self, other)


def _of(sets: Iterable[Sources], *parts: Annotation) -> Annotation:
    kept, complete = list[Sources](), all(p.complete for p in parts)
    for candidate in sorted(set(sets), key=len):
        if not any(known <= candidate for known in kept):
            kept.append(candidate)
    kept.sort(key=lambda s: (len(s), sorted(s)))  # one order whatever the way here: fixed points compare annotations
    if len(kept) > KEPT_SETS:
        every: Sources = frozenset().union(*kept)
        return Annotation((*kept[:KEPT_SETS],), every, False)
    union: Sources = frozenset().union(*kept)
    if not complete and kept:  # what was dropped of the parts may be needed as well
        union = union.union(*(p.every for p in parts))
    return Annotation(tuple(kept), union, complete)


_ONE_SETS: Final[tuple[Sources, ...]] = (frozenset(),)
ZERO: Final = Annotation((), frozenset())
ONE: Final = Annotation(_ONE_SETS, frozenset())


def single(source: str) -> Annotation:
    """What follows from one source alone."""
    only = frozenset((source,))
    return Annotation((only,), only)


def alternatives(sources: Iterable[str]) -> Annotation:
    """What each of the sources tells by itself; zero for none."""
    sets = [frozenset((s,)) for s in sorted(set(sources))]
    if len(sets) <= KEPT_SETS:
        return Annotation(tuple(sets), frozenset().union(*sets))
    return Annotation(tuple(sets[:KEPT_SETS]), frozenset().union(*sets), False)


def total(parts: Iterable[Annotation]) -> Annotation:
    """The sum."""
    found = [p for p in parts if p.sets or not p.complete]
    if len(found) < 2:
        return found[0] if found else ZERO
    return _of((s for p in found for s in p.sets), *found)


def product(parts: Iterable[Annotation]) -> Annotation:
    """The product; one for none."""
    found = ONE
    for part in parts:
        found = found * part
    return found


def incomplete(annotation: Annotation) -> Annotation:
    """The same, marked: there may be more sets."""
    return Annotation(annotation.sets, annotation.every, False)
