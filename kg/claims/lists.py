"""Facets of lists of other things: by who tells of them, how surely, and in which article, with counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from kg.store.reader import Reader, node, nodes
from ontology.namespaces import KEL

FACETS: Final = ("speaker", "certainty", "article")
"""The names of the facets; what is chosen of one are alternatives, and one claim must fit what is chosen of all."""

_ABOUT: Final = node(str(KEL.about))
_PATHS: Final = {
    "speaker": node(str(KEL.speaker)),
    "certainty": node(str(KEL.modality)),
    "article": f"{node(str(KEL.passage))}/{node(str(KEL.article))}",
}
_MOST_VALUES: Final = 10_000

Chosen = Mapping[str, Sequence[str]]
"""By the name of a facet the IRIs that are chosen."""


def restriction(chosen: Chosen, leaving_out: str = "") -> str:
    """The pattern that leaves the ``?thing`` of which a claim tells that fits; empty if nothing is chosen."""
    parts = [
        f"?told {_PATHS[name]} ?told_{name} . VALUES ?told_{name} {{ {nodes(chosen[name])} }}"
        for name in FACETS
        if chosen.get(name) and name != leaving_out
    ]
    return f"{{ ?told {_ABOUT} ?thing . {' '.join(parts)} }}" if parts else ""


def counts(reader: Reader, pattern: str, chosen: Chosen) -> dict[str, Counter[str]]:
    """By facet and value, how many of the things that a pattern binds to ``?thing`` are left if that is chosen.

    pattern: without the restriction. What is chosen of the same facet does not count, since others are alternatives.
    """
    parts = []
    for name in FACETS:
        others = restriction(chosen, name).removeprefix("{").removesuffix("}") or f"?told {_ABOUT} ?thing ."
        parts.append(
            f'{{ SELECT ("{name}" AS ?facet) ?value (COUNT(DISTINCT ?thing) AS ?n) WHERE {{ {{ {pattern} }} {others} '
            f"?told {_PATHS[name]} ?value }} GROUP BY ?value }}"
        )
    rows = reader.rows(f"SELECT ?facet ?value ?n WHERE {{ {' UNION '.join(parts)} }} LIMIT {_MOST_VALUES:d}")
    found: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for row in rows:
        if "value" in row:  # a group of nothing has none
            found[str(row["facet"].value)][str(row["value"].value)] = int(row["n"].value)
    return found
