"""The curator's own words: which runs of words a text has from an article, titles left out.

A label is compared with the articles whose claims use its thing, a gloss or note with the article of its claim: what
two curators happen to say alike of two articles is no copy. Titles are names, and are taken over as they are printed.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from kg.curation.curated import Claim, Curation, text_of
from kg.curation.sources import ArticleText
from ontology.namespaces import ID, KEL, PREFIXES, RDF_TYPE, SRC

COPIED_RUN: Final = 5
"""A run of this many words from the article, without names and figures, counts as copied."""

TITLED: Final = frozenset({"EventSeries", "Image", "Instrument", "Office", "Organization"})
"""The classes, by local name, whose things are called by a title: of a document, a picture, an office, a body."""

Run = tuple[str, ...]

_LABEL: Final = PREFIXES["rdfs"] + "label"
_NAMES: Final = frozenset({_LABEL, PREFIXES["skos"] + "altLabel", PREFIXES["dcterms"] + "title"})
_TEXTS: Final = frozenset({_LABEL, str(KEL.gloss), str(KEL.note), str(KEL.confidenceReason)})
_WORD: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def copies(curation: Curation, articles: Mapping[str, ArticleText]) -> Iterator[tuple[str, str]]:
    """The places of texts that copy an article, each with the first run that it copies."""
    titles = title_runs(_titles(curation))
    runs = {name: plain_runs(article) - titles for name, article in articles.items()}
    using = _articles_of(curation.claims)
    for triple in curation.reference:
        for name in sorted(using.get(text_of(triple.subject), set()) & runs.keys()):
            if found := _copied(triple, runs[name]):
                yield f"reference: {triple.subject}", found
                break
    for claim in curation.claims:
        own = runs.get(article_of(claim), frozenset())
        for triple in (*claim.facts, *(t for triples in claim.record.values() for t in triples)):
            if found := _copied(triple, own):
                yield claim.place, found


def article_of(claim: Claim) -> str:
    """The short name of the article of a claim: that of its passage, else the one that it is named for."""
    passages = claim.values("passage")
    name = passages[0].removeprefix(str(SRC)) if len(passages) == 1 else claim.name
    return name.partition("-")[0]


def copied_run(text: str, runs: Collection[Run]) -> str:
    """The first of the runs of words that a text holds, or empty."""
    return next((" ".join(run) for run in _runs(_words(text)) if run in runs), "")


def title_runs(titles: Iterable[str]) -> frozenset[Run]:
    """The runs of words of titles, which may be taken over."""
    return frozenset(run for title in titles for run in _runs(_words(title)))


@lru_cache(maxsize=16)
def plain_runs(article: ArticleText) -> frozenset[Run]:
    """The runs of words of an article without names and figures."""
    found: set[Run] = set()
    for paragraph in article.paragraphs:
        for sentence in article.sentences(paragraph):
            words = _WORD.findall(article.text[sentence.start : sentence.end])
            plain = [w if i == 0 or not (w[0].isupper() or w[0].isdigit()) else "" for i, w in enumerate(words)]
            found.update(run for run in _runs([w.lower() for w in plain]) if all(run))
    return frozenset(found)


def _copied(triple: ox.Triple, runs: Collection[Run]) -> str:
    """What a text copies; empty where the triple holds no text of the curator's, or nothing is copied."""
    own = triple.predicate.value in _TEXTS and isinstance(triple.object, ox.Literal)
    return copied_run(text_of(triple.object), runs) if own and runs else ""


def _titles(curation: Curation) -> Iterator[str]:
    """The names of the things that have a title."""
    triples = [*curation.reference, *(t for c in curation.claims for t in c.facts)]
    titled = {
        text_of(t.subject)
        for t in triples
        if t.predicate.value == RDF_TYPE and re.split(r"[/#]", text_of(t.object))[-1] in TITLED
    }
    return (text_of(t.object) for t in triples if t.predicate.value in _NAMES and text_of(t.subject) in titled)


def _articles_of(claims: Iterable[Claim]) -> dict[str, set[str]]:
    """The articles whose claims use each thing, as subject, value or speaker."""
    found: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        name = article_of(claim)
        for triple in (*claim.facts, *(t for triples in claim.record.values() for t in triples)):
            for term in (triple.subject, triple.object):
                if isinstance(term, ox.NamedNode) and term.value.startswith(str(ID)):
                    found[term.value].add(name)
    return found


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _runs(words: list[str]) -> Iterator[Run]:
    return (tuple(words[i : i + COPIED_RUN]) for i in range(len(words) - COPIED_RUN + 1))
