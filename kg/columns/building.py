# ruff: noqa: S608 - the numbers of tables and the expressions are our own, and what is asked for is bound
"""The process that makes the columns of one version: ``python -m kg.columns.building HISTORY VERSION FILE``.

The file is a DuckDB database: ``terms`` (id, N-Triples text) in the order of the codepoints of IRIs, ``predicates``
with their statistics, and a table ``p_N`` of subjects and objects for each predicate of the default graph. Objects are
numbers where all are xsd:integer, else terms.
"""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb

from kg.history.history import History
from ontology import KelisimError

MOST_PREDICATES: Final = 2000
"""A store with more predicates gets no columns."""

# A line of the default graph: after its last quotation mark, or without one, no fourth term.
_DEFAULT: Final = (
    r"""^\S+ \S+ (?:<[^<> ]*>|_:\S+|".*"(?:@[A-Za-z0-9-]+|\^\^<[^<> ]*>)?|<<.*) \.$"""  # `.*` reaches the last one
)
_INTEGERS: Final = r'^"-?[0-9]{1,18}"\^\^<http://www\.w3\.org/2001/XMLSchema#integer>$'


def build(lines: Iterable[bytes | memoryview], path: Path, memory: str = "1GB", threads: int = 1) -> bool:
    """Writes the columns of sorted canonical N-Quads to a new file; False if there are none to be made.

    Raises OSError and duckdb.Error. Temporary files are in the file's folder.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=path.name) as folder:
        text = Path(folder) / "lines"
        with text.open("wb") as file:
            for block in lines:
                file.write(block)
        config: dict[str, Any] = {"threads": threads, "memory_limit": memory, "temp_directory": folder}
        with duckdb.connect(str(path), config=config) as database:
            return _fill(database, text)


def _fill(database: duckdb.DuckDBPyConnection, text: Path) -> bool:
    run = database.execute
    run(
        f"""
        CREATE TEMP TABLE raw AS
        WITH lines AS (
            SELECT line FROM read_csv($1, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false,
                columns = {{'line': 'VARCHAR'}}, max_line_size = 1000000000, strict_mode = false)
            WHERE regexp_full_match(line, '{_DEFAULT.replace("'", "''").strip("^$")}', 's')),
        first AS (SELECT line, position(' ' IN line) AS a FROM lines),
        second AS (SELECT line, a, a + position(' ' IN line[a + 1:]) AS b FROM first)
        SELECT line[:a - 1] AS s, line[a + 2:b - 2] AS p, line[b + 1:length(line) - 2] AS o FROM second""",
        [str(text)],
    )
    run(
        f"""
        CREATE TABLE predicates AS
        SELECT row_number() OVER (ORDER BY p) AS number, p AS iri, count(*) AS triples, count(DISTINCT s) AS subjects,
            count(DISTINCT o) AS objects, bool_and(regexp_matches(o, '{_INTEGERS}')) AS integers,
            bool_and(starts_with(o, '<')) AS iris, bool_and(starts_with(s, '<')) AS named
        FROM raw GROUP BY p"""
    )
    if run("SELECT count(*) FROM raw WHERE starts_with(o, '<<')").fetchall() != [(0,)]:
        return False  # triple terms, of whichever graph
    found = run("SELECT number, integers FROM predicates ORDER BY number").fetchall()
    if not 0 < len(found) <= MOST_PREDICATES:
        return False
    run(
        """
        CREATE TABLE terms AS
        SELECT (row_number() OVER (ORDER BY starts_with(term, '<') DESC, rtrim(term, '>'), term))::INTEGER AS id, term
        FROM (SELECT s AS term FROM raw
              UNION SELECT o FROM raw JOIN predicates ON p = iri WHERE NOT integers)"""
    )
    run(
        """
        CREATE TEMP TABLE coded AS
        SELECT number, a.id AS s, CASE WHEN integers THEN NULL ELSE b.id END AS o,
            CASE WHEN integers THEN CAST(split_part(raw.o, '"', 2) AS BIGINT) END AS v
        FROM raw JOIN predicates ON p = iri JOIN terms a ON a.term = raw.s
            LEFT JOIN terms b ON b.term = raw.o AND NOT integers"""
    )
    for number, integers in found:
        column = "v" if integers else "o"
        run(f"CREATE TABLE p_{number} AS SELECT s, {column} AS o FROM coded WHERE number = {number} ORDER BY s, o")
    return True


def main(folder: str, version: str, path: str) -> None:
    """Writes the columns; a failure is told on standard error, and the row engine answers all."""
    os.nice(19)
    try:
        with History.open(Path(folder), read_only=True) as history:
            made = build(history.lines(int(version)), Path(path))
    except (KelisimError, OSError, duckdb.Error) as error:
        sys.exit(f"No columns: {error}")
    sys.exit(0 if made else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
