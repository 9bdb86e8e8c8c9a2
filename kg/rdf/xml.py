"""What XML 1.0 cannot hold: most control characters, and properties whose IRI ends in no XML name.

The engine writes them all the same, and no XML reader takes what comes of it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import pyoxigraph as ox

from kg.rdf.formats import NotAcceptableError

OTHER_RESULT_FORMATS: Final = "JSON, CSV or TSV"
OTHER_GRAPH_FORMATS: Final = "Turtle, N-Triples or JSON-LD"
"""Formats that hold everything."""

_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Outside of Char (XML 1.0, section 2.2), in UTF-8; half surrogates are no UTF-8 at all."""

_NAMELESS: Final = re.compile(rb'<[^\s<>"/:]+:(?=[\s/>])(?:\s+xmlns:\w+="([^"]*)")?')
"""How the engine writes a property that has no local name."""

_KEPT_BYTES: Final = 4096
"""What may belong to a match that ends in the next part."""


class SupportsWrite(Protocol):
    """Takes bytes, as a binary file does."""

    def write(self, data: bytes, /) -> int: ...


class XMLOutput:
    """Passes XML on as it is written, and raises NotAcceptableError at what makes it malformed."""

    def __init__(self, output: SupportsWrite, others: str) -> None:
        """`others` names formats that hold everything."""
        self._output = output
        self._others = others
        self._kept = b""

    def write(self, data: bytes, /) -> int:
        """Takes the next part."""
        seen = self._kept + bytes(data)
        if match := _FORBIDDEN.search(seen):
            code = ord(match[0].decode("utf-8"))
            before = seen[: match.start()].rpartition(b">")[2].decode("utf-8", "ignore")[-40:]
            raise NotAcceptableError(
                f"XML cannot hold the character U+{code:04X}, which stands in a literal after “{before}”. "
                f"Ask for {self._others}."
            )
        if match := _NAMELESS.search(seen):
            name = f"the property <{match[1].decode()}>" if match[1] else "a property that is a whole namespace"
            raise NotAcceptableError(
                f"RDF/XML cannot write {name}, since its IRI ends in no XML name. Ask for {self._others}."
            )
        self._kept = seen[-_KEPT_BYTES:]
        return self._output.write(data)

    def flush(self) -> None:
        """Nothing is held back."""


def write_rdf_xml(triples: Iterable[ox.Triple], output: SupportsWrite, prefixes: Mapping[str, str]) -> None:
    """Writes RDF/XML; raises NotAcceptableError, naming it, at what that cannot hold."""
    checked = XMLOutput(output, OTHER_GRAPH_FORMATS)
    ox.serialize(triples, output=checked, format=ox.RdfFormat.RDF_XML, prefixes=dict(prefixes))  # type: ignore[arg-type]
