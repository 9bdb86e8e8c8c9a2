"""Recipes: which fields a claim on a thing of each class has, derived from the shapes and from claims that exist.

A recipe is a class. Its fields are those that the shapes require, then those that at least a fifth of the claims which
introduce such a thing have, in the order in which curators write them; the others that any claim has can be added.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from kg.checks.collection import Collection, CuratedClaim
from kg.checks.vocabulary import SELF_LABELLED
from kg.language.classes import most_specific_class
from ontology.namespaces import CODE, RDF_TYPE, shorten
from server.workbench.fields import required

LABEL: Final = "rdfs:label"
_USUAL: Final = 0.2
_OFTEN: Final = 0.08
_MANY: Final = 3
_BOUNDS: Final = {
    "kel:edtf": ("kel:earliest", "kel:latest"),
    "kel:plannedEdtf": ("kel:plannedEarliest", "kel:plannedLatest"),
    "kel:periodEdtf": ("kel:periodStart", "kel:periodEnd"),
}
"""The bounds that an expression of EDTF stands for."""


@dataclass(frozen=True)
class Recipe:
    """A class with its fields, properties with their prefixes; `like` are claims that introduce such a thing.

    kinds: the codes of ``kel:kind`` that claims give such things, the most frequent first, with how often.
    """

    name: str
    required: frozenset[str]
    usual: tuple[str, ...]
    others: tuple[str, ...]
    like: tuple[str, ...]
    kinds: tuple[tuple[str, int], ...]

    @property
    def labelled_here(self) -> bool:
        """Whether such a thing gets its labels in its claim, not among the entities."""
        return self.name.rpartition(":")[2] in SELF_LABELLED


class Recipes:
    """The recipes by class, the most used first."""

    def __init__(self, collection: Collection) -> None:
        introduced: dict[str, list[tuple[str, Counter[str]]]] = defaultdict(list)
        told: dict[str, Counter[str]] = defaultdict(Counter)
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self._before: Counter[tuple[str, str]] = Counter()
        many: Counter[str] = Counter()
        given: Counter[str] = Counter()
        prefixes: dict[str, Counter[str]] = defaultdict(Counter)
        for claim in collection.claims:
            for subject in claim.subjects:
                named = class_of(collection, subject)
                properties = _properties(claim, subject)
                if not properties or not named:
                    continue
                told[named].update(properties)
                self._before.update(combinations(properties, 2))
                if any(s.predicate == RDF_TYPE and s.subject == subject for s in claim.facts):
                    introduced[named].append((claim.name, Counter(properties)))
                    prefixes[named][_first_word(shorten(subject))] += 1
                    kinds[named].update(
                        shorten(s.value) for s in claim.told("kind", subject) if s.value.startswith(str(CODE))
                    )
            self._before.update(combinations(dict.fromkeys(shorten(s.predicate) for s in claim.record), 2))
            for statements in (claim.facts, claim.record):
                numbers = Counter((s.subject, shorten(s.predicate)) for s in statements if not s.language)
                given.update(name for _, name in numbers)
                many.update(name for (_, name), number in numbers.items() if number > 1)
        self._prefixes = prefixes
        self.several = frozenset(name for name, number in many.items() if number >= _OFTEN * given[name])
        """The properties of which claims often give one thing several values."""
        self.by_class = {
            name: self._recipe(name, introduced[name], told[name], kinds[name])
            for name in sorted(told, key=lambda n: (-sum(told[n].values()), n))
        }

    def _recipe(
        self, name: str, introduced: Sequence[tuple[str, Counter[str]]], told: Counter[str], kinds: Counter[str]
    ) -> Recipe:
        counted: Counter[str] = Counter()
        for _, properties in introduced:
            counted.update(properties.keys())
        wanted = {p for p, n in counted.items() if n >= _USUAL * len(introduced)} | (required(name) & told.keys())
        if not introduced:
            wanted = {p for p, _ in told.most_common(_MANY)}
        if name.rpartition(":")[2] not in SELF_LABELLED:
            wanted -= {LABEL}
        wanted |= {"kel:dateBasis"} & told.keys() if wanted & _BOUNDS.keys() else set()
        others = set(told) - wanted
        like = tuple(claim for claim, _ in introduced)
        usual, rest = self.ordered(wanted), self.ordered(others)
        return Recipe(name, required(name), usual, rest, like, tuple(kinds.most_common()))

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Properties in the order in which curators write them: by how many of the others each stands before more often
        than after (Copeland's method), so that no cycle of habits matters."""
        wanted = sorted(set(names))

        def wins(name: str) -> int:
            return sum(
                (self._before[name, other] > self._before[other, name])
                - (self._before[name, other] < self._before[other, name])
                for other in wanted
            )

        return tuple(sorted(wanted, key=lambda name: (-wins(name), name)))

    def of(self, name: str) -> Recipe:
        """The recipe of a class; of one without precedents, only what the shapes require."""
        found = self.by_class.get(name)
        return found or Recipe(name, required(name), self.ordered(required(name)), (), (), ())

    def prefix(self, name: str) -> str:
        """The word with which at least half the names of such things begin, such as ``obs``; or empty."""
        counts = self._prefixes.get(name)
        if not counts:
            return ""
        first, number = counts.most_common(1)[0]
        return first if number * 2 >= sum(counts.values()) and number >= _MANY else ""


def class_of(collection: Collection, iri: str) -> str:
    """The most specific class of a thing, with its prefix; empty for a thing that has none."""
    classes = {s.value for s in collection.described.get(iri, ()) if s.predicate == RDF_TYPE}
    classes |= {s.value for _, s in collection.facts_of.get(iri, ()) if s.predicate == RDF_TYPE}
    return shorten(most_specific_class(classes)) if classes else ""


def _first_word(name: str) -> str:
    """The first word of a name with a prefix, without that of a package, such as ``harbour_``."""
    local = name.partition(":")[2]
    return (local.partition("_")[2] or local).partition("-")[0]


def bounds_of(edtf: str) -> tuple[str, str]:
    """The properties of the bounds that go with one of EDTF."""
    return _BOUNDS[edtf]


def is_edtf_of_bounds(name: str) -> bool:
    """Whether bounds follow from a property."""
    return name in _BOUNDS


def is_bound(name: str) -> bool:
    """Whether a property is a bound that follows from one of EDTF."""
    return any(name in pair for pair in _BOUNDS.values())


def _properties(claim: CuratedClaim, subject: str) -> list[str]:
    told = [shorten(s.predicate) for s in claim.facts if s.subject == subject and s.predicate != RDF_TYPE]
    return list(dict.fromkeys(told))
