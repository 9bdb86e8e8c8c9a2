"""Comparison of results and graphs: by value, up to blank node labels, ordered only if the test requires it."""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from tests.conformance.suite import triples
from tests.conformance.target import Failed, plain_labels

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row: TypeAlias = dict[str, Term]


@dataclass(frozen=True)
class Table:
    """The result of a SELECT; ``ordered`` if the order of its rows is significant."""

    variables: frozenset[str]
    rows: list[Row]
    ordered: bool = False


Result: TypeAlias = bool | Table | list[ox.Triple]


def expected(path: Path) -> Result:
    """The expected result of a file: SPARQL results in any format, in RDF (result-set vocabulary), or a graph."""
    if path.suffix in {".srx", ".srj", ".tsv", ".csv"}:
        return results(path.read_bytes(), path.suffix)
    graph = triples(path)
    by_subject: dict[object, dict[str, list[ox.Triple]]] = defaultdict(lambda: defaultdict(list))
    for triple in graph:
        by_subject[triple.subject][triple.predicate.value.removeprefix(RS)].append(triple)
    for described in by_subject.values():
        if any(isinstance(t.object, ox.Literal) for t in described["boolean"]):
            return described["boolean"][0].object.value in {"true", "1"}  # type: ignore[union-attr]
        if described["resultVariable"] or described["solution"]:
            return _result_set(described, by_subject)
    return graph


def _result_set(described: dict[str, list[ox.Triple]], by_subject: dict[object, dict[str, list[ox.Triple]]]) -> Table:
    found: list[tuple[int, Row]] = []
    for solution in described["solution"]:
        about = by_subject[solution.object]
        row: Row = {}
        for binding in about["binding"]:
            pair = by_subject[binding.object]
            row[pair["variable"][0].object.value] = pair["value"][0].object  # type: ignore[union-attr]
        found.append((int(about["index"][0].object.value) if about["index"] else -1, row))  # type: ignore[union-attr]
    ordered = bool(found) and all(index >= 0 for index, _ in found)
    found.sort(key=lambda pair: pair[0])
    variables = frozenset(t.object.value for t in described["resultVariable"])  # type: ignore[union-attr]
    return Table(variables, [row for _, row in found], ordered)


def results(body: bytes, suffix: str) -> Result:
    """SPARQL results in the format of a file suffix."""
    if suffix == ".csv":
        return _csv(body)
    form = {
        ".srx": ox.QueryResultsFormat.XML,
        ".srj": ox.QueryResultsFormat.JSON,
        ".tsv": ox.QueryResultsFormat.TSV,
    }[suffix]
    try:
        parsed = ox.parse_query_results(input=plain_labels(body), format=form)
        if isinstance(parsed, ox.QueryBoolean):
            return bool(parsed)
        names = [variable.value for variable in parsed.variables]
        found = [{name: row[name] for name in names if row[name] is not None} for row in parsed]
    except (SyntaxError, ValueError) as error:
        raise Failed(f"the results are malformed: {error}") from error
    return Table(frozenset(names), found)


def _csv(body: bytes) -> Table:
    """CSV has no datatypes, so cells are compared as text, numbers as numbers."""
    lines = list(csv.reader(io.StringIO(body.decode("utf-8"), newline="")))
    if not lines:
        raise Failed("the CSV has no header")
    names = lines[0]
    rows = [{name: _cell(cell) for name, cell in zip(names, line, strict=True) if cell} for line in lines[1:] if line]
    return Table(frozenset(names), rows)  # type: ignore[arg-type]


def _cell(cell: str) -> ox.BlankNode | ox.Literal:
    if cell.startswith("_:"):
        return ox.BlankNode(re.sub(r"\W", "", cell[2:]))
    return ox.Literal(float(cell)) if NUMBER.fullmatch(cell) else ox.Literal(cell)


def check(actual: Result, wanted: Result, *, lax: bool = False) -> None:
    """Raises :class:`Failed` unless both are equal; ``lax`` allows REDUCED to drop duplicates."""
    if isinstance(wanted, bool) or isinstance(actual, bool):
        if actual is not wanted:
            raise Failed(f"answered {actual}, not {wanted}")
    elif isinstance(wanted, Table):
        if not isinstance(actual, Table):
            raise Failed("answered a graph, not a table")
        _check_table(actual, wanted, lax=lax)
    elif isinstance(actual, Table):
        raise Failed("answered a table, not a graph")
    elif not same_graphs(_quads(actual), _quads(wanted)):
        raise Failed(f"the graph differs: got {shown(actual)}, not {shown(wanted)}")


def _check_table(actual: Table, wanted: Table, *, lax: bool) -> None:
    bound = {name for row in actual.rows for name in row}
    if not wanted.variables <= actual.variables or bound - wanted.variables:  # a file may omit one that is never bound
        raise Failed(f"the variables are {sorted(actual.variables)}, not {sorted(wanted.variables)}")
    if lax:
        mine, theirs = Counter(map(_key, actual.rows)), Counter(map(_key, wanted.rows))
        same = mine.keys() == theirs.keys() and mine <= theirs
    else:
        same = same_graphs(_as_quads(actual.rows, wanted.ordered), _as_quads(wanted.rows, wanted.ordered))
    if not same:
        raise Failed(f"the rows differ: got {shown(actual.rows)}, not {shown(wanted.rows)}")


def _key(row: Row) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((name, str(canonical(term))) for name, term in row.items()))


def _as_quads(rows: list[Row], ordered: bool) -> list[ox.Quad]:
    """Rows as a graph, for the same comparison as graphs; equal rows become one with a count."""
    kept: dict[object, tuple[Row, list[int]]] = {}
    for index, row in enumerate(rows):
        kept.setdefault((index if ordered else 0, _key(row)), (row, []))[1].append(index)
    quads = []
    for row, indexes in kept.values():
        node = ox.BlankNode()
        label = indexes[0] if ordered else len(indexes)
        quads.append(ox.Quad(node, ox.NamedNode("row:label"), ox.Literal(label)))
        quads += [ox.Quad(node, ox.NamedNode(f"var:{name}"), term) for name, term in row.items()]
    return quads


def _quads(graph: list[ox.Triple]) -> list[ox.Quad]:
    return [ox.Quad(t.subject, t.predicate, t.object) for t in graph]


def same_graphs(one: Iterable[ox.Quad], other: Iterable[ox.Quad]) -> bool:
    """Whether two datasets are isomorphic, with literals compared by value."""
    mine, theirs = _canonical(one), _canonical(other)
    return len(mine) == len(theirs) and mine == theirs


def _canonical(quads: Iterable[ox.Quad]) -> ox.Dataset:
    dataset = ox.Dataset(ox.Quad(q.subject, q.predicate, canonical(q.object), q.graph_name) for q in quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def canonical(term: Term) -> Term:
    """A literal in the canonical form of its value (``01`` is ``1``); other terms unchanged."""
    if isinstance(term, ox.Literal):
        return _literal(term)
    return term


@cache
def _literal(literal: ox.Literal) -> ox.Literal:
    if literal.language:
        return ox.Literal(literal.value, language=literal.language.lower())
    node = ox.NamedNode("x:x")
    store = ox.Store()
    store.add(ox.Quad(node, node, literal))
    stored = next(iter(store)).object
    assert isinstance(stored, ox.Literal)
    return stored


def shown(things: Iterable[object]) -> str:
    """The first few things, for a message."""
    kept = [{k: str(v) for k, v in t.items()} if isinstance(t, dict) else str(t) for t in things]
    return f"{len(kept)}: {kept[:6]}"
