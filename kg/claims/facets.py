"""Facets of claims: the table of all claims, selections of it, and how many claims each choice would leave."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The record of a claim in IRIs.

    earliest, latest: the days (xsd:date) between which its article appeared, empty if not told. kind: a name of
    `kg.claims.kinds.TITLES`. topics, things, records: what it is about: subject matters; what has a name; and what has
    none, such as figures and statements.
    """

    iri: str
    speakers: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    article: str = ""
    paragraph: int = 0
    earliest: str = ""
    latest: str = ""
    kind: str = ""
    topics: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    records: tuple[str, ...] = ()

    @property
    def year(self) -> str:
        """The year of its article; empty if that is not told."""
        return self.latest[:4]


@dataclass(frozen=True)
class Facet:
    """A question by which claims are narrowed down.

    values: those of a claim. narrows: of several choices a claim has all, since it may have several values; without it
    a claim has one of them.
    """

    name: str
    values: Callable[[Claim], Sequence[str]]
    narrows: bool = False


FACETS: Final = (
    Facet("speaker", lambda claim: claim.speakers),
    Facet("certainty", lambda claim: claim.modalities),
    Facet("article", lambda claim: (claim.article,) if claim.article else ()),
    Facet("year", lambda claim: (claim.year,) if claim.latest else ()),
    Facet("topic", lambda claim: claim.topics, narrows=True),
    Facet("thing", lambda claim: claim.things, narrows=True),
    Facet("kind", lambda claim: (claim.kind,)),
)
"""The facets in the order of the page."""


@dataclass(frozen=True)
class Selection:
    """Which claims are asked for: by facet the chosen values; and if not None, only claims among those.

    Days (xsd:date) since and until which their articles may have appeared; empty for any.
    """

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    among: frozenset[str] | None = None
    since: str = ""
    until: str = ""


class ClaimTable:
    """All claims of a version in the order of the text, the newest article first. It does not change."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.claims = tuple(claims)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The places of the claims by their IRIs."""
        return {claim.iri: number for number, claim in enumerate(self.claims)}

    @cached_property
    def values(self) -> dict[str, list[Sequence[str]]]:
        """By facet the values of each claim."""
        return {facet.name: [facet.values(claim) for claim in self.claims] for facet in FACETS}

    @cached_property
    def _places(self) -> dict[str, dict[str, list[int]]]:
        """By facet and value the places of the claims that have it."""
        found: dict[str, dict[str, list[int]]] = {}
        for name, column in self.values.items():
            of: dict[str, list[int]] = {}
            for number, values in enumerate(column):
                for value in values:
                    of.setdefault(value, []).append(number)
            found[name] = of
        for number, claim in enumerate(self.claims):  # a record may be chosen too, though it is not offered
            for record in claim.records:
                found["thing"].setdefault(record, []).append(number)
        return found

    def has(self, facet: str, value: str) -> bool:
        """Whether a claim has that value."""
        return value in self._places[facet]

    def select(self, selection: Selection, leaving_out: str = "") -> list[int]:
        """The places of the selected claims in order; `leaving_out` is a facet whose choices do not count."""
        kept: set[int] | None = None
        for facet in FACETS:
            chosen = selection.chosen.get(facet.name, ())
            if not chosen or facet.name == leaving_out:
                continue
            places = [self._places[facet.name].get(value, []) for value in chosen]
            fitting = set(places[0]).intersection(*places[1:]) if facet.narrows else set(chain.from_iterable(places))
            kept = fitting if kept is None else kept & fitting
        if selection.among is not None:
            found = {self.numbers[iri] for iri in selection.among if iri in self.numbers}
            kept = found if kept is None else kept & found
        numbers = sorted(kept) if kept is not None else range(len(self.claims))
        since, until = selection.since, selection.until
        if not (since or until):
            return list(numbers)
        return [n for n in numbers if self._within(self.claims[n], since, until)]

    @staticmethod
    def _within(claim: Claim, since: str, until: str) -> bool:
        """Whether the article may have appeared within the days; one without a date has not."""
        first, last = claim.earliest or claim.latest, claim.latest or claim.earliest
        return bool(last) and (not since or last >= since) and (not until or first <= until)

    def counts(self, selection: Selection, selected: Sequence[int]) -> dict[str, Counter[str]]:
        """By facet and value, how many claims are left if that is chosen too, all other choices standing.

        Of a facet whose choices are alternatives, as if none of these were chosen: so many it would add. `selected`:
        what `select` gives.
        """
        found = {}
        for facet in FACETS:
            mine = selection.chosen.get(facet.name) and not facet.narrows
            numbers = self.select(selection, facet.name) if mine else selected
            column = self.values[facet.name]
            every = len(numbers) == len(self.claims)
            count = Counter(chain.from_iterable(column if every else map(column.__getitem__, numbers)))
            for value in selection.chosen.get(facet.name, ()):  # a record that is chosen is counted too
                left = {*self._places[facet.name].get(value, ())}.intersection(numbers)
                if left:
                    count[value] = len(left)
            found[facet.name] = count
        return found
