"""Minimal failing and maximal succeeding parts of a query without rows.

A *minimal failing subquery* has no solution, and each part of it has one; a *maximal succeeding* one has solutions,
and with any element more it has none (Godfrey, 1997: "Minimization in cooperative response to failing database
queries"). They are enumerated as by LBA (Fokou, Jean, Hadjali and Baron, ESWC 2015: "Cooperative techniques for SPARQL
query relaxation in RDF databases"): one minimal failing part is found by leaving out one element after another; each
further one lies in what is left without an element of each of those that are known. What is said of a part was run.
"""

from collections.abc import Sequence, Set
from typing import Final

from kg.explanations.pattern import Leaf
from kg.explanations.probing import Prober

MOST_FAILING: Final = 4
MOST_TRIED: Final = 60

Part = frozenset[Leaf]


def failing_and_succeeding(prober: Prober, leaves: Sequence[Leaf]) -> tuple[list[Part], list[Part]]:
    """The minimal failing parts of elements that together have no solution, and the maximal succeeding ones.

    At most `MOST_FAILING` of the former. The elements are in the order of the query; what fails first comes first.
    """
    failing, succeeding = list[Part](), list[Part]()
    waiting, seen = [frozenset(leaves)], set[Part]()
    while waiting and len(failing) < MOST_FAILING and len(seen) < MOST_TRIED:
        tried = waiting.pop(0)
        if tried in seen or any(tried <= part for part in succeeding):
            continue
        seen.add(tried)
        found = next((part for part in failing if part <= tried), None)
        if found is None:
            if prober.exists(tried):
                succeeding.append(tried)
                continue
            found = _minimal(prober, [leaf for leaf in leaves if leaf in tried])
            if found is None:
                continue
            failing.append(found)
        waiting += (tried - {leaf} for leaf in _ordered(found) if leaf.kind != "row")
    return failing, [part for part in succeeding if not any(part < other for other in succeeding)]


def _minimal(prober: Prober, leaves: Sequence[Leaf]) -> Part | None:
    """A minimal failing part of the shortest failing beginning; None if it cannot be told in time."""
    part = frozenset[Leaf]()
    for leaf in leaves:
        part |= {leaf}
        found = prober.exists(part)
        if found is None:
            return None
        if not found:
            break
    else:
        return None
    for leaf in _ordered(part):
        if leaf in part and prober.exists(part - {leaf}) is False:
            part -= {leaf}
    return part if prober.exists(part) is False else None


def _ordered(part: Set[Leaf]) -> list[Leaf]:
    return sorted(part, key=lambda leaf: (leaf.kind == "row", leaf.start))
