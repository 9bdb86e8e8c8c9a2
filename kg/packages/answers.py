"""The answers of questions, and those that are expected of them, in files ``answers/NAME.csv`` beside ``questions``.

Such a file is what ``kelisim questions run NAME --format csv`` prints (RFC 4180), with prefixes for IRIs: the
variables, then the rows, whose order does not matter. The answer of ASK has the one variable ``ask``, that of CONSTRUCT
the variables ``subject``, ``predicate`` and ``object``.
"""

import csv
import io
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.curation.export import make_folder, write
from kg.engine.engine import Engine
from kg.publishing.questions import Question, own_questions
from kg.rdf.files import list_files, read_text
from ontology import KelisimError
from ontology.namespaces import shorten

FOLDER: Final = "answers"
_TRIPLE: Final = ("subject", "predicate", "object")

Row = tuple[str, ...]


class Status(StrEnum):
    """How an answer stands to what is expected: only `SAME` is well, and `ACCEPTED`, which was written just now."""

    SAME = "same"
    ACCEPTED = "accepted"
    DIFFERENT = "different"
    MISSING = "missing"
    EMPTY = "empty"
    FAILED = "failed"


@dataclass(frozen=True)
class Table:
    """The variables of an answer and its rows, in their order; IRIs have prefixes."""

    variables: Row
    rows: tuple[Row, ...]

    def csv(self) -> bytes:
        """The table as the file of an expected answer."""
        return "".join(map(_line, (self.variables, *self.rows))).encode()


def _line(row: Row) -> str:
    """A row as a line of CSV; a field with either character of line breaks is quoted."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue().removesuffix("\r\n") + "\n"


@dataclass(frozen=True)
class Tested:
    """What became of a question.

    lost: the rows that are expected and not there, as often as they are missing. gained: those that are there and not
    expected. message: what is wrong and what to do; empty if nothing is. table: the answer, if there is one.
    """

    name: str
    status: Status
    message: str = ""
    lost: tuple[Row, ...] = ()
    gained: tuple[Row, ...] = ()
    table: Table | None = None

    @property
    def passed(self) -> bool:
        """Whether the answer is the one expected."""
        return self.status in {Status.SAME, Status.ACCEPTED}

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        variables = self.table.variables if self.table else ()
        return {
            "name": self.name,
            "status": str(self.status),
            "message": self.message,
            "variables": list(variables),
            "lost": [list(row) for row in self.lost],
            "gained": [list(row) for row in self.gained],
        }


def read_table(text: str) -> Table:
    """The table of a CSV document; full IRIs get prefixes."""
    csv.field_size_limit(sys.maxsize)  # a text may be longer than the 131072 characters that are the default
    variables, *rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline="")) if row] or [()]
    return Table(variables, tuple(tuple(map(shorten, row)) for row in rows))


def answer(question: Question, engine: Engine) -> Table:
    """The answer of a question. Raises KelisimError if the query is malformed or fails."""
    found = engine.query(question.query)
    if found.is_boolean:
        return Table(("ask",), (("true" if found.boolean else "false",),))
    try:
        if found.is_graph:
            triples = ((t.subject, t.predicate, t.object) for t in found.triples)
            return Table(_TRIPLE, tuple(sorted(tuple(map(_cell, triple)) for triple in triples)))
        solutions = found.solutions
        variables = tuple(variable.value for variable in solutions.variables)
        return Table(variables, tuple(tuple(map(_cell, solution)) for solution in solutions))
    except (OSError, RuntimeError) as error:
        raise KelisimError(f"The query failed while it was evaluated: {error}") from error


def _cell(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str:
    """A term as a cell; raises KelisimError for a blank node, whose name is another each time."""
    if isinstance(term, ox.BlankNode):
        raise KelisimError("Its answer has blank nodes, whose names are others each time: ask for what they tell.")
    if isinstance(term, ox.Triple):
        return " ".join(map(_cell, (term.subject, term.predicate, term.object)))
    return shorten(term.value) if term is not None else ""


def check_answers(data: Path, engine: Engine) -> list[Tested]:
    """What becomes of each question of a folder, then of files that are no question's; by name."""
    problems: list[str] = []
    questions = own_questions(data, problems)
    expected = {file.name.removesuffix(".csv"): file for file in list_files(data / FOLDER, ".csv")}
    found = [_checked(question, data, engine) for question in questions]
    found += [Tested("", Status.FAILED, problem) for problem in problems]
    for name in sorted(expected.keys() - {q.name for q in questions}) if not problems else ():
        told = f"No question asks for {FOLDER}/{name}.csv: write questions/{name}.rq, or take the answer away."
        found.append(Tested(name, Status.FAILED, told))
    return found


def _checked(question: Question, data: Path, engine: Engine) -> Tested:
    file = data / FOLDER / f"{question.name}.csv"
    try:
        table = answer(question, engine)
        expected = read_table(read_text(file)) if file.exists() else None
    except KelisimError as error:
        return Tested(question.name, Status.FAILED, str(error))
    if not table.rows and not (expected and expected.rows):
        told = "It has no rows, and so tests nothing: see `kelisim explain`. To test that nothing is there, ASK."
        return Tested(question.name, Status.EMPTY, told, table=table)
    if expected is None:
        told = f"No answer is expected in {FOLDER}/{file.name}: --accept shows this one and writes it."
        return Tested(question.name, Status.MISSING, told, table=table)
    lost, gained = _difference(expected.rows, table.rows), _difference(table.rows, expected.rows)
    if expected.variables != table.variables:
        told = f"The variables are {', '.join(table.variables)}; expected are {', '.join(expected.variables)}."
        return Tested(question.name, Status.DIFFERENT, told, lost, gained, table)
    if lost or gained:
        told = (
            f"The rows differ (- expected, + answered). Correct the claims, or {FOLDER}/{file.name}; without that file "
            "--accept writes the new answer."
        )
        return Tested(question.name, Status.DIFFERENT, told, lost, gained, table)
    return Tested(question.name, Status.SAME, table=table)


def _difference(some: Sequence[Row], others: Sequence[Row]) -> tuple[Row, ...]:
    """The rows that are more often in the one than in the other, as often as that."""
    return tuple(sorted((Counter(some) - Counter(others)).elements()))


def accept(tested: Tested, data: Path) -> Tested:
    """Writes the answer of a question that has none; any other is as it was. Raises KelisimError if that fails."""
    if tested.status is not Status.MISSING or tested.table is None:
        return tested
    make_folder(data / FOLDER)
    write(tested.table.csv(), data / FOLDER / f"{tested.name}.csv")
    return replace(tested, status=Status.ACCEPTED, message="")
