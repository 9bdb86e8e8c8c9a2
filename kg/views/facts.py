"""The facts of things, each with the claims that state it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.language.labels import preferred_label
from kg.store.reader import Reader, Row, Term, node, nodes
from ontology import INFERRED_GRAPH
from ontology.namespaces import KEL, PREFIXES, RDF_TYPE

WINDOW: Final = 400
"""The page size of links to a thing."""

_BATCH: Final = 200
_MAX_ROWS: Final = 12_000
_MAX_SCANNED: Final = 20_000

_TRANSLATED: Final = frozenset(
    {str(KEL.gloss), str(KEL.confidenceReason), PREFIXES["skos"] + "definition", PREFIXES["dcterms"] + "description"}
)
"""The properties of texts that stand once in each language."""

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

_EXCLUDED_PROPERTIES: Final = ", ".join(
    f"<{iri}>" for iri in (*_RECORD, KEL.article, RDF_TYPE, *(KEL[name] for name in _OF_CONFLICTS))
)
"""Properties of reference data that are too frequent to list as links to a thing, or told elsewhere."""


@dataclass(frozen=True)
class Fact:
    """One triple and the claims that state it, sorted.

    A fact without claims is reference data, such as a label or a code, or it is `inferred`: then `claims` are those
    whose facts alone entail it.
    """

    subject: str
    predicate: str
    value: Term
    claims: tuple[str, ...] = ()
    inferred: bool = False

    @property
    def iri(self) -> str:
        """The value if it is an IRI, else empty."""
        return self.value.value if isinstance(self.value, ox.NamedNode) else ""


def facts_about(reader: Reader, iris: Iterable[str], only: Iterable[str] = ()) -> dict[str, list[Fact]]:
    """The facts of each thing from all claims, and its reference data, sorted by property and value.

    only: if not empty, the only properties to return, without inferred facts.
    """
    wanted = sorted(set(iris))
    listed = ", ".join(f"<{name}>" for name in sorted(only))
    kept = f"FILTER(?property IN ({listed}))" if listed else ""
    in_claims = f"{kept} FILTER(?graph != <{INFERRED_GRAPH}>)" if listed else ""
    rows: list[Row] = []
    for start in range(0, len(wanted), _BATCH):
        things = nodes(wanted[start : start + _BATCH])
        rows += reader.rows(_ABOUT % {"things": things, "kept": kept, "in_claims": in_claims, "limit": _MAX_ROWS})
    found: dict[str, list[Fact]] = {iri: [] for iri in wanted}
    for fact in _facts(rows):
        found[fact.subject].append(fact)
    return found


def links_to(reader: Reader, iri: str, after: int = 0) -> list[Fact]:
    """The facts with the thing as value, from offset `after` on: at most `WINDOW` from claims and as many others.

    Without the records of claims (see `claims_referring_to`) and inferred facts.
    """
    return _facts(
        [
            {**row, "value": ox.NamedNode(iri)}
            for query in (_LINKS, _REFERENCE_LINKS)
            for row in reader.rows(
                query
                % {
                    "thing": node(iri),
                    "limit": WINDOW,
                    "after": after,
                    "scanned": _MAX_SCANNED,
                    "not": _EXCLUDED_PROPERTIES,
                }
            )
            if isinstance(row["subject"], ox.NamedNode)
        ]
    )


def links_by(reader: Reader, name: str, iris: Iterable[str]) -> list[Fact]:
    """The facts of claims with that property and one of the things as value."""
    wanted = sorted(set(iris))
    rows: list[Row] = []
    for start in range(0, len(wanted), _BATCH):
        values = nodes(wanted[start : start + _BATCH])
        rows += reader.rows(
            f"SELECT ?subject ?property ?value ?graph WHERE {{ VALUES ?value {{ {values} }} "
            f"VALUES ?property {{ {node(name)} }} GRAPH ?graph {{ ?subject ?property ?value }} }} LIMIT {_MAX_ROWS}"
        )
    return [fact for fact in _facts(rows) if fact.claims]


def claims_referring_to(reader: Reader, iri: str, after: int = 0) -> list[str]:
    """The claims with the thing as speaker, modality or passage in their record, at most `WINDOW` from `after` on."""
    record = " ".join(f"<{name}>" for name in _RECORD)
    rows = reader.rows(
        f"SELECT DISTINCT ?claim WHERE {{ VALUES ?naming {{ {record} }} "
        f"?claim ?naming {node(iri)} ; a <{KEL.Claim}> }} LIMIT {WINDOW} OFFSET {after}"
    )
    return [row["claim"].value for row in rows if isinstance(row["claim"], ox.NamedNode)]


def by_property(facts: Iterable[Fact]) -> Mapping[str, list[Fact]]:
    """The facts grouped by property."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[fact.predicate].append(fact)
    return found


