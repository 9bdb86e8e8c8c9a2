"""Reads the texts for the index: names, glosses, definitions."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

import pyoxigraph as ox

from kg.store.reader import Reader, nodes
from ontology.namespaces import KEL, PREFIXES

KINDS: Final = {
    PREFIXES["rdfs"] + "label": "name",
    PREFIXES["skos"] + "prefLabel": "name",
    PREFIXES["foaf"] + "name": "name",
    PREFIXES["dcterms"] + "title": "name",
    PREFIXES["skos"] + "altLabel": "other-name",
    str(KEL.gloss): "gloss",
    PREFIXES["skos"] + "definition": "definition",
    PREFIXES["dcterms"] + "description": "description",
    PREFIXES["rdfs"] + "comment": "description",
    str(KEL.isoAlpha2): "code",
    str(KEL.isoAlpha3): "code",
    PREFIXES["skos"] + "exactMatch": "code",
}
"""The properties with indexed texts, and the kind of each; names first. Of an IRI the last part is the text: Q232."""

_ABBREVIATION: Final = re.compile(r"[^\W\d_]\.\s?(?:[^\W\d_]\.\s?)*[^\W\d_]\.?")

PAGE_TEXTS: Final = 200_000
"""The approximate number of texts in one query; each passes by all texts, so that few pages are read sooner."""

_FEW: Final = 500
"""The most things in one query of `texts_of`."""

_PATTERNS: Final = (
    ("?thing ?property ?text", "?thing a ?class"),
    # The facts of claims in other modalities are in their named graphs only.
    (
        "GRAPH ?claim { ?thing ?property ?text } FILTER NOT EXISTS { ?thing ?property ?text }",
        "GRAPH ?other { ?thing a ?class }",
    ),
)
"""Pairs of graph patterns: of the texts, and of the classes of their things."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a thing: its kind (a value of `KINDS`), its language (BCP 47 or empty), and the thing's classes."""

    thing: str
    kind: str
    language: str
    text: str
    classes: tuple[str, ...]


def read_texts(reader: Reader) -> Iterator[Text]:
    """All texts of all things, read in pages.

    A page is the things whose MD5 is between two bounds. Unlike LIMIT and OFFSET, this needs no sorting, and skips
    nothing if the graph changes between two pages.
    """
    for texts, classes in _PATTERNS:
        for chosen in _parts(reader, texts):
            yield from _page(reader, texts, classes, chosen)


def texts_of(reader: Reader, things: Collection[str]) -> Iterator[Text]:
    """All texts of some things (IRIs)."""
    rest = iter(sorted(things))
    while few := list(islice(rest, _FEW)):
        chosen = f"VALUES ?thing {{ {nodes(few)} }}"
        for texts, classes in _PATTERNS:
            yield from _page(reader, f"{chosen} {texts}", classes, "")


def _values() -> str:
    return " ".join(f"<{iri}>" for iri in KINDS)


def _parts(reader: Reader, texts: str) -> list[str]:
    """The filters of the pages; an empty one if there is only one page."""
    found = reader.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ VALUES ?property {{ {_values()} }} {texts} }}")
    pages = -(-int(found[0]["n"].value) // PAGE_TEXTS) if found else 0
    bounds = [f"{0x10000 * page // pages:04x}" for page in range(pages)] + ["g"]  # "g" sorts after all digits
    return [
        f'BIND(MD5(STR(?thing)) AS ?hash) FILTER(?hash >= "{low}" && ?hash < "{high}")' if pages > 1 else ""
        for low, high in pairwise(bounds)
    ]


def _page(reader: Reader, texts: str, classes: str, chosen: str) -> Iterator[Text]:
    rows = reader.stream(
        "SELECT ?thing ?property ?text (GROUP_CONCAT(DISTINCT STR(?class); SEPARATOR=' ') AS ?classes) WHERE { "
        f"VALUES ?property {{ {_values()} }} {texts} . {chosen} OPTIONAL {{ {classes} }} }} "
        "GROUP BY ?thing ?property ?text"
    )
    for row in rows:
        thing, text = row["thing"], row["text"]
        if not isinstance(thing, ox.NamedNode) or not isinstance(text, ox.Literal | ox.NamedNode):
            continue
        language = (text.language or "") if isinstance(text, ox.Literal) else ""
        if words := text.value if isinstance(text, ox.Literal) else last_part(text.value):
            classes_of = tuple(row["classes"].value.split()) if "classes" in row else ()
            yield Text(thing.value, KINDS[str(row["property"].value)], language, words, classes_of)


def last_part(iri: str) -> str:
    """What follows the last slash or hash of an IRI: an identifier in the vocabulary or database that it belongs to."""
    return re.split(r"[/#]", iri)[-1]


def without_dots(name: str) -> str:
    """The name without dots and spaces if it is an abbreviation such as U.S.A., else as it is."""
    return re.sub(r"[\s.]", "", name) if _ABBREVIATION.fullmatch(name.strip()) else name
