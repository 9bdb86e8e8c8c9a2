"""A query as a tree: the patterns whose triples make a solution, and the texts of all else (SPARQL 1.1 Query, 18.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True)
class Link:
    """A predicate: a variable, an IRI, a prefixed name or ``a``, as written."""

    term: str


@dataclass(frozen=True)
class Inverse:
    """A path in the other direction."""

    path: "Path"


@dataclass(frozen=True)
class Chain:
    """Paths one after another."""

    parts: tuple["Path", ...]


@dataclass(frozen=True)
class Choice:
    """One of several paths."""

    parts: tuple["Path", ...]


@dataclass(frozen=True)
class Negated:
    """Any predicate but these, in one direction."""

    terms: tuple[str, ...]


@dataclass(frozen=True)
class Repeated:
    """A path that is repeated: ``?``, ``*`` or ``+``."""

    path: "Path"
    sign: str


Path: TypeAlias = Link | Inverse | Chain | Choice | Negated | Repeated


@dataclass(frozen=True)
class Triple:
    """A triple pattern or property path pattern; terms as written, blank nodes as variables. `path` as text too."""

    subject: str
    path: Path
    text: str
    object: str


@dataclass(frozen=True)
class Filter:
    """A filter. `condition` is its boolean structure down to the EXISTS in it, None without."""

    text: str
    condition: "Condition | None" = None


@dataclass(frozen=True)
class Exists:
    """EXISTS, or with `negated` NOT EXISTS."""

    group: "Group"
    negated: bool


@dataclass(frozen=True)
class Both:
    """A conjunction, or with `either` a disjunction."""

    parts: tuple["Condition", ...]
    either: bool


Condition: TypeAlias = Exists | Both | str
"""A condition; texts are expressions without EXISTS. `HIDDEN_EXISTS` stands for what has EXISTS somewhere else."""

HIDDEN_EXISTS: Final = "EXISTS"


@dataclass(frozen=True)
class Bind:
    """BIND. `exists`: its expression is that; `uncited`: it has EXISTS in another place."""

    text: str
    variable: str
    exists: "Exists | None" = None
    uncited: bool = False


@dataclass(frozen=True)
class Values:
    """A VALUES block."""

    text: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Optional:
    """OPTIONAL."""

    group: "Group"


@dataclass(frozen=True)
class Union:
    """The branches of UNION; a group by itself is one branch."""

    branches: tuple["Group", ...]


@dataclass(frozen=True)
class Minus:
    """MINUS."""

    group: "Group"


@dataclass(frozen=True)
class Graph:
    """GRAPH with its name as written."""

    name: str
    group: "Group"


@dataclass(frozen=True)
class Service:
    """SERVICE, as written; `variables` are those of its pattern."""

    text: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Subquery:
    """A SELECT inside a pattern."""

    select: "Select"


Element: TypeAlias = Triple | Filter | Bind | Values | Optional | Union | Minus | Graph | Service | Subquery


@dataclass(frozen=True)
class Group:
    """A group graph pattern and its text, with the braces."""

    elements: tuple[Element, ...]
    text: str

    def variables(self) -> Iterator[str]:
        """The variables in scope, in the order of their first mention (SPARQL 1.1 Query, section 18.2.1)."""
        for element in self.elements:
            match element:
                case Triple():
                    yield from (t for t in (element.subject, *path_terms(element.path), element.object) if t[0] == "?")
                case Bind():
                    yield element.variable
                case Values() | Service():
                    yield from element.variables
                case Optional():
                    yield from element.group.variables()
                case Union():
                    for branch in element.branches:
                        yield from branch.variables()
                case Graph():
                    yield from (element.name,) if element.name[0] == "?" else ()
                    yield from element.group.variables()
                case Subquery():
                    yield from element.select.columns()

    def certain(self) -> set[str]:
        """Variables that have a value in every solution; there may be others."""
        found = set[str]()
        for element in self.elements:
            match element:
                case Triple():
                    found.update(Group((element,), "").variables())
                case Union():
                    found |= set.intersection(*(b.certain() for b in element.branches))
                case Graph():
                    found |= {*((element.name,) if element.name[0] == "?" else ()), *element.group.certain()}
                case Subquery(select) if not select.grouped:
                    plain = {v for e, v in select.projection if not e} if not select.star else {*select.columns()}
                    found |= plain & select.where.certain()
        return found


@dataclass(frozen=True)
class Key:
    """One key of GROUP BY: the expression as written, and the variable that it is or that AS names, if any."""

    text: str
    variable: str = ""


@dataclass(frozen=True)
class Select:
    """A SELECT. `projection` holds for each column the text of its expression (empty for a variable) and the variable.

    `grouped`: it has GROUP BY or aggregates. `order`, `having`, `values` are texts as written, empty without.
    """

    projection: tuple[tuple[str, str], ...]
    star: bool
    distinct: bool
    where: Group
    keys: tuple[Key, ...] = ()
    grouped: bool = False
    having: str = ""
    order: str = ""
    limit: int | None = None
    offset: int = 0
    values: str = ""
    values_variables: tuple[str, ...] = ()
    uncited: bool = False

    def columns(self) -> tuple[str, ...]:
        """The variables of the result, without blank nodes."""
        if self.star:
            visible = {*self.where.variables(), *self.values_variables}
            return tuple(v for v in dict.fromkeys((*mentions(self.where.text), *self.values_variables)) if v in visible)
        return tuple(v for _, v in self.projection)


@dataclass(frozen=True)
class Query:
    """A query: its prologue and FROM clauses as written, its form, and its pattern as a SELECT.

    `template` are the triples of CONSTRUCT, terms as written, blank nodes with their labels.
    """

    form: str
    prologue: str
    dataset: str
    select: Select
    template: tuple[tuple[str, str, str], ...] = ()


OWN: Final = "?_·"
"""How the variables begin that no query is expected to have."""

FRESH: Final = f"{OWN}node"
"""How the variables begin that stand for blank nodes and for the middle of paths."""


VARIABLE: Final = re.compile(
    r"""[?$]([\w·‿⁀]+)"""
    r"""|\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}"""
    r"""|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'"""
    r"""|<[^<>"{}|^`\\\s]*>|\#[^\n\r]*|\\.""",
    re.DOTALL,
)
"""The variables in a text (group 1), and the strings, IRIs, comments and escapes in which there is none."""


