"""The base of views with footnotes: numbered footnotes, and labels of the things shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kg.language.labels import Label
from kg.views.contested import is_disputed
from kg.views.facts import Fact
from kg.views.footnotes import Footnote
from ontology.namespaces import RDF_TYPE, shorten


@dataclass(frozen=True)
class Notes:
    """Footnotes by claim, in the order of their numbers, and labels by IRI."""

    footnotes: Mapping[str, Footnote] = field(default_factory=dict)
    names: Mapping[str, Label] = field(default_factory=dict)

    def name(self, iri: str) -> Label:
        """The label of a thing; its IRI shortened if there is none."""
        return self.names.get(iri) or Label(shorten(iri))

    def notes(self, claims: Iterable[str]) -> list[tuple[int, Footnote]]:
        """The footnotes of the claims with their numbers, in order; a claim without a record has none."""
        found = sorted((self._numbers[claim], claim) for claim in set(claims) & self._numbers.keys())
        return [(number, self.footnotes[claim]) for number, claim in found]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {claim: number for number, claim in enumerate(self.footnotes, 1)}

    def doubt(self, claims: Iterable[str]) -> Footnote | None:
        """The footnote of the first claim if all of the claims are in doubt, else None.

        In doubt is what is not asserted, reported or planned, and what the curator is not sure to have understood.
        """
        found = [note for _, note in self.notes(claims)]
        return found[0] if found and not any(note.surely and not note.confidence for note in found) else None

    def as_of(self, claims: Iterable[str]) -> list[str]:
        """The last days on which the articles of the claims can have appeared, in order."""
        return sorted({note.published for _, note in self.notes(claims) if note.published})

    def newest(self, facts: Iterable[Fact]) -> Fact | None:
        """Of facts with several values, told at different times, the one that the newest article tells; else None."""
        dated = {fact: max(days) for fact in facts if (days := self.as_of(fact.claims))}
        last = max(dated.values(), default="")
        newest = [fact for fact, day in dated.items() if day == last]
        return newest[0] if len(dated) > 1 and len(newest) == 1 else None

    def disputed(self, fact: Fact) -> bool:
        """Whether one claim denies the fact and another gives it in another modality.

        What kind of thing it is no claim denies: it says so only to tell what it speaks of.
        """
        return fact.predicate != RDF_TYPE and is_disputed(fact, self.footnotes)
