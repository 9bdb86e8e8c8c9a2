"""Finds all conflicts of a graph, by the rules of each kind."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from kg.conflicts.attributes import attribute_conflicts
from kg.conflicts.denials import answered_accusations, denied_facts, opposed_statements, opposite_trends
from kg.conflicts.evidence import ORG, Evidence, denied_and_said, pairs, read_evidence
from kg.conflicts.figure_conflicts import figure_conflicts
from kg.conflicts.figures import read_figures
from kg.conflicts.kinds import KINDS
from kg.conflicts.model import Conflict
from kg.conflicts.offices import office_conflicts
from kg.conflicts.participation import membership_conflicts, participation_conflicts
from kg.conflicts.plans import plan_conflicts
from kg.conflicts.whereabouts import whereabouts_conflicts
from kg.engine.reading import Rows
from ontology.namespaces import KEL, PREFIXES


def detect(reader: Rows) -> list[Conflict]:
    """The conflicts between the claims of a graph, by kind and IRI; the same claims give the same conflicts.

    Time grows nearly linearly with the number of claims: facts are grouped by what they are about, and each group is
    sorted. What no claim tells makes no conflict.
    """
    evidence = read_evidence(reader)
    roles = pairs(reader, f"?x <{ORG}role> ?y")
    people = pairs(reader, f"?x a <{PREFIXES['foaf']}Person> BIND(?x AS ?y)")
    members = pairs(reader, f"GRAPH ?claim {{ ?x <{ORG}memberOf> ?y }}")
    within = pairs(reader, f"?x <{KEL.locatedIn}>+ ?y")
    offices = pairs(reader, f"?tenure <{KEL.holder}> ?x ; <{KEL.office}> ?office . ?office <{ORG}postIn> ?y")
    found: Iterable[Conflict] = (
        *figure_conflicts(evidence, read_figures(evidence)),
        *plan_conflicts(evidence),
        *office_conflicts(evidence, roles),
        *participation_conflicts(evidence, members),
        *membership_conflicts(evidence),
        *denied_facts(denied_and_said(reader)),
        *opposed_statements(evidence),
        *answered_accusations(evidence, offices),
        *opposite_trends(evidence),
        *attribute_conflicts(evidence),
        *whereabouts_conflicts(evidence, people, within),
    )
    distinct = {conflict.iri: conflict for conflict in found}
    order = {kind: number for number, kind in enumerate(KINDS)}
    return [
        replace(each, caveats=each.caveats | _doubts(evidence, each))
        for each in sorted(distinct.values(), key=lambda c: (order[c.kind], c.iri))
    ]


_DOUBTS: Final = ("hedged", "implied", "doubtful")


def _doubts(evidence: Evidence, conflict: Conflict) -> set[str]:
    """Why a conflict of any kind may be none: all claims of one side are hedged, implied or hard to read."""
    names = {"hedged": "hedged", "implied": "implied", "doubtful": "doubtful-reading"}
    return {
        name
        for attribute, name in names.items()
        for side in conflict.sides
        if side.claims and all(getattr(evidence.record(claim), attribute) for claim in side.claims)
    }
