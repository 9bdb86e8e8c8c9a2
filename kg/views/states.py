"""States: who leads them, where they are members, and how much the graph holds of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact
from kg.views.leaders import Tenure, tenures_with_role
from kg.views.listings import PAGE_SIZE, Listing, distinct, listing, named
from kg.views.records import Record, records
from kg.views.visits import Attendance, attendances
from ontology.namespaces import CODE, KEL, PREFIXES

MEMBER_OF: Final = PREFIXES["org"] + "memberOf"
HEAD: Final = str(CODE["role-head-of-state"])
ABSENT: Final = str(CODE["attendance-absence-announced"])

HOLDINGS: Final[Mapping[str, str]] = {
    "leaders": f"GRAPH ?h {{ ?tenure <{KEL.office}> ?office }} ?office <{PREFIXES['org']}postIn> ?thing",
    "documents": f"GRAPH ?h {{ ?held <{KEL.party}> ?thing }} "
    f"{{ ?held a <{KEL.Instrument}> }} UNION {{ ?held a <{KEL.DocumentPackage}> }}",
    "visits": f"GRAPH ?h {{ ?held <{KEL.visited}> ?thing }}",
    "figures": f"GRAPH ?h {{ ?held <{KEL.refArea}>|<{KEL.counterpartArea}> ?thing }}",
}
"""What a state may have in the graph, by the word for it, and the pattern that binds ``?thing`` to states that do."""

_COUNTED: Final = ("documents", "visits", "figures")


@dataclass(frozen=True)
class State:
    """A state in brief: codes, heads of state attested, memberships, and how many things of a sort the graph holds."""

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
) -> Listing:
    """States by name: members of an organisation, having some of `HOLDINGS`, with words in one of their names."""
    parts = [f"?thing a <{KEL.State}>"]
    if member:
        parts.append(f"GRAPH ?m {{ ?thing <{MEMBER_OF}> {node(member)} }}")
    if having:
        parts.append(HOLDINGS[having])
    if words:
        parts.append(named(words))
    pattern = " ".join(f"{{ {part} }}" for part in parts)
    return listing(reader, pattern, language, descending=descending, number=number, size=PAGE_SIZE)


def organisations(reader: Reader) -> list[str]:
    """The organisations of which states are told to be members."""
    return distinct(reader, f"?thing a <{KEL.State}> GRAPH ?m {{ ?thing <{MEMBER_OF}> ?organisation }}", "organisation")


def in_brief(reader: Reader, iris: Sequence[str]) -> list[State]:
    """States in brief, in the order of `iris`."""
    described = records(reader, iris)
    heads = tenures_with_role(reader, HEAD, iris, limit=4 * len(iris) + 1)
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
    """The facts that a state is a member of organisations, in whatever modality; see `kg.views.records.records`."""
    return state[MEMBER_OF]


def absences(reader: Reader, agents: list[str], limit: int) -> list[Attendance]:
    """The events from which a state, or one of its people, is announced to stay away."""
    return [a for a in attendances(reader, agents, limit) if any(fact.iri == ABSENT for fact in a.attendance)]


def _counts(reader: Reader, iris: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for name in _COUNTED:
        rows = reader.rows(
            f"SELECT ?thing (COUNT(DISTINCT ?held) AS ?number) WHERE {{ VALUES ?thing {{ {nodes(iris)} }} "
            f"{HOLDINGS[name]} }} GROUP BY ?thing LIMIT {len(iris) + 1}"
        )
        for row in rows:
            if "thing" in row:
                found[str(row["thing"].value)][name] = int(row["number"].value)
    return {iri: found[iri] for iri in iris}
