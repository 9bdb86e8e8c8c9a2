"""Rejects what XML 1.0 cannot represent: most control characters, and properties whose IRI ends in no XML name.

pyoxigraph writes them nevertheless, as malformed XML.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import pyoxigraph as ox

from kg.rdf.formats import NotAcceptableError

OTHER_RESULT_FORMATS: Final = "JSON, CSV or TSV"
OTHER_GRAPH_FORMATS: Final = "Turtle, N-Triples or JSON-LD"
"""Formats without these restrictions."""

_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Characters outside Char (XML 1.0, section 2.2), in UTF-8; lone surrogates are not valid UTF-8."""

_NO_LOCAL_NAME: Final = re.compile(rb'<[^\s<>"/:]+:(?=[\s/>])(?:\s+xmlns:\w+="([^"]*)")?')
"""What pyoxigraph writes for a property without a local name."""

_TAIL_BYTES: Final = 4096
"""How many bytes are kept for a match that ends in the next chunk."""


class SupportsWrite(Protocol):
    """A binary file or anything else with its ``write``."""

    def write(self, data: bytes, /) -> int: ...


class XMLOutput:
    """Forwards XML as it is written; raises NotAcceptableError where it would be malformed."""

    def __init__(self, output: SupportsWrite, alternatives: str) -> None:
        """`alternatives` names formats without these restrictions, for the error messages."""
        self._output = output
        self._alternatives = alternatives
        self._tail = b""

    def write(self, data: bytes, /) -> int:
        """Checks and forwards the next chunk."""
        seen = self._tail + bytes(data)
        if match := _FORBIDDEN.search(seen):
            code = ord(match[0].decode("utf-8"))
            before = seen[: match.start()].rpartition(b">")[2].decode("utf-8", "ignore")[-40:]
            raise NotAcceptableError(
                f"XML cannot hold the character U+{code:04X}, which stands in a literal after “{before}”. "
                f"Ask for {self._alternatives}."
            )
        if match := _NO_LOCAL_NAME.search(seen):
            name = f"the property <{match[1].decode()}>" if match[1] else "a property that is a whole namespace"
            raise NotAcceptableError(
                f"RDF/XML cannot write {name}, since its IRI ends in no XML name. Ask for {self._alternatives}."
            )
        self._tail = seen[-_TAIL_BYTES:]
        return self._output.write(data)

    def flush(self) -> None:
        """Does nothing: writes are not buffered."""


def write_rdf_xml(triples: Iterable[ox.Triple], output: SupportsWrite, prefixes: Mapping[str, str]) -> None:
    """Writes RDF/XML; raises NotAcceptableError, naming the term, for what that cannot represent."""
    checked = XMLOutput(output, OTHER_GRAPH_FORMATS)
    ox.serialize(triples, output=checked, format=ox.RdfFormat.RDF_XML, prefixes=dict(prefixes))  # type: ignore[arg-type]
