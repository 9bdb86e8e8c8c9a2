"""From a form to the statements of a claim: as triples to be written, and with a line for each value to be checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.checks.collection import CuratedClaim
from kg.checks.reading import Statement
from kg.curation.curated import Claim
from ontology.namespaces import CLAIM, ID, KEL, PREFIXES, RDF_TYPE
from server.workbench.fields import DATATYPES, Kind, Vocabulary, full
from server.workbench.forms import PASSAGE, ClaimForm, Row, Thing, Value

UNNAMED: Final = "unnamed"
_NAME: Final = re.compile(r"(?P<prefix>[a-z][a-z0-9-]*):[A-Za-z0-9_-]+|<[a-z]+:[^<>\"{}|^`\\\s]+>")
_NUMBER: Final = re.compile(r"[+-]?\d+(?P<part>\.\d+)?")


@dataclass(frozen=True)
class Mistake:
    """A value that cannot be a value of its property: the field that has it, and what is wrong, in a sentence."""

    field: str
    wrong: str
    mend: str


@dataclass(frozen=True)
class Told:
    """A triple of the form: the field that it comes from, and whether it belongs to the record."""

    field: str
    triple: ox.Triple
    of_record: bool


@dataclass(frozen=True)
class Statements:
    """The triples of a claim in the making, in the order of the form, and the values that are no triple yet."""

    name: str
    told: tuple[Told, ...]
    mistakes: tuple[Mistake, ...]

    def claim(self, file: str) -> Claim:
        """The claim as it is written."""
        record: dict[str, list[ox.Triple]] = {}
        for told in self.told:
            if told.of_record:
                record.setdefault(told.triple.predicate.value, []).append(told.triple)
        facts = tuple(t.triple for t in self.told if not t.of_record)
        return Claim(str(CLAIM) + self.name, file, 1, facts, record)

    def checked(self, file: str, line: int) -> tuple[CuratedClaim, dict[int, str]]:
        """The claim as checks see it, each value on a line of its own from `line` on; the fields by line."""
        fields: dict[int, str] = {}
        facts: list[Statement] = []
        record: list[Statement] = []
        subject_lines: dict[str, int] = {}
        for number, told in enumerate(self.told, line + 1):
            subject = _iri(told.triple.subject)
            first = subject_lines.setdefault(subject, number)
            graph = "" if told.of_record else str(CLAIM) + self.name
            value = told.triple.object
            assert isinstance(value, ox.NamedNode | ox.Literal)
            predicate = told.triple.predicate.value
            statement = Statement(subject, predicate, value, graph, file, number, number, first)
            (record if told.of_record else facts).append(statement)
            fields[number] = told.field
        return CuratedClaim(self.name, file, line, tuple(facts), tuple(record)), fields


def statements(name: str, form: ClaimForm, vocabulary: Vocabulary) -> Statements:
    """The statements of a form for a claim of that name."""
    return _Reader(name, vocabulary).read(form)


class _Reader:
    def __init__(self, name: str, vocabulary: Vocabulary) -> None:
        self._name = name
        self._vocabulary = vocabulary
        self._mistakes: list[Mistake] = []

    def read(self, form: ClaimForm) -> Statements:
        told: list[Told] = []
        for number, thing in enumerate((*form.things, *form.classes)):
            told += self._thing(f"thing-{number}", thing)
        claim = ox.NamedNode(str(CLAIM) + self._name)
        told.append(Told("record", ox.Triple(claim, ox.NamedNode(RDF_TYPE), ox.NamedNode(str(KEL.Claim))), True))
        rows = (Row(PASSAGE, (Value(f"src:{form.passage.name}"),)), *form.record)
        told += (Told(f, ox.Triple(claim, p, o), True) for f, p, o in self._rows("record", rows))
        return Statements(self._name, tuple(told), tuple(self._mistakes))

    def _thing(self, field: str, thing: Thing) -> Iterator[Told]:
        # what has no name yet has one for the checks of its fields
        subject = self._named(field, thing.name) or ox.NamedNode(f"{ID}{UNNAMED}-{field}")
        for name in thing.classes:
            if (found := self._named(f"{field}.class", name)) is not None:
                yield Told(f"{field}.class", ox.Triple(subject, ox.NamedNode(RDF_TYPE), found), False)
        for where, predicate, value in self._rows(field, thing.rows):
            yield Told(where, ox.Triple(subject, predicate, value), False)

    def _rows(self, owner: str, rows: tuple[Row, ...]) -> Iterator[tuple[str, ox.NamedNode, ox.NamedNode | ox.Literal]]:
        for row in rows:
            for value in row.values:
                field = f"{owner}:{row.property}" + (f"@{value.language}" if value.language else "")
                if (found := self._object(field, row.property, value)) is not None:
                    yield field, ox.NamedNode(full(row.property)), found

    def _object(self, field: str, name: str, value: Value) -> ox.NamedNode | ox.Literal | None:
        kind = self._vocabulary.kind(name)
        if value.language:
            return ox.Literal(value.text, language=value.language)
        if kind in {Kind.THING, Kind.CODE, Kind.UNIT}:
            return self._named(field, value.text)
        if kind == Kind.NUMBER:
            match = _NUMBER.fullmatch(value.text)
            if not match:
                self._mistakes.append(
                    Mistake(field, f"“{value.text}” is no number.", "Write it in digits, such as 28400000000 or 0.19.")
                )
                return None
            datatype = "decimal" if match["part"] else "integer"
            return ox.Literal(value.text, datatype=ox.NamedNode(PREFIXES["xsd"] + datatype))
        if kind in DATATYPES:
            return ox.Literal(value.text, datatype=ox.NamedNode(full(DATATYPES[kind])))
        return ox.Literal(value.text)

    def _named(self, field: str, name: str) -> ox.NamedNode | None:
        match = _NAME.fullmatch(name)
        if match and (match["prefix"] is None or match["prefix"] in PREFIXES):
            return ox.NamedNode(full(name))
        if name:
            wrong, mend = f"Nothing is called “{name}” here.", "Choose one from the list, or make a new thing."
        else:
            wrong, mend = "It has no name.", "Choose a thing from the list, or make a new one."
        self._mistakes.append(Mistake(field, wrong, mend))
        return None


def _iri(term: ox.NamedNode | ox.BlankNode | ox.Triple) -> str:
    assert isinstance(term, ox.NamedNode)
    return term.value
