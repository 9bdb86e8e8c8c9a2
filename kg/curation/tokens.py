"""The tokens of curated Turtle and TriG, with their places, which RDF parsers do not tell.

What is read is the part of the languages that curated files use: prefixes, graphs, lists of predicates and of objects
(RDF 1.1 TriG, section 2; RDF 1.1 Turtle, section 2), without blank nodes and collections, which the handbook forbids.
Whether a text is TriG at all is for `kg.curation.curated.parse` to say.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>\#[^\n\r]*)
    |(?P<iri><[^<>"{}|^`\\\s]*>)
    |(?P<string>\"{3}(?:(?:\"|\"\")?(?:[^"\\]|\\.))*\"{3}|'{3}(?:(?:'|'')?(?:[^'\\]|\\.))*'{3}
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<directive>@prefix\b|@base\b|(?:PREFIX|BASE|GRAPH)\b)
    |(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<datatype>\^\^)
    |(?P<name>(?:[^\W\d_][\w-]*(?:\.[\w-]+)*)?:(?:[\w:%-]+(?:\.+[\w:%-]+)*)?)
    |(?P<number>[+-]?(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z]+)
    |(?P<mark>[.;,{}\[\]()])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A token: its kind (such as ``iri``, ``string``, ``name``, ``comment``), its text and where it starts."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text without its white space."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match[0], match.start())
