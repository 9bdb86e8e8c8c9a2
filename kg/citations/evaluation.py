"""Evaluates a query together with what each row of its result rests on.

A row is annotated by the sum over all solutions that give it, of the product over the triples of a solution, of what
each triple rests on (Green et al. 2007; for SPARQL Geerts et al., "Algebraic Structures for Capturing the Provenance of
SPARQL Queries", J. ACM 2016, of which this is the part without difference). What a row owes to nothing being told
(MINUS, NOT EXISTS, an OPTIONAL without a match) has no source; it is listed beside. A group rests on all rows that went
into it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import pyoxigraph as ox

from kg.citations.algebra import FRESH, OWN, VARIABLE, Group, Key, Link, Path, Query, Select, may_be_empty, mentions
from kg.citations.annotations import ONE, ZERO, Annotation, Sources, incomplete, product, total
from kg.citations.cited import Asked, Citation, Cited, Member, Missing, Row, merge
from kg.citations.constants import Constants
from kg.citations.parsing import parse
from kg.citations.paths import Paths
from kg.citations.plan import (
    Absence,
    Atom,
    FilterAtom,
    Plan,
    SubqueryAtom,
    TripleAtom,
    Uncited,
    plan_of,
    select_text,
    slices,
)
from kg.citations.support import GraphName, Supports, Term, spo
from kg.engine.engine import Answer, Engine
from kg.engine.errors import QuerySyntaxError, TooLargeError
from kg.engine.guard import OutboundRefusedError, dataset_graphs

ROWS: Final = 20_000
"""The most rows of an answer with citations, and the most solutions that are looked at for a group or a boolean."""

KEPT_MEMBERS: Final = 1_000
"""The most rows that are listed for one group."""

_ALL_MEMBERS: Final = 5_000
"""The most rows that are listed for all groups of an answer, but for `_FEWEST_MEMBERS` of each."""

_FEWEST_MEMBERS: Final = 20

_RESTRICTED_ROWS: Final = 500
"""To at most so many rows the search for their witnesses is restricted."""


def cite(engine: Engine, asked: Asked) -> Cited:
    """Evaluates a query with citations.

    If rows are to be chosen by their certainty, LIMIT and OFFSET are left to the caller. Raises what `Engine.query`
    raises, and TooLargeError for more than `ROWS` rows.
    """
    tree = parse(asked.query)

    def run(text: str, values: Mapping[str, Term] | None = None) -> Answer:
        return engine.query(
            text,
            default_graphs=asked.default_graphs,
            named_graphs=asked.named_graphs,
            new_graphs=asked.new_graphs,
            substitutions={ox.Variable(name[1:]): term for name, term in (values or {}).items()},
        )

    supports = _supports(engine, asked)
    if tree.form == "DESCRIBE":
        triples = _bounded(run(asked.query).triples)
        found = [spo(t) for t in triples]
        return Cited("DESCRIBE", _TRIPLE, [*found], [Citation(supports.triple(*t, None)) for t in found], supports)
    if tree.form == "ASK" and not run(asked.query).boolean:  # it may have LIMIT 0
        return Cited("ASK", (), [], [], supports)
    if tree.select.grouped:  # the grammar allows here what the engine may not
        run(asked.query)
    evaluation = _Evaluation(tree, lambda text, values: run(text, values).solutions, supports)
    try:
        return evaluation.answer(whole=asked.citing.chooses)
    except (QuerySyntaxError, OutboundRefusedError):
        run(asked.query)  # so that places are those in the query and not in what it was rewritten to
        raise


def _supports(engine: Engine, asked: Asked) -> Supports:
    """What triples rest on in the dataset of the query, remembered until the store changes."""
    default, named = asked.default_graphs, asked.named_graphs
    if not (default or named):
        default, named = (tuple(graphs) for graphs in dataset_graphs(asked.query))
    lens, store = engine.looked_through(default, named)
    known = ("supports", lens.path if lens else frozenset(default))
    if known not in engine.remembered:
        all_facts = lens is not None and (lens.everything or bool(lens.modality))
        graphs = frozenset(default) if default and not lens else None
        engine.remembered[known] = Supports(store, graphs, holds=(lambda _: True) if all_facts else None)
    found: Supports = engine.remembered[known]
    return found


_TRIPLE: Final = ("?subject", "?predicate", "?object")


def _bounded(found: Iterable[ox.Triple]) -> list[ox.Triple]:
    triples = list(dict.fromkeys(islice(found, ROWS + 1)))
    if len(triples) > ROWS:
        raise _too_many()
    return triples


def _too_many() -> TooLargeError:
    return TooLargeError(f"An answer with citations has at most {ROWS} rows. Ask for less, or use LIMIT and OFFSET.")


_Solution = tuple[Mapping[str, Term] | None, Citation]
"""The values of a solution, if they are to be listed, and what it rests on."""


class _Evaluation:
    """The evaluation of one query. `solve` runs a SELECT, with values for some of its columns."""

    def __init__(
        self, tree: Query, solve: Callable[[str, Mapping[str, Term] | None], ox.QuerySolutions], supports: Supports
    ) -> None:
        self._tree = tree
        self._run = solve
        self._supports = supports
        self._constants = Constants(tree.prologue, self._solve)
        self._paths = Paths(supports, self._constants.__getitem__)
        self._tables: dict[tuple[int, GraphName | None], dict[Row, Citation]] = {}
        self._exists: dict[tuple[object, ...], Citation] = {}

    def answer(self, *, whole: bool) -> Cited:
        """The answer; `whole` without LIMIT and OFFSET."""
        select, form = self._tree.select, self._tree.form
        if form == "SELECT":
            rows, citations = self._grouped(select, whole) if select.grouped else self._plain(select, whole)
            return Cited(form, select.columns(), rows, citations, self._supports, select.limit, select.offset)
        if form == "ASK":
            found = Citation()
            count = 0
            for count, (_, citation) in enumerate(self._witnesses(select, _plan(replace(select, star=False)), ()), 1):
                found.add(citation)
                if count == ROWS:
                    found.annotation = incomplete(found.annotation)
                    break
            return Cited(form, (), [()] if count else [], [found] if count else [], self._supports)
        return self._constructed(select)

    def _solve(self, text: str, values: Mapping[str, Term] | None = None) -> ox.QuerySolutions:
        return self._run(f"{self._tree.prologue}\n{text}", values)

    def _text(self, projection: Iterable[str], where: str, *rest: str) -> str:
        chosen = " ".join(projection) or f"(1 AS {OWN}one)"
        return " ".join(("SELECT", chosen, self._tree.dataset, "WHERE", where, *rest))

    # Rows of one solution each

    def _plain(self, select: Select, whole: bool) -> tuple[list[Row], list[Citation]]:
        limited = (select.limit is not None or bool(select.offset)) and not whole
        if limited:
            rows = self._rows(self._solve(select_text(select, dataset=self._tree.dataset)))
            found = dict[Row, Citation]()
            restriction = _values_of(select, rows)
            for row, citation in self._witnesses(select, _plan(select), (), restriction):
                merge(found, row, citation)
            return rows, [found.get(row) or _unknown() for row in rows]
        rows, found = [], {}
        for row, citation in self._witnesses(select, _plan(select), (select.order,)):
            if not (select.distinct and row in found):
                rows.append(row)
            merge(found, row, citation)
            if len(rows) > ROWS:
                raise _too_many()
        return rows, [found[row] for row in rows]

    def _rows(self, solutions: ox.QuerySolutions) -> list[Row]:
        rows = [_row(s) for s in islice(solutions, ROWS + 1)]
        if len(rows) > ROWS:
            raise _too_many()
        return rows

    def _witnesses(
        self, select: Select, plan: Plan, rest: Sequence[str], restriction: str = ""
    ) -> Iterator[tuple[Row, Citation]]:
        """Each solution of a SELECT without grouping: its row, and what it rests on."""
        columns = select.columns()
        shown = [f"({e} AS {v})" if e else v for e, v in select.projection] if not select.star else [*columns]
        hidden = [v for v in plan.columns if v not in columns]
        where = f"{{ {restriction} {plan.text} }}" if restriction else plan.text
        text = self._text((*shown, *hidden, *plan.told_flags), where, *rest, select.values)
        names = (*columns, *hidden, *plan.flags)
        for solution in self._solve(text):
            row = _row(solution)
            citation = self._citation(plan.atoms, _bound(names, row))
            if select.uncited:
                citation.uncited["SELECT"] = None
            yield row[: len(columns)], citation

    # What a solution rests on

    def _citation(self, atoms: Sequence[Atom], values: Mapping[str, Term]) -> Citation:
        """The product over the atoms that count in a solution."""
        found = Citation(ONE)
        for atom in atoms:
            if atom.marker and atom.marker not in values:
                continue
            match atom:
                case TripleAtom(_, "", subject, Link(term), value):  # most are so
                    triple = self._value(subject, values), self._value(term, values), self._value(value, values)
                    found.annotation = found.annotation * self._supports.triple(*triple, None)
                case TripleAtom(_, name, subject, path, value):
                    where = self._graph(name, values)
                    ends = self._value(subject, values), self._value(value, values)
                    part = self._paths.between(ends[0], self._resolved(path, values), ends[1], where)
                    if ends[0] == ends[1] and may_be_empty(path):  # the engine wants it to be a node of the graph
                        part = part * self._supports.node(ends[0], where)
                    found.annotation = found.annotation * part
                case SubqueryAtom(_, name, select, aliases):
                    row = tuple(values.get(a) for a in aliases)
                    inner = self._table(select, name, values).get(row) or _unknown()
                    found.annotation = found.annotation * inner.annotation
                    found.missing.update(inner.missing)
                    found.uncited.update(inner.uncited)
                case FilterAtom():
                    self._filter(atom, values, found)
                case Absence(_, kind, text, inner_marker):
                    if not (kind == "optional" and inner_marker in values):
                        found.missing[Missing(kind, _with_values(text, values))] = None
                case Uncited(_, text):
                    found.uncited[text] = None
        if found.annotation.is_zero:  # a solution has its triples: we failed to find what they rest on
            return _unknown(found)
        return found

    def _value(self, term: str, values: Mapping[str, Term]) -> Term:
        return values[term] if term.startswith("?") else self._constants[term]

    def _graph(self, name: str, values: Mapping[str, Term]) -> GraphName | None:
        if not name:
            return None
        found = self._value(name, values)
        assert not isinstance(found, ox.Literal)
        return found

    def _resolved(self, path: Path, values: Mapping[str, Term]) -> Path:
        """A predicate variable becomes its value."""
        if isinstance(path, Link) and path.term.startswith("?"):
            return Link(self._constants.name(values[path.term]))
        return path

    def _filter(self, atom: FilterAtom, values: Mapping[str, Term], found: Citation) -> None:
        """Multiplies by the sum over the ways in which a filter with EXISTS holds."""
        ways, missing, uncited = list[Annotation](), dict[Missing, None](), dict[str, None]()
        where = self._graph(atom.graph, values)
        seen = {v: t for v, t in values.items() if v in atom.visible}
        for conjunction in atom.alternatives:
            part = ONE
            told = dict[Missing, None]()
            for condition in conjunction:
                if isinstance(condition, str):
                    flag = values.get(condition)
                    part = part if isinstance(flag, ox.Literal) and flag.value == "true" else ZERO
                    continue
                inner = self._existence(condition.group, where, seen)
                if condition.negated:
                    part = part if inner.annotation.is_zero else ZERO
                    told[Missing("not-exists", _with_values(condition.group.text, values))] = None
                else:
                    part = part * inner.annotation
                    told.update(inner.missing)
                uncited.update(inner.uncited)
            if not part.is_zero:
                ways.append(part)
                missing.update(told)
        found.annotation = found.annotation * total(ways)
        found.missing.update(missing)
        found.uncited.update(uncited)

    def _existence(self, group: Group, where: GraphName | None, values: Mapping[str, Term]) -> Citation:
        """What the existence of a match rests on, with the values of a solution; zero if there is none."""
        mentioned = {v: values[v] for v in dict.fromkeys(mentions(group.text)) if v in values}
        key = (id(group), where, *((v, str(t)) for v, t in mentioned.items()))
        if key in self._exists:
            return self._exists[key]
        plan = plan_of(group, str(where) if where is not None else "", frozenset(mentioned), used=frozenset())
        columns = [*dict.fromkeys((*plan.columns, *mentioned))]
        found = Citation()
        solutions = self._solve(self._text((*columns, *plan.told_flags), plan.text), mentioned)
        names = (*columns, *plan.flags)
        for number, solution in enumerate(solutions):
            found.add(self._citation(plan.atoms, _bound(names, _row(solution))))
            if number == ROWS:
                found.annotation = incomplete(found.annotation)
                break
        self._exists[key] = found
        return found

    def _table(self, select: Select, graph: str, values: Mapping[str, Term]) -> dict[Row, Citation]:
        """The rows of a subquery, in the graph that it stands in, with what they rest on."""
        where = self._graph(graph, values)
        key = id(select), where
        if key not in self._tables:
            name = str(where) if where is not None else ""
            rows, citations = self._grouped(select, False, name) if select.grouped else self._inner(select, name)
            table = dict[Row, Citation]()
            for row, citation in zip(rows, citations, strict=True):
                merge(table, row, citation)
            self._tables[key] = table
        return self._tables[key]

    def _inner(self, select: Select, graph: str) -> tuple[list[Row], list[Citation]]:
        """The rows of a subquery without grouping; those that its LIMIT leaves out do no harm."""
        found = dict[Row, Citation]()
        for row, citation in self._witnesses(select, _plan(select, graph), ()):
            merge(found, row, citation)
            if len(found) > ROWS:
                raise _too_many()
        return [*found], [*found.values()]

    # Groups

    def _grouped(self, select: Select, whole: bool, graph: str = "") -> tuple[list[Row], list[Citation]]:
        keys = tuple(k.variable or f"{OWN}key{n}" for n, k in enumerate(select.keys))
        shown = tuple(f"{OWN}group{n}" for n in range(len(keys)))
        kept = replace(select, limit=None, offset=0) if whole else select
        named = replace(kept, keys=tuple(Key(k.text, v) for k, v in zip(select.keys, keys, strict=True)))
        found = self._rows(self._solve(select_text(named, shown, self._tree.dataset, graph)))
        width = len(select.columns())
        rows, groups = [row[:width] for row in found], [row[width:] for row in found]
        listed = min(KEPT_MEMBERS, max(_FEWEST_MEMBERS, _ALL_MEMBERS // max(1, len(groups))))
        members, full = self._members(select, _plan(select, graph), keys, {g: [] for g in groups}, listed)
        citations = [_of_members(members[g], full=full) for g in groups]
        for citation in citations:
            if not citation.members and not keys:  # the group of all solutions, of which there are none
                citation.missing[Missing("group", _with_values(select.where.text, {}))] = None
            elif not citation.members:
                citation.annotation = ZERO
                _unknown(citation)
        for citation in citations if select.uncited else ():
            citation.uncited["SELECT"] = None
        return rows, citations

    def _members(
        self, select: Select, plan: Plan, keys: tuple[str, ...], groups: dict[Row, list[_Solution]], kept: int
    ) -> tuple[dict[Row, list[_Solution]], bool]:
        """Adds the solutions to their groups, the first `kept` of each with their values.

        Gives these, and whether there are too many to be looked at all.
        """
        expressions = [k.text if k.text == v else f"({k.text} AS {v})" for k, v in zip(select.keys, keys, strict=True)]
        visible = [*dict.fromkeys((*plan.columns, *select.where.variables()))]
        hidden = [v for v in visible if v not in keys]
        names = (*keys, *hidden, *plan.flags)
        text = self._text((*expressions, *hidden, *plan.told_flags), plan.text, select.values)
        for number, solution in enumerate(self._solve(text)):
            if number == ROWS:
                return groups, True
            row = _row(solution)
            members = groups.get(row[: len(keys)])
            if members is not None:
                values = _bound(names, row)
                listed = len(members) < kept
                told = {n: t for n, t in values.items() if not n.startswith(OWN)} if listed else None
                members.append((told, self._citation(plan.atoms, values)))
        return groups, False

    # Graphs

    def _constructed(self, select: Select) -> Cited:
        """The triples of CONSTRUCT, each with what all solutions rest on that give it."""
        needed = [*dict.fromkeys(t for triple in self._tree.template for t in triple if t.startswith("?"))]
        limited = select.limit is not None or bool(select.offset)
        found = dict[Row, Citation]()
        projection = tuple(("", v) for v in needed)
        chosen = replace(select, projection=projection, star=False, distinct=False)
        rest = tuple(slices(chosen)) if limited else ()
        solutions = (
            zip(*self._grouped(chosen, False), strict=True)
            if select.grouped
            else self._witnesses(chosen, _plan(chosen), rest)
        )
        for number, (row, citation) in enumerate(solutions):
            values = dict(zip(needed, row, strict=True))
            for triple in self._tree.template:
                made = self._instance(triple, values, number)
                if made:
                    merge(found, made, citation.copy())
            if len(found) > ROWS:
                raise _too_many()
        return Cited("CONSTRUCT", _TRIPLE, [*found], [*found.values()], self._supports)

    def _instance(self, triple: tuple[str, str, str], values: Mapping[str, Term | None], number: int) -> Row | None:
        """A triple of the template with the values of a solution; None if it is none (SPARQL 1.1 Query, 16.2)."""
        made = list[Term]()
        for text in triple:
            if text.startswith(("_:", FRESH)):
                made.append(ox.BlankNode(f"s{number}x{text.encode().hex()}"))
                continue
            term = values[text] if text.startswith("?") else self._constants[text]
            if term is None:
                return None
            made.append(term)
        subject, predicate, value = made
        valid = not isinstance(subject, ox.Literal) and isinstance(predicate, ox.NamedNode)
        return (subject, predicate, value) if valid else None


def _row(solution: ox.QuerySolution) -> Row:
    return tuple(solution)


def _bound(names: Sequence[str], row: Row) -> dict[str, Term]:
    """The values of a row by the names of its columns, without unbound ones."""
    return {n: t for n, t in zip(names, row, strict=False) if t is not None}  # `_text` puts a column where is none


def _with_values(text: str, values: Mapping[str, Term]) -> str:
    """A pattern with the values of a solution for its variables, on one line."""

    def value(match: re.Match[str]) -> str:
        term = values.get(f"?{match[1]}") if match[1] else None
        return str(term) if isinstance(term, ox.NamedNode | ox.Literal) else match[0]

    return " ".join(VARIABLE.sub(value, text).split())


def _values_of(select: Select, rows: Sequence[Row]) -> str:
    """A VALUES block that restricts a pattern to the rows; empty if that is not possible.

    Only to what has a value in each solution: it would give one to the others.
    """
    certain = select.where.certain()
    columns = [(n, v) for n, (e, v) in enumerate(_projected(select)) if not e and v in certain]
    found = [[row[n] for n, _ in columns] for row in rows]
    if len(found) > _RESTRICTED_ROWS or not columns or any(isinstance(t, ox.BlankNode) for r in found for t in r):
        return ""
    lines = dict.fromkeys("(" + " ".join(map(str, r)) + ")" for r in found)
    return f"VALUES ({' '.join(v for _, v in columns)}) {{ {' '.join(lines)} }}"


def _plan(select: Select, graph: str = "") -> Plan:
    """The plan of the pattern of a SELECT."""
    texts = (*(e for e, _ in select.projection), select.order)
    used = frozenset((*select.columns(), *(v for text in texts for v in mentions(text))))
    return plan_of(
        select.where, graph, joined=frozenset(select.values_variables), used=None if select.grouped else used
    )


def _projected(select: Select) -> Sequence[tuple[str, str]]:
    return [("", v) for v in select.columns()] if select.star else select.projection


def _unknown(citation: Citation | None = None) -> Citation:
    """A citation that is not known: never nothing without saying so."""
    found = citation or Citation()
    found.annotation = incomplete(found.annotation)
    return found


def _of_members(members: list[_Solution], *, full: bool) -> Citation:
    """What a group rests on: all of its rows."""
    annotation = _of_all([c.annotation for _, c in members])
    found = Citation(incomplete(annotation) if full else annotation)
    for _, citation in members:
        found.missing.update(citation.missing)
        found.uncited.update(citation.uncited)
    found.members = [Member(values, c.annotation) for values, c in members if values is not None]
    found.annotations = dict.fromkeys(c.annotation for _, c in members)
    found.of = len(members)
    return found


def _of_all(parts: Sequence[Annotation]) -> Annotation:
    """The product of many, of which most have one set."""
    every: Sources
    ways = 1
    for part in parts:
        ways = min(ways * max(len(part.sets), 1), _WAYS + 1)
    if ways <= _WAYS:
        several = [p for p in parts if len(p.sets) != 1 or not p.complete]
        only = frozenset[str]().union(*(p.sets[0] for p in parts if len(p.sets) == 1 and p.complete))
        return product((Annotation((only,), only), *several))
    every = frozenset[str]().union(*(p.every for p in parts))
    return Annotation((every,), every, False)


_WAYS: Final = 64
"""In how many ways the rows of a group may be supported, until only all sources together are told."""
