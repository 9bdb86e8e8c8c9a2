"""Writes a claim in TriG as curators do: which properties share a line is learnt from the claims that exist."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from kg.checks.collection import CuratedClaim
from kg.checks.reading import Statement
from ontology import KelisimError
from ontology.namespaces import shorten
from server.workbench.fields import DATATYPES, Kind, Vocabulary
from server.workbench.forms import PASSAGE, ClaimForm, Row, Thing, Value

WIDTH: Final = 120
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*:[A-Za-z0-9_-]+|<[^<>\"{}|^`\\\s]+>")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class UnwritableError(KelisimError):
    """A value that cannot be written; `field` is the property that has it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Layout:
    """Lines as the claims given as precedents have them."""

    def __init__(self, vocabulary: Vocabulary, precedents: Iterable[CuratedClaim]) -> None:
        self._vocabulary = vocabulary
        self._joined: Counter[tuple[str, str]] = Counter()
        for claim in precedents:
            for statements in (claim.facts, claim.record):
                self._see(statements)

    def _see(self, statements: Sequence[Statement]) -> None:
        for one, other in pairwise(statements):
            if one.subject == other.subject and one.predicate != other.predicate:
                pair = shorten(one.predicate), shorten(other.predicate)
                self._joined[pair] += 1 if one.predicate_line == other.predicate_line else -1

    def claim(self, name: str, form: ClaimForm, *, apart: bool = False) -> str:
        """The graph and the record of a claim, without a blank line after it; `apart` gives each value a line.

        Raises UnwritableError if a name or a number is none.
        """
        lines = [f"claim:{name} {{"]
        for thing in (*form.things, *form.classes):
            lines += self._thing(thing, apart)
        lines += ["}", f"claim:{name} a kel:Claim ;"]
        record = (Row(PASSAGE, (Value(f"src:{form.passage.name}"),)), *form.record)
        return "\n".join([*lines, *self._rows(record, "    ", apart)])

    def _thing(self, thing: Thing, apart: bool) -> list[str]:
        start = f"    {self._checked_name('thing', thing.name)}"
        if thing.classes:
            start += " a " + " , ".join(self._checked_name("class", c) for c in thing.classes)
            if not thing.rows:
                return [f"{start} ."]
            return [f"{start} ;", *self._rows(thing.rows, "        ", apart)]
        rows = self._rows(thing.rows, "        ", apart)
        if not rows:
            raise UnwritableError("thing", f"Nothing is told of {thing.name}. Fill in a field, or take the thing away.")
        return [f"{start} {rows[0].strip()}", *rows[1:]]

    def _rows(self, rows: Sequence[Row], indent: str, apart: bool) -> list[str]:
        """Rows as lines, the last of which ends the statement."""
        groups: list[list[str]] = []
        before = ""
        for row in rows:
            objects = [self._object(row.property, v) for v in row.values]
            joint = f" ,\n{indent}    " if apart else " , "
            text = f"{row.property} {joint.join(objects)}"
            fits = groups and len(indent + " ; ".join([*groups[-1], text])) + 2 <= WIDTH
            if not apart and fits and self._joined[before, row.property] > 0:
                groups[-1].append(text)
            else:
                groups.append([text])
            before = row.property
        ends = [";"] * (len(groups) - 1) + ["."]
        lines = [f"{indent}{' ; '.join(group)} {end}" for group, end in zip(groups, ends, strict=True)]
        return "\n".join(lines).split("\n") if lines else []

    def _object(self, name: str, value: Value) -> str:
        kind = self._vocabulary.kind(name)
        if value.language:
            return f"{quoted(value.text)}@{value.language}"
        if kind in {Kind.THING, Kind.CODE, Kind.UNIT}:
            return self._checked_name(name, value.text)
        if kind == Kind.NUMBER:
            if not _NUMBER.fullmatch(value.text):
                raise UnwritableError(
                    name, f"{name} needs a number in digits, such as 28400000000 or 0.19, and has {value.text!r}."
                )
            return value.text
        if kind in DATATYPES:
            return f"{quoted(value.text)}^^{DATATYPES[kind]}"
        return quoted(value.text)

    @staticmethod
    def _checked_name(field: str, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise UnwritableError(
                field, f"{field} has {name!r}, which is no name: choose from the list, or write it with its prefix."
            )
        return name


def quoted(text: str) -> str:
    """A text as a string of Turtle."""
    return f'"{text.translate(_ESCAPES)}"'
