"""A conflict: what several claims tell in ways that cannot all be so, with the reasons why it may not be one."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from kg.engine.reading import Term
from ontology.iris import CODE
from ontology.namespaces import CONFLICT

CAVEATS: Final = (
    "no-period", "other-period", "other-time", "inferred-date", "bound", "counting", "hedged", "implied",
    "doubtful-reading", "changed-plan", "step-untold", "attested-only", "several-holders", "group", "opinion",
    "remote",
)  # fmt: skip
"""Why something may be no conflict, in the order in which it is shown; each is the code ``code:caveat-…``."""

SIDES_SHOWN: Final = 26
"""Sides have letters as names, so a conflict has at most 26; those that differ most are kept."""


@dataclass(frozen=True)
class Side:
    """One side: what is told, the things that bear it, and the claims that tell it, all sorted.

    `values` are the terms that disagree with those of other sides: numbers, dates, codes or things.
    """

    values: tuple[Term, ...]
    things: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """A conflict of one of the `KINDS`.

    key: what identifies it, whichever claims take part: the same as long as it is about the same. on: the IRI of the
    property whose values differ, or empty. about: the things concerned. caveats: local names of codes.
    """

    kind: str
    key: tuple[str, ...]
    on: str
    about: tuple[str, ...]
    sides: tuple[Side, ...]
    caveats: frozenset[str] = field(default=frozenset())

    @property
    def slug(self) -> str:
        """The local name of its IRI: the kind, and 48 bits of a hash of the key."""
        digest = hashlib.sha256("\n".join((self.kind, *self.key)).encode()).hexdigest()
        return f"{self.kind}-{digest[:12]}"

    @property
    def iri(self) -> str:
        """Its IRI, which depends on nothing but its kind and its key."""
        return CONFLICT + self.slug

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims of all sides, without duplicates."""
        return tuple(dict.fromkeys(claim for side in self.sides for claim in side.claims))

    @property
    def things(self) -> frozenset[str]:
        """What takes part in it: what it is about, and the things and IRIs on its sides."""
        values = {v.value for side in self.sides for v in side.values if not str(v).startswith(('"', "_:"))}
        return frozenset(values.union(self.about, *(side.things for side in self.sides)))

    @property
    def ordered_caveats(self) -> tuple[str, ...]:
        """Its caveats in the order of `CAVEATS`."""
        return tuple(name for name in CAVEATS if name in self.caveats)


def named(conflict: Conflict) -> tuple[str, ...]:
    """The IRIs of what its title names: its kind, and what it is about."""
    return code(f"conflict-{conflict.kind}"), *conflict.about


def side(values: Iterable[Term], things: Iterable[str], claims: Iterable[str]) -> Side:
    """A side with everything sorted and without duplicates."""
    return Side(tuple(sorted(set(values), key=str)), tuple(sorted(set(things))), tuple(sorted(set(claims))))


def sides(given: Iterable[Side], order: Callable[[Side], object]) -> tuple[Side, ...]:
    """At most `SIDES_SHOWN` sides, from both ends of the order if there are more."""
    found = sorted(given, key=order)  # type: ignore[arg-type]
    half = SIDES_SHOWN // 2
    return tuple(found if len(found) <= SIDES_SHOWN else (*found[:half], *found[-half:]))


def code(name: str) -> str:
    """The IRI of a code."""
    return CODE[name]
