"""Finds things by a name in any of the three languages, by the beginning of a name, or by what sounds alike."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from kg.checks.collection import LABEL, LANGUAGES, Collection
from kg.language.transliteration import fold, phonetic_key
from ontology.namespaces import ID, shorten
from server.workbench.recipes import class_of

MOST: Final = 12
_SOUNDS_ALIKE: Final = 82.0
_SLUG: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG: Final = 60


@dataclass(frozen=True)
class Found:
    """A thing that was found: its name with prefix, its class, its label, and the spelling that was found."""

    name: str
    class_name: str
    label: str
    spelling: str


class Things:
    """The named things of a collection, and of which classes the values of each property are."""

    def __init__(self, collection: Collection, own: str = "") -> None:
        """`own` is what the names of new things begin with, such as ``harbour_`` in a package of that name."""
        self._own = own
        self._labels: dict[str, dict[str, str]] = defaultdict(dict)
        self.classes: dict[str, str] = {}
        self._spellings: list[tuple[str, str, str, str]] = []
        self.expected: dict[str, Counter[str]] = defaultdict(Counter)
        """By property, the classes of the things that are its values in claims."""
        names = {iri: [(lang, n) for lang, ns in by.items() for n in ns] for iri, by in collection.names.items()}
        for iri, facts in collection.facts_of.items():
            names.setdefault(iri, []).extend((s.language, s.value) for _, s in facts if s.predicate == LABEL)
        for iri, spellings in names.items():
            if iri.startswith(str(ID)) and (named := class_of(collection, iri)):
                self._add(shorten(iri), named, spellings)
        for claim in collection.claims:
            for s in (*claim.facts, *claim.record):
                if s.thing:
                    self.expected[shorten(s.predicate)][self.classes.get(shorten(s.thing), "")] += 1

    def _add(self, name: str, class_name: str, spellings: Iterable[tuple[str, str]]) -> None:
        self.classes[name] = class_name
        for language, spelling in spellings:
            self._labels[name].setdefault(language, spelling)
            self._spellings.append((fold(spelling), phonetic_key(spelling), spelling, name))

    def label(self, name: str, language: str) -> str:
        """The label of a thing in a language, or in English, or empty."""
        labels = self._labels.get(name, {})
        return labels.get(language) or labels.get(LANGUAGES[0], "")

    def named(self, spelling: str) -> list[str]:
        """The things of which this is a name, without regard to case."""
        wanted = fold(spelling)
        return list(dict.fromkeys(name for folded, _, _, name in self._spellings if folded == wanted))

    def find(self, text: str, language: str, property_name: str = "", most: int = MOST) -> list[Found]:
        """The things that a text may mean; first those of the classes that the property's values are of;
        for ``class:kel:Visit`` in place of a property those of that class."""
        wanted, key = fold(text.removeprefix("id:")), phonetic_key(text)
        if not wanted.strip():
            return []
        best: dict[str, tuple[float, str]] = {}
        alike = self._alike(key)
        for place, (folded, _, spelling, name) in enumerate(self._spellings):
            score = max(_likeness(wanted, folded, name), alike.get(place, 0.0))
            if score > best.get(name, (0.0, ""))[0]:
                best[name] = (score, spelling)
        prefix, _, class_name = property_name.partition(":")
        expected = Counter({class_name: 1}) if prefix == "class" else self.expected.get(property_name, Counter())
        total = sum(expected.values()) or 1

        def rank(name: str) -> tuple[float, int, str]:
            return (-best[name][0] - 60 * expected[self.classes[name]] / total, len(best[name][1]), name)

        return [
            Found(name, self.classes[name], self.label(name, language) or name, best[name][1])
            for name in sorted(best, key=rank)[:most]
        ]

    def _alike(self, key: str) -> dict[int, float]:
        """The likeness of spellings that sound alike, by their place; none for a text too short to tell."""
        if len(key) < 4:
            return {}
        keys = [k for _, k, _, _ in self._spellings]
        found = process.extract(key, keys, scorer=fuzz.WRatio, score_cutoff=_SOUNDS_ALIKE, limit=4 * MOST)
        return {place: score * 0.8 for _, score, place in found}

    def new_name(self, label: str, prefix: str = "", taken: Iterable[str] = ()) -> str:
        """A name for a new thing from its English label, with the first word that names of its class have."""
        slug = _SLUG.sub("-", fold(label)).strip("-")
        if prefix and not slug.startswith(f"{prefix}-"):
            slug = f"{prefix}-{slug}"
        slug = slug[:_LONGEST_SLUG].rstrip("-")
        known = {*self.classes, *taken}
        slug = slug and f"{self._own}{slug}"
        names = (f"id:{slug}" + (f"-{n}" if n > 1 else "") for n in range(1, len(known) + 2))
        return next(name for name in names if name not in known) if slug else ""


def _likeness(wanted: str, folded: str, name: str) -> float:
    """How well a text fits a spelling by its letters: equal, a beginning, the beginning of a word, within, none."""
    if wanted == folded or name == f"id:{wanted}":
        return 160.0
    if folded.startswith(wanted):
        return 90.0
    if f" {wanted}" in f" {folded}":
        return 80.0
    slug = wanted.replace(" ", "-")
    return 60.0 if len(wanted) > 2 and (wanted in folded or slug in name) else 0.0
