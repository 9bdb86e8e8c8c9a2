"""Contradictions between claims: different values of a single-valued property, and facts that others deny."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from kg.store.reader import Reader, nodes
from kg.views.facts import Fact, by_property
from kg.views.footnotes import Footnote
from kg.views.timelines import moments
from ontology.namespaces import KEL

SINGLE_VALUED: Final = frozenset(
    str(KEL[name])
    for name in (
        "documentCount", "force", "holder", "inState", "isoAlpha2", "isoAlpha3", "kind", "measure", "office",
        "ordinal", "outOf", "stage", "stageOf", "unit", "value", "visitLevel", "visited",
    )
)  # fmt: skip
"""Properties of which a thing has one value; without `kel:status`, which changes over time."""

_SIDES: Final = tuple(str(KEL[name]) for name in ("measure", "refArea", "counterpartArea"))
_KEYS: Final = (*_SIDES, *(str(KEL[name]) for name in ("observed", "commodity", "unit", "figureKind", "group")))
COMPARED_PROPERTIES: Final = (*_KEYS, str(KEL.value))
"""The properties of figures, in addition to their periods, that `contradictions` compares."""

_MAX_COMPARED: Final = 200


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
    """Those of the figures (with their facts) that others contradict, each with the others.

    Two figures contradict each other if they have the same measure, the same two sides, unit, kind and group, different
    values from different claims, and the same period, or one of them has no period. Figures without a second side are
    not compared: a target does not contradict what is.
    """
    groups: dict[tuple[frozenset[str], ...], list[str]] = defaultdict(list)
    for iri, facts in figures.items():
        values = by_property(facts)
        if all(name in values for name in _SIDES):
            groups[tuple(frozenset(str(f.value) for f in values[name]) for name in _KEYS)].append(iri)
    found: dict[str, list[str]] = {}
    for group in groups.values():
        for iri in group:
            others = [other for other in group if other != iri and _contradict(figures[iri], figures[other])]
            if others:
                found[iri] = others
    return found


def comparable_figures(reader: Reader, facts: Iterable[Fact]) -> list[str]:
    """The figures of the graph, in every modality, with the measure and the two sides of a figure; at most 200."""
    values = by_property(facts)
    if not all(name in values for name in _SIDES):
        return []
    sides = " ; ".join(f"<{name}> ?v{i}" for i, name in enumerate(_SIDES))
    given = " ".join(f"VALUES ?v{i} {{ {nodes(f.iri for f in values[n] if f.iri)} }}" for i, n in enumerate(_SIDES))
    rows = reader.rows(
        f"SELECT DISTINCT ?figure WHERE {{ {given} GRAPH ?claim {{ ?figure {sides} }} }} LIMIT {_MAX_COMPARED}"
    )
    return [str(row["figure"].value) for row in rows]


def _contradict(one: list[Fact], other: list[Fact]) -> bool:
    a, b = by_property(one), by_property(other)
    value = str(KEL.value)
    if {f.value for f in a[value]} & {f.value for f in b[value]}:
        return False
    if {c for f in a[value] for c in f.claims} & {c for f in b[value] for c in f.claims}:
        return False
    periods = [{(m.first, m.last) for m in moments(facts) if m.kind == "period"} for facts in (one, other)]
    return not all(periods) or bool(periods[0] & periods[1])