def mentions(text: str) -> Iterator[str]:
    """The variables of a text, in order, as often as they are mentioned."""
    return (f"?{match[1]}" for match in VARIABLE.finditer(text) if match[1])


def path_terms(path: Path) -> Iterator[str]:
    """The predicates in a path, as written."""
    match path:
        case Link():
            yield path.term
        case Negated():
            yield from path.terms
        case Inverse() | Repeated():
            yield from path_terms(path.path)
        case Chain() | Choice():
            for part in path.parts:
                yield from path_terms(part)


def may_be_empty(path: Path) -> bool:
    """Whether a path leads from each node to itself (SPARQL 1.1 Query, section 9.3)."""
    match path:
        case Repeated(inner, sign):
            return sign != "+" or may_be_empty(inner)
        case Inverse(inner):
            return may_be_empty(inner)
        case Chain(parts):
            return all(map(may_be_empty, parts))
        case Choice(parts):
            return any(map(may_be_empty, parts))
        case _:
            return False


def negated(condition: Condition) -> Condition:
    """The negation of a condition, by De Morgan's laws."""
    match condition:
        case Exists():
            return Exists(condition.group, not condition.negated)
        case Both():
            return Both(tuple(negated(p) for p in condition.parts), not condition.either)
        case _:
            return condition if condition == HIDDEN_EXISTS else f"(!({condition}))"
