"""What is known already that is like a sentence: claims of the same shape, the same figures, tenures.

Likeness is that of the words: the cosine of tf-idf weights over the beginnings of words (Salton and Buckley 1988, Term
weighting approaches in automatic text retrieval) in the glosses of claims.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection as Sized
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Final

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.naming import stems
from ontology.namespaces import KEL, RDF_TYPE, shorten

_LIKE: Final = 0.16
"""A claim that is less like a sentence is no precedent."""
_SHAPES: Final = ("Observation", "Statement", "StageEvent", "Relation", "Tenure", "Participation")


@dataclass(frozen=True)
class Known:
    """A figure that claims tell: its name, the claim, what it measures, and whose it is."""

    iri: str
    claim: str
    measure: str
    value: Decimal
    unit: str
    parties: frozenset[str]


class Precedents:
    """The claims of a collection, to be found by words, figures and persons."""

    def __init__(self, collection: Collection, language: str = "en") -> None:
        self._collection = collection
        self._language = language if any(c.gloss(language) for c in collection.claims[:9]) else "en"

    @cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        return {c.name: stems(c.gloss(self._language)) for c in self._collection.claims}

    @cached_property
    def _weights(self) -> dict[str, float]:
        counts = Counter(stem for words in self._words.values() for stem in words)
        return {stem: math.log((1 + len(self._words)) / count) for stem, count in counts.items()}

    @cached_property
    def _holding(self) -> dict[str, list[CuratedClaim]]:
        found: dict[str, list[CuratedClaim]] = defaultdict(list)
        for claim in self._collection.claims:
            for stem in self._words[claim.name]:
                found[stem].append(claim)
        return found

    def like(self, text: str, most: int = 3, kind: str = "") -> list[CuratedClaim]:
        """The claims most like a text, the most like first; of one class of facts if given."""
        own = stems(text)
        scores: Counter[str] = Counter()
        by_name = {}
        for stem in own & self._weights.keys():
            for claim in self._holding[stem]:
                scores[claim.name] += self._weights[stem] ** 2  # type: ignore[assignment]
                by_name[claim.name] = claim
        length = self._length(own)
        ranked = sorted(
            ((score / (length * self._length(self._words[name])), name) for name, score in scores.items()), reverse=True
        )
        found = [by_name[name] for score, name in ranked if score >= _LIKE]
        return [c for c in found if not kind or self.shape(c) == kind][:most]

    def _length(self, words: Sized[str]) -> float:
        return math.sqrt(sum(self._weights.get(word, 0) ** 2 for word in words)) or 1.0

    def shape(self, claim: CuratedClaim) -> str:
        """The class of what a claim is about, as a local name: of several the most telling."""
        kinds = {kind for s in claim.subjects for kind in self._collection.types.get(s, ())}
        told = [s.value for s in claim.facts if s.predicate == RDF_TYPE]
        told += [s.value for s in self._collection.described.get(claim.subjects[0], ()) if s.predicate == RDF_TYPE]
        return next((shape for shape in _SHAPES if shape in kinds), local(told[0]) if told else "")

    def known(self, value: Decimal, unit: str) -> list[Known]:
        """The figures that claims tell with a value and unit."""
        return self._figures.get((value.normalize(), unit), [])

    @cached_property
    def _figures(self) -> dict[tuple[Decimal, str], list[Known]]:
        found: dict[tuple[Decimal, str], list[Known]] = defaultdict(list)
        for claim in self._collection.claims:
            for name in ("value", "documentCount"):
                for s in claim.told(name):
                    try:
                        value = Decimal(s.value).normalize()
                    except InvalidOperation:
                        continue
                    unit = next((local(u.value) for u in claim.told("unit", s.subject)), "")
                    measure = next((local(m.value) for m in claim.told("measure", s.subject)), "")
                    names = ("refArea", "counterpartArea", "observed", "party")
                    parties = frozenset(o.value for n in names for o in claim.told(n, s.subject))
                    found[value, unit].append(Known(s.subject, claim.name, measure, value, unit, parties))
        return found

    @cached_property
    def tenures(self) -> dict[str, list[tuple[str, str, str]]]:
        """The tenures of each person: their names, the office, and the claim that tells them first."""
        found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for claim in self._collection.claims:
            for holder in claim.told("holder"):
                for office in claim.told("office", holder.subject):
                    told = (holder.subject, office.value)
                    if told not in [known[:2] for known in found[holder.value]]:
                        found[holder.value].append((*told, claim.name))
        return found

    def labels(self, iri: str) -> dict[str, str]:
        """The labels of a thing that claims give it, by language."""
        return {
            s.language: s.value
            for _, s in self._collection.facts_of.get(iri, ())
            if s.predicate.endswith("#label") and s.language
        }

    def relations(self, parties: Sized[str]) -> list[tuple[str, str]]:
        """The relations between all of some states, with the claim that tells each first."""
        sides = {str(KEL[n]) for n in ("party", "actor", "target")}
        found = []
        for iri, told in self._collection.facts_of.items():
            own = {s.value for _, s in told if s.predicate in sides}
            if "Relation" in self._collection.types.get(iri, ()) and {*parties} <= own:
                found.append((shorten(iri), told[0][0].name))
        return found
