"""Contradictions between claims: different values of a single-valued property, and facts that others deny."""

from collections.abc import Iterable, Mapping
from typing import Final

from kg.conflicts.attributes import SINGLE_VALUED
from kg.conflicts.comparison import disagreements
from kg.conflicts.evidence import Evidence
from kg.conflicts.figures import read_figures
from kg.store.reader import Reader, nodes
from kg.views.facts import Fact, by_property
from kg.views.footnotes import Footnote
from kg.views.timelines import moments
from ontology.namespaces import KEL

COMPARED_PROPERTIES: Final = tuple(
    str(KEL[name])
    for name in (
        "measure", "refArea", "counterpartArea", "observed", "commodity", "unit", "figureKind", "group", "value",
        "bound", "asWritten", "dateBasis",
    )
)  # fmt: skip
"""The properties of figures, in addition to their periods, that `contradictions` compares."""

_MAX_COMPARED: Final = 200
_VALUE: Final = str(KEL.value)


def conflicting_properties(facts: Iterable[Fact]) -> set[str]:
    """The single-valued properties of one thing for which different claims give different values."""
    grouped = by_property(fact for fact in facts if not fact.inferred)
    return {
        name
        for name, several in grouped.items()
        if name in SINGLE_VALUED and len({fact.value for fact in several}) > 1 and len({f.claims for f in several}) > 1
    }


def dates_conflict(facts: Iterable[Fact]) -> bool:
    """Whether two claims give dates of one thing, of the same kind, that have no day in common."""
    dated = [m for m in moments(facts) if m.kind in {"held", "planned"}]
    return any(one.is_disjoint_from(other) for one in dated for other in dated)


def is_disputed(fact: Fact, notes: Mapping[str, Footnote]) -> bool:
    """Whether one claim denies the fact and another gives it in another modality."""
    modalities = {notes[claim].modality_code for claim in fact.claims if claim in notes}
    return "denied" in modalities and len(modalities) > 1


def contradictions(figures: Mapping[str, list[Fact]]) -> dict[str, list[str]]:
    """Those of the figures (with their facts) that others contradict, each with the others; see `kg.conflicts`."""
    given = [of for of in figures.values() if any(fact.predicate == _VALUE for fact in of)]
    facts = ((f.subject, f.predicate, f.value, claim) for of in given for f in of for claim in f.claims)
    pairs = {
        (one.iri, other.iri)
        for found in disagreements(read_figures(Evidence(facts, {})))
        for one in found
        for other in found
        if one.disagrees(other) and one.iri != other.iri
    }
    return {iri: others for iri in figures if (others := [other for other in figures if (iri, other) in pairs])}


def comparable_figures(reader: Reader, facts: Iterable[Fact]) -> list[str]:
    """The figures of the graph, in every modality, with the measure and a party of a figure; at most 200."""
    values = by_property(facts)
    measures = {f.iri for f in values.get(str(KEL.measure), ()) if f.iri}
    parties = {f.iri for name in ("refArea", "observed") for f in values.get(str(KEL[name]), ()) if f.iri}
    if not measures or not parties:
        return []
    sides = "|".join(f"<{KEL[name]}>" for name in ("refArea", "counterpartArea", "observed"))
    given = f"VALUES ?measure {{ {nodes(measures)} }} VALUES ?party {{ {nodes(parties)} }}"
    rows = reader.rows(
        f"SELECT DISTINCT ?figure WHERE {{ {given} "
        f"GRAPH ?claim {{ ?figure {sides} ?party ; <{KEL.measure}> ?measure }} }} LIMIT {_MAX_COMPARED}"
    )
    return [str(row["figure"].value) for row in rows]
