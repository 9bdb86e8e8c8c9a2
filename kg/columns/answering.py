"""Answers queries from the columns of one version, as the row engine would, or declines."""

from collections.abc import Callable, Sequence, Set
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import pyoxigraph as ox

from kg.columns.planning import LEAST_ROWS, Plan, Predicate, plan
from kg.columns.reading import DeclinedError, may_be_scan, read
from kg.engine.engine import Answer
from ontology import BASE

_MEMORY: Final = "256MB"
"""What DuckDB may take in each worker; what needs more is declined, since nothing is written to disk."""

_LARGEST: Final = (1 << 63) - 1
_DIGITS: Final = 18
"""Digits after the point that a decimal of the row engine has."""

_MOST_ROWS: Final = 100_000
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_CONFIG: Final[dict[str, Any]] = {
    "threads": 2,
    "memory_limit": _MEMORY,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_ONCE_OPEN: Final = "SET temp_directory = ''; SET enable_external_access = false; SET lock_configuration = true"


class Columns:
    """The columns of one version, opened by each process at its first query, after it was forked."""

    def __init__(self, path: Path, *, least: int = LEAST_ROWS) -> None:
        """Over the file that `kg.columns.building` wrote."""
        self._path = path
        self._least = least
        self._database: duckdb.DuckDBPyConnection | None = None
        self._predicates: dict[str, Predicate] = {}
        self._empty = ox.Store()
        self._unusable = False

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
        try:
            scan = read(query)
            if any(p.predicate in touched for p in scan.patterns):
                return None
            if self._database is None:
                with may_open():
                    self._open()
            assert self._database
            asked = plan(scan, self._predicates, self._least)
            empty = self._empty.query(query, base_iri=BASE)  # raises SyntaxError for what is no query
            if not isinstance(empty, ox.QuerySolutions) or [v.value for v in empty.variables] != [*scan.columns]:
                return None
            rows = self._database.execute(asked.sql, asked.iris).fetchmany(_MOST_ROWS + 1)
            return Answer(self._solutions(asked, _checked(asked, rows)))
        except (DeclinedError, duckdb.Error, SyntaxError, ValueError, RuntimeError, OSError):
            return None

    def _open(self) -> None:
        self._unusable = True  # unless all of this succeeds
        self._database = duckdb.connect(str(self._path), read_only=True, config=_CONFIG)
        self._database.execute(_ONCE_OPEN)
        for iri, *rest in self._database.execute(
            "SELECT iri, number, triples, subjects, objects, integers, iris, named FROM predicates"
        ).fetchall():
            self._predicates[iri] = Predicate(*rest)
        self._unusable = False

    def _solutions(self, asked: Plan, rows: Sequence[tuple[Any, ...]]) -> ox.QuerySolutions:
        terms = self._terms(asked, rows)
        lines = ["\t".join(f"?{c.name}" for c in asked.columns)]
        for row in rows:
            values, cells = iter(row), []
            for column in asked.columns:
                if column.kind == "term":
                    cells.append(terms[next(values)])
                elif column.kind == "integer":
                    cells.append(f'"{next(values)}"^^<{_XSD}integer>')
                else:
                    cells.append(f'"{average(next(values), next(values))}"^^<{_XSD}decimal>')
            lines.append("\t".join(cells))
        text = "\n".join(lines) + "\n"
        found = ox.parse_query_results(text, format=ox.QueryResultsFormat.TSV)
        assert isinstance(found, ox.QuerySolutions)
        return found

    def _terms(self, asked: Plan, rows: Sequence[tuple[Any, ...]]) -> dict[int, str]:
        """The terms in the rows by their numbers."""
        places, at = [], 0
        for column in asked.columns:
            if column.kind == "term":
                places.append(at)
            at += column.width
        wanted = sorted({row[place] for row in rows for place in places})
        if not wanted:
            return {}
        assert self._database
        found = "SELECT id, term FROM terms WHERE id IN (SELECT unnest($1::INTEGER[]))"
        return dict(self._database.execute(found, [wanted]).fetchall())

    def close(self) -> None:
        """Closes the file."""
        if self._database:
            with suppress(duckdb.Error):
                self._database.close()


def _checked(asked: Plan, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of the answer; raises DeclinedError where the row engine might give others."""
    if len(rows) > _MOST_ROWS:
        raise DeclinedError
    width = sum(c.width for c in asked.columns)
    if any(total > _LARGEST for row in rows for total in row[width + asked.keys :]):
        raise DeclinedError
    if asked.limit is None or len(rows) <= asked.limit:
        return rows
    last, following = rows[asked.limit - 1 : asked.limit + 1] if asked.limit else (rows[0], rows[0])
    order = slice(width, width + asked.keys)
    if last[order] == following[order]:  # which of equal rows are left out is for the row engine to say
        raise DeclinedError
    return rows[: asked.limit]


def average(total: int, count: int) -> str:
    """The quotient as a decimal of 18 digits after the point, cut off, in canonical form, as the row engine has it."""
    whole, rest = divmod(abs(total) * 10**_DIGITS // count, 10**_DIGITS)
    digits = f"{rest:0{_DIGITS}}".rstrip("0")
    sign = "-" if total < 0 and (whole or rest) else ""
    return f"{sign}{whole}" + (f".{digits}" if digits else "")
