"""Records: the facts of a thing by property."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.store.reader import Reader
from kg.views.facts import Fact, by_property, facts_about
from kg.views.timelines import Moment, moments
from ontology.iris import KEL


@dataclass(frozen=True)
class Record:
    """The facts of one thing from claims of every modality, and its reference data, without inferred facts."""

    thing: str
    facts: Mapping[str, list[Fact]]

    def __getitem__(self, name: str) -> tuple[Fact, ...]:
        """The facts with a property, given by its local name (``kel:``) or its IRI; empty if there are none."""
        return tuple(self.facts.get(name if ":" in name else str(KEL[name]), ()))

    def dates(self, *kinds: str) -> tuple[Moment, ...]:
        """The dates of the kinds (see `kg.views.timelines.Moment`), in order; claims that differ give several."""
        found = moments(fact for facts in self.facts.values() for fact in facts)
        return tuple(moment for moment in found if moment.kind in kinds)


def records(reader: Reader, things: Iterable[str]) -> dict[str, Record]:
    """The record of each thing, by IRI."""
    return {
        thing: Record(thing, by_property(fact for fact in facts if not fact.inferred))
        for thing, facts in facts_about(reader, things).items()
    }
