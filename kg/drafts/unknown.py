"""Names in running text that no thing of the graph has, with the ids that such things would get."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from anyascii import anyascii

from kg.checks.collection import Collection
from kg.drafts.spelling import Mention
from ontology.namespaces import ID

_CAPITAL: Final = "A-ZÀ-ÖØ-ÞА-ЯЁӘҒҚҢӨҰҮҺІ"
_NAME: Final = re.compile(
    rf"(?<![\w-])[{_CAPITAL}][\w’'-]*\w(?:(?:\s+(?:of|de|al|bin|von))?\s+[{_CAPITAL}][\w’'-]*\w)*"
)
_OPENING: Final = frozenset({
    "On", "In", "The", "At", "As", "For", "But", "And", "After", "Before", "With", "From", "A", "An", "This",
    "That", "These", "It", "He", "She", "They", "His", "Her", "Its", "Now", "Then", "When", "While", "If", "To",
    "Of", "Both", "Earlier", "Later", "Yesterday", "Today", "Tomorrow", "Ministers", "Students", "There", "Here",
    "Who", "What", "Why", "How", "Such", "Some", "Many", "Most", "All", "Each", "Between", "During", "Since",
    "Among", "According", "Under", "Over", "Also", "However", "Meanwhile", "Although", "Because", "Our", "Their",
    "My", "Your", "We", "You", "I", "No", "Not", "Only", "So", "Still", "Thus", "Through", "By", "Until", "В",
    "На", "По", "Он", "Она", "Они", "Это", "Как", "После", "До", "И", "Но", "Бұл", "Ол", "Олар",
})  # fmt: skip
"""Words that begin a sentence, and no name."""
_TITLES: Final = frozenset({
    "President", "Prime", "Deputy", "Vice", "First", "Foreign", "Finance", "Energy", "Defence", "Defense",
    "Minister", "Secretary", "General", "Ambassador", "King", "Queen", "Prince", "Chancellor", "Speaker",
    "Premier", "Mr", "Mrs", "Ms", "Dr", "Professor", "Senator", "Governor", "Mayor", "Chairman", "Head", "Leader",
    "Президент", "Премьер", "Министр", "Посол",
})  # fmt: skip
_DAYS: Final = frozenset({
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March",
    "April", "May", "June", "July", "August", "September", "October", "November", "December",
})  # fmt: skip


class Unknown:
    """The unknown names of an article, in its order. Who was told by a full name is found by the family name again."""

    def __init__(self, collection: Collection, prefix: str = "") -> None:
        self._prefix = prefix
        self._told: dict[str, str] = {}
        self._words = frozenset(
            word for iri, kinds in collection.types.items() if "Office" in kinds
            for names in collection.names.get(iri, {}).values() for name in names for word in name.split()
        )  # fmt: skip

    def mentions(
        self, text: str, known: Sequence[Mention], dated: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[str, Mention]]:
        """The names of a sentence that are in no known thing and no date, with where they stand and their ids."""
        taken = [*((m.start, m.end) for m in known), *dated]
        for match in _NAME.finditer(text):
            for name, start in self._parts(match[0], match.start(), first=not text[: match.start()].strip(' "“«„-–—')):
                end = start + len(name)
                if not any(begin < end and start < stop for begin, stop in taken):
                    whole = self._told.get(name, name)
                    self._told.setdefault(name.rpartition(" ")[2], name)
                    yield whole, Mention(start, end, f"{ID}{self._prefix}{slug(whole)}", "unknown")

    def _parts(self, name: str, start: int, *, first: bool) -> Iterator[tuple[str, int]]:
        """A name without what opens a sentence and without titles; nothing where that is all."""
        words = name.split(" ")
        titled = False
        while words and (words[0] in _OPENING or words[0] in _TITLES or (words[0] in self._words and len(words) > 1)):
            titled |= words[0] not in _OPENING
            start += len(words.pop(0)) + 1
        rest = " ".join(words)
        if titled and " of " in rest:  # the state of an office, not a part of a name
            person, _, state = rest.partition(" of ")
            yield from ((part, start + rest.index(part)) for part in (person, state) if part)
        elif rest and not {*words} & _DAYS and (len(words) > 1 or not first or rest in self._told) and len(rest) > 2:
            yield rest, start


def slug(name: str) -> str:
    """The local name that a thing of a name would get, in small Latin letters: ``ilan-dorvath``."""
    return re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-") or "unnamed"
