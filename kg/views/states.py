"""States: heads of state, memberships, and counts of related things."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact
from kg.views.leaders import Tenure, tenures_with_role
from kg.views.listings import PAGE_SIZE, Listing, distinct, listing, name_contains
from kg.views.records import Record, records
from kg.views.visits import Attendance, attendances
from ontology.namespaces import CODE, KEL, PREFIXES

MEMBER_OF: Final = PREFIXES["org"] + "memberOf"
HEAD_OF_STATE: Final = str(CODE["role-head-of-state"])
ABSENCE_ANNOUNCED: Final = str(CODE["attendance-absence-announced"])

CONTENT_PATTERNS: Final[Mapping[str, str]] = {
    "leaders": f"GRAPH ?h {{ ?held <{KEL.office}> ?office }} ?office <{PREFIXES['org']}postIn> ?thing",
    "documents": f"GRAPH ?h {{ ?held <{KEL.party}> ?thing }} "
    f"{{ ?held a <{KEL.Instrument}> }} UNION {{ ?held a <{KEL.DocumentPackage}> }}",
    "visits": f"GRAPH ?h {{ ?held <{KEL.visited}> ?thing }}",
    "figures": f"GRAPH ?h {{ ?held <{KEL.refArea}>|<{KEL.counterpartArea}> ?thing }}",
}
"""The kinds of content that a state may have, and the patterns that bind ``?thing`` to states that have ``?held``."""


@dataclass(frozen=True)
class State:
    """The summary of a state: codes, attested heads of state, memberships, and counts by kind of content, also of 0."""

    iri: str
    codes: tuple[Fact, ...]
    heads: tuple[Tenure, ...]
    memberships: tuple[Fact, ...]
    counts: Mapping[str, int]


def states(  # noqa: PLR0913 - the filters of the list
    reader: Reader,
    language: str,
    *,
    member: str = "",
    having: str = "",
    words: str = "",
    descending: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Listing:
    """States by name. member: an organisation. having: a key of `CONTENT_PATTERNS`. words: part of a label."""
    parts = [f"?thing a <{KEL.State}>"]
    if member:
        parts.append(f"GRAPH ?m {{ ?thing <{MEMBER_OF}> {node(member)} }}")
    if having:
        parts.append(CONTENT_PATTERNS[having])
    if words:
        parts.append(name_contains(words))
    pattern = " ".join(f"{{ {part} }}" for part in parts)
    return listing(reader, pattern, language, descending=descending, number=number, size=size)


def organisations(reader: Reader) -> list[str]:
    """The organisations that have states as members."""
    return distinct(reader, f"?thing a <{KEL.State}> GRAPH ?m {{ ?thing <{MEMBER_OF}> ?organisation }}", "organisation")


def state_summaries(reader: Reader, iris: Sequence[str]) -> list[State]:
    """The summaries of states, in the order of `iris`."""
    described = records(reader, iris)
    heads = tenures_with_role(reader, HEAD_OF_STATE, iris, limit=4 * len(iris) + 1)
    counts = _counts(reader, iris)
    return [
        State(
            iri,
            described[iri]["isoAlpha3"],
            tuple(tenure for tenure in heads if tenure.office.state == iri),
            memberships(described[iri]),
            counts[iri],
        )
        for iri in iris
    ]


def memberships(state: Record) -> tuple[Fact, ...]:
    """The memberships of a state, in every modality; see `kg.views.records.records`."""
    return state[MEMBER_OF]


def absences(reader: Reader, agents: list[str], limit: int) -> list[Attendance]:
    """The announced absences of agents (a state, its people) from events."""
    return [
        a for a in attendances(reader, agents, limit) if any(fact.iri == ABSENCE_ANNOUNCED for fact in a.attendance)
    ]


def _counts(reader: Reader, iris: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(CONTENT_PATTERNS, 0))
    for name, pattern in CONTENT_PATTERNS.items():
        rows = reader.rows(
            f"SELECT ?thing (COUNT(DISTINCT ?held) AS ?number) WHERE {{ VALUES ?thing {{ {nodes(iris)} }} "
            f"{pattern} }} GROUP BY ?thing LIMIT {len(iris) + 1}"
        )
        for row in rows:
            if "thing" in row:
                found[str(row["thing"].value)][name] = int(row["number"].value)
    return {iri: found[iri] for iri in iris}
