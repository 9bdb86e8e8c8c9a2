"""How sure a cited row is: its weakest link, and how many sources tell it independently."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import pyoxigraph as ox

from kg.citations.annotations import Annotation, Sources
from kg.citations.cited import Citation
from kg.citations.support import Supports
from ontology.iris import CODE, KEL
from ontology.namespaces import MODALITIES, PREFIXES

_DEFAULT: Final = ox.DefaultGraph()
_PASSAGE, _SPEAKER, _ARTICLE, _PARAGRAPH = (
    ox.NamedNode(str(KEL[name])) for name in ("passage", "speaker", "article", "paragraph")
)
_GLOSS: Final = ox.NamedNode(str(KEL.gloss))
_LABEL: Final = ox.NamedNode(PREFIXES["rdfs"] + "label")
_PREFERRED: Final = ox.NamedNode(PREFIXES["skos"] + "prefLabel")
_LATEST: Final = ox.NamedNode(str(KEL.latest))
_PUBLISHER: Final = ox.NamedNode(PREFIXES["dcterms"] + "publisher")
_COMPARED: Final = 12
"""Of more minimal sets than that, the number of independent ones is a lower bound."""


@dataclass(frozen=True)
class ClaimRecord:
    """Who says a claim, where and how surely; IRIs, and `modality` a code.

    `date` is the last day on which it can have appeared. gloss, speaker_label, modality_label, article_label: texts,
    preferably in the language asked for. What the record lacks is empty, and `paragraph` is 0.
    """

    claim: str
    speaker: str = ""
    modality: str = ""
    passage: str = ""
    article: str = ""
    publisher: str = ""
    paragraph: int = 0
    date: str = ""
    gloss: str = ""
    speaker_label: str = ""
    modality_label: str = ""
    article_label: str = ""


class Records:
    """The records of claims in a store."""

    def __init__(self, store: ox.Store, supports: Supports, language: str = "en") -> None:
        """`language` (BCP 47) is that of the texts, else English, else any."""
        self._store = store
        self._supports = supports
        self._languages = (language, "en")
        self._known: dict[str, ClaimRecord] = {}
        self._labels: dict[str, str] = {}

    def __getitem__(self, claim: str) -> ClaimRecord:
        """The record of a claim, or of another named graph, which has none."""
        if claim not in self._known:
            self._known[claim] = self._read(claim)
        return self._known[claim]

    def _read(self, claim: str) -> ClaimRecord:
        passage, speaker = self._value(claim, _PASSAGE), self._value(claim, _SPEAKER)
        article = self._value(passage, _ARTICLE)
        number, modality = self._value(passage, _PARAGRAPH), self._supports.modality(claim)
        return ClaimRecord(
            claim,
            speaker,
            modality,
            passage,
            article,
            self._value(article, _PUBLISHER),
            int(number) if number.isdecimal() else 0,
            self._value(article, _LATEST),
            self._text(claim, _GLOSS),
            self.label(speaker),
            self.certainty_label(modality),
            self.label(article),
        )

    def certainty_label(self, modality: str) -> str:
        """The label of a modality, given its code."""
        return self.label(str(CODE[modality])) if modality else ""

    def label(self, iri: str) -> str:
        """The label of a thing; empty if it has none."""
        if iri not in self._labels:
            self._labels[iri] = self._text(iri, _LABEL) or self._text(iri, _PREFERRED)
        return self._labels[iri]

    def _text(self, subject: str, predicate: ox.NamedNode) -> str:
        if not subject:
            return ""
        quads = self._store.quads_for_pattern(ox.NamedNode(subject), predicate, None, _DEFAULT)
        found = {q.object.language: q.object.value for q in quads if isinstance(q.object, ox.Literal)}
        return next((found[code] for code in self._languages if code in found), next(iter(found.values()), ""))

    def _value(self, subject: str, predicate: ox.NamedNode) -> str:
        """The least value of a property, empty if there is none."""
        if not subject:
            return ""
        quads = self._store.quads_for_pattern(ox.NamedNode(subject), predicate, None, _DEFAULT)
        return min((q.object.value for q in quads if isinstance(q.object, ox.NamedNode | ox.Literal)), default="")


def rank(modality: str) -> int:
    """The place of a modality in `MODALITIES`; 0 for what is no claim, and so is not hedged."""
    return MODALITIES.index(modality) if modality in MODALITIES else 0


def weakest(citation: Citation, records: Records) -> str:
    """The modality of the weakest link of the surest way in which a row follows; empty if it needs no claim."""
    found = max((_weakest(part, records) for part in citation.annotations or [citation.annotation]), default=-1)
    return MODALITIES[found] if found >= 0 else ""


def _weakest(annotation: Annotation, records: Records) -> int:
    ways = (max((rank(records[c].modality) for c in way), default=-1) for way in annotation.sets)
    return min(ways, default=-1)


def independent_sources(citation: Citation, records: Records) -> int:
    """How many ways in which a row follows share neither publisher nor speaker, pairwise; 0 if it needs no claim.

    Of a group, the least that one of its rows has.
    """
    parts = citation.annotations or {citation.annotation: None}
    if any(not part.every or not all(part.sets) for part in parts):
        return 0
    least = min(len(part.sets) for part in parts)
    for part in parts if least > 1 else ():
        least = min(least, _independent(part, records))
        if least == 1:
            break
    return least


def _independent(annotation: Annotation, records: Records) -> int:
    voices = _minimal(_voices(way, records) for way in annotation.sets)
    if len(voices) > _COMPARED:
        return _greedy(voices)
    for size in range(len(voices), 0, -1):
        if any(_disjoint(chosen) for chosen in combinations(voices, size)):
            return size
    return 0


def _voices(way: Sources, records: Records) -> frozenset[str]:
    found = (records[claim] for claim in way)
    return frozenset(v for r in found for v in (r.publisher or r.article or r.claim, r.speaker) if v)


def _minimal(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    kept = list[frozenset[str]]()
    for candidate in sorted(set(sets), key=lambda s: (len(s), sorted(s))):
        if not any(known <= candidate for known in kept):
            kept.append(candidate)
    return kept


def _disjoint(chosen: Sequence[frozenset[str]]) -> bool:
    return len(frozenset().union(*chosen)) == sum(map(len, chosen))


def _greedy(voices: Sequence[frozenset[str]]) -> int:
    used, count = set[str](), 0
    for way in voices:
        if not way & used:
            used |= way
            count += 1
    return count
