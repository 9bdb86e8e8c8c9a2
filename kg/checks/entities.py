"""Entities: named in three languages, with a class and a source, and spoken of by some claim."""

from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import LABEL, LANGUAGES, Collection, CuratedClaim, local
from kg.checks.findings import Finding, Severity
from ontology.namespaces import ID, PREFIXES, RDF_TYPE, shorten

_SOURCE: Final = PREFIXES["dcterms"] + "source"
_REPLACED: Final = PREFIXES["dcterms"] + "isReplacedBy"


def complete(collection: Collection, _: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Entities without class, source, or label in one of the languages, or with two in one."""
    for iri, statements in collection.described.items():
        first = statements[0]
        if not iri.startswith(str(ID)) or not first.file.startswith("entities/"):
            continue
        place = (first.file, first.subject_line, "", "entity", Severity.ERROR)
        name = shorten(iri)
        if not any(s.predicate == RDF_TYPE for s in statements):
            yield Finding(*place, f"{name} has no class.", "Say what it is: a kel:State, for example.")
        if not any(s.predicate == _SOURCE for s in statements):
            yield Finding(*place, f"{name} has no dcterms:source.", "Say which record its names come from.")
        labels = [s.language for s in statements if s.predicate == LABEL]
        for language in LANGUAGES:
            if language not in labels:
                yield Finding(*place, f"{name} has no label in @{language}.", "Add it to its rdfs:label.")
            elif labels.count(language) > 1:
                yield Finding(*place, f"{name} has two labels in @{language}.", "Make one of them skos:altLabel.")


def spoken_of(collection: Collection, _: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Entities that no claim names, nor another entity that one does."""
    known = {iri for iri in collection.described if iri.startswith(str(ID))}
    reached = {*collection.spoken_of(collection.claims)} & known
    new = reached
    while new:
        new = {s.value for iri in new for s in collection.described[iri] if s.value in known} - reached
        reached |= new
    reached |= {s.value for s in collection.reference if s.predicate == PREFIXES["dcterms"] + "publisher"}
    kept = {name for file in collection.files for name in file.kept}
    for iri, statements in collection.described.items():
        first = statements[0]
        if local(iri) in kept:
            continue
        if iri in known - reached and first.file.startswith("entities/") and first.predicate != _REPLACED:
            wrong = f"No claim speaks of {shorten(iri)}."
            mend = "Name it in a claim, or take it away; # Kept without a claim: and its name keeps it."
            yield Finding(first.file, first.subject_line, "", "unused-entity", Severity.WARNING, wrong, mend)
