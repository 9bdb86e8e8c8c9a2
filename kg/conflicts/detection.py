"""Finds all conflicts of a graph, by the rules of each kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
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
from kg.engine.reading import Row, Rows
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

PERSON: Final = PREFIXES["foaf"] + "Person"

RELATIONS: Final = {
    "roles": (f"?x <{ORG}role> ?y", (f"{ORG}role",)),
    "people": (f"?x a <{PERSON}> BIND(?x AS ?y)", (RDF_TYPE,)),
    "members": (f"GRAPH ?claim {{ ?x <{ORG}memberOf> ?y }}", (f"{ORG}memberOf",)),
    "within": (f"?x <{KEL.locatedIn}>+ ?y", (str(KEL.locatedIn),)),
    "offices": (
        f"?tenure <{KEL.holder}> ?x ; <{KEL.office}> ?office . ?office <{ORG}postIn> ?y",
        (str(KEL.holder), str(KEL.office), f"{ORG}postIn"),
    ),
}
"""What else is read than facts of claims, by name: a pattern of ?x and ?y, and the properties in it."""

DENIED: Final = "denied"
"""The name of the facts that one claim holds as denied and another tells."""


class Grounds:
    """What conflicts are found by; its evidence notes in ``reads`` what is asked for, the names of relations too."""

    def __init__(self, evidence: Evidence, relations: dict[str, dict[str, set[str]]], denied: Sequence[Row]) -> None:
        """`relations`: those of `RELATIONS`; `denied`: the rows of `denied_and_said`."""
        self.evidence = evidence
        self.relations = relations
        self.denied = denied

    def relation(self, name: str) -> Mapping[str, set[str]]:
        """One of `RELATIONS`."""
        self.evidence.reads.add(name)
        return self.relations[name]

    def denials(self) -> Sequence[Row]:
        """The facts that are denied and told."""
        self.evidence.reads.add(DENIED)
        return self.denied


def read_grounds(reader: Rows) -> Grounds:
    """Reads all that conflicts are found by."""
    relations = {name: pairs(reader, pattern) for name, (pattern, _) in RELATIONS.items()}
    return Grounds(read_evidence(reader), relations, [*denied_and_said(reader)])


RULES: Final[tuple[Callable[[Grounds], Iterable[Conflict]], ...]] = (
    lambda of: figure_conflicts(of.evidence, read_figures(of.evidence)),
    lambda of: plan_conflicts(of.evidence),
    lambda of: office_conflicts(of.evidence, of.relation("roles")),
    lambda of: participation_conflicts(of.evidence, of.relation("members")),
    lambda of: membership_conflicts(of.evidence),
    lambda of: denied_facts(of.denials()),
    lambda of: opposed_statements(of.evidence),
    lambda of: answered_accusations(of.evidence, of.relation("offices")),
    lambda of: opposite_trends(of.evidence),
    lambda of: attribute_conflicts(of.evidence),
    lambda of: whereabouts_conflicts(of.evidence, of.relation("people"), of.relation("within")),
)
"""Each finds conflicts by what it asks the grounds for, and by nothing else."""


def detect(reader: Rows) -> list[Conflict]:
    """The conflicts between the claims of a graph, by kind and IRI; the same claims give the same conflicts.

    Time grows nearly linearly with the number of claims: facts are grouped by what they are about, and each group is
    sorted. What no claim tells makes no conflict.
    """
    grounds = read_grounds(reader)
    return in_order(grounds.evidence, chain.from_iterable(rule(grounds) for rule in RULES))


def in_order(evidence: Evidence, found: Iterable[Conflict]) -> list[Conflict]:
    """Conflicts by kind and IRI, each once, with the doubts about any kind."""
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
