"""Reads single terms as people write them: prefixed names, IRIs and literals."""

import re
from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox

from ontology import PREFIXES, KelisimError
from ontology.namespaces import RDF_TYPE

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")
_PROPERTY: Final = "x-kelisim-term:"


def parse_term(text: str, prefixes: Mapping[str, str] = PREFIXES) -> ox.NamedNode | ox.Literal:
    """The term that is written in Turtle, such as ``id:astana``, ``<https://…>``, ``"text"@en`` or ``28.4``.

    An IRI may stand without its angle brackets, and ``a`` for ``rdf:type``. Raises KelisimError if it is none of these.
    """
    text = text.strip()
    if text == "a":
        return ox.NamedNode(RDF_TYPE)
    prefix = text.partition(":")[0]
    if _ABSOLUTE.fullmatch(text) and prefix not in prefixes:
        text = f"<{text}>"
    declared = {name: namespace for name, namespace in prefixes.items() if name == prefix or f"^^{name}:" in text}
    head = "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in declared.items())
    try:
        (quad,) = ox.parse(input=f"{head}<{_PROPERTY}> <{_PROPERTY}> {text} .", format=ox.RdfFormat.TURTLE)
        if isinstance(quad.object, ox.NamedNode | ox.Literal) and quad.subject == ox.NamedNode(_PROPERTY):
            return quad.object
    except (SyntaxError, ValueError):
        pass
    raise KelisimError(
        f"“{text}” is no term: write a prefixed name such as id:astana, an IRI such as <https://example.org/thing>, "
        'or a literal such as "Astana"@en or 28.4.'
    )


def parse_triple(subject: str, predicate: str, value: str, prefixes: Mapping[str, str] = PREFIXES) -> ox.Triple:
    """The triple of three terms; raises KelisimError if one is no term, or a literal where an IRI has to stand."""
    terms = [parse_term(text, prefixes) for text in (subject, predicate, value)]
    first, second, third = terms
    if not isinstance(first, ox.NamedNode) or not isinstance(second, ox.NamedNode):
        which = first if isinstance(first, ox.Literal) else second
        raise KelisimError(f"{which} is a literal: only the third term of a triple, its value, can be one.")
    return ox.Triple(first, second, third)
