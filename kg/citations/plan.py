"""Rewrites a pattern so that each solution tells the triples that made it.

The pattern stays as it is; blank nodes become variables, chains of predicates are taken apart, and variables tell which
branch of UNION and which OPTIONAL matched. What each solution rests on, *atoms*, is listed beside it. The idea of
returning the variables of all triple patterns as the witness of a solution is that of provenance by query rewriting:
Glavic and Alonso, "Perm" (ICDE 2009); Hernández, Galárraga and Hose, "Computing How-Provenance for SPARQL Queries via
Query Rewriting" (VLDB 2021).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final, TypeAlias

from kg.citations.algebra import (
    FRESH,
    HIDDEN_EXISTS,
    OWN,
    Bind,
    Both,
    Chain,
    Choice,
    Condition,
    Exists,
    Filter,
    Graph,
    Group,
    Inverse,
    Key,
    Link,
    Minus,
    Negated,
    Optional,
    Path,
    Repeated,
    Select,
    Service,
    Subquery,
    Triple,
    Union,
    Values,
    mentions,
)

_CONJUNCTIONS: Final = 16
"""The most alternatives into which a filter is taken apart."""


@dataclass(frozen=True)
class TripleAtom:
    """The triple, or the path, that a triple pattern matched; `marker` is bound if the pattern counts."""

    marker: str
    graph: str
    subject: str
    path: Path
    object: str


@dataclass(frozen=True)
class SubqueryAtom:
    """The row of a subquery; `aliases` are variables with the values of its columns."""

    marker: str
    graph: str
    select: Select
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class FilterAtom:
    """A filter with EXISTS, as alternatives of what must hold: EXISTS, NOT EXISTS, or variables that must be true.

    `visible` are the variables that have their values in the filter.
    """

    marker: str
    graph: str
    alternatives: tuple[tuple[Exists | str, ...], ...]
    visible: frozenset[str]


@dataclass(frozen=True)
class Absence:
    """What a solution rests on being told nowhere. `kind` is ``optional``, ``minus`` or ``not-exists``.

    For ``optional``, `inner` is the marker of what is absent if it is unbound.
    """

    marker: str
    kind: str
    text: str
    inner: str = ""


@dataclass(frozen=True)
class Uncited:
    """A part of the query for which nothing can be cited: the text of it."""

    marker: str
    text: str


Atom: TypeAlias = TripleAtom | SubqueryAtom | FilterAtom | Absence | Uncited


@dataclass
class Plan:
    """A rewritten pattern.

    text: the pattern, with braces. atoms: what a solution rests on. columns: the variables that its solutions must
    tell. flags: expressions by the variable under which their truth is to be told.
    """

    text: str = ""
    atoms: list[Atom] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def told_flags(self) -> list[str]:
        """The columns that tell the flags, which have no value where their expression has an error."""
        return [f"(IF({expression}, true, false) AS {flag})" for flag, expression in self.flags.items()]


def plan_of(
    group: Group,
    graph: str = "",
    given: frozenset[str] = frozenset(),
    joined: frozenset[str] = frozenset(),
    used: frozenset[str] | None = None,
) -> Plan:
    """The plan of a pattern; `graph` is the name of the graph that it stands in, as written, empty for the default.

    `given` are variables that have their values in the pattern from outside, `joined` those that may get one after it.
    `used` are those whose values count, if it does not count how many solutions there are; None if all do.
    """
    return _Planner(group, given, joined, used).plan(graph)


class _Planner:
    def __init__(self, root: Group, given: frozenset[str], joined: frozenset[str], used: frozenset[str] | None) -> None:
        self._root = root
        self._plan = Plan()
        self._numbers = count()
        self._mentions = Counter(_all_variables(root))
        self._given = given
        self._bound_elsewhere = given | joined
        self._used = used

    def plan(self, graph: str) -> Plan:
        text = self._group(self._root, graph, "")
        self._plan.text = f"{{ GRAPH {graph} {text} }}" if graph else text
        if graph.startswith("?"):
            self._plan.columns[graph] = None
        return self._plan

    def _new(self, kind: str) -> str:
        return f"{OWN}{kind}{next(self._numbers)}"

    def _add(self, atom: Atom, *variables: str) -> None:
        self._plan.atoms.append(atom)
        self._plan.columns.update(dict.fromkeys(v for v in variables if v.startswith("?")))

    def _group(self, group: Group, graph: str, marker: str, *, own: str = "", optional: bool = False) -> str:  # noqa: PLR0912
        """The text of a group whose atoms count if `marker` is bound; `own`: that must be bound in the group itself."""
        parts, told = list[str](), list[str]()
        for element in group.elements:
            match element:
                case Triple():
                    parts += self._triple(element, graph, marker)
                case Filter(text, condition):
                    parts.append(text)
                    if condition is not None:
                        visible = frozenset((self._root if optional else group).variables()) | self._given
                        told += self._filter(element, graph, marker, visible, optional=optional)
                case Bind(text, _, exists, uncited):
                    parts.append(text)
                    if exists:  # either way the value is told
                        before = Group(group.elements[: group.elements.index(element)], "")
                        visible = frozenset(before.variables()) | self._given
                        self._existence(
                            marker, graph, ((exists,), (Exists(exists.group, not exists.negated),)), visible, text
                        )
                    elif uncited:
                        self._add(Uncited(marker, text))
                case Values(text):
                    parts.append(text)
                case Optional(inner):
                    before = Group(group.elements[: group.elements.index(element)], "")
                    idle = self._is_idle(inner, before)
                    parts.append(f"OPTIONAL {inner.text}" if idle else self._optional(inner, graph, marker))
                case Union(branches):
                    parts.append(self._union(branches, graph, marker))
                case Minus(inner):
                    parts.append(f"MINUS {inner.text}")
                    self._add(Absence(marker, "minus", inner.text))
                case Graph(name, inner):
                    parts.append(f"GRAPH {name} {self._group(inner, name, marker)}")
                    self._plan.columns.update({name: None} if name.startswith("?") else {})
                case Service(text):
                    parts.append(text)
                    self._add(Uncited(marker, text))
                case Subquery(select):
                    parts.append(self._subquery(select, graph, marker))
        if own:
            told.append(f"BIND(true AS {own})")
            self._plan.columns[own] = None
        return f"{{ {' '.join((*parts, *told))} }}"

    def _triple(self, triple: Triple, graph: str, marker: str) -> Iterator[str]:
        for subject, path, value in self._links(triple.subject, triple.path, triple.object):
            yield f"{subject} {path_text(path)} {value} ."
            terms = (path.term,) if isinstance(path, Link) else ()
            self._add(TripleAtom(marker, graph, subject, path, value), subject, *terms, value)

    def _links(self, subject: str, path: Path, value: str) -> Iterator[tuple[str, Path, str]]:
        """The single steps of a path, through new variables."""
        match path:
            case Chain(parts):
                for number, part in enumerate(parts):
                    following = value if number == len(parts) - 1 else self._new("node")
                    yield from self._links(subject, part, following)
                    subject = following
            case Inverse(inner) if not isinstance(inner, Choice | Repeated):
                yield from self._links(value, inner, subject)
            case _:
                yield subject, path, value

    def _marker(self, group: Group) -> str:
        """A variable that is bound exactly if the group matched: one of its triples that occurs nowhere else."""
        inside = Counter(_all_variables(group))
        triples = (e for e in group.elements if isinstance(e, Triple))
        terms = (term for triple in triples for term in (triple.subject, triple.object) if term.startswith("?"))
        return next((t for t in terms if self._mentions[t] == inside[t] and t not in self._bound_elsewhere), "")

    def _is_idle(self, inner: Group, before: Group) -> bool:
        """Whether an OPTIONAL gives no value that counts: the rows are the same without it."""
        if self._used is None:
            return False
        inside = Counter(_all_variables(inner))
        counting = self._used | self._bound_elsewhere
        brought = {*inner.variables()} - before.certain()
        return all(self._mentions[v] == inside[v] and v not in counting for v in brought)

    def _optional(self, inner: Group, graph: str, marker: str) -> str:
        found = self._marker(inner)
        own = "" if found else self._new("here")
        text = self._group(inner, graph, found or own, own=own, optional=True)
        self._add(Absence(marker, "optional", inner.text, found or own), found or own)
        return f"OPTIONAL {text}"

    def _union(self, branches: tuple[Group, ...], graph: str, marker: str) -> str:
        if len(branches) == 1:
            return self._group(branches[0], graph, marker)
        texts = []
        for branch in branches:
            found = self._marker(branch)
            own = "" if found else self._new("here")
            texts.append(self._group(branch, graph, found or own, own=own))
        return " UNION ".join(texts)

    def _subquery(self, select: Select, graph: str, marker: str) -> str:
        aliases = tuple(self._new("row") for _ in select.columns())
        self._add(SubqueryAtom(marker, graph, select, aliases), *aliases)
        columns = select.columns()
        told = " ".join((*columns, *(f"({c} AS {a})" for c, a in zip(columns, aliases, strict=True))))
        return f"{{ SELECT {told} WHERE {{ {{ {select_text(select)} }} }} }}"

    def _filter(
        self, element: Filter, graph: str, marker: str, visible: frozenset[str], *, optional: bool
    ) -> Iterator[str]:
        """Takes a filter with EXISTS apart; gives what tells in its group which parts of it hold.

        A filter of an OPTIONAL sees the variables around that too, so it is for the whole solution to tell.
        """
        found = _normal_form(element.condition or HIDDEN_EXISTS)
        expressions = dict.fromkeys(p for parts in found for p in parts if isinstance(p, str))
        if not found or HIDDEN_EXISTS in expressions:
            self._add(Uncited(marker, element.text))
            return
        flags = {e: self._new("true") for e in expressions}
        for expression, flag in flags.items():
            if optional:
                self._plan.flags[flag] = expression
            else:
                yield f"BIND(IF({expression}, true, false) AS {flag})"
                self._plan.columns[flag] = None
        alternatives = tuple(tuple(flags[p] if isinstance(p, str) else p for p in parts) for parts in found)
        self._existence(marker, graph, alternatives, visible, element.text)

    def _existence(
        self,
        marker: str,
        graph: str,
        alternatives: tuple[tuple[Exists | str, ...], ...],
        visible: frozenset[str],
        text: str,
    ) -> None:
        """Adds the atom of an expression with EXISTS, whose text is told if it cannot be cited."""
        shared = {v for parts in alternatives for p in parts if isinstance(p, Exists) for v in _all_variables(p.group)}
        scope = {*self._root.variables()}
        # Whether a variable that has its value elsewhere is seen in EXISTS depends on how the engine evaluates a join.
        if shared & (scope - visible):
            self._add(Uncited(marker, text))
        else:
            self._add(FilterAtom(marker, graph, alternatives, visible), *sorted(shared & scope))


def path_text(path: Path) -> str:
    """A path in SPARQL."""
    match path:
        case Link(term):
            return term
        case Inverse(inner):
            return f"^({path_text(inner)})"
        case Chain(parts):
            return "(" + "/".join(map(path_text, parts)) + ")"
        case Choice(parts):
            return "(" + "|".join(map(path_text, parts)) + ")"
        case Negated(terms):
            return f"!({'|'.join(terms)})"
        case Repeated(inner, sign):
            return f"({path_text(inner)}){sign}"


def select_text(select: Select, keys: tuple[str, ...] = (), dataset: str = "", graph: str = "") -> str:
    """A SELECT as written; with `keys`, one for each key of its groups, it tells these by such names too.

    `dataset` are its FROM clauses, `graph` is the graph that its pattern stands in, empty for the default.
    """
    extra = [f"({k.variable or name} AS {name})" for k, name in zip(select.keys, keys, strict=bool(keys))]
    projection = [f"({e} AS {v})" if e else v for e, v in select.projection] if not select.star else [*select.columns()]
    grouping = [_key_text(k) for k in select.keys]
    distinct = "DISTINCT " if select.distinct else ""
    where = f"{{ GRAPH {graph} {select.where.text} }}" if graph else select.where.text
    return " ".join(
        (
            f"SELECT {distinct}{' '.join((*projection, *extra)) or '*'} {dataset} WHERE {where}",
            *((f"GROUP BY {' '.join(grouping)}",) if grouping else ()),
            *slices(select),
            select.values,
        )
    )


def _key_text(key: Key) -> str:
    if key.text == key.variable:
        return key.text
    return f"({key.text} AS {key.variable})" if key.variable else f"({key.text})"


def slices(select: Select) -> Iterator[str]:
    """HAVING, ORDER BY, LIMIT and OFFSET, as written."""
    yield select.having
    yield select.order
    if select.limit is not None:
        yield f"LIMIT {select.limit}"
    if select.offset:
        yield f"OFFSET {select.offset}"


def _normal_form(condition: Condition) -> list[tuple[Exists | str, ...]]:
    """The disjunctive normal form; empty if it is too long."""
    if not isinstance(condition, Both):
        return [(condition,)]
    parts = [_normal_form(p) for p in condition.parts]
    if condition.either:
        found = [conjunction for p in parts for conjunction in p]
        return found if all(parts) and len(found) <= _CONJUNCTIONS else []
    found = [()]
    for part in parts:
        found = [(*a, *b) for a in found for b in part]
        if len(found) > _CONJUNCTIONS:
            return []
    return found


def _all_variables(group: Group) -> Iterator[str]:
    """The variables in the text of a group and of blank nodes in it, each as often as it occurs."""
    yield from mentions(group.text)
    yield from (v for v in group.variables() if v.startswith(FRESH))
