"""What is told of things, by the names of our properties: the facts that records of them are made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.store.reader import Reader
from kg.views.facts import Fact, by_property, facts_about
from kg.views.timelines import Moment, moments
from ontology.namespaces import KEL


@dataclass(frozen=True)
class Record:
    """The facts of one thing in claims of every modality, and its reference data; without what is inferred."""

    thing: str
    facts: Mapping[str, list[Fact]]

    def __getitem__(self, name: str) -> tuple[Fact, ...]:
        """The facts with a property, by the local name of one of our terms or the IRI of another; perhaps none."""
        return tuple(self.facts.get(name if ":" in name else str(KEL[name]), ()))

    def dates(self, *sorts: str) -> tuple[Moment, ...]:
        """The dates of the sorts (see `kg.views.timelines.Moment`), in order; two claims that differ give two."""
        found = moments(fact for facts in self.facts.values() for fact in facts)
        return tuple(moment for moment in found if moment.sort in sorts)


def records(reader: Reader, things: Iterable[str]) -> dict[str, Record]:
    """What is told of each thing."""
    return {
        thing: Record(thing, by_property(fact for fact in facts if not fact.inferred))
        for thing, facts in facts_about(reader, things).items()
    }
