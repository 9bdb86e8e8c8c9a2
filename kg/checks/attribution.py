"""Speakers: who is quoted, who is named as the one who says it, and what becomes of it in the gloss."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import LABEL, Collection, CuratedClaim, local
from kg.checks.findings import Finding
from kg.checks.modality import main_clause
from kg.checks.naming import Names, stems
from ontology import KelisimError
from ontology.namespaces import shorten

_ACCORDING: Final = re.compile(
    r"(?:^|\b)[Aa]ccording to (?:the |a )?([^,]+)|\b[Ii]n the (?:view|words|opinion) of ([^,]+)"
)
_SAYS: Final = re.compile(
    r"([A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*),? (?:says|said|thinks|supposes|believes|expects|told|denies|"
    r"speaks of|is sure|argues|does not expect)\b"
    r"|\b(?:[Ii]n|[Bb]y|[Aa]s) ([A-Z][\w’-]+(?: [A-Z][\w’-]+)*)'s? (?:view|words?|opinion)\b"
)
"""Who says something, by the verb behind the name."""
_BEFORE: Final = 6
"""So many paragraphs before, a speaker may have been named to whom pronouns refer."""
_QUOTING: Final = re.compile(r"^\s*[-–—\"“«]\s*\w")
_QUOTATION: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
_OWN: Final = frozenset({"Statement", "Tenure", "Membership", "Organization", "Person"})


def voices(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """The article's own voice is asserted, that of others is reported; neither the other way round."""
    for claim in claims:
        publisher = collection.publishers.get(claim.numbered[0])
        speaker = claim.of_record("speaker")
        modality = claim.code("modality")
        if len(speaker) != 1 or publisher is None:
            continue
        own = speaker[0].value == publisher
        if own and modality == "reported":
            wrong = "It is reported, and its speaker is the article's publisher."
            yield claim.error(
                claim.line_of("modality"), "voice", wrong, "Name who is quoted; the article itself asserts."
            )
        elif not own and modality == "asserted":
            wrong = f"It is asserted, and its speaker is {shorten(speaker[0].value)}, whom the article quotes."
            yield claim.error(claim.line_of("modality"), "voice", wrong, "What somebody else says is code:reported.")


def named(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Speakers whom no gloss names, and who are not named in the passage or before it."""
    names = Names(collection)
    for claim in claims:
        publisher = collection.publishers.get(claim.numbered[0])
        speaker = claim.of_record("speaker")
        if len(speaker) != 1:
            continue
        iri, line = speaker[0].value, speaker[0].line
        if not names.of(iri):
            continue  # undeclared, which was told
        glosses = stems(" ".join(s.value for s in claim.of_record("gloss")))
        if (told := _according_to(claim)) and not stems(told) & (names.spoken_for(iri) | _relayed(claim, names)):
            wrong = f"The gloss says “according to {told}”, and the speaker is {shorten(iri)}."
            yield claim.warning(line, "speaker", wrong, "Correct the one that is wrong.")
        elif iri == publisher:
            if (said := _saying(collection, claim)) and not stems(said) & names.of(iri):
                wrong = f"By the gloss {said} says it, and the speaker is {shorten(iri)}."
                yield claim.warning(line, "speaker", wrong, "Correct the one that is wrong.")
        elif not glosses & names.spoken_for(iri):
            wrong = f"No gloss names the speaker, {shorten(iri)}."
            yield claim.warning(line, "speaker", wrong, "Check who is quoted; a gloss says who says it.")
        elif "Person" not in collection.types.get(iri, ()):
            continue  # Paris speaks for France, and unnamed sources have no name
        elif (near := _near(collection, claim)) and not stems(near) & names.of(iri):
            wrong = f"The article does not name the speaker, {shorten(iri)}, in the passage or before it."
            yield claim.warning(line, "speaker", wrong, "Check who is quoted.")


def _according_to(claim: CuratedClaim) -> str:
    match = _ACCORDING.search(claim.gloss("en"))
    return (match[1] or match[2]) if match else ""


def _saying(collection: Collection, claim: CuratedClaim) -> str:
    """Who says it by the gloss; empty where the claim is that somebody said something."""
    if any("Statement" in collection.types.get(s, ()) for s in claim.subjects):
        return ""
    match = _SAYS.search(main_clause(claim.gloss("en")))
    return (match[1] or match[2]) if match else ""


def _relayed(claim: CuratedClaim, names: Names) -> frozenset[str]:
    return frozenset[str]().union(*(names.of(s.value) for s in claim.of_record("relayedBy")))


def _near(collection: Collection, claim: CuratedClaim) -> str:
    """The paragraph of the passage, some before it and the one after it."""
    article, passage = collection.texts.get(claim.numbered[0]), claim.passage
    if article is None or passage is None:
        return ""
    try:
        last = article.paragraph(passage.paragraph)
    except KelisimError:
        return ""
    spans = article.paragraphs[max(0, last.number - 1 - _BEFORE) : last.number + 1]
    return article.text[spans[0].start : spans[-1].end]


def quoted(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """What stands in a quotation, told as the article's own word."""
    for claim in claims:
        text = collection.text(claim)
        kinds = {kind for s in claim.subjects for kind in collection.types.get(s, ())}
        bodies = {local(s.predicate) for s in claim.facts} & {"memberOf", "subOrganizationOf", "locatedIn"}
        own = kinds & _OWN or bodies or claim.of_record("basis")
        if claim.code("modality") == "asserted" and _QUOTING.match(text) and not own and _within(claim, text):
            wrong = "The passage is a quotation, and the claim is told as the article's own word."
            yield claim.warning(
                claim.line_of("speaker"), "quotation", wrong, "Name who is quoted; it is then reported."
            )


def _within(claim: CuratedClaim, text: str) -> bool:
    """Whether what a claim tells stands within the quotation rather than in the article's own words around it."""
    outside = stems(_QUOTATION.sub(" ", text))
    told = stems(claim.gloss("en"))
    inside = stems(" ".join(_QUOTATION.findall(text)))
    return not outside or not inside or len(told & inside - outside) >= len(told & outside - inside)


def said_by(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Statements whose label begins with another name than that of who made them, or is told to the wrong side."""
    names = Names(collection)
    for claim in claims:
        for statement in claim.told("saidBy"):
            labels = [
                s.value
                for s in claim.facts
                if s.subject == statement.subject and s.predicate == LABEL and s.language == "en"
            ]
            texts = " ".join(
                [
                    *labels,
                    *(s.value for s in claim.facts if s.predicate == LABEL),
                    *(g.value for g in claim.of_record("gloss")),
                ]
            )
            first = names.first_named(labels[0]) if labels else set()
            if (
                first
                and not first & {s.value for s in claim.told("saidBy", statement.subject)}
                and not any(names.of(f) & names.of(statement.value) for f in first)
            ):
                wrong = f"The label begins with {shorten(min(first))}, and kel:saidBy is {shorten(statement.value)}."
                yield claim.warning(statement.line, "said-by", wrong, "Correct kel:saidBy, or the label.")
            elif names.of(statement.value) and not stems(texts) & names.spoken_for(statement.value):
                wrong = f"Neither label nor gloss names {shorten(statement.value)}, who is told to have said it."
                yield claim.warning(statement.line, "said-by", wrong, "Check who said it.")
