"""Completions of the query editor: prefixes, and the names of classes, properties, codes and things."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from kg.language.labels import labels
from kg.store.reader import Reader
from ontology.namespaces import CODE, ID, PREFIXES, shorten

_MOST: Final = 3_000
"""The limit of completions of a kind, so that a browser can search them at each keystroke."""

_SAMPLE: Final = 100_000
"""Of so many statements the classes and properties are offered that no ontology in the data declares."""

_LOCAL: Final = re.compile(r"[^:/]*:\w(?:[\w.-]*[\w-])?|[^:/]*:")
"""Prefixed names that need no escapes."""

_OWL: Final = PREFIXES["owl"]
_SKOS: Final = PREFIXES["skos"]
_RDFS: Final = PREFIXES["rdfs"]


def _used(pattern: str) -> str:
    """What stands at ``?term`` in the first statements of the default graph and in those of the named graphs."""
    places = (pattern, f"GRAPH ?graph {{ {pattern} }}")
    return " UNION ".join(
        f"{{ SELECT DISTINCT ?term WHERE {{ {{ SELECT ?term WHERE {{ {p} }} LIMIT {_SAMPLE} }} }} }}" for p in places
    )


_KINDS: Final = {
    "class": f"{{ ?term a <{_OWL}Class> }} UNION {{ {_used('[] a ?term')} }}",
    "property": f"{{ ?term a ?kind VALUES ?kind {{ <{_OWL}ObjectProperty> <{_OWL}DatatypeProperty> }} }} "
    f"UNION {{ {_used('[] ?term []')} }}",
    "code": f"?term <{_SKOS}inScheme> ?scheme",
    # Limited, since a store with millions of other labels may hold no thing below `ID`.
    "thing": f"{{ SELECT DISTINCT ?term WHERE {{ ?term <{_RDFS}label> ?name }} LIMIT {10 * _MOST} }}",
}


def terms(reader: Reader, language: str, prefixes: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The completions: prefixed name, label in the language, and kind (class, property, code, thing), sorted."""
    found = {iri: kind for kind in reversed(_KINDS) for iri in _iris(reader, kind)}
    names = labels(reader, found, language, prefixes)
    offered = ((shorten(iri, prefixes), str(names[iri]), kind) for iri, kind in found.items())
    return sorted(each for each in offered if _LOCAL.fullmatch(each[0]))


def _iris(reader: Reader, kind: str) -> Iterator[str]:
    query = f"SELECT DISTINCT ?term WHERE {{ {_KINDS[kind]} FILTER(isIRI(?term)) }} LIMIT {10 * _MOST}"
    namespace = {"code": str(CODE), "thing": str(ID)}.get(kind, "")
    count = 0
    for row in reader.rows(query):
        term = row["term"]
        if isinstance(term, ox.NamedNode) and term.value.startswith(namespace) and count < _MOST:
            count += 1
            yield term.value
