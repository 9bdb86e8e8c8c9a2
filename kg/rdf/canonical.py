"""Recognises lines of N-Triples and N-Quads that are written as the engine would write them.

A file of millions of quads is read several times as fast where they need not be parsed and serialised again. What is
recognised here is surely valid and surely canonical; what is not may be so nevertheless, and is left to the engine.
"""

import re
from typing import Final

import pyoxigraph as ox

_PART: Final = rb"[A-Za-z0-9._~!$&'()*+,;=:@/?-]*+"
_IRI: Final = rb"<https?://[A-Za-z0-9.-]++(?:[/?]" + _PART + rb")?+(?:#" + _PART + rb")?+>"
"""RFC 3987 without ports, percent-encoding and what is not ASCII."""

_XSD: Final = rb"<http://www\.w3\.org/2001/XMLSchema#"
_TEXT: Final = rb'"[ !#-\[\]-~\x80-\xff]*+"(?:@[a-z]{2,3}(?:-[a-z]{2})?+)?+'
_INTEGER: Final = rb'"(?:0|-?[1-9][0-9]{0,17})"\^\^' + _XSD + rb"integer>"
_DAY: Final = (
    rb"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"  # no leap day
)
_DATE: Final = rb'"[1-9][0-9]{3}-' + _DAY + rb'"\^\^' + _XSD + rb"date>"
_TRIPLE: Final = rb"%b %b (?:%b|%b|%b|%b)" % (_IRI, _IRI, _IRI, _TEXT, _INTEGER, _DATE)
_PATTERNS: Final = {
    ox.RdfFormat.N_TRIPLES: re.compile(rb"(?:" + _TRIPLE + rb" \.\n)*+"),
    ox.RdfFormat.N_QUADS: re.compile(rb"(?:" + _TRIPLE + rb"(?: " + _IRI + rb")?+ \.\n)*+"),
}
_DOUBTFUL: Final = re.compile(rb"\xc2[\x80-\x9f]|\xef\xb7[\x90-\xaf]|[\xef-\xf4][\x80-\xbf]{0,2}\xbf[\xbe\xbf]")
"""Control characters, and characters that Unicode has for none, in UTF-8."""


def canonical_and_other(text: bytes, form: ox.RdfFormat) -> tuple[bytes, bytes]:
    """The lines of a text that are recognised as canonical, and its other lines."""
    try:
        text.decode()
    except UnicodeDecodeError:  # the engine says where
        return b"", text
    if not text.isascii() and _DOUBTFUL.search(text):
        return b"", text
    pattern, canonical, other = _PATTERNS[form], list[bytes](), list[bytes]()
    place = 0
    while place < len(text):
        found = pattern.match(text, place)
        end = found.end() if found else place
        if end > place:
            canonical.append(text[place:end])
        place = text.find(b"\n", end) + 1 or len(text)
        if place > end:
            other.append(text[end:place])
    return b"".join(canonical), b"".join(other)
