"""The differences between two curations, each to be decided: a claim that one side lacks, tells otherwise, splits."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from kg.agreement.alignment import Alignment, Pair, reading_order, record
from kg.agreement.content import DATES, Content, Element, is_thing
from kg.agreement.similarity import overlap
from kg.checks.collection import CuratedClaim

_FIGURE: Final = frozenset(
    {"value", "outOf", "share", "documentCount", "ordinal", "asWritten", "measure", "figureKind"}
)


class Sort(StrEnum):
    """What a difference is."""

    ONLY_A = "only-a"
    ONLY_B = "only-b"
    CHANGED = "changed"
    SPLIT = "split"
    """One claim in A is several in B."""
    MERGED = "merged"
    """Several claims in A are one in B."""


@dataclass(frozen=True)
class Aspect:
    """In what two claims differ, with the values that only A and only B tell.

    name: speaker, modality, kind, figure, unit, bound, date, entity, detail, passage or basis. property: the local name
    of the property. a, b: IRIs and literals as `kg.agreement.content` gives them, sorted.
    """

    name: str
    property: str
    a: tuple[str, ...]
    b: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A difference with its number from 1, in reading order, and the claims of the two sides."""

    number: int
    sort: Sort
    a: tuple[CuratedClaim, ...]
    b: tuple[CuratedClaim, ...]
    aspects: tuple[Aspect, ...] = ()
    same_fact: bool = False


def differences(alignment: Alignment) -> list[Difference]:
    """All differences of an alignment, in reading order."""
    more_b = _parts(alignment.pairs, alignment.only_b, of_a=False)
    more_a = _parts(alignment.pairs, alignment.only_a, of_a=True)
    found: list[tuple[Content, Difference]] = []
    for pair in alignment.pairs:
        here, there = more_a.get(pair.a.claim.name, []), more_b.get(pair.b.claim.name, [])
        ours, theirs = sorted([pair.a, *here], key=reading_order), sorted([pair.b, *there], key=reading_order)
        if not (here or there) and pair.identical:
            continue
        sort = Sort.SPLIT if there else Sort.MERGED if here else Sort.CHANGED
        aspects = _aspects(pair, ours, theirs)
        claims = tuple(c.claim for c in ours), tuple(c.claim for c in theirs)
        found.append((pair.a, Difference(0, sort, *claims, tuple(aspects), pair.same_fact)))
    parted = {c.claim.name for cs in more_a.values() for c in cs}, {c.claim.name for cs in more_b.values() for c in cs}
    found += [
        (c, Difference(0, Sort.ONLY_A, (c.claim,), ())) for c in alignment.only_a if c.claim.name not in parted[0]
    ]
    found += [
        (c, Difference(0, Sort.ONLY_B, (), (c.claim,))) for c in alignment.only_b if c.claim.name not in parted[1]
    ]
    found.sort(key=lambda item: (reading_order(item[0]), item[1].sort))
    return [replace(difference, number=n) for n, (_, difference) in enumerate(found, 1)]


def _parts(pairs: Iterable[Pair], left: Iterable[Content], *, of_a: bool) -> dict[str, list[Content]]:
    """The claims of one side that tell a part of an aligned claim of the other, by its partner, which does not."""
    found: dict[str, list[Content]] = defaultdict(list)
    for part in left:
        for pair in pairs:
            partner, whole = (pair.a, pair.b) if of_a else (pair.b, pair.a)
            is_part = part.elements and part.elements <= whole.elements and not part.elements & partner.elements
            if is_part and overlap(part, whole):
                found[partner.claim.name].append(part)
                break
    return found


def _elements(contents: Iterable[Content]) -> frozenset[Element]:
    return frozenset(e for c in contents for e in c.elements)


def _aspects(pair: Pair, ours: list[Content], theirs: list[Content]) -> list[Aspect]:
    """In what the claims of a pair differ, by property; `ours` and `theirs` are they with all of their parts."""
    a, b = pair.a, pair.b
    here, there = _elements(ours), _elements(theirs)
    found = []
    for name in ("speaker", "modality", "kind"):
        one, other = getattr(a, name), getattr(b, name)
        if one != other:
            found.append(Aspect(name, "type" if name == "kind" else name, _values(one), _values(other)))
    subjects = [frozenset(s for c in contents for s in c.subjects) for contents in (ours, theirs)]
    if subjects[0] != subjects[1]:
        rest = subjects[0] - subjects[1], subjects[1] - subjects[0]
        found.append(Aspect("entity", "", *(tuple(sorted(s)) for s in rest)))
    by_property: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for side, elements in enumerate((here - there, there - here)):
        for _, name, value in elements:
            by_property[name][side].add(value)
    for name, (one, other) in sorted(by_property.items()):
        if one != other:  # they are equal where only the subject is another, which is told already
            found.append(Aspect(_aspect(name, one | other), name, tuple(sorted(one)), tuple(sorted(other))))
    passages = [c.claim.passage.name if c.claim.passage else "" for c in (a, b)]
    if passages[0] != passages[1]:
        found.append(Aspect("passage", "passage", *map(_values, passages)))
    records = record(a), record(b)
    for name in sorted({n for n, _ in records[0] ^ records[1]}):
        values = [tuple(sorted(v for n, v in told if n == name)) for told in records]
        found.append(Aspect("basis", name, *values))
    return found


def _values(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _aspect(name: str, values: set[str]) -> str:
    """Of what sort a property is."""
    if name in {"kind", "unit", "bound"}:
        return name
    if name in DATES:
        return "date"
    if name in _FIGURE:
        return "figure"
    return "entity" if any(map(is_thing, values)) else "detail"
