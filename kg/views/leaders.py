"""Office holders: tenures with the days on which sources attest them, and the claims."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from kg.views.facts import Fact, claims_of
from kg.views.finding import Search, find
from kg.views.listings import PAGE_SIZE, Listing, distinct, listing, name_contains
from kg.views.offices import STATE_OF_OFFICE, Office, of_state, offices
from kg.views.records import Record, records
from kg.views.timelines import Moment
from ontology.namespaces import CODE, KEL, PREFIXES

_POST_IN: Final = PREFIXES["org"] + "postIn"
_ROLE: Final = PREFIXES["org"] + "role"
_PERSON: Final = PREFIXES["foaf"] + "Person"


_RANKS: Final = tuple(
    str(CODE[f"role-{name}"])
    for name in (
        *("head-of-state", "deputy-prime-minister", "minister", "secretary-general", "head-of-company"),
        *("presidential-aide", "press-secretary", "spokesperson", "ambassador", "member-of-parliament"),
    )
)
"""The roles of offices from the highest down; others come after them."""


_LEADING: Final = frozenset(
    str(CODE[f"role-{name}"]) for name in ("head-of-state", "minister", "secretary-general", "head-of-company")
)


@dataclass(frozen=True)
class Tenure:
    """A person in an office. `attested` are the days of sources that show it, not its start or end."""

    iri: str
    holders: tuple[Fact, ...]
    office: Office
    offices: tuple[Fact, ...]
    attested: tuple[Moment, ...]
    terms: tuple[Moment, ...]

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims of the holders and the offices."""
        return claims_of((*self.holders, *self.offices))


def ranked(tenures: Iterable[Tenure]) -> list[Tenure]:
    """The tenures with the highest office first, then those that were attested last."""
    latest_first = sorted(tenures, key=lambda each: each.attested[-1].last if each.attested else "", reverse=True)
    return sorted(latest_first, key=lambda each: _rank(each.office))


def leads(tenure: Tenure) -> bool:
    """Whether it is the office of one who leads a body, not of one who speaks or works for it."""
    return bool(_LEADING & {*tenure.office.roles})


def _rank(office: Office) -> int:
    return min((_RANKS.index(role) for role in office.roles if role in _RANKS), default=len(_RANKS))


def in_state(state: str, limit: int) -> Search:
    """The tenures of the offices in a state, its bodies and its places."""
    return Search(f"{of_state(state)} GRAPH ?claim {{ ?thing <{KEL.office}> ?office }}", limit)


def vacant_in(state: str, limit: int) -> Search:
    """The offices in a state, its bodies and its places without a tenure."""
    vacant = f"{of_state(state)} FILTER NOT EXISTS {{ GRAPH ?claim {{ ?tenure <{KEL.office}> ?office }} }}"
    return Search(f"{vacant} BIND(?office AS ?thing)", limit)


def tenures_with_role(reader: Reader, role: str, states: Iterable[str], limit: int) -> list[Tenure]:
    """The tenures of offices with a role, such as head of state, in the states themselves; at most `limit`."""
    posts = f"VALUES ?state {{ {nodes(states)} }} ?office <{_POST_IN}> ?state ; <{_ROLE}> {node(role)} ."
    return tenures(reader, Search(f"{posts} GRAPH ?claim {{ ?thing <{KEL.office}> ?office }}", limit))


def of_people(people: Iterable[str], limit: int) -> Search:
    """The tenures of people."""
    return Search(f"VALUES ?who {{ {nodes(people)} }} GRAPH ?claim {{ ?thing <{KEL.holder}> ?who }}", limit)


def by_holder(tenures: Iterable[Tenure]) -> dict[str, list[Tenure]]:
    """The tenures by the IRIs of their holders."""
    found: dict[str, list[Tenure]] = defaultdict(list)
    for tenure in tenures:
        for holder in tenure.holders:
            found[holder.iri].append(tenure)
    return found


def people(  # noqa: PLR0913 - who is listed, in which order, and which part of the list
    reader: Reader, pattern: str, language: str, *, descending: bool = False, number: int = 1, size: int = PAGE_SIZE
) -> Listing:
    """People by name: those of the pattern, which `selected_people` gives."""
    return listing(reader, pattern, language, descending=descending, number=number, size=size)


def selected_people(*, state: str = "", role: str = "", words: str = "", in_office: bool = True) -> str:
    """The pattern of people with an office (of that state, with that role), or of those without one."""
    office = f"GRAPH ?c {{ ?tenure <{KEL.holder}> ?thing }}"
    if in_office:
        pattern = office + (f" GRAPH ?d {{ ?tenure <{KEL.office}> ?office }}" if state or role else "")
        pattern += f" ?office <{_ROLE}> {node(role)} ." if role else ""
        pattern += f" {of_state(state)}" if state else ""
    else:
        pattern = f"?thing a <{_PERSON}> FILTER NOT EXISTS {{ {office} }}"
    return f"{pattern} {name_contains(words)}" if words else pattern


def states_with_offices(reader: Reader) -> list[str]:
    """The states with a tenure in one of their offices."""
    return distinct(reader, f"GRAPH ?c {{ ?tenure <{KEL.office}> ?office }} {STATE_OF_OFFICE}", "state")


def roles_attested(reader: Reader) -> list[str]:
    """The roles of offices with a tenure."""
    return distinct(reader, f"GRAPH ?c {{ ?tenure <{KEL.office}> ?office }} ?office <{_ROLE}> ?role", "role")


def tenures(reader: Reader, search: Search) -> list[Tenure]:
    """The tenures that a search finds."""
    every = records(reader, find(reader, search))
    known = offices(reader, (fact.iri for each in every.values() for fact in each["office"]))
    return [_tenure(each, known) for each in every.values()]


def _tenure(each: Record, known: dict[str, Office]) -> Tenure:
    office = next((known[fact.iri] for fact in each["office"]), Office(""))
    return Tenure(
        each.thing, each["holder"], office, each["office"], each.dates("attested"), each.dates("period", "held")
    )
