"""The facts of things, each with the claims that state it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.language.labels import preferred_label
from kg.store.reader import Reader, Row, Term, node, nodes
from ontology import INFERRED_GRAPH
from ontology.namespaces import KEL, PREFIXES

WINDOW: Final = 400
"""The page size of links to a thing."""

_BATCH: Final = 200
MAX_ROWS: Final = 12_000
"""The limit of the facts that are read in one query."""

_NAMING: Final = (PREFIXES["rdfs"] + "label", PREFIXES["skos"] + "altLabel", str(KEL.strongestModality))
"""The most frequent properties, which are shown of a thing on no page but its own."""

_NO_CLAIMS: Final = frozenset({"", INFERRED_GRAPH})
_MEMORY: Final = "facts"

_TRANSLATED: Final = frozenset(
    {str(KEL.gloss), str(KEL.confidenceReason), PREFIXES["skos"] + "definition", PREFIXES["dcterms"] + "description"}
)
"""The properties of texts that stand once in each language."""


class Fact(NamedTuple):
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
    """The facts of each thing from all claims, and its reference data, sorted by property and value; without its names.

    only: if not empty, the only properties to return, without inferred facts.
    """
    wanted = sorted(set(iris))
    known: dict[str, list[Fact]] = reader.memory[_MEMORY]
    new = reader.missing(_MEMORY, wanted)
    for start in range(0, len(new), _BATCH):
        _remember(reader, new[start : start + _BATCH])
    kept = frozenset(only)
    if not kept:
        return {iri: known[iri] for iri in wanted}
    return {iri: [f for fact in known[iri] if fact.predicate in kept for f in _told(fact)] for iri in wanted}


def expect_facts(reader: Reader, iris: Iterable[str]) -> None:
    """Has the facts of these things read along with the next that are."""
    reader.expect(_MEMORY, iris)


def know(reader: Reader, iris: Iterable[str], rows: Iterable[Row]) -> None:
    """Has `facts_about` know all facts of things, which are in the rows."""
    known: dict[str, list[Fact]] = reader.memory[_MEMORY]
    known.update((iri, []) for iri in iris)
    for fact in facts_in(rows):
        known[fact.subject].append(fact)


def _remember(reader: Reader, iris: list[str]) -> None:
    """Reads the facts of things; of so many that an answer would be too long, those of half of them at a time."""
    rows = reader.rows(_ABOUT % {"things": nodes(iris)})
    if len(rows) == MAX_ROWS and len(iris) > 1:
        _remember(reader, iris[: len(iris) // 2])
        _remember(reader, iris[len(iris) // 2 :])
    else:
        know(reader, iris, rows)


def _told(fact: Fact) -> tuple[Fact, ...]:
    """The fact as it is told, whether it is inferred too or not; none if it is only inferred."""
    if fact.inferred:
        return (fact._replace(inferred=False),) if fact.claims else ()
    return (fact,)


def links_by(reader: Reader, name: str, iris: Iterable[str]) -> list[Fact]:
    """The facts of claims with that property and one of the things as value."""
    wanted = sorted(set(iris))
    known: dict[str, list[Fact]] = reader.memory["links", name]
    new = reader.missing(("links", name), wanted)
    known.update((iri, []) for iri in new)
    for start in range(0, len(new), _BATCH):
        values = nodes(new[start : start + _BATCH])
        rows = reader.rows(
            f"SELECT ?subject ?property ?value ?graph WHERE {{ VALUES ?value {{ {values} }} "
            f"VALUES ?property {{ {node(name)} }} GRAPH ?graph {{ ?subject ?property ?value }} }} LIMIT {MAX_ROWS}"
        )
        for fact in facts_in(rows):
            known[fact.iri].append(fact)
    return sorted((fact for iri in wanted for fact in known[iri] if fact.claims), key=lambda f: (f.subject, f.iri))


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
FACTS: Final = """
  { VALUES ?subject { %(things)s } GRAPH ?graph { ?subject ?property ?value } }
  UNION
  { VALUES ?subject { %(things)s } ?subject ?property ?value
    FILTER NOT EXISTS { GRAPH ?any { ?subject ?property ?value } } }
"""
"""The pattern of the facts of things."""

_ABOUT: Final = f"""
SELECT ?subject ?property ?value ?graph WHERE {{
  {{ {FACTS} }}
  FILTER(?property NOT IN ({", ".join(f"<{name}>" for name in _NAMING)}))
}} LIMIT {MAX_ROWS}
"""


def facts_in(rows: Iterable[Row]) -> list[Fact]:
    """The facts in rows of subject, property, value and, where a graph has it, graph; sorted."""
    graphs: dict[tuple[str, str, Term], set[str]] = defaultdict(set)
    for row in rows:
        graph = row.get("graph")
        graphs[row["subject"].value, row["property"].value, row["value"]].add(graph.value if graph else "")
    found = []
    for (s, p, o), given in graphs.items():
        claims = tuple(sorted(given - _NO_CLAIMS))
        found.append((s, p, str(o), Fact(s, p, o, claims, INFERRED_GRAPH in given)))
    found.sort(key=itemgetter(0, 1, 2))
    return [fact for *_, fact in found]
