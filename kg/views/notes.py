"""What any account of the graph needs at hand: its footnotes, numbered, and the names of all that it speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kg.language.labels import Label
from kg.views.contested import is_denied_too
from kg.views.facts import Fact
from kg.views.footnotes import Footnote
from ontology.namespaces import shorten


@dataclass(frozen=True)
class Notes:
    """Footnotes by claim, in the order of their numbers, and names by IRI."""

    footnotes: Mapping[str, Footnote] = field(default_factory=dict)
    names: Mapping[str, Label] = field(default_factory=dict)

    def name(self, iri: str) -> Label:
        """The name of anything that is told of here."""
        return self.names.get(iri) or Label(shorten(iri))

    def notes(self, claims: Iterable[str]) -> list[tuple[int, Footnote]]:
        """The footnotes of some claims with their numbers, in order; claims without a record have none."""
        found = sorted((self._numbers[claim], claim) for claim in set(claims) & self._numbers.keys())
        return [(number, self.footnotes[claim]) for number, claim in found]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {claim: number for number, claim in enumerate(self.footnotes, 1)}

    def doubt(self, claims: Iterable[str]) -> Footnote | None:
        """Where none of the claims is sure (asserted, reported or planned), the footnote of the first of them."""
        found = [note for _, note in self.notes(claims)]
        return found[0] if found and not any(note.surely for note in found) else None

    def disputed(self, fact: Fact) -> bool:
        """Whether one claim says the fact and another denies it."""
        return is_denied_too(fact, self.footnotes)
