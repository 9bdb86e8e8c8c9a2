"""Reads curated Turtle and TriG so that each statement keeps its lines, which RDF parsers do not tell.

Which part of the languages is read, `kg.curation.tokens` says. Whether a text is TriG at all is for
`kg.curation.curated.parse` to say; this reader expects that it is.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urljoin

import pyoxigraph as ox

from kg.curation.marks import open_marks
from kg.curation.tokens import tokens
from ontology.namespaces import BASE, ID, PREFIXES, RDF_TYPE

_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
_WITHDRAWN: Final = re.compile(r"^# Withdrawn: (.*)$", re.MULTILINE)
_KEPT: Final = re.compile(r"^# Kept without a claim: (.*)$", re.MULTILINE)
_HEADING: Final = re.compile(r"^# Paragraph (\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One triple of a file, with the lines of its parts; `graph` is the IRI of its graph, or empty."""

    subject: str
    predicate: str
    object: ox.NamedNode | ox.Literal
    graph: str
    file: str
    line: int
    """The line of the object."""
    predicate_line: int
    subject_line: int

    @cached_property
    def value(self) -> str:
        """The IRI or the lexical form of the object."""
        return self.object.value

    @property
    def thing(self) -> str:
        """The IRI of the object, if it is a thing of ours; else empty."""
        return self.value if isinstance(self.object, ox.NamedNode) and self.value.startswith(str(ID)) else ""

    @property
    def language(self) -> str:
        """The language of the object, or empty."""
        return (isinstance(self.object, ox.Literal) and self.object.language) or ""


@dataclass(frozen=True)
class CuratedFile:
    """What a curated file holds.

    prefixes: the namespaces that it declares. undeclared: names whose prefix it does not declare, with their lines.
    headings: the numbers of its comments ``# Paragraph 3``, with their lines. graphs: the line on which each graph
    opens, by its IRI. withdrawn: the names in comments ``# Withdrawn: mp23-p14-14``, which are not given again.
    kept: those in comments ``# Kept without a claim: id:nato``. marks: the lines with open marks of a draft.
    """

    name: str
    statements: tuple[Statement, ...]
    prefixes: dict[str, str]
    undeclared: tuple[tuple[str, int], ...]
    headings: tuple[tuple[int, int], ...]
    graphs: dict[str, int]
    withdrawn: frozenset[str]
    kept: frozenset[str]
    marks: tuple[tuple[int, str], ...]


def read(text: str, name: str) -> CuratedFile:
    """Reads a curated file; `name` is its path below the folder of the data."""
    reader = _Reader(text, name)
    statements = tuple(reader.statements())
    headings = tuple((int(m[1]), text.count("\n", 0, m.start()) + 1) for m in _HEADING.finditer(text))
    withdrawn = frozenset(name for m in _WITHDRAWN.finditer(text) for name in re.findall(r"[\w-]+", m[1]))
    kept = frozenset(name for m in _KEPT.finditer(text) for name in re.findall(r"id:([\w-]+)", m[1]))
    undeclared = tuple(reader.undeclared)
    marks = tuple(open_marks(text))
    return CuratedFile(name, statements, reader.prefixes, undeclared, headings, reader.graphs, withdrawn, kept, marks)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of each token."""
    line = at = 0
    for kind, part, start in tokens(text):
        line += text.count("\n", at, start)
        at = start
        if kind != "comment":
            yield kind, part, line + 1


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.prefixes: dict[str, str] = {}
        self.undeclared: list[tuple[str, int]] = []
        self.graphs: dict[str, int] = {}
        self._file = file
        self._text = text

    def statements(self) -> Iterator[Statement]:
        """The statements of the text, in its order."""
        tokens = [*_tokens(self._text), ("mark", "", 0), ("mark", "", 0)]
        graph = subject = predicate = ""
        subject_line = predicate_line = position = 0
        while position < len(tokens) - 2:
            kind, part, line = tokens[position]
            position += 1
            if kind == "directive":
                position = self._directive(tokens, position, part)
            elif part in {".", "}"} and kind == "mark":
                subject = predicate = ""
                graph = "" if part == "}" else graph
            elif kind == "mark" and part == ";":
                predicate = ""
            elif kind == "mark":
                continue  # a comma, or what curated files must not have
            elif not subject:
                subject, subject_line = self._iri(kind, part, line), line
                if tokens[position][1] == "{":
                    graph, subject = subject, ""
                    self.graphs.setdefault(graph, line)
                    position += 1
            elif not predicate:
                predicate, predicate_line = self._iri(kind, part, line), line
            else:
                found, position = self._object(tokens, position - 1)
                yield Statement(subject, predicate, found, graph, self._file, line, predicate_line, subject_line)

    def _directive(self, tokens: list[tuple[str, str, int]], position: int, directive: str) -> int:
        if "prefix" in directive.lower():
            self.prefixes[tokens[position][1].removesuffix(":")] = tokens[position + 1][1].strip("<>")
            position += 2
        elif "base" in directive.lower():
            position += 1
        return position + (tokens[position][1] == "." and directive.startswith("@"))

    def _iri(self, kind: str, part: str, line: int) -> str:
        if kind == "iri":
            return part[1:-1] if ":" in part else urljoin(BASE, part[1:-1])
        if part == "a":
            return RDF_TYPE
        prefix, _, local = part.partition(":")
        if kind == "name" and prefix not in self.prefixes:
            self.undeclared.append((part, line))
        return self.prefixes.get(prefix, PREFIXES.get(prefix, "")) + local

    def _object(self, tokens: list[tuple[str, str, int]], position: int) -> tuple[ox.NamedNode | ox.Literal, int]:
        kind, part, line = tokens[position]
        position += 1
        if kind == "number":
            form = "double" if "e" in part.lower() else "decimal" if "." in part else "integer"
            return ox.Literal(part, datatype=ox.NamedNode(PREFIXES["xsd"] + form)), position
        if kind == "word" and part in {"true", "false"}:
            return ox.Literal(part, datatype=ox.NamedNode(PREFIXES["xsd"] + "boolean")), position
        if kind != "string":
            return _named(self._iri(kind, part, line)), position
        value = _unescaped(part[3:-3] if part.startswith(('"""', "'''")) else part[1:-1])
        following, text, _ = tokens[position]
        if following == "language":
            return _marked(value, text[1:].lower()), position + 1
        if following == "datatype":
            datatype = self._iri(*tokens[position + 1])
            return ox.Literal(value, datatype=_named(datatype)), position + 2
        return ox.Literal(value), position


# What is no IRI, language or character is told where the files are parsed; reading goes on.


def _named(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return ox.NamedNode("urn:x-none")


def _marked(value: str, language: str) -> ox.Literal:
    try:
        return ox.Literal(value, language=language)
    except ValueError:
        return ox.Literal(value)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: _character(m[1] or m[2]) if m[1] or m[2] else _ESCAPED.get(m[3], m[3]), text)


def _character(digits: str) -> str:
    code = int(digits, 16)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF or code > sys.maxunicode else chr(code)
