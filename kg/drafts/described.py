"""Things that a text tells by words of their labels, not by a name: events, documents, projects, topics.

A thing is proposed where enough of what tells its label from those of other things stands in a sentence (inverse
document frequency over labels), and once it was told, where the noun of its label stands alone: “the summit”.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kg.checks.collection import Collection
from kg.checks.naming import stems
from kg.drafts.spelling import Mention

_DESCRIBED: Final = frozenset({
    "Event", "Visit", "EventSeries", "Instrument", "DocumentPackage", "Project", "Facility", "Route", "Policy",
    "Concept", "Group",
})  # fmt: skip
_NUMBER: Final = re.compile(r"\b(?:\d+|[XVI]+)\b")
_ENOUGH: Final = 0.72
"""The share of a label's weight that a sentence must hold."""
_LATELY: Final = 10
"""So many sentences after it was told, a noun alone may stand for a thing."""
_LIGHT: Final = frozenset({"their", "with", "from", "other", "some", "several", "about", "between"})


@dataclass(frozen=True)
class _Label:
    """A label, the stems of its words without numbers, and of those that are no names."""

    name: str
    stems: frozenset[str]
    common: frozenset[str]

    @classmethod
    def of(cls, name: str, states: frozenset[str]) -> "_Label":
        bare = _NUMBER.sub("", name)
        small = [w for i, w in enumerate(re.findall(r"[^\W\d_]{3,}", bare)) if w.islower() or (i == 0 and " " in name)]
        common = stems(" ".join(small)) if name.isascii() or name[0].islower() else stems(bare)
        return cls(name, stems(bare) - _LIGHT, common - _LIGHT - states)


def _all(labels: Iterable[_Label]) -> frozenset[str]:
    return frozenset[str]().union(*(label.stems for label in labels))


class Described:
    """The things of a collection that texts tell by words, for texts in one language."""

    def __init__(self, collection: Collection, language: str) -> None:
        self._collection = collection
        self._language = language
        self._told: dict[str, int] = {}

    @cached_property
    def _labels(self) -> dict[str, tuple["_Label", ...]]:
        found = {}
        for iri, names in self._collection.names.items():
            if self._collection.types.get(iri, frozenset()) & _DESCRIBED:
                found[iri] = tuple(_Label.of(name, self._states) for name in names.get(self._language, ()))
        return found

    @cached_property
    def _states(self) -> frozenset[str]:
        """The stems of the names of states and of their people."""
        states = (iri for iri, kinds in self._collection.types.items() if "State" in kinds)
        names = (n for iri in states for n in self._collection.names.get(iri, {}).get(self._language, ()))
        return frozenset[str]().union(*map(stems, names))

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        counts = Counter(stem for labels in self._labels.values() for stem in _all(labels))
        return {stem: 1 + math.log(len(self._labels) / count) for stem, count in counts.items()}

    @cached_property
    def _nouns(self) -> dict[str, frozenset[str]]:
        """The nouns of the labels of events and documents: words that are no names, and that several labels share."""
        found = {}
        for iri in self._labels:
            if self._collection.types[iri] & {"Event", "Visit", "Instrument", "DocumentPackage"}:
                label = self._collection.names[iri].get(self._language, ("",))[0]
                small = [w for w in re.findall(r"[^\W\d_]{4,}", label) if w.islower() or label.startswith(w)]
                found[iri] = stems(" ".join(small)) - _LIGHT
        return found

    def mentions(self, text: str, number: int, context: Iterable[Mention] = ()) -> list[Mention]:
        """The described things of a sentence, which is the article's `number`-th; `context` are its named things."""
        named = [*context]
        own = stems(text) | self._of_named(named)
        bare = text
        for mention in named:  # words inside a name, such as that of a council, are no words of their own
            bare = bare[: mention.start] + " " * (mention.end - mention.start) + bare[mention.end :]
        found = {
            iri: "words"
            for iri, labels in self._labels.items()
            if any(label.stems and self._stands(label, own, bare) for label in labels)
        }
        if not any(iri in self._nouns for iri in found):
            for noun, iri in self._last(number).items():
                if re.search(rf"\b(?:the|this|that|these)\s+(?:\w+\s+)?{re.escape(noun)}", text, re.IGNORECASE):
                    found.setdefault(iri, "again")
        self._told |= {iri: number for iri, how in found.items() if how == "words"}
        return [Mention(*self._place(iri, text), iri, how) for iri, how in sorted(found.items())]

    def _stands(self, label: "_Label", own: frozenset[str], text: str) -> bool:
        """Whether enough of a label stands in a text: of one that is made of names, the words as they are."""
        if not label.common:
            return label.name in text
        told = sum(self._weights[stem] for stem in label.stems & own)
        common = label.common & stems(text)
        return bool(common) and told >= _ENOUGH * sum(self._weights[stem] for stem in label.stems)

    def _last(self, number: int) -> dict[str, str]:
        """For each noun the thing that was told last with it."""
        lately = sorted((n, iri) for iri, n in self._told.items() if number - n <= _LATELY and iri in self._nouns)
        return {noun: iri for _, iri in lately for noun in self._nouns[iri]}

    def _of_named(self, context: Iterable[Mention]) -> frozenset[str]:
        """The stems of the names of named things, since a label may call them otherwise than the text."""
        names = (n for m in context for n in self._collection.names.get(m.iri, {}).get(self._language, ()))
        return frozenset[str]().union(*map(stems, names))

    def _place(self, iri: str, text: str) -> tuple[int, int]:
        """Where the first word of its labels stands."""
        wanted = _all(self._labels[iri])
        for match in re.finditer(r"[^\W\d_]{3,}", text):
            if match[0].lower()[:5] in wanted:
                return match.span()
        return 0, 0
