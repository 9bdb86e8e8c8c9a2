"""Nothing is used that is not declared: prefixes, properties, classes, codes, units, datatypes, things."""

from collections.abc import Iterator, Sequence

import pyoxigraph as ox

from kg.checks.collection import Collection, CuratedClaim
from kg.checks.findings import Finding, Severity, did_you_mean
from kg.checks.reading import Statement
from kg.checks.terms import terms
from ontology.namespaces import CODE, ID, KEL, PREFIXES, RDF_TYPE, shorten

SELF_LABELLED = frozenset({
    "Observation", "TradeObservation", "Statement", "StageEvent", "Relation", "Participation", "Tenure", "Membership",
})  # fmt: skip
"""The classes of things that are labelled in the claim that introduces them; all others stand in ``entities``."""

_UNIT = str(KEL.unit)


def undeclared_prefixes(collection: Collection) -> Iterator[Finding]:
    """Names whose prefix their file does not declare; such a file cannot be parsed."""
    for file in collection.files:
        for name, line in file.undeclared:
            prefix = name.partition(":")[0]
            mend = did_you_mean(
                f"{prefix}:", (f"{p}:" for p in file.prefixes), f"Declare it with @prefix {prefix}: <…> ."
            )
            wrong = f"The prefix of {name} is not declared in this file."
            yield Finding(file.name, line, "", "undeclared-prefix", Severity.ERROR, wrong, mend)


def unknown_terms(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Properties, classes, codes, units and datatypes that no vocabulary declares; in claims and in entities."""
    for claim in claims:
        for statement in (*claim.facts, *claim.record):
            yield from (_told(statement, claim.name, found) for found in _unknown(statement))
    for statement in collection.reference:
        if statement.file.startswith("entities/"):
            yield from (_told(statement, "", found) for found in _unknown(statement))


def _told(statement: Statement, claim: str, found: tuple[int, str, str, str]) -> Finding:
    line, rule, wrong, mend = found
    return Finding(statement.file, line, claim, rule, Severity.ERROR, wrong, mend)


def _unknown(statement: Statement) -> Iterator[tuple[int, str, str, str]]:
    """Line, rule, what is wrong, mend."""
    known, value, line = terms(), statement.value, statement.line
    predicate = shorten(statement.predicate)
    if statement.predicate not in known.properties:
        names = map(shorten, known.properties)
        mend = did_you_mean(predicate, names, "Take a property of ontology/core.ttl.")
        yield statement.predicate_line, "unknown-property", f"There is no property {predicate}.", mend
    if isinstance(statement.object, ox.Literal):
        datatype = statement.object.datatype.value
        if datatype not in known.datatypes:
            mend = did_you_mean(shorten(datatype), map(shorten, known.datatypes), "Dates are xsd:date, EDTF edtf:edtf.")
            yield line, "unknown-datatype", f"There is no datatype {shorten(datatype)} here.", mend
        if statement.predicate in known.object_properties:
            wrong = f"{predicate} has the text “{value[:40]}” where the name of a thing or a code belongs."
            yield line, "text-for-a-thing", wrong, "Write the name with its prefix and without quotation marks."
    elif statement.predicate == RDF_TYPE and value not in known.classes:
        mend = did_you_mean(shorten(value), map(shorten, known.classes), "Take a class of ontology/core.ttl.")
        yield line, "unknown-class", f"There is no class {shorten(value)}.", mend
    elif value.startswith(str(CODE)) and value not in known.schemes:
        mend = did_you_mean(shorten(value), map(shorten, known.schemes), "Take a code of ontology/codes.ttl.")
        yield line, "unknown-code", f"There is no code {shorten(value)}.", mend
    elif (statement.predicate == _UNIT or value.startswith(PREFIXES["unit"])) and value not in known.units:
        mend = did_you_mean(
            shorten(value), map(shorten, known.units), "Take a unit of QUDT, or a currency: unit:CCY_ and its code."
        )
        yield line, "unknown-unit", f"There is no unit {shorten(value)}.", mend


def undeclared_things(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Things without a class anywhere, and things that should stand in ``entities`` and do not."""
    reference = {s.subject for s in collection.reference if s.predicate == RDF_TYPE}
    known = {iri for iri in (*collection.types, *reference) if iri.startswith(str(ID))}
    declared = reference | {iri for iri in known if collection.types[iri] & SELF_LABELLED}
    names = sorted(shorten(iri) for iri in declared if iri.startswith(str(ID)))
    for claim in claims:
        told = set()
        for s in (*claim.facts, *claim.record):
            for iri, line in ((s.subject, s.subject_line), (s.thing, s.line)):
                if not iri.startswith(str(ID)) or iri in declared or iri in told:
                    continue
                told.add(iri)
                where = "entities/" if iri in known else "entities/, or in the claim that introduces it"
                mend = did_you_mean(shorten(iri), names, f"Declare it, with its class and labels, in {where}.")
                yield claim.error(line, "undeclared-thing", f"{shorten(iri)} is declared nowhere.", mend)
    for s in collection.reference:
        if s.file.startswith("entities/") and s.thing and s.thing not in declared:
            mend = did_you_mean(shorten(s.thing), names, "Declare it, with its class and labels.")
            yield _told(s, "", (s.line, "undeclared-thing", f"{shorten(s.thing)} is declared nowhere.", mend))
