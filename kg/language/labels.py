"""Labels of things, in the requested language if they have one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.store.reader import Reader, nodes, text
from ontology.namespaces import KEL, PREFIXES, shorten

FALLBACK_LANGUAGE: Final = "en"
"""The language to use if a thing has no label in the requested one."""

_BATCH: Final = 500
_MAX_ROWS: Final = 20_000

_LABEL_PROPERTIES: Final = (
    PREFIXES["rdfs"] + "label",
    PREFIXES["skos"] + "prefLabel",
    PREFIXES["foaf"] + "name",
    PREFIXES["dcterms"] + "title",
    str(KEL.gloss),
    "https://schema.org/name",
    "http://schema.org/name",
    "http://purl.org/dc/elements/1.1/title",
)
"""The properties that hold labels, in order of preference; a claim has a gloss instead of a label."""

_ANY: Final = tuple(
    place % f"?thing <{name}> ?text" for place in ("%s", "GRAPH ?claim { %s }") for name in _LABEL_PROPERTIES
)
"""Where a label may stand, the best place first."""

_OWN: Final = _ANY[:2]
"""Where nearly all stand; one in the language that is asked for is preferred to all others."""


@dataclass(frozen=True)
class Label:
    """A text and its language (BCP 47), empty for a text without one, such as a shortened IRI."""

    text: str
    language: str = ""

    def __str__(self) -> str:
        """The text alone."""
        return self.text


def labels(
    reader: Reader, iris: Iterable[str], language: str, prefixes: Mapping[str, str] = PREFIXES
) -> dict[str, Label]:
    """A label for each IRI: in the language, else in English, else in any, else the IRI shortened by the prefixes.

    A thing without a label in the default graph gets one from the graph of a claim.
    """
    wanted = sorted(set(iris))
    known: dict[str, Label | None] = reader.memory["labels", language]
    new = reader.missing(("labels", language), wanted)
    found = _find(reader, new, _OWN, language, exact=True)
    found |= _find(reader, [iri for iri in new if iri not in found], _ANY, language)
    known.update((iri, found.get(iri)) for iri in new)
    return {iri: known[iri] or Label(shorten(iri, prefixes)) for iri in wanted}


def expect_labels(reader: Reader, iris: Iterable[str], language: str) -> None:
    """Has the labels of these things, too, read with the next that are."""
    reader.expect(("labels", language), iris)


def preferred_label(texts: Iterable[ox.Literal], language: str) -> Label:
    """The literal to show of several in different languages; an empty label if there is none."""
    chosen = min(texts, key=lambda each: (_rank(each, language), each.value), default=None)
    return Label(chosen.value, chosen.language or "") if chosen else Label("")


def _rank(literal: ox.Literal, language: str) -> int:
    """The rank of its language, the best first; that of a region or script, such as ``en-GB``, is just below it."""
    preferred = (language, FALLBACK_LANGUAGE, "")
    own = literal.language or ""
    primary = own.partition("-")[0]
    return 2 * (preferred.index(primary) if primary in preferred else len(preferred)) + (own != primary)


def _find(
    reader: Reader, iris: Sequence[str], patterns: Sequence[str], language: str, *, exact: bool = False
) -> dict[str, Label]:
    """The label of each thing that has one by the patterns, the first ones preferred; `exact`: in the language only."""
    found: dict[str, list[tuple[int, int, int, str, ox.Literal]]] = defaultdict(list)
    kept = f"FILTER(LANG(?text) = {text(language)})" if exact else ""
    for start in range(0, len(iris), _BATCH):
        things = nodes(iris[start : start + _BATCH])
        # Two VALUES blocks in one pattern would be joined first; one UNION branch for each property is faster.
        branches = " UNION ".join(
            f"{{ VALUES ?thing {{ {things} }} {pattern} BIND({rank} AS ?rank) {kept} }}"
            for rank, pattern in enumerate(patterns)
        )
        for row in reader.rows(f"SELECT ?thing ?rank ?text WHERE {{ {branches} }} LIMIT {_MAX_ROWS}"):
            literal = row["text"]
            if isinstance(literal, ox.Literal):
                in_claim, place = divmod(int(row["rank"].value), len(_LABEL_PROPERTIES))
                found[row["thing"].value].append((in_claim, _rank(literal, language), place, literal.value, literal))
    return {iri: _label(min(ranked, key=lambda each: each[:4])[4]) for iri, ranked in found.items()}


def _label(literal: ox.Literal) -> Label:
    return Label(literal.value, literal.language or "")


def labels_in(quads: Iterable[ox.Quad], iris: Iterable[str], language: str) -> dict[str, Label]:
    """The labels that the quads themselves give to IRIs, as `labels` prefers them; others are left out."""
    wanted, found = set(iris), dict[str, tuple[tuple[int, int, str], ox.Literal]]()
    for quad in quads:
        if quad.predicate.value not in _LABEL_PROPERTIES or not isinstance(quad.object, ox.Literal):
            continue
        iri = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
        if iri in wanted:
            rank = _rank(quad.object, language), _LABEL_PROPERTIES.index(quad.predicate.value), quad.object.value
            if iri not in found or rank < found[iri][0]:
                found[iri] = rank, quad.object
    return {iri: _label(text) for iri, (_, text) in found.items()}
