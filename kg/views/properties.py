"""The values of properties of many things."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from kg.engine.errors import TooLargeError
from kg.store.reader import Reader, node, nodes, text

Value = ox.NamedNode | ox.Literal
Values = Mapping[str, Mapping[str, Sequence[Value]]]
"""The values by IRI of thing and property; things and properties without values are missing."""

MAX_VALUES: Final = 20_000
"""The maximum number of values in one answer."""

_SAMPLE: Final = 200
_LANGUAGES: Final = ("", "en", "ru", "kk")
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


def values_of(reader: Reader, things: Collection[str], properties: Collection[str]) -> Values:
    """The values in the default graph, sorted.

    Raises TooLargeError if there are more than `MAX_VALUES`; the result is never truncated.
    """
    found: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    if not things or not properties:
        return found
    # With VALUES for the properties too, the engine would scan all values.
    chosen = f"FILTER(?property IN ({', '.join(map(node, properties))}))"
    where = f"VALUES ?thing {{ {nodes(things)} }} ?thing ?property ?value {chosen}"
    rows = reader.rows(f"SELECT ?thing ?property ?value WHERE {{ {where} }} LIMIT {MAX_VALUES + 1}")
    if len(rows) > MAX_VALUES:
        raise TooLargeError(f"These things have more than {MAX_VALUES} values of these properties. Ask for fewer.")
    for row in rows:
        if isinstance(value := row["value"], ox.NamedNode | ox.Literal):
            found[str(row["thing"].value)][str(row["property"].value)].append(value)
    for of_thing in found.values():
        for values in of_thing.values():
            values.sort(key=str)
    return found


def things_with(reader: Reader, wanted: str, value: str, classes: Collection[str], most: int) -> list[str]:
    """The things of one of the classes with the value, an IRI or a lexical form, for a property; at most `most`."""
    terms = [text(value, language) for language in _LANGUAGES]
    terms += [f"{text(value)}^^<{_XSD}{kind}>" for kind in ("date", "integer", "decimal", "boolean", "anyURI")]
    if "://" in value:
        terms.append(nodes([value]))
    rows = reader.rows(
        f"SELECT DISTINCT ?thing WHERE {{ VALUES ?value {{ {' '.join(terms)} }} ?thing {nodes([wanted])} ?value . "
        f"VALUES ?class {{ {nodes(classes)} }} ?thing a ?class }} ORDER BY ?thing LIMIT {most}"
    )
    return [str(row["thing"].value) for row in rows]


def properties_of(reader: Reader, classed: str) -> list[str]:
    """The properties of things of the class, from a sample of 200 things."""
    rows = reader.rows(
        f"SELECT DISTINCT ?property WHERE {{ {{ SELECT ?thing WHERE {{ ?thing a {nodes([classed])} }} "
        f"LIMIT {_SAMPLE} }} ?thing ?property ?value }} ORDER BY ?property LIMIT 500"
    )
    return [str(row["property"].value) for row in rows]
