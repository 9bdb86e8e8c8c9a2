"""Offices: their body, state and roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kg.store.reader import Reader, node, nodes
from ontology.namespaces import KEL, PREFIXES

_ORG: Final = PREFIXES["org"]
_WITHIN: Final = f"(<{_ORG}subOrganizationOf>|<{KEL.inState}>)*"
_MAX_ROWS: Final = 5_000


@dataclass(frozen=True)
class Office:
    """An office, its body, the state of that body if the graph links them, and its roles, all as IRIs."""

    iri: str
    body: str = ""
    state: str = ""
    roles: tuple[str, ...] = ()


STATE_OF_OFFICE: Final = f"?office <{_ORG}postIn> ?body . ?body {_WITHIN} ?state . ?state a <{KEL.State}>"
"""The pattern that binds ``?state`` to the state of ``?office``, if the graph links its body to one."""


def of_state(state: str) -> str:
    """The pattern that binds ``?office`` to the offices in a state, its bodies and its places."""
    return f"?body {_WITHIN} {node(state)} . ?office <{_ORG}postIn> ?body ."


def offices(reader: Reader, iris: Iterable[str]) -> dict[str, Office]:
    """The offices by IRI; an unknown one has no body and no state."""
    wanted = sorted(set(iris))
    known: dict[str, Office] = reader.memory["offices"]
    if new := reader.missing("offices", wanted):
        known.update(_read(reader, new))
    return {iri: known[iri] for iri in wanted}


def _read(reader: Reader, wanted: list[str]) -> dict[str, Office]:
    rows = reader.rows(
        f"SELECT DISTINCT ?office ?body ?state ?role WHERE {{ VALUES ?office {{ {nodes(wanted)} }} "
        f"OPTIONAL {{ ?office <{_ORG}postIn> ?body }} OPTIONAL {{ ?office <{_ORG}role> ?role }} "
        f"OPTIONAL {{ ?body {_WITHIN} ?state . ?state a <{KEL.State}> }} }} "
        f"ORDER BY ?office ?body ?state ?role LIMIT {_MAX_ROWS}"
    )
    found = {iri: Office(iri) for iri in wanted}
    for row in rows:
        iri = str(row["office"].value)
        known = found[iri]
        body, state, role = (str(row[name].value) if name in row else "" for name in ("body", "state", "role"))
        roles = tuple(dict.fromkeys((*known.roles, role))) if role else known.roles
        found[iri] = Office(iri, known.body or body, known.state or state, roles)
    return found
