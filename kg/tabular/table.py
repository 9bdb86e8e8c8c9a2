"""Tables of texts, numbers, days and things, each thing by its IRI and, beside it, its label."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["text", "iri", "integer", "decimal", "date"]

LABEL: Final = "_label"
"""What the name of a column of IRIs has more where it is that of their labels."""

_BETWEEN_IRIS: Final = " "
_BETWEEN_TEXTS: Final = "; "


class Text(str):
    """A value among things that is none, such as a literal: it has no label, even if it looks like an IRI."""

    __slots__ = ()


@dataclass(frozen=True)
class Column:
    """A column: its name for programs, its heading for readers, and what its cells are.

    A cell is a text, empty for nothing; a decimal and a date are written as in XSD.
    """

    name: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Field:
    """What becomes a column; one of `things` becomes two, of their IRIs and of their labels."""

    name: str
    title: str
    kind: Kind | Literal["things"] = "text"


@dataclass(frozen=True)
class Table:
    """A table with a name for files, a title, and what is said of it: pairs of a heading and a text."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    about: Sequence[tuple[str, str]] = field(default=())


def tabulate(  # noqa: PLR0913, PLR0917 - a table's parts
    name: str,
    title: str,
    fields: Sequence[Field],
    records: Iterable[Mapping[str, Any]],
    label: Callable[[str], str],
    about: Sequence[tuple[str, str]] = (),
) -> Table:
    """The table of records, which have values by the names of fields; what a record lacks is empty.

    A value is a text or number, or several of them; that of things is an IRI or several, or a `Text`.
    """
    columns, names = list[Column](), {each.name for each in fields}
    for each in fields:
        columns.append(Column(each.name, each.title, "iri" if each.kind == "things" else each.kind))
        if each.kind == "things":
            columns.append(Column(_unused(each.name + LABEL, names), each.title))
    rows = [[cell for each in fields for cell in _cells(each, record.get(each.name), label)] for record in records]
    return Table(name, title, columns, rows, about)


def _cells(of: Field, value: Any, label: Callable[[str], str]) -> tuple[str, ...]:
    several = [] if value is None else [value] if isinstance(value, str | int) else [*value]
    given = [each for each in several if each not in {"", None}]
    texts = [str(each) for each in given]
    if of.kind == "things":
        iris = [str(each) for each in given if not isinstance(each, Text)]
        return _BETWEEN_IRIS.join(texts), _BETWEEN_TEXTS.join(map(label, iris))
    return ((_BETWEEN_IRIS if of.kind == "iri" else _BETWEEN_TEXTS).join(texts),)


def _unused(name: str, names: set[str]) -> str:
    while name in names:
        name += "_"
    names.add(name)
    return name
