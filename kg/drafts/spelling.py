"""Names of things in running text, in any of their spellings and, as far as beginnings of words tell, their cases.

Words are compared by their phonetic keys (`kg.language.transliteration`), so that scripts and ways of writing them do
not matter. English words may have the s of a genitive or plural; Russian ones another ending; Kazakh ones any suffixes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rapidfuzz import fuzz

from kg.checks.collection import Collection
from kg.language.transliteration import phonetic_key

_WORD: Final = re.compile(r"[^\W_]+")
_NAMED: Final = frozenset({"Person", "Organization", "State", "StateGroup", "Place", "Group", "Office"})
"""Classes of things that are called by their names; others are described by their labels."""
_ADJECTIVES: Final = {
    "CN": ("chines", "kitai", "kitaisk"), "FR": ("french", "francuz", "frantsuz"), "US": ("american", "amerikan"),
    "GB": ("british", "britan"), "DE": ("german", "nemetsk", "nemets"), "TR": ("turkish", "turets", "turkia"),
    "PL": ("polish", "polsk"), "NL": ("dutch",), "CH": ("sviss",), "GR": ("greek", "grech"), "DK": ("danish",),
}  # fmt: skip
"""Adjectives of states that do not begin as their names do, as phonetic keys, by their codes of ISO 3166-1."""
_VOWELS: Final = "aeiou"
_SHARED: Final = 5
_FUZZY: Final = 86
_SHORT: Final = 6
"""A single word that is not longer must be the same."""
_BEGINNING: Final = 4
_MOST_SUFFIX: Final = {"en": 2, "ru": 4, "kk": 9}


@dataclass(frozen=True, order=True)
class Mention:
    """A thing in a text: from `start` to `end`, and how it is told.

    ``name``: by a name. ``part``: by a family name. ``adjective``: of a state. ``words``: by words of its label.
    ``again``: by a noun alone, after it was told before.
    """

    start: int
    end: int
    iri: str
    how: str


@dataclass(frozen=True)
class _Word:
    key: str
    start: int
    end: int
    capital: bool


@dataclass(frozen=True)
class _Spelling:
    iri: str
    language: str
    words: tuple[str, ...]
    capital: bool
    how: str


class Spellings:
    """The spellings of all named things of a collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._first: dict[str, list[_Spelling]] = {}
        for spelling in self._all():
            self._first.setdefault(spelling.words[0][:3], []).append(spelling)

    def mentions(self, text: str, language: str) -> list[Mention]:
        """The named things of a text, in its order. What lies inside a longer name is not told apart from it."""
        words = [_Word(phonetic_key(m[0]), m.start(), m.end(), m[0][0].isupper()) for m in _WORD.finditer(text)]
        found: set[Mention] = set()
        for i, word in enumerate(words):
            for spelling in self._first.get(word.key[:3], ()):
                if (end := self._matches(spelling, words, i, language)) is not None:
                    found.add(Mention(word.start, end, spelling.iri, spelling.how))
            found |= {Mention(word.start, word.end, iri, "adjective") for iri in self._states(word)}
        return sorted(m for m in found if not any(self._hides(other, m) for other in found))

    def _matches(self, spelling: _Spelling, words: list[_Word], i: int, language: str) -> int | None:
        """Where a spelling that begins with a word ends, or None."""
        if spelling.capital and not words[i].capital:
            return None
        exact = 0
        end = words[i].end
        for wanted in spelling.words:
            while i < len(words) and words[i].key == "s" and end != words[i].start - 1:
                i += 1
            if i >= len(words):
                return None
            match = _alike(words[i].key, wanted, spelling.language, language)
            if not match:
                return None
            exact += match == "same"
            end = words[i].end
            i += 1
        return end if exact or (len(spelling.words) == 1 and len(spelling.words[0]) > _SHORT) else None

    def _states(self, word: _Word) -> Iterator[str]:
        if word.capital or not word.key.isascii():
            for start, iri in self.adjectives:
                if word.key.startswith(start):
                    yield iri

    @cached_property
    def adjectives(self) -> list[tuple[str, str]]:
        """The beginnings of adjectives of states, as phonetic keys, with the states."""
        found: set[tuple[str, str]] = set()
        for iri in self._things("State"):
            for label in (name for names in self._collection.names[iri].values() for name in names[:1]):
                key = phonetic_key(label)
                if " " not in key and len(key) >= _SHARED:
                    found.add((key[:_SHARED] if len(key) > _SHARED else key[:-1], iri))
            codes = {s.value for s in self._collection.described[iri] if s.predicate.endswith("isoAlpha2")}
            found |= {(start, iri) for code in codes for start in _ADJECTIVES.get(code, ())}
        return sorted(found)

    def _hides(self, outer: Mention, inner: Mention) -> bool:
        """Whether a name lies inside a longer one, such as a state in the name of an academy; not in an office."""
        if outer == inner or not (outer.start <= inner.start and inner.end <= outer.end):
            return False
        same = (outer.start, outer.end) == (inner.start, inner.end)
        if outer.iri == inner.iri:
            return not same or (outer.how, inner.how) in {
                ("name", "part"),
                ("name", "adjective"),
                ("part", "adjective"),
            }
        if same:
            return outer.how == "name" and inner.how in {"part", "adjective"}
        return "Office" not in self._kinds(outer.iri)

    def _kinds(self, iri: str) -> frozenset[str]:
        return self._collection.types.get(iri, frozenset())

    def _things(self, *kinds: str) -> list[str]:
        return [iri for iri in self._collection.names if self._kinds(iri) & {*kinds}]

    def _all(self) -> Iterator[_Spelling]:
        for iri in self._things(*_NAMED):
            for language, names in self._collection.names[iri].items():
                for name in names:
                    words = [phonetic_key(w) for w in _WORD.findall(name)]
                    if not any(words):
                        continue
                    capital = name[0].isupper()
                    yield _Spelling(iri, language, tuple(w for w in words if w), capital, "name")
                    if "Person" in self._kinds(iri) and len(words) > 1 and len(words[-1]) > 2:
                        yield _Spelling(iri, language, (words[-1],), capital=True, how="part")


def _alike(word: str, wanted: str, of: str, language: str) -> str:
    """How a word of a text is that of a name: ``same``, ``case`` (another ending), ``near``, or empty.

    `of` is the language of the name, `language` that of the text.
    """
    if word == wanted:
        return "same"
    rest = word.removeprefix(wanted)
    if len(wanted) >= _BEGINNING and rest != word and len(rest) <= _MOST_SUFFIX.get(language, 2):
        return "same" if language != "en" or rest in {"s", "es"} else ""
    if language == "ru" and of == "ru":
        stem = wanted.rstrip(_VOWELS)
        if len(stem) >= 3 and word.startswith(stem) and len(word) - len(stem) <= 4:
            return "same"
    if len(wanted) >= 5 and fuzz.ratio(word, wanted) >= _FUZZY:
        return "near"
    return ""
