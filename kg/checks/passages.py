"""Passages: each has its record, that of the text; printed figures stand in them; all paragraphs are covered."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.findings import Finding, Severity
from kg.checks.reading import Statement
from kg.curation.passages import render
from kg.curation.sources import text_digest
from kg.curation.verification import contains_figure
from ontology import KelisimError
from ontology.namespaces import KEL, PREFIXES, SRC

_OMISSIONS: Final = "omissions.ttl"


def recorded(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Passages that are not in the article, have no record, or one that is not that of the text."""
    for claim in claims:
        named = claim.of_record("passage")
        if len(named) != 1:
            continue  # told by the shapes
        line, name, passage = named[0].line, local(named[0].value), claim.passage
        if passage is None:
            wrong = f"{name} is no passage of an article."
            yield claim.error(line, "passage", wrong, "Name it src:ARTICLE-pPARAGRAPH-sFIRST or -sFIRST-LAST.")
            continue
        article = collection.texts.get(passage.article)
        if article is not None:
            try:
                span = article.passage(passage.paragraph, passage.first, passage.last)
            except KelisimError as error:
                yield claim.error(
                    line, "passage", str(error), "`kelisim read` prints the sentences with their numbers."
                )
                continue
            record = collection.described.get(named[0].value, [])
            selector = collection.described.get(_one(record, PREFIXES["oa"] + "hasSelector"), [])
            told = (
                _one(selector, PREFIXES["oa"] + "start"),
                _one(selector, PREFIXES["oa"] + "end"),
                _one(record, str(KEL.sha256)),
            )
            expected = (str(span.start), str(span.end), text_digest(article.text[span.start : span.end]))
            if record and told != expected:
                first = record[0]
                wrong = f"The record of the passage {name} is not that of its text."
                mend = f"Run `kelisim passages {passage.article}`."
                yield Finding(first.file, first.line, "", "passage-record", Severity.ERROR, wrong, mend)
        if named[0].value not in collection.described:
            wrong = f"Its passage {name} has no record."
            mend = f"Run `kelisim passages {passage.article}`, if there is such a passage."
            yield claim.error(line, "passage", wrong, mend)


def used(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Records of passages that no claim refers to."""
    articles = {c.numbered[0] for c in claims}
    named = {s.value for c in collection.claims for s in c.of_record("passage")}
    for iri, record in collection.described.items():
        name = iri.removeprefix(str(SRC))
        if "Passage" in collection.types.get(iri, ()) and iri not in named and name.partition("-")[0] in articles:
            wrong, mend = f"No claim refers to the passage {name}.", f"Run `kelisim passages {name.partition('-')[0]}`."
            yield Finding(record[0].file, record[0].line, "", "unused-passage", Severity.ERROR, wrong, mend)


def printed(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Printed figures that do not stand in their passage."""
    for claim in claims:
        text = collection.text(claim)
        for written in claim.told("asWritten") if text else ():
            if not contains_figure(written.value, text):
                wrong = f"“{written.value}” does not stand in {claim.passage.name if claim.passage else 'its passage'}."
                mend = "Correct the figure, letter for letter, or the number of the sentence."
                yield claim.error(written.line, "figure-in-passage", wrong, mend)


def covered(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Paragraphs without a claim and without a reason for having none, or with both; sentences without a claim."""
    touched: dict[tuple[str, int], set[int]] = defaultdict(set)
    for claim in collection.claims:
        if claim.passage:
            touched[claim.passage.article, claim.passage.paragraph].update(
                range(claim.passage.first, claim.passage.last + 1)
            )
    omitted = _omitted(collection)
    for name in sorted({c.numbered[0] for c in claims} & collection.texts.keys()):
        article = collection.texts[name]
        file = next(c.file for c in claims if c.numbered[0] == name)
        for paragraph in article.paragraphs:
            key = (name, paragraph.number)
            line = next((c.line for c in collection.claims if c.file == file and c.numbered[1] > paragraph.number), 1)
            place = (file, line, "", "coverage")
            missing = [s.number for s in article.sentences(paragraph) if s.number not in touched[key]]
            if not touched[key] and key not in omitted:
                wrong = f"Paragraph {paragraph.number} has no claim, and no reason for that."
                yield Finding(*place, Severity.ERROR, wrong, f"Curate it, or give the reason in {_OMISSIONS}.")
            elif touched[key] and key in omitted:
                wrong = f"Paragraph {paragraph.number} has claims, and a reason for having none."
                yield Finding(
                    omitted[key].file,
                    omitted[key].line,
                    "",
                    "coverage",
                    Severity.ERROR,
                    wrong,
                    "Take away the omission.",
                )
            elif touched[key] and missing:
                wrong = f"Of paragraph {paragraph.number}, no claim stands on sentence {', '.join(map(str, missing))}."
                yield Finding(*place, Severity.WARNING, wrong, "See whether a fact is left in it.")
        for (other, number), statement in omitted.items():
            if other == name and number > len(article.paragraphs):
                wrong = f"The article {name} has no paragraph {number}."
                yield Finding(
                    statement.file, statement.line, "", "coverage", Severity.ERROR, wrong, "Correct the omission."
                )


def _omitted(collection: Collection) -> dict[tuple[str, int], Statement]:
    """The omissions by article and paragraph."""
    found = {}
    for iri, record in collection.described.items():
        paragraph = _one(record, str(KEL.paragraph))
        if "Omission" in collection.types.get(iri, ()) and paragraph.isdecimal():
            found[_one(record, str(KEL.article)).removeprefix(str(SRC)), int(paragraph)] = record[0]
    return found


def _one(statements: Sequence[Statement], predicate: str) -> str:
    values = [s.value for s in statements if s.predicate == predicate]
    return values[0] if len(values) == 1 else ""


def rendered(collection: Collection, name: str) -> str:
    """The records of the passages of an article that claims name, as `kelisim passages` writes them.

    Empty where the article's text is not there, or a claim names no passage of it, which `recorded` tells.
    """
    article = collection.texts.get(name)
    named = {c.passage for c in collection.claims if c.passage and c.passage.article == name}
    try:
        return render(named, article) if article else ""
    except KelisimError:
        return ""
