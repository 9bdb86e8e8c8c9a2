"""Whether texts name things: by the beginnings of words, since languages decline names and translations vary them."""

import re
from functools import cached_property, lru_cache
from typing import Final

from kg.checks.collection import Collection
from ontology.namespaces import PREFIXES

_WORD: Final = re.compile(r"[^\W\d_]{3,}|[A-ZА-ЯӘІҢҒҮҰҚӨҺ]{2,}")
_STEM: Final = 5
"""As many letters of a word count: Kazakhstan and Kazakh, Россия and российский are alike so."""
_COMMON: Final = frozenset({"the", "and", "for", "для", "при", "мен", "пен", "бен", "және"})
_POST: Final = PREFIXES["org"] + "postIn"


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """The beginnings of the words of a text, and its acronyms."""
    return frozenset(word.lower()[:_STEM] for word in _WORD.findall(text)) - _COMMON


class Names:
    """The beginnings of the words by which things are called."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._known: dict[str, frozenset[str]] = {}

    def of(self, iri: str) -> frozenset[str]:
        """The beginnings of the words in a thing's names, in all languages."""
        if iri not in self._known:
            labels = (label for names in self._collection.names.get(iri, {}).values() for label in names)
            self._known[iri] = frozenset().union(*map(stems, labels))
        return self._known[iri]

    @cached_property
    def posts(self) -> dict[str, set[str]]:
        """The state or body of each office."""
        found: dict[str, set[str]] = {}
        for iri, statements in self._collection.described.items():
            for s in statements:
                if s.predicate == _POST:
                    found.setdefault(iri, set()).add(s.value)
        return found

    @cached_property
    def offices(self) -> dict[str, set[str]]:
        """The offices of each person, by the tenures that claims tell."""
        holders: dict[str, str] = {}
        held: dict[str, set[str]] = {}
        for claim in self._collection.claims:
            holders |= {s.subject: s.value for s in claim.told("holder")}
        for claim in self._collection.claims:
            for s in claim.told("office"):
                if s.subject in holders:
                    held.setdefault(holders[s.subject], set()).add(s.value)
        return held

    def states_served(self, person: str) -> set[str]:
        """The states and bodies in which a person has an office."""
        return {post for office in self.offices.get(person, ()) for post in self.posts.get(office, ())}

    def with_offices(self, iri: str) -> frozenset[str]:
        """The names of a person and of the person's offices; of a state, those of who has an office in it too."""
        kinds = self._collection.types.get(iri, frozenset())
        if "Person" in kinds:
            return self.of(iri).union(*(self.of(office) for office in self.offices.get(iri, ())))
        if "State" in kinds:
            serving = (person for person in self.offices if iri in self.states_served(person))
            return self.of(iri).union(*map(self.of, serving))
        return self.of(iri)

    def spoken_for(self, iri: str) -> frozenset[str]:
        """The names of a speaker and of the speaker's offices, without those of states, which many share."""
        if "Person" not in self._collection.types.get(iri, frozenset()):
            return self.with_offices(iri)
        offices = frozenset[str]().union(*(self.of(office) for office in self.offices.get(iri, ())))
        return self.of(iri) | (offices - self.of_states)

    @cached_property
    def of_states(self) -> frozenset[str]:
        """The names of all states."""
        states = (iri for iri in self._collection.names if "State" in self._collection.types.get(iri, frozenset()))
        return frozenset[str]().union(*map(self.of, states))

    @cached_property
    def agents(self) -> tuple[str, ...]:
        """The persons, organisations, states and groups of the reference data."""
        kinds = {"Person", "Organization", "Group", "State"}
        return tuple(iri for iri in self._collection.names if self._collection.types.get(iri, frozenset()) & kinds)

    def first_named(self, text: str) -> set[str]:
        """The agents whose name a text begins with, the longest counting."""
        found: dict[int, set[str]] = {}
        for iri in self.agents:
            for label in self._collection.names[iri].get("en", ()):
                surnames = label.split()[-1:] if "Person" in self._collection.types[iri] else []
                for name in {label, *surnames} - {""}:
                    if re.match(rf"{re.escape(name)}(?!\w)", text):
                        found.setdefault(len(name), set()).add(iri)
        return found[max(found)] if found else set()
