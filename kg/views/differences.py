"""What changed between two versions, in words: claims added, withdrawn and changed, and the facts of things."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pyoxigraph as ox

from kg.history.changes import NetChange
from kg.language.labels import Label, labels, labels_in
from kg.store.reader import Reader, Term, nodes
from ontology import INFERRED_GRAPH
from ontology.namespaces import KEL, RDF_TYPE

PAGE_ITEMS: Final = 50
"""How many claims and how many things a page has."""

Fate = Literal["added", "withdrawn", "changed"]

_CLAIM: Final = ox.NamedNode(str(KEL.Claim))
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_INFERRED: Final = ox.NamedNode(INFERRED_GRAPH)
_BATCH: Final = 500


@dataclass(frozen=True)
class ChangedClaim:
    """A claim that is in one version alone, or whose record or facts differ."""

    iri: str
    fate: Fate


@dataclass(frozen=True)
class ChangedThing:
    """A thing with the facts (property and value) that only the later or only the earlier version has, in any graph."""

    iri: str
    added: tuple[tuple[ox.NamedNode, Term], ...]
    deleted: tuple[tuple[ox.NamedNode, Term], ...]


@dataclass(frozen=True)
class Difference:
    """One page of what changed; `names` has a label for every IRI on it.

    added and deleted: numbers of quads. claims_total and things_total: of all pages.
    """

    added: int
    deleted: int
    claims: tuple[ChangedClaim, ...]
    things: tuple[ChangedThing, ...]
    claims_total: int
    things_total: int
    page: int = 1
    names: dict[str, Label] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """The number of pages; without changes there is one."""
        return max(1, -(-max(self.claims_total, self.things_total) // PAGE_ITEMS))


def differ(change: NetChange, after: Reader, language: str, page: int = 1) -> Difference:
    """The page of the changes, in order of the IRIs; `after` reads the version to which they lead.

    What is inferred is left out, unless it is in no other graph: it follows from the rest.
    """
    patch = change.patch()
    adds = [q for q in patch.adds if q.graph_name != _INFERRED]
    deletes = [q for q in patch.deletes if q.graph_name != _INFERRED]
    claims = _claims(adds, deletes, after)
    of_claims = {claim.iri for claim in claims}
    things = _things(adds, deletes, of_claims)
    start = (page - 1) * PAGE_ITEMS
    shown_claims, shown_things = claims[start : start + PAGE_ITEMS], things[start : start + PAGE_ITEMS]
    iris = {claim.iri for claim in shown_claims}
    for thing in shown_things:
        pairs = (*thing.added, *thing.deleted)
        iris |= {thing.iri, *(term.value for pair in pairs for term in pair if isinstance(term, ox.NamedNode))}
    iris = {iri for iri in iris if ":" in iri and not iri.startswith("_:")}
    names = labels(after, iris, language)
    gone = [iri for iri, label in names.items() if not label.language]  # such as those of withdrawn claims
    names |= labels_in(patch.deletes, gone, language)
    return Difference(
        len(patch.adds), len(patch.deletes), shown_claims, shown_things, len(claims), len(things), page, names
    )


def _claims(adds: Iterable[ox.Quad], deletes: Iterable[ox.Quad], after: Reader) -> tuple[ChangedClaim, ...]:
    """The claims: those whose class is added or deleted, and others of which a record or a fact is."""
    fates: dict[str, Fate] = {}
    others = set[str]()
    for fate, quads in (("withdrawn", deletes), ("added", adds)):
        for quad in quads:
            if quad.predicate == _TYPE and quad.object == _CLAIM and isinstance(quad.subject, ox.NamedNode):
                fates[quad.subject.value] = "added" if fate == "added" else "withdrawn"
            others |= {t.value for t in (quad.subject, quad.graph_name) if isinstance(t, ox.NamedNode)}
    rest = sorted(others - fates.keys())
    for start in range(0, len(rest), _BATCH):
        values = nodes(rest[start : start + _BATCH])
        rows = after.rows(f"SELECT ?claim WHERE {{ VALUES ?claim {{ {values} }} ?claim a {_CLAIM} }} LIMIT {_BATCH}")
        fates |= {str(row["claim"].value): "changed" for row in rows}
    return tuple(ChangedClaim(iri, fates[iri]) for iri in sorted(fates))


def _things(adds: Iterable[ox.Quad], deletes: Iterable[ox.Quad], claims: set[str]) -> tuple[ChangedThing, ...]:
    """The things whose facts differ; those that move from one graph to another do not."""
    new, old = ({q.triple for q in quads} for quads in (adds, deletes))
    found: dict[str, tuple[list[ox.Triple], list[ox.Triple]]] = defaultdict(lambda: ([], []))
    for place, triples in enumerate((new - old, old - new)):
        for triple in triples:
            subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else str(triple.subject)
            if subject not in claims:
                found[subject][place].append(triple)
    return tuple(
        ChangedThing(
            iri,
            *(
                tuple((t.predicate, t.object) for t in sorted(part, key=str) if isinstance(t.object, Term))
                for part in found[iri]
            ),
        )
        for iri in sorted(found)
    )


def as_json(difference: Difference) -> dict[str, Any]:
    """The page as JSON values; values are in the syntax of N-Triples, labels in the language of the difference."""
    names = difference.names

    def facts(pairs: Iterable[tuple[ox.NamedNode, Any]]) -> list[dict[str, str]]:
        return [
            {
                "property": p.value,
                "label": str(names[p.value]),
                "value": str(o),
                "value_label": str(names.get(o.value, "")) if isinstance(o, ox.NamedNode) else "",
            }
            for p, o in pairs
        ]

    return {
        "added": difference.added,
        "deleted": difference.deleted,
        "page": difference.page,
        "pages": difference.pages,
        "claims": [{"iri": c.iri, "fate": c.fate, "label": str(names[c.iri])} for c in difference.claims],
        "things": [
            {
                "iri": thing.iri,
                "label": str(names.get(thing.iri, thing.iri)),
                "added": facts(thing.added),
                "deleted": facts(thing.deleted),
            }
            for thing in difference.things
        ],
    }
