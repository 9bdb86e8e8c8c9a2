"""Triples from plain strings."""

from typing import Final

import pyoxigraph as ox

from ontology import PREFIXES

_XSD: Final = PREFIXES["xsd"]


def triple(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    """A triple; a string is an IRI."""
    term = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term)


def literal(value: str, datatype: str) -> ox.Literal:
    """A literal with a datatype of XML Schema, such as ``date``."""
    return ox.Literal(value, datatype=ox.NamedNode(_XSD + datatype))
