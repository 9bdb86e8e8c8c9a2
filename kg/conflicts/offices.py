"""Two holders of one office at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.conflicts.evidence import Evidence
from kg.conflicts.model import Conflict, code, side
from ontology.namespaces import KEL

SHARED_ROLES: Final = frozenset(
    code(f"role-{name}")
    for name in (
        "deputy-prime-minister", "presidential-aide", "spokesperson", "member-of-parliament", "researcher",
        "journalist", "photographer",
    )
)  # fmt: skip
"""Roles whose offices several people hold at once."""


@dataclass(frozen=True)
class _Holding:
    """What is told of one person in one office, from the first day to the last; stated: days that claims name."""

    holder: str
    first: str
    last: str
    stated: bool
    tenures: frozenset[str]
    claims: frozenset[str]


def office_conflicts(evidence: Evidence, roles: Mapping[str, set[str]]) -> Iterator[Conflict]:
    """The conflicts of holders. `roles` are the roles of each office; an office of `SHARED_ROLES` has many holders.

    Somebody who is attested on two days is taken to have held the office between them.
    """
    for office, holdings in sorted(_holdings(evidence).items()):
        if roles.get(office, set()) & SHARED_ROLES:
            continue
        open_holdings: list[_Holding] = []
        for holding in sorted(holdings, key=lambda h: (h.first, h.last, h.holder)):
            open_holdings = [h for h in open_holdings if h.last >= holding.first]
            for other in open_holdings:
                if holding.claims.isdisjoint(other.claims):
                    yield _conflict(office, other, holding, known=bool(roles.get(office)))
            open_holdings.append(holding)


def _holdings(evidence: Evidence) -> dict[str, list[_Holding]]:
    days: dict[tuple[str, str], list[tuple[str, str, str, bool]]] = defaultdict(list)
    for tenure, told in evidence.told("office"):
        holders = {t.value.value for t in evidence.of(tenure, "holder")}
        known = [(t.value.value, t.claim, False) for t in evidence.of(tenure, "attestedOn")]
        known += [(t.value.value, t.claim, True) for t in evidence.of(tenure, "periodStart", "periodEnd")]
        for office in {t.value.value for t in told}:
            for holder in holders:
                days[office, holder] += [(day, claim, tenure, stated) for day, claim, stated in known]
    found: dict[str, list[_Holding]] = defaultdict(list)
    for (office, holder), given in days.items():
        if given:
            dates, claims, tenures, stated = zip(*given, strict=True)
            found[office].append(
                _Holding(holder, min(dates), max(dates), any(stated), frozenset(tenures), frozenset(claims))
            )
    return found


def _conflict(office: str, one: _Holding, other: _Holding, *, known: bool) -> Conflict:
    caveats = set() if one.stated and other.stated else {"attested-only"}
    both = sorted((one, other), key=lambda h: h.holder)
    sides = tuple(side([ox.NamedNode(h.holder)], h.tenures, h.claims) for h in both)
    key = (office, *(h.holder for h in both))
    caveats |= set() if known else {"several-holders"}
    return Conflict("office", key, str(KEL.holder), (office,), sides, frozenset(caveats))
