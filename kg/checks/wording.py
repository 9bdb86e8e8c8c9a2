"""The passage and the gloss against what the claim tells: are its things named, is it the right sentence?"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from kg.checks.collection import LABEL, Collection, CuratedClaim
from kg.checks.findings import Finding
from kg.checks.naming import Names, stems
from kg.curation.sources import ArticleText
from ontology import KelisimError
from ontology.namespaces import ID, KEL, shorten

_NAMED: Final = frozenset({"Person", "State", "Place", "Organization", "StateGroup", "Office"})
_BY_OFFICE: Final = frozenset(
    str(KEL[n]) for n in ("party", "concerns", "refArea", "counterpartArea", "actor", "target")
)
"""Properties whose values a gloss may tell by an office: the leaders of two countries."""
_COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        """
    that this with from they their them have been were will which what when whom whose there these those into than then
    also such some most more only very even ever over under upon about after before being other others same each every
    where while accor said says told tells thing for and the was has are its his her not but who one two
    """,
    )
)
_PRONOUN: Final = re.compile(
    r"\b(?:this|that|these|those|it|he|she|they|them|their|his|her|its|we|our|us|themselves|such)\b", re.IGNORECASE
)
_WORTH: Final = 4.0
_LESS: Final = 0.35
_SHORT: Final = 9


def gloss_names(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Persons, states, places, bodies and offices of a claim that none of its glosses and labels names."""
    names = Names(collection)
    for claim in claims:
        texts = " ".join(s.value for s in (*claim.facts, *claim.record) if s.predicate in {LABEL, str(KEL.gloss)})
        told = stems(texts)
        for s in claim.facts:
            if not s.value.startswith(str(ID)) or not collection.types.get(s.value, frozenset()) & _NAMED:
                continue
            known = names.with_offices(s.value) if s.predicate in _BY_OFFICE else names.of(s.value)
            if known and not known & told:
                wrong = f"Neither gloss nor label names {shorten(s.value)}."
                yield claim.warning(s.line, "gloss-names", wrong, "Check that it is meant; a gloss stands alone.")


def sentences(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Claims whose figures and names stand in another sentence of the paragraph than the one cited."""
    for claim in claims:
        passage, article = claim.passage, collection.texts.get(claim.numbered[0])
        if passage is None or article is None or claim.of_record("basis"):
            continue
        try:
            parts = _sentences(article, passage.paragraph)
        except KelisimError:
            continue
        if passage.last > len(parts):
            continue
        weights, length = _weights(article), passage.last - passage.first
        own = _words_of(collection, claim)

        worth = [
            sum(weights.get(word, 0.0) for word in own & _words(" ".join(parts[first : first + length + 1])))
            for first in range(len(parts) - length)
        ]
        mine, most = worth[passage.first - 1], max(worth)
        best = worth.index(most) + 1
        text = " ".join(parts[passage.first - 1 : passage.last])
        pronoun = _PRONOUN.search(text) and (best < passage.first or len(_words(text)) < _SHORT)
        if most >= _WORTH and mine < _LESS * most and not pronoun:
            wrong = f"Hardly a name or figure of the claim stands in {passage.name}, and more in sentence {best}."
            mend = "Check the number of the sentence: `kelisim read` prints them."
            yield claim.warning(claim.line_of("passage"), "wrong-sentence", wrong, mend)


def _words_of(collection: Collection, claim: CuratedClaim) -> frozenset[str]:
    """The words that tell what a claim is about: of its gloss, its figures, and the names of its things."""
    texts = [claim.gloss("en"), *(s.value for s in claim.told("asWritten"))]
    texts += [s.value for s in claim.facts if s.predicate == LABEL and s.language == "en"]
    things = {iri for s in claim.facts for iri in (s.subject, s.value)}
    texts += [label for iri in things for label in collection.names.get(iri, {}).get("en", ())]
    return _words(" ".join(texts))


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    return frozenset((stems(text) | {*re.findall(r"\d+(?:[.,]\d+)?", text)}) - _COMMON)


@lru_cache(maxsize=512)
def _sentences(article: ArticleText, paragraph: int) -> tuple[str, ...]:
    return tuple(article.text[s.start : s.end] for s in article.sentences(article.paragraph(paragraph)))


@lru_cache(maxsize=16)
def _weights(article: ArticleText) -> dict[str, float]:
    """How much each word tells a sentence of the article from others (inverse document frequency)."""
    found = [_words(s) for p in article.paragraphs for s in _sentences(article, p.number)]
    counts = Counter(word for words in found for word in words)
    return {word: math.log(len(found) / count) for word, count in counts.items()}
