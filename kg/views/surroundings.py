"""What stands around a thing: its own facts, those that link to it, and the claims that name it, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.store.reader import Reader, Row, node
from kg.views.facts import FACTS, MAX_ROWS, WINDOW, Fact, facts_in, know
from ontology import INFERRED_GRAPH
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

_MAX_SCANNED: Final = 20_000

_RECORD: Final = tuple(str(KEL[name]) for name in ("speaker", "modality", "passage"))
"""The properties by which a claim's record points to things."""

_OF_CONFLICTS: Final = (
    "conflictKind",
    "conflictAbout",
    "caveat",
    "toldIn",
    "tellsOf",
    "differingProperty",
    "differingValue",
)
"""The properties of conflicts that point to things; `kg.views.conflicts` tells of them."""

_REPLACED: Final = PREFIXES["dcterms"] + "isReplacedBy"
"""From former names, which lead here."""

_EXCLUDED_PROPERTIES: Final = ", ".join(
    f"<{iri}>" for iri in (*_RECORD, KEL.article, RDF_TYPE, _REPLACED, *(KEL[name] for name in _OF_CONFLICTS))
)
"""Properties of reference data that are too frequent to list as links to a thing, or told elsewhere."""


@dataclass(frozen=True)
class Surroundings:
    """The facts of a thing; those with it as value; and the claims with it as speaker, modality or passage.

    links: at most `WINDOW` from claims and as many others, without the records of claims and without inferred facts.
    claims: at most `WINDOW`.
    """

    facts: list[Fact]
    links: list[Fact]
    claims: list[str]


def surroundings(reader: Reader, iri: str, after: int = 0) -> Surroundings:
    """What stands around a thing; links and claims from offset `after` on."""
    known = reader.memory["surroundings"]
    if (iri, after) not in known:
        known[iri, after] = _read(reader, iri, after)
    found: Surroundings = known[iri, after]
    return found


def _read(reader: Reader, iri: str, after: int) -> Surroundings:
    window = {"thing": node(iri), "things": node(iri), "window": f"LIMIT {WINDOW:d} OFFSET {after:d}"}
    parts: dict[str, list[Row]] = {"fact": [], "link": [], "reference": [], "claim": []}
    for row in reader.rows(_AROUND % window):
        parts[row["part"].value].append(row)
    if len(parts["fact"]) < MAX_ROWS:
        know(reader, [iri], parts["fact"])
    links = facts_in({**row, "value": ox.NamedNode(iri)} for row in _named((*parts["link"], *parts["reference"])))
    return Surroundings(facts_in(parts["fact"]), links, [str(row["subject"].value) for row in _named(parts["claim"])])


def _named(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if isinstance(row["subject"], ox.NamedNode)]


# Without ORDER BY: the engine's order is stable within a version, and sorting would read all links.
_AROUND: Final = f"""
SELECT ?part ?subject ?property ?value ?graph WHERE {{
  {{ {{ SELECT ?subject ?property ?value ?graph WHERE {{ {FACTS} }} LIMIT {MAX_ROWS} }} BIND("fact" AS ?part) }}
  UNION
  {{ {{ SELECT ?subject ?property ?graph WHERE {{
      GRAPH ?graph {{ ?subject ?property %(thing)s }}
      FILTER NOT EXISTS {{ GRAPH <{INFERRED_GRAPH}> {{ ?subject ?property %(thing)s }} }}
    }} %(window)s }} BIND("link" AS ?part) }}
  UNION
  {{ {{ SELECT ?subject ?property WHERE {{
      {{ SELECT ?subject ?property WHERE {{ ?subject ?property %(thing)s }} LIMIT {_MAX_SCANNED} }}
      FILTER(?property NOT IN ({_EXCLUDED_PROPERTIES}))
      FILTER NOT EXISTS {{ GRAPH ?any {{ ?subject ?property %(thing)s }} }}
    }} %(window)s }} BIND("reference" AS ?part) }}
  UNION
  {{ {{ SELECT DISTINCT ?subject WHERE {{
      VALUES ?naming {{ {" ".join(f"<{name}>" for name in _RECORD)} }}
      ?subject ?naming %(thing)s ; a <{KEL.Claim}>
    }} %(window)s }} BIND("claim" AS ?part) }}
}} LIMIT {2 * MAX_ROWS}
"""
