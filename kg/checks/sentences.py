"""The sentence that a claim cites, against the others of its paragraph: which has more of the claim's words?

What a sentence shares with the claim (its gloss, labels, printed figures, the names of its things, codes and days) is
weighed by how few sentences of the article have the word (inverse document frequency). Words that all sentences of
the paragraph have tell nothing, and neither do the names of who speaks, whom another sentence may introduce.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from rdflib import SKOS

from kg.checks.collection import LABEL, Collection, CuratedClaim
from kg.checks.findings import Finding
from kg.checks.naming import stems
from kg.curation.passages import Passage
from kg.curation.sources import ArticleText
from ontology import KelisimError, read_graph

_COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        """
    this that with from they their them have been were will which what when whom whose there these those into than then
    also such some most more only very even ever over under upon about after before being other others same each every
    where while accor said says told tells thing for and the was has are its his her not but who one two
    """,
    )
)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_PRONOUN: Final = re.compile(
    r"\b(?:this|that|these|those|it|he|she|they|them|their|him|his|her|its|we|our|us|themselves|such)\b", re.IGNORECASE
)
_READ: Final = re.compile(
    r"\bread (?:as|from)\b|\bsentences? (?:before|around|above)\b|\bnext sentence\b|\bcontext\b"
    r"|\btaken (?:from|to be)\b|\bfollows from\b"
)
"""A note that tells what the words of the passage are read as, so that its names stand elsewhere."""
_LONG_NAMED: Final = frozenset({"Event", "Instrument", "DocumentPackage", "Project"})
_WORTH: Final = 3.0
"""So much more must another sentence share: about the weight of one word that a twentieth of the sentences have."""
_SHORT: Final = 9
"""A sentence of fewer words is often elliptic: "The choice may come this year", of what the sentence before names."""

# A claim is told of whose own sentence has less than this part of what the best one has.
_PLAIN: Final = 0.7
_IMPLIED: Final = 0.3
_PRONOMINAL: Final = 0.4
_ELLIPTIC: Final = 0.2


def sentences(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Claims whose figures, names and words stand in another sentence of the paragraph than the one cited."""
    for claim in claims:
        passage, article = claim.passage, collection.texts.get(claim.numbered[0])
        if passage is None or article is None:
            continue
        try:
            parts = _sentences(article, passage.paragraph)
        except KelisimError:
            continue
        if not 1 <= passage.first <= passage.last <= len(parts):
            continue
        whole, capped = _shared(collection, claim, article, parts)
        mine, most = whole[passage.first - 1], max(capped)
        best = capped.index(most) + 1
        if most - mine >= _WORTH and mine < most * _least(claim, passage, parts, best):
            few = "Few words, names or figures of the claim stand" if mine else "No word, name or figure of it stands"
            wrong = f"{few} in {passage.name}, and more in sentence {best}."
            mend = "Correct the number of the sentence (`kelisim read` prints them), or note how it is read."
            yield claim.warning(claim.line_of("passage"), "wrong-sentence", wrong, mend)


def _shared(
    collection: Collection, claim: CuratedClaim, article: ArticleText, parts: tuple[str, ...]
) -> tuple[list[float], list[float]]:
    """What each run of sentences as long as the claim's passage shares with the claim, from the first on.

    First with all words of the names of its events and documents, then with no more than the rarest of each, since such
    a name is long, and one sentence tells it in full and the next in short: the treaty on the waters, the treaty.
    """
    assert claim.passage is not None
    length = claim.passage.last - claim.passage.first + 1
    weights, (own, names) = _weights(article), _words_of(collection, claim)
    counts = Counter(word for part in parts for word in _words(part))
    telling = {word: weights.get(word, 0.0) for word in own.union(*names) if counts[word] < len(parts)}
    runs = [
        _words(" ".join(parts[first : first + length])) & telling.keys() for first in range(len(parts) - length + 1)
    ]
    whole = [sum(telling[word] for word in run) for run in runs]
    capped = [
        sum(telling[w] for w in run & own) + sum(max((telling[w] for w in run & name), default=0.0) for name in names)
        for run in runs
    ]
    return whole, capped


def _least(claim: CuratedClaim, passage: Passage, parts: tuple[str, ...], best: int) -> float:
    """The part of the best sentence's words that the claim's own must have; 0 where that tells nothing.

    Pronouns stand for names of a sentence before, and the curator's note may tell what they are read as.
    """
    text = " ".join(parts[passage.first - 1 : passage.last])
    short = len(_words(text)) < _SHORT
    noted = bool(claim.of_record("curatorConfidence")) or any(_READ.search(n.value) for n in claim.of_record("note"))
    least = _IMPLIED if claim.of_record("basis") else _PLAIN
    if _PRONOUN.search(text) and (short or best < passage.first):
        return 0.0 if noted else min(least, _PRONOMINAL)
    return min(least, _ELLIPTIC) if short and noted else least


def _words_of(collection: Collection, claim: CuratedClaim) -> tuple[frozenset[str], list[frozenset[str]]]:
    """The words that tell what a claim is about, and those of the names of its events and documents, a set to each.

    The names of who speaks are left out.
    """
    things = dict.fromkeys(iri for s in claim.facts for iri in (s.subject, s.value))
    texts = [claim.gloss("en"), *(s.value for s in claim.told("asWritten"))]
    texts += [s.value for s in claim.facts if s.predicate == LABEL and s.language == "en"]
    words = _words(" ".join(texts)).union(*(_code_words().get(iri, frozenset()) for iri in things))
    days = (match for s in claim.facts if (match := _DAY.fullmatch(s.value)))
    words |= {w for year, month, day in (d.groups() for d in days) for w in _date(year, int(month), int(day))}
    speakers = {s.value for s in (*claim.of_record("speaker"), *claim.told("saidBy"))}
    left_out = _words(" ".join(label for iri in speakers for label in _labels(collection, iri)))
    names, named = list[frozenset[str]](), set(left_out)
    for iri in things:
        name = _words(" ".join(_labels(collection, iri))) - named
        if collection.types.get(iri, frozenset()) & _LONG_NAMED:
            names.append(name)
            named |= name
        else:
            words |= name
    return words - named, names


def _labels(collection: Collection, iri: str) -> tuple[str, ...]:
    return collection.names.get(iri, {}).get("en", ())


def _date(year: str, month: int, day: int) -> frozenset[str]:
    return _words(f"{day} {_MONTHS[month - 1]} {year}") if 1 <= month <= len(_MONTHS) else frozenset()


@cache
def _code_words() -> dict[str, frozenset[str]]:
    """The words of the English labels of each code."""
    found: dict[str, frozenset[str]] = defaultdict(frozenset)
    graph = read_graph("codes.ttl")
    for predicate in (SKOS.prefLabel, SKOS.altLabel):
        for code, label in graph.subject_objects(predicate):
            if getattr(label, "language", "") == "en":
                found[str(code)] |= _words(str(label))
    return dict(found)


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
