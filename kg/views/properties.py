"""The values of properties, for many things at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from kg.engine.errors import TooLargeError
from kg.store.reader import Reader, node, nodes, text

Value = ox.NamedNode | ox.Literal
Values = Mapping[str, Mapping[str, Sequence[Value]]]
"""The values by thing and property, as IRIs; what has none is missing."""

MOST_VALUES: Final = 20_000
"""More values than these are refused."""

_SAMPLE: Final = 200
_LANGUAGES: Final = ("", "en", "ru", "kk")
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


def values_of(reader: Reader, things: Collection[str], properties: Collection[str]) -> Values:
    """The values in the default graph, those of one property in a fixed order.

    Raises TooLargeError where there are more than `MOST_VALUES`: what comes is complete.
    """
    found: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    if not things or not properties:
        return found
    # With VALUES for the properties too, the engine would go through all values that there are.
    chosen = f"FILTER(?property IN ({', '.join(map(node, properties))}))"
    where = f"VALUES ?thing {{ {nodes(things)} }} ?thing ?property ?value {chosen}"
    rows = reader.rows(f"SELECT ?thing ?property ?value WHERE {{ {where} }} LIMIT {MOST_VALUES + 1}")
    if len(rows) > MOST_VALUES:
        raise TooLargeError(f"These things have more than {MOST_VALUES} values of these properties. Ask for fewer.")
    for row in rows:
        if isinstance(value := row["value"], ox.NamedNode | ox.Literal):
            found[str(row["thing"].value)][str(row["property"].value)].append(value)
    for of_thing in found.values():
        for values in of_thing.values():
            values.sort(key=str)
    return found


def things_with(reader: Reader, wanted: str, value: str, classes: Collection[str], most: int) -> list[str]:
    """The things of one of the classes of which a property has the value: an IRI, or what a literal says."""
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
    """The properties that things of the class have, as far as the first few hundred things show."""
    rows = reader.rows(
        f"SELECT DISTINCT ?property WHERE {{ {{ SELECT ?thing WHERE {{ ?thing a {nodes([classed])} }} "
        f"LIMIT {_SAMPLE} }} ?thing ?property ?value }} ORDER BY ?property LIMIT 500"
    )
    return [str(row["property"].value) for row in rows]
