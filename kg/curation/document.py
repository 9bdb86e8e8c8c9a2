"""A curated file as its text with the places of its statements, so that a change touches nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self
from urllib.parse import urljoin

import pyoxigraph as ox

from kg.curation.curated import parse
from kg.curation.layout import Names
from kg.curation.tokens import Token, tokens
from ontology.namespaces import BASE, PREFIXES


def _rank(prefix: str) -> int:
    """The place of a prefix among the declarations of a file: the project's own, then the others by alphabet."""
    return [*PREFIXES].index(prefix) if prefix in PREFIXES else len(PREFIXES)


@dataclass(frozen=True)
class Place:
    """Where a statement stands in the text: from `start` to `end`, its full stop or closing brace included.

    `subject` is the IRI of what it is about, or of the graph that it is; empty for a prefix.
    """

    subject: str
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """A curated file in Turtle or TriG: its path below the folder of the data, and its text.

    It never changes: each change returns another, which differs only where it must. All comments stay.
    """

    name: str
    text: str

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """The document; raises KelisimError, with file and line, if it is malformed."""
        for _ in parse(text, name, ox.RdfFormat.TRIG if name.endswith(".trig") else ox.RdfFormat.TURTLE):
            pass
        return cls(name, text)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The places of the prefixes and statements, in order."""
        return tuple(self._statements())

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The namespaces that it declares, by prefix."""
        return {prefix: iri for prefix, iri, _ in self._declared}

    @cached_property
    def head(self) -> int:
        """Where its prefixes end, and its statements may begin."""
        return max((self.line_end(p.end) for p in self.places if not p.subject), default=0)

    def of(self, subject: str) -> tuple[Place, ...]:
        """The places of what is said of a thing."""
        return tuple(p for p in self.places if p.subject == subject)

    def line_end(self, position: int) -> int:
        """The end of the line of a position, where only white space or a comment follows on it; else the position."""
        end = self.text.find("\n", position)
        end = len(self.text) if end < 0 else end
        rest = self.text[position:end].strip()
        return end if not rest or rest.startswith("#") else position

    def put(self, position: int, text: str, apart: str = "\n\n") -> Self:
        """The document with a text after what ends at a position, apart from it."""
        before, after = self.text[:position], self.text[position:]
        if not before.strip():
            return replace(self, text=text + ("\n\n" + after if after.strip() else "\n"))
        return replace(self, text=before + apart + text + (after or "\n"))

    def cut(self, places: Iterable[Place], *, with_comments: bool = False) -> Self:
        """The document without some statements; comments inside them stay on lines of their own, unless cut too."""
        text = self.text
        for place in sorted(places, key=lambda p: -p.start):
            before, after = text[: place.start], text[place.end :]
            comments = "" if with_comments else "\n".join(comment for comment, _ in self._comments(place))
            if comments:
                text = before + comments + after
            elif after[:1] not in {"", "\n", "\r"}:  # more follows on the line, which must not join one before it
                text = before + after.lstrip(" \t")
            else:
                text = before.rstrip() + (after or "\n") if before.strip() else after.lstrip()
        return replace(self, text=text)

    def rewrite(self, place: Place, text: str) -> Self:
        """The document with another text for a statement; comments inside it stay above the lines where they stood."""
        lines = text.split("\n")
        above: dict[int, list[str]] = {}
        for comment, line in self._comments(place):
            same = (i for i, written in enumerate(lines) if line and written.strip() == line)
            above.setdefault(next(same, min(1, len(lines) - 1)), []).append(comment)
        for at, comments in sorted(above.items(), reverse=True):
            indent = " " * (len(lines[at]) - len(lines[at].lstrip()))
            lines[at:at] = [indent + comment for comment in comments]
        return replace(self, text=self.text[: place.start] + "\n".join(lines) + self.text[place.end :])

    def with_prefixes(self, used: Iterable[str]) -> Self:
        """The document with those of the project's prefixes declared that are used and it does not declare yet."""
        document = self
        for prefix in sorted({*used} - self.prefixes.keys(), key=_rank):
            line = f"@prefix {prefix}: <{PREFIXES[prefix]}> ."
            declared = [(name, place) for name, _, place in document._declared]
            before = [place for name, place in declared if _rank(name) < _rank(prefix)]
            if before:
                document = document.put(document.line_end(before[-1].end), line, "\n")
            elif document.places:
                start = document.places[0].start
                text = document.text[:start] + line + ("\n" if declared else "\n\n") + document.text[start:]
                document = replace(document, text=text)
            else:
                document = document.put(len(document.text.rstrip()), line)
        return document

    def names(self) -> Names:
        """Writes terms with its prefixes."""
        return Names(self.prefixes)

    @cached_property
    def _tokens(self) -> list[Token]:
        return [*tokens(self.text)]

    @cached_property
    def _declared(self) -> list[tuple[str, str, Place]]:
        """The prefixes, their namespaces and where they are declared."""
        found = []
        for place in self.places:
            parts = [*tokens(self.text[place.start : place.end])]
            if not place.subject and len(parts) > 2 and parts[1].kind == "name":
                found.append((parts[1].text.removesuffix(":"), parts[2].text.strip("<>"), place))
        return found

    def _comments(self, place: Place) -> list[tuple[str, str]]:
        """The comments inside a statement, each with the line at which it stands, or above which."""
        found = []
        for token in self._tokens:
            if token.kind == "comment" and place.start < token.start < place.end:
                start = self.text.rfind("\n", 0, token.start) + 1
                line = self.text[start : token.start].strip()
                rest = (part.strip() for part in self.text[token.end : place.end].split("\n"))
                found.append((token.text, line or next((p for p in rest if p and not p.startswith("#")), "")))
        return found

    def _statements(self) -> Iterator[Place]:
        prefixes: dict[str, str] = {}
        statement: list[Token] = []
        depth = 0
        for token in self._tokens:
            if token.kind == "comment":
                continue
            statement.append(token)
            depth += (token.text == "{") - (token.text == "}") if token.kind == "mark" else 0
            first = statement[0].text
            if not (token.kind == "mark" and not depth and token.text in {".", "}"}) and not (
                first in {"PREFIX", "BASE"} and token.kind == "iri"
            ):
                continue
            subject = ""
            if statement[0].kind != "directive" or first == "GRAPH":
                subject = _expanded(statement[first == "GRAPH"], prefixes)
            elif len(statement) > 2 and statement[1].kind == "name":
                prefixes[statement[1].text.removesuffix(":")] = statement[2].text.strip("<>")
            yield Place(subject, statement[0].start, token.end)
            statement = []


def _expanded(token: Token, prefixes: Mapping[str, str]) -> str:
    if token.kind == "iri":
        return urljoin(BASE, token.text[1:-1])
    prefix, _, local = token.text.partition(":")
    return prefixes.get(prefix, "") + local
