"""Verifies the curated claims against the texts of the articles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg.curation.curated import Claim, Curation, text_of
from kg.curation.own_words import copies
from kg.curation.passages import Passage
from kg.curation.sources import ArticleText, read_articles, text_digest
from ontology import KelisimError, read_graph
from ontology.namespaces import CODE, KEL, PREFIXES, RDF_TYPE, SRC

Descriptions = dict[str, dict[str, list[str]]]
"""Values by subject and predicate."""


@dataclass(frozen=True)
class Problem:
    """A problem in the curated files: its location and a message."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def verify(curation: Curation, folder: Path) -> list[Problem]:
    """All problems of the claims (of a package, its own), in the order of the files; empty if there are none.

    Checks that each article's file exists with the recorded hash; that each passage's selector lies inside its
    paragraph and its hash matches; that each claim has exactly one passage, speaker and modality and a gloss, and these
    exist; that each printed figure occurs in its passage; that each passage has a claim; and that no run of words is
    copied (`kg.curation.own_words`). Raises KelisimError if there are no articles.
    """
    everything, curation = curation, curation.own
    reference = _by_subject(curation.reference)
    articles, problems = _articles(reference, read_articles(folder))
    spans, passage_problems = _passages(reference, articles)
    problems += passage_problems
    known = {*_by_subject(everything.reference), *(str(s) for s in read_graph("codes.ttl").subjects())}
    for claim in curation.claims:
        problems += _claim_problems(claim, known, spans, articles)
    used = {p for c in curation.claims for p in c.values("passage")}
    problems += [Problem(f"passages: {name}", "no claim refers to it") for name in sorted(spans.keys() - used)]
    return problems + [Problem(place, f"copies the article: “{run}”") for place, run in copies(curation, articles)]


def article_texts(curation: Curation, folder: Path) -> dict[str, ArticleText]:
    """The texts of all articles (of a package, its own) by their short names.

    Raises KelisimError if one is missing or has changed.
    """
    articles, problems = _articles(_by_subject(curation.own.reference), read_articles(folder))
    if problems:
        raise KelisimError("\n".join(map(str, problems)))
    return articles


def _by_subject(triples: Iterable[ox.Triple]) -> Descriptions:
    found: Descriptions = {}
    for triple in triples:
        values = found.setdefault(text_of(triple.subject), {}).setdefault(triple.predicate.value, [])
        values.append(text_of(triple.object))
    return found


def _one(description: dict[str, list[str]], predicate: str) -> str:
    values = description.get(predicate, [])
    return values[0] if len(values) == 1 else ""


def _articles(reference: Descriptions, texts: dict[str, ArticleText]) -> tuple[dict[str, ArticleText], list[Problem]]:
    found, problems = {}, []
    for iri, description in sorted(reference.items()):
        if str(KEL.Article) in description.get(RDF_TYPE, ()):
            name = iri.removeprefix(str(SRC))
            digest = _one(description, str(KEL.sha256))
            if digest in texts:
                found[name] = texts[digest]
            else:
                files = ", ".join(sorted(t.path.name for t in texts.values()))
                message = f"no file has the recorded SHA-256 {digest or '(none)'}; looked at {files}"
                problems.append(Problem(f"sources: article {name}", message))
    return found, problems


def _passages(
    reference: Descriptions, articles: dict[str, ArticleText]
) -> tuple[dict[str, tuple[int, int] | None], list[Problem]]:
    """The character spans of the passages by IRI (None if invalid), and their problems."""
    spans: dict[str, tuple[int, int] | None] = {}
    problems = []
    for iri, description in sorted(reference.items()):
        if str(KEL.Passage) in description.get(RDF_TYPE, ()):
            try:
                spans[iri] = _span(iri, description, reference, articles)
            except KelisimError as error:
                spans[iri] = None
                problems.append(Problem(f"passages: {iri.removeprefix(str(SRC))}", str(error)))
    return spans, problems


def _span(
    iri: str, description: dict[str, list[str]], reference: Descriptions, articles: dict[str, ArticleText]
) -> tuple[int, int] | None:
    passage = Passage.parse(iri)
    if _one(description, str(KEL.article)) != str(SRC) + passage.article:
        raise KelisimError("its kel:article is not the one that its name says")
    article = articles.get(passage.article)
    if article is None:
        return None
    if _one(description, str(KEL.paragraph)) != str(passage.paragraph):
        raise KelisimError("its kel:paragraph is not the one that its name says")
    selector = reference.get(_one(description, PREFIXES["oa"] + "hasSelector"), {})
    bounds = (_one(selector, PREFIXES["oa"] + "start"), _one(selector, PREFIXES["oa"] + "end"))
    if not all(b.isdigit() for b in bounds):
        raise KelisimError("it needs one selector with one oa:start and one oa:end")
    start, end = map(int, bounds)
    whole = article.paragraph(passage.paragraph)
    if not whole.start <= start < end <= whole.end:
        raise KelisimError(f"its selector {start}-{end} leaves paragraph {whole.number} ({whole.start}-{whole.end})")
    if text_digest(article.text[start:end]) != _one(description, str(KEL.sha256)):
        raise KelisimError("its kel:sha256 is not that of the text it points to; run `kelisim passages`")
    return start, end


def _claim_problems(
    claim: Claim, known: Iterable[str], spans: dict[str, tuple[int, int] | None], articles: dict[str, ArticleText]
) -> Iterator[Problem]:
    for name in ("passage", "speaker", "modality"):
        values = claim.values(name)
        if len(values) != 1:
            yield Problem(claim.place, f"needs exactly one kel:{name}, has {len(values)}")
    if not claim.values("gloss"):
        yield Problem(claim.place, "needs a kel:gloss")
    for value in (*claim.values("speaker"), *claim.values("modality")):
        if value not in known:
            yield Problem(claim.place, f"<{value}> is not defined anywhere")
    for fact in claim.facts:
        for term in (fact.subject, fact.object):
            iri = getattr(term, "value", "")
            if isinstance(term, ox.NamedNode) and iri.startswith(str(CODE)) and iri not in known:
                yield Problem(claim.place, f"<{iri}> is in no code list")
    for iri in claim.values("passage"):
        yield from _passage_problems(claim, iri, spans, articles)


def _passage_problems(
    claim: Claim, iri: str, spans: dict[str, tuple[int, int] | None], articles: dict[str, ArticleText]
) -> Iterator[Problem]:
    """The problems between a claim and its passage."""
    if iri not in spans:
        yield Problem(claim.place, f"its passage <{iri}> has no record; run `kelisim passages`")
        return
    span = spans[iri]
    if span is None:
        return
    passage = Passage.parse(iri)
    if not claim.name.startswith(f"{passage.article}-p{passage.paragraph}-"):
        yield Problem(claim.place, f"is named for another paragraph than its passage {passage.name}")
    text = articles[passage.article].text[slice(*span)]
    printed = (text_of(f.object) for f in claim.facts if f.predicate.value == str(KEL.asWritten))
    yield from (
        Problem(claim.place, f"the figure “{figure}” does not stand in passage {passage.name}")
        for figure in printed
        if not contains_figure(figure, text)
    )


def contains_figure(figure: str, text: str) -> bool:
    """Whether the text contains the figure as a whole number, not as a part of another, such as 2.5 in 12.5."""
    return re.search(rf"(?<![\w.,]){re.escape(figure)}(?!\w|[.,]\d)", text) is not None
