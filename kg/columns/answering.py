"""Answers queries from the columns of one version, as the row engine would, or declines."""

import re
from collections.abc import Callable, Iterable, Sequence, Set
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import pyoxigraph as ox

from kg.columns.dictionary import DamagedError, Dictionary, Run
from kg.columns.estimating import LEAST_ROWS, worthwhile
from kg.columns.files import TABLES, TERMS
from kg.columns.planning import MOST_ROWS, Column, Plan, plan
from kg.columns.reading import may_be_scan, read
from kg.columns.statistics import Statistics
from kg.columns.syntax import DeclinedError
from kg.engine.engine import Answer
from ontology import BASE

_MEMORY: Final = "256MB"
"""What DuckDB may take in each worker; what needs more is declined, since nothing is written to disk."""

_KEPT: Final = 500
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_CONFIG: Final[dict[str, Any]] = {
    "threads": 1,
    "memory_limit": _MEMORY,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_ONCE_OPEN: Final = "SET temp_directory = ''; SET enable_external_access = false; SET lock_configuration = true"
_DIGIT: Final = re.compile(r"\d")


class Columns:
    """The columns of one version, opened by each process at its first query, after it was forked."""

    def __init__(self, folder: Path, *, least: int = LEAST_ROWS) -> None:
        """Over the folder that `kg.columns.building` wrote."""
        self._folder = folder
        self._least = least
        self._database: duckdb.DuckDBPyConnection | None = None
        self._statistics: Statistics | None = None
        self._empty = ox.Store()
        self._unusable = False
        self._plans: dict[str, Plan] = {}
        self._declined: dict[str, None] = {}

    def answer(
        self,
        query: str,
        touched: Set[str] = frozenset(),
        may_open: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Answer | None:
        """The answer of a query over the whole default graph; None if the row engine is to give it.

        `touched` are the IRIs of predicates whose triples may have changed since the version of the columns: queries
        with others alone have the same answers. `may_open` gives a context in which files may be opened.
        """
        if self._unusable or not may_be_scan(query):
            return None
        kind = _DIGIT.sub("0", query)
        if kind in self._declined:
            return None
        try:
            if self._database is None:
                with may_open():
                    self._open()
            asked = self._planned(query)
            if touched and (asked.predicates is None or not asked.predicates.isdisjoint(touched)):
                return None
            assert self._database
            rows = self._database.execute(asked.sql).fetchmany(MOST_ROWS + 1)
            if len(rows) <= MOST_ROWS:
                return Answer(self._solutions(asked, rows))
        except (DeclinedError, duckdb.Error, DamagedError, SyntaxError, ValueError, RuntimeError, OSError):
            pass
        _keep(self._declined, kind, None)
        return None

    def _planned(self, query: str) -> Plan:
        if (known := self._plans.get(query)) is not None:
            return known
        assert self._statistics
        select = read(query)
        if not worthwhile(select, self._statistics, self._least):
            raise DeclinedError
        asked = plan(select, self._statistics)
        empty = self._empty.query(query, base_iri=BASE)  # raises SyntaxError for what is no query
        names = [c.name for c in asked.columns]
        if not isinstance(empty, ox.QuerySolutions):
            raise DeclinedError
        wanted = [v.value for v in empty.variables]
        if (wanted if select.columns else sorted(wanted)) != (names if select.columns else sorted(names)):
            raise DeclinedError
        _keep(self._plans, query, asked)
        return asked

    def _open(self) -> None:
        self._unusable = True  # unless all of this succeeds
        self._database = duckdb.connect(str(self._folder / TABLES), read_only=True, config=_CONFIG)
        self._database.execute(_ONCE_OPEN)
        run = self._database.execute
        with (self._folder / TERMS).open("rb") as file:
            runs = [Run(*row) for row in run("SELECT rank, suffix, first, last FROM runs ORDER BY first").fetchall()]
            self._statistics = Statistics(Dictionary(file, runs))
        self._statistics.describe(
            run(
                "SELECT iri, number, id, grouped, triples, subjects, objects, first, last, first_subject, "
                "last_subject, kind, scale FROM predicates"
            ).fetchall()
        )
        self._statistics.implied = frozenset(run("SELECT grouped, class FROM implied").fetchall())
        self._unusable = False

    def _solutions(self, asked: Plan, rows: Sequence[tuple[Any, ...]]) -> ox.QuerySolutions:
        cells = [self._cells(column, [row[n] for row in rows], asked) for n, column in enumerate(asked.columns)]
        lines = ["\t".join(f"?{c.name}" for c in asked.columns), *map("\t".join, zip(*cells, strict=True))]
        found = ox.parse_query_results("\n".join(lines) + "\n", format=ox.QueryResultsFormat.TSV)
        assert isinstance(found, ox.QuerySolutions)
        return found

    def _cells(self, column: Column, values: list[Any], asked: Plan) -> Iterable[str]:
        """The values of a column as terms of the TSV format, nothing for none."""
        if column.kind == "term":
            assert self._statistics
            text = self._statistics.dictionary.text
            known = {number: text(number) if number > 0 else asked.unknown[number] for number in {*values} - {None}}
            known[None] = ""
            return map(known.__getitem__, values)
        form = _FORMS[column.kind]
        return ("" if value is None else form(value, column.scale) for value in values)

    def close(self) -> None:
        """Closes the file."""
        if self._database:
            with suppress(duckdb.Error):
                self._database.close()


def _keep(kept: dict[str, Any], key: str, value: object) -> None:
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
    kept[key] = value


def decimal(value: int, scale: int) -> str:
    """A decimal, of a value times 10**scale, in canonical form."""
    whole, rest = divmod(abs(value), 10**scale)
    digits = f"{rest:0{scale}}".rstrip("0") if rest else ""
    return f"{'-' if value < 0 else ''}{whole}" + (f".{digits}" if digits else "")


def _date(value: int, _: int = 0) -> str:
    digits = f"{value:08}"
    return f'"{digits[:4]}-{digits[4:6]}-{digits[6:]}"^^<{_XSD}date>'


def _date_time(value: int, _: int = 0) -> str:
    d = f"{value:014}"
    return f'"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:]}"^^<{_XSD}dateTime>'


_FORMS: Final[dict[str, Callable[[Any, int], str]]] = {
    "integer": lambda value, _: f'"{value}"^^<{_XSD}integer>',
    "decimal": lambda value, scale: f'"{decimal(value, scale)}"^^<{_XSD}decimal>',
    "date": _date,
    "dateTime": _date_time,
    "boolean": lambda value, _: f'"{"true" if value else "false"}"^^<{_XSD}boolean>',
    "string": lambda value, _: str(ox.Literal(value)),
}