def claims_of(facts: Iterable[Fact]) -> tuple[str, ...]:
    """The claims of several facts in order, without duplicates."""
    return tuple(dict.fromkeys(claim for fact in facts for claim in fact.claims))


def in_language(facts: Iterable[Fact], language: str) -> list[Fact]:
    """The facts, of glosses, definitions and other texts that stand in several languages only the one to show."""
    kept: list[Fact] = []
    texts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.predicate in _TRANSLATED and isinstance(fact.value, ox.Literal):
            texts[fact.subject, fact.predicate].append(fact)
        else:
            kept.append(fact)
    for translations in texts.values():
        shown = preferred_label((f.value for f in translations if isinstance(f.value, ox.Literal)), language)
        kept += [f for f in translations if getattr(f.value, "language", None) == (shown.language or None)]
    return sorted(kept, key=lambda f: (f.subject, f.predicate, str(f.value)))


# Triples in the default graph and in no named graph are reference data; the copies of claims' facts are ignored.
_ABOUT: Final = """
SELECT ?subject ?property ?value ?graph WHERE {
  { VALUES ?subject { %(things)s } GRAPH ?graph { ?subject ?property ?value } %(in_claims)s }
  UNION
  { VALUES ?subject { %(things)s } ?subject ?property ?value %(kept)s
    FILTER NOT EXISTS { GRAPH ?any { ?subject ?property ?value } } }
} LIMIT %(limit)d
"""

# Without ORDER BY: the engine's order is stable within a version, and sorting would read all links.
_LINKS: Final = f"""
SELECT ?subject ?property ?graph WHERE {{
  GRAPH ?graph {{ ?subject ?property %(thing)s }}
  FILTER NOT EXISTS {{ GRAPH <{INFERRED_GRAPH}> {{ ?subject ?property %(thing)s }} }}
}} LIMIT %(limit)d OFFSET %(after)d
"""

_REFERENCE_LINKS: Final = """
SELECT ?subject ?property WHERE {
  { SELECT ?subject ?property WHERE { ?subject ?property %(thing)s } LIMIT %(scanned)d }
  FILTER(?property NOT IN (%(not)s))
  FILTER NOT EXISTS { GRAPH ?any { ?subject ?property %(thing)s } }
} LIMIT %(limit)d OFFSET %(after)d
"""


def _facts(rows: Iterable[Row]) -> list[Fact]:
    graphs: dict[tuple[str, str, Term], set[str]] = defaultdict(set)
    for row in rows:
        graphs[str(row["subject"].value), str(row["property"].value), row["value"]].add(
            str(row["graph"].value) if "graph" in row else ""
        )
    facts = [
        Fact(s, p, o, tuple(sorted(g for g in found if g not in {"", INFERRED_GRAPH})), INFERRED_GRAPH in found)
        for (s, p, o), found in graphs.items()
    ]
    return sorted(facts, key=lambda f: (f.subject, f.predicate, str(f.value)))
