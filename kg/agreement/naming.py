"""Things to which two curators gave different identifiers: which are the same thing?

By identifiers of others (ISO, Wikidata), labels, and names that differ in the package's alone; and by their place in
claims that tell the same otherwise.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from rapidfuzz.fuzz import WRatio

from kg.agreement.content import REIFIED, Content, is_thing
from kg.agreement.sides import Side
from kg.checks.collection import local
from ontology.namespaces import KEL, PREFIXES

_IDENTIFIERS: Final = {str(KEL.isoAlpha2), str(KEL.isoAlpha3), PREFIXES["skos"] + "exactMatch"}
_ALIKE: Final = 75
"""How alike labels must be, of 100, where only the place in claims speaks for one thing; facts have no names."""

Key = tuple[str, str]
Names = dict[str, str]
"""The identifiers of B for things that A calls otherwise, with those of A."""


def named_alike(a: Side, b: Side) -> Names:
    """The things that have an identifier of others, or a label in the same language, in common, and a class."""
    ours, theirs = _candidates(a, b)
    by_key: dict[Key, list[str]] = defaultdict(list)
    for iri in ours:
        for key in _keys(a, iri):
            by_key[key].append(iri)
    votes = Counter((x, y) for y in theirs for key in _keys(b, y) for x in by_key.get(key, ()) if _may_be(a, b, x, y))
    return _one_to_one(votes, {})


def named_by_place(
    a: Side, b: Side, pairs: Iterable[tuple[Content, Content, float]], names: Mapping[str, str]
) -> Names:
    """`names`, and the things that take the same place in aligned claims, as their subject or as a value.

    pairs: aligned claims with their similarity, which counts as that many votes.
    """
    ours, theirs = _candidates(a, b)
    votes: dict[tuple[str, str], float] = defaultdict(float)
    for one, other, similarity in pairs:
        places = [(frozenset(one.mains), frozenset(other.mains))]
        for key, values in one.by_property.items():
            there = other.by_property.get(key, frozenset())
            places.append((values - there, there - values))
        for x, y in (next(zip(*place, strict=True)) for place in places if [*map(len, place)] == [1, 1]):
            if x in ours and y in theirs and y not in names and _may_be(a, b, x, y) and _sounds(a, b, x, y):
                votes[x, y] += similarity
    return {**names, **_one_to_one(votes, names)}


def _candidates(a: Side, b: Side) -> tuple[set[str], set[str]]:
    """The things that only the claims of A, and only those of B, name."""
    return {x for x in a.used - b.used if is_thing(x)}, {y for y in b.used - a.used if is_thing(y)}


def _may_be(a: Side, b: Side, x: str, y: str) -> bool:
    """Whether a thing of A and one of B can be one: a side knows not both, and they have a class in common."""
    classes, others = a.collection.types.get(x), b.collection.types.get(y)
    return (x not in b.known or y not in a.known) and (not classes or not others or bool(classes & others))


def _sounds(a: Side, b: Side, x: str, y: str) -> bool:
    """Whether the labels are alike; those of facts need not be."""
    if REIFIED & a.collection.types.get(x, frozenset()) and REIFIED & b.collection.types.get(y, frozenset()):
        return True
    ours, theirs = a.names.get(x, {}), b.names.get(y, {})
    return any(WRatio(n, m) >= _ALIKE for lang in ours.keys() & theirs.keys() for n in ours[lang] for m in theirs[lang])


def _keys(side: Side, iri: str) -> set[Key]:
    found = {(s.predicate, s.value) for s in side.collection.described.get(iri, ()) if s.predicate in _IDENTIFIERS}
    found.add(("", local(iri).rpartition("_")[2]))  # the same name, but for that of a package
    return found | {(lang, name.casefold()) for lang, names in side.names.get(iri, {}).items() for name in names}


def _one_to_one(votes: Mapping[tuple[str, str], float], names: Mapping[str, str]) -> Names:
    """Each thing of B with the thing of A that has most votes for it, none twice."""
    found: Names = {}
    taken = set(names.values())
    for (x, y), _ in sorted(votes.items(), key=lambda item: (-item[1], sorted(item[0]))):  # whichever side is A
        if x not in taken and y not in found:
            found[y] = x
            taken.add(x)
    return found
