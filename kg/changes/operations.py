"""Splits the text of a SPARQL 1.1 Update into its operations (SPARQL 1.1 Query, section 19.8, rules 29 to 49)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from kg.engine.guard import find_ambiguity, is_ignored, tokens

IRI: Final = "i"
GROUP: Final = "{}"
_KNOWN_SHAPES: Final = re.compile(
    r"""
      (INSERT|DELETE)\ DATA\ {} | DELETE\ WHERE\ {}
    | (WITH\ i\ )?(DELETE\ {}\ (INSERT\ {}\ )?|INSERT\ {}\ )(USING\ (NAMED\ )?i\ )*WHERE\ {}
    | (CLEAR|DROP)\ (SILENT\ )?(GRAPH\ i|DEFAULT|NAMED|ALL) | CREATE\ (SILENT\ )?GRAPH\ i
    | (COPY|MOVE|ADD)\ (SILENT\ )?(DEFAULT|(GRAPH\ )?i)\ TO\ (DEFAULT|(GRAPH\ )?i)
    """,
    re.VERBOSE,
)
_NOT_A_LINE_END: Final = re.compile(r"[^\n\r]")


@dataclass(frozen=True)
class Operation:
    """One operation of an update.

    shape: its keywords in capitals, `IRI` for each IRI and `GROUP` for each group, as in ``WITH i DELETE {} WHERE {}``;
    empty for an update that could not be split.
    parts: the text of each keyword, IRI and group of the shape.
    prologue: the BASE and PREFIX declarations that apply to it.
    body: its own text.
    """

    shape: str
    parts: tuple[str, ...]
    prologue: str
    body: str
    _update: str = field(repr=False)
    _spans: tuple[tuple[int, int], ...] = field(repr=False)

    @property
    def text(self) -> str:
        """The operation as a complete update."""
        return self.prologue + self.body

    @property
    def positioned_text(self) -> str:
        """The same with the lines and columns of the whole update, for error positions."""
        done, kept = 0, ""
        for start, end in self._spans:
            kept += _NOT_A_LINE_END.sub(" ", self._update[done:start]) + self._update[start:end]
            done = end
        return kept


def operations(update: str) -> list[Operation]:
    """The operations in order, each with the declarations that precede it; their syntax is not checked.

    An update that cannot be split with certainty is one operation without a shape.
    """
    unparsed = [Operation("", (), "", update, update, ((0, len(update)),))]
    if find_ambiguity(update) >= 0:
        return unparsed
    prologue = _Prologue()
    found: list[Operation] = []
    labels: set[str] = set()
    *statements, last = _statements(update)
    for statement in (*statements, last) if last.pieces or not statements else statements:
        pieces = prologue.consume(update, statement.pieces)
        shape = " ".join(symbol for symbol, _, _ in pieces)
        # Blank nodes of one INSERT DATA must not occur in another (section 19.6); pyoxigraph checks this in the whole.
        if (
            statement.depth
            or not _KNOWN_SHAPES.fullmatch(shape)
            or (shape == "INSERT DATA {}" and statement.labels & labels)
        ):
            return unparsed
        if shape == "INSERT DATA {}":
            labels |= statement.labels
        body = pieces[0][1], pieces[-1][2]
        parts = tuple(update[start:end] for _, start, end in pieces)
        spans = (*prologue.spans, body)
        found.append(Operation(shape, parts, prologue.text, update[slice(*body)], update, spans))
    return found


_Piece = tuple[str, int, int]


@dataclass
class _Statement:
    """The text between two semicolons: its keywords, IRIs and groups with their offsets.

    labels: of its blank nodes. depth: the number of groups open at its end; negative if more are closed than opened.
    """

    pieces: list[_Piece] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    depth: int = 0


def _statements(update: str) -> Iterator[_Statement]:
    statement, start = _Statement(), 0
    for token in tokens(update):
        text = token[0]
        if text == "{":
            start = start if statement.depth else token.start()
            statement.depth += 1
        elif text == "}":
            statement.depth -= 1
            if statement.depth == 0:
                statement.pieces.append((GROUP, start, token.end()))
        elif text.startswith("_:"):
            statement.labels.add(text.rstrip("."))
        elif statement.depth == 0 and text == ";":
            yield statement
            statement = _Statement()
        elif statement.depth == 0 and not is_ignored(token):
            statement.pieces.append((_symbol(token), token.start(), token.end()))
    yield statement


def _symbol(token: re.Match[str]) -> str:
    if token["name"] or (token["skip"] and token[0].startswith("<")):
        return IRI
    return token[0].upper() if token["word"] else "?"


class _Prologue:
    """The declarations so far (rule 4); those after an operation add to those before it."""

    def __init__(self) -> None:
        self.spans: tuple[tuple[int, int], ...] = ()
        self._until_base = ""
        self._prefixes: dict[str, str] = {}

    @property
    def text(self) -> str:
        """All declarations, without those of prefixes that were redeclared."""
        return self._until_base + "".join(self._prefixes.values())

    def consume(self, update: str, pieces: list[_Piece]) -> list[_Piece]:
        """Adds the declarations at the start of a statement; returns the rest of it."""
        while pieces:
            symbols = [symbol for symbol, _, _ in pieces[:3]]
            length = 2 if symbols[:2] == ["BASE", IRI] else 3 if symbols == ["PREFIX", IRI, IRI] else 0
            if not length:
                break
            words = [update[start:end] for _, start, end in pieces[:length]]
            declaration = " ".join(words) + "\n"
            if length == 2:  # later declarations are resolved against it
                self._until_base, self._prefixes = self.text + declaration, {}
            else:
                self._prefixes[words[1]] = declaration
            self.spans += ((pieces[0][1], pieces[length - 1][2]),)
            pieces = pieces[length:]
        return pieces
