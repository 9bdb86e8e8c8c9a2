# ruff: noqa: S608 - the numbers of tables and the expressions are our own, and what is asked for is bound
"""The process that makes the columns of one version: ``python -m kg.columns.building HISTORY VERSION FOLDER``.

The folder gets the files of `kg.columns.files`: a `kg.columns.dictionary`, and a DuckDB database: ``terms`` (id, what
it says), ``runs`` of the dictionary, ``predicates`` with statistics, and tables ``g_N`` of the triples of the default
graph: ``s``, and for each predicate ``o_P``, and ``v_P`` where all objects are whole numbers, decimals or dates.
Predicates that have exactly one object for each of the same subjects share one table; ``implied`` tells the classes of
all subjects of a table.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from kg.columns.dictionary import parts, write
from kg.columns.files import TABLES, TERMS, seal
from kg.history.history import History
from ontology import KelisimError

MOST_PREDICATES: Final = 2000
"""A store with more predicates gets no columns."""

_MOST_IN_A_TABLE: Final = 100
_ROWS: Final = 20_000
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"

# A line of the default graph: after its last quotation mark, or without one, no fourth term.
_DEFAULT: Final = (
    r"""\S+ \S+ (?:<[^<> ]*>|_:\S+|".*"(?:@[A-Za-z0-9-]+|\^\^<[^<> ]*>)?|<<.*) \."""  # `.*` reaches the last one
)

KINDS: Final = ("term", "integer", "decimal", "date", "dateTime")
_KINDS: Final = rf"""
    CASE suffix
    WHEN '^^<{_XSD}integer>' THEN CASE WHEN regexp_full_match(words, '-?[0-9]{{1,18}}') THEN 1 ELSE 0 END
    WHEN '^^<{_XSD}decimal>' THEN
        CASE WHEN regexp_full_match(words, '-?[0-9]+([.][0-9]+)?') AND length(words) <= 18 THEN 2 ELSE 0 END
    WHEN '^^<{_XSD}date>' THEN CASE WHEN regexp_full_match(words, '[0-9]{{4}}-[0-9][0-9]-[0-9][0-9]')
        AND words > '0001' AND TRY_CAST(words AS DATE) IS NOT NULL THEN 3 ELSE 0 END
    WHEN '^^<{_XSD}dateTime>' THEN
        CASE WHEN regexp_full_match(words, '[0-9]{{4}}-[0-9][0-9]-[0-9][0-9]T([01][0-9]|2[0-3])(:[0-5][0-9]){{2}}')
        AND words > '0001' AND TRY_CAST(words[:10] AS DATE) IS NOT NULL THEN 4 ELSE 0 END
    ELSE 0 END"""


def build(lines: Iterable[bytes | memoryview], folder: Path, memory: str = "1GB", threads: int = 1) -> bool:
    """Writes the columns of sorted canonical N-Quads into a folder; False if there are none to be made.

    Raises OSError and duckdb.Error. Temporary files are in a folder beside.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as scratch:
        text = Path(scratch) / "lines"
        with text.open("wb") as file:
            for block in lines:
                file.write(block)
        made = Path(scratch) / "made"
        made.mkdir()
        config: dict[str, Any] = {"threads": threads, "memory_limit": memory, "temp_directory": scratch}
        with duckdb.connect(str(made / TABLES), config=config) as database:
            if not _Builder(database, made).build(text):
                return False
        seal(made)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return True


class _Builder:
    def __init__(self, database: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._run = database.execute
        self._folder = folder

    def build(self, text: Path) -> bool:
        self._read(text)
        if self._one("SELECT count(*) FROM raw WHERE starts_with(o, '<<')"):
            return False  # triple terms, of whichever graph
        if not 0 < self._one("SELECT count(DISTINCT p) FROM raw") <= MOST_PREDICATES:
            return False
        if not self._number_terms():
            return False
        self._code()
        self._describe_predicates()
        self._make_tables()
        self._find_implied()
        return True

    def _one(self, sql: str) -> int:
        ((found,),) = self._run(sql).fetchall()
        return int(found or 0)

    def _read(self, text: Path) -> None:
        self._run(
            f"""
            CREATE TEMP TABLE raw AS
            WITH lines AS (
                SELECT line FROM read_csv($1, delim = '\x01', quote = '', escape = '', header = false,
                    auto_detect = false, columns = {{'line': 'VARCHAR'}}, max_line_size = 16000000,
                    strict_mode = false)
                WHERE regexp_full_match(line, '{_DEFAULT}', 's')),
            first AS (SELECT line, position(' ' IN line) AS a FROM lines),
            second AS (SELECT line, a, a + position(' ' IN line[a + 1:]) AS b FROM first)
            SELECT line[:a - 1] AS s, line[a + 1:b - 1] AS p, line[b + 1:length(line) - 2] AS o FROM second""",
            [str(text)],
        )

    def _number_terms(self) -> bool:
        self._run(
            r"""
            CREATE TEMP TABLE split AS
            SELECT text, CASE WHEN starts_with(text, '<') THEN 1 WHEN starts_with(text, '_') THEN 0
                    WHEN suffix = '' THEN 2 WHEN starts_with(suffix, '@') THEN 3 ELSE 4 END AS rank, suffix,
                CASE WHEN starts_with(text, '<') THEN text[2:length(text) - 1] WHEN starts_with(text, '_') THEN text
                    ELSE text[2:length(text) - length(suffix) - 1] END AS words
            FROM (SELECT text, CASE WHEN starts_with(text, '"')
                    THEN regexp_extract(text, '"(@[A-Za-z0-9-]+|\^\^<[^<>" ]*>)?$', 1) ELSE '' END AS suffix
                  FROM (SELECT DISTINCT s AS text FROM raw UNION SELECT DISTINCT o FROM raw
                        UNION SELECT DISTINCT p FROM raw))"""
        )
        if self._one("SELECT count(*) FROM split WHERE starts_with(suffix, '@') AND contains(suffix, '--')"):
            return False  # a direction of writing
        self._run("CREATE TEMP TABLE plain (text VARCHAR, words VARCHAR)")
        escaped = self._run(r"SELECT text FROM split WHERE rank > 1 AND contains(words, '\')").fetchall()
        for start in range(0, len(escaped), _ROWS):
            texts = [text for (text,) in escaped[start : start + _ROWS]]
            words = [parts(text.encode())[2].decode() for text in texts]
            if any("\0" in word for word in words):
                return False
            self._run("INSERT INTO plain SELECT unnest($1), unnest($2)", [texts, words])
        self._run(
            f"""
            CREATE TEMP TABLE numbered AS
            SELECT (row_number() OVER (ORDER BY rank, suffix, words))::INTEGER AS id, text, rank, suffix, words,
                ({_KINDS})::TINYINT AS kind
            FROM (SELECT split.text, rank, suffix, coalesce(plain.words, split.words) AS words
                  FROM split LEFT JOIN plain ON plain.text = split.text)"""
        )
        self._run("DROP TABLE split")
        self._run("CREATE TABLE terms AS SELECT id, words FROM numbered ORDER BY id")
        self._run(
            "CREATE TABLE runs AS SELECT rank, suffix, min(id) AS first, max(id) AS last FROM numbered "
            "GROUP BY rank, suffix ORDER BY first"
        )
        with (self._folder / TERMS).open("wb") as file:
            write(file, self._texts())
        return True

    def _texts(self) -> Iterator[str]:
        found = self._run("SELECT text FROM numbered ORDER BY id")
        while rows := found.fetchmany(_ROWS):
            for (text,) in rows:
                yield text

    def _code(self) -> None:
        self._run("CREATE TEMP TABLE names AS SELECT (row_number() OVER (ORDER BY p))::INTEGER AS p, p AS text "
                  "FROM (SELECT DISTINCT p FROM raw)")  # fmt: skip
        self._run(
            """
            CREATE TEMP TABLE coded AS
            SELECT names.p, a.id AS s, b.id AS o, b.kind,
                CASE b.kind WHEN 1 THEN CAST(b.words AS BIGINT) WHEN 2 THEN CAST(replace(b.words, '.', '') AS BIGINT)
                    WHEN 3 THEN CAST(replace(b.words, '-', '') AS BIGINT)
                    WHEN 4 THEN CAST(regexp_replace(b.words, '[-T:]', '', 'g') AS BIGINT) END AS v,
                CASE WHEN b.kind = 2 THEN length(split_part(b.words, '.', 2)) ELSE 0 END AS digits
            FROM raw JOIN names ON names.text = raw.p JOIN numbered a ON a.text = raw.s
                JOIN numbered b ON b.text = raw.o"""
        )
        self._run("DROP TABLE raw")

    def _describe_predicates(self) -> None:
        self._run(
            """
            CREATE TABLE predicates AS
            WITH described AS (
                SELECT p, count(*) AS triples, count(DISTINCT s) AS subjects, approx_count_distinct(o) AS objects,
                    min(o) AS first, max(o) AS last, min(s) AS first_subject, max(s) AS last_subject,
                    CASE WHEN min(kind) = max(kind) THEN min(kind) ELSE 0 END AS kind, max(digits) AS scale,
                    max(length(abs(v)::VARCHAR) - digits) AS whole, bit_xor(hash(s)) AS signature
                FROM coded GROUP BY p)
            SELECT p AS number, id, text[2:length(text) - 1] AS iri, 0 AS grouped, triples, subjects,
                least(objects, triples) AS objects, first, last, first_subject, last_subject,
                CASE WHEN described.kind = 2 AND whole + scale > 18 THEN 0 ELSE described.kind END AS kind,
                scale, signature
            FROM described JOIN names USING (p) JOIN numbered USING (text) ORDER BY p"""
        )

    def _make_tables(self) -> None:
        alike = dict[object, list[tuple[int, int, int, int]]]()
        for number, kind, scale, triples, subjects, signature in self._run(
            "SELECT number, kind, scale, triples, subjects, signature FROM predicates ORDER BY number"
        ).fetchall():
            key = (triples, signature) if triples == subjects else number
            alike.setdefault(key, []).append((number, kind, scale, triples))
        waiting = [members[:_MOST_IN_A_TABLE] for members in alike.values()]
        for members in alike.values():
            waiting += [[member] for member in members[_MOST_IN_A_TABLE:]]
        made = 0
        while waiting:
            members = waiting.pop()
            made += 1
            if len(members) > 1 and not self._make_wide(made, members):
                waiting += [[member] for member in members]
                self._run(f"DROP TABLE g_{made}")
                continue
            if len(members) == 1:
                (number, kind, scale, _), = members  # fmt: skip
                value = f", {_value(kind, scale)} AS v_{number}" if kind else ""
                self._run(f"CREATE TABLE g_{made} AS SELECT s, o AS o_{number}{value} FROM coded WHERE p = {number} "
                          f"ORDER BY s, o_{number}")  # fmt: skip
            numbers = ", ".join(str(member[0]) for member in members)
            self._run(f"UPDATE predicates SET grouped = {made} WHERE number IN ({numbers})")

    def _make_wide(self, table: int, members: list[tuple[int, int, int, int]]) -> bool:
        """Makes a table of several predicates; False if their subjects are not the same after all."""
        columns, checks = [], []
        for number, kind, scale, _ in members:
            columns.append(f"any_value(o) FILTER (WHERE p = {number}) AS o_{number}")
            if kind:
                columns.append(f"any_value(CASE WHEN p = {number} THEN {_value(kind, scale)} END) AS v_{number}")
            checks.append(f"count(o_{number})")
        numbers = ", ".join(str(member[0]) for member in members)
        self._run(f"CREATE TABLE g_{table} AS SELECT s, {', '.join(columns)} FROM coded WHERE p IN ({numbers}) "
                  "GROUP BY s ORDER BY s")  # fmt: skip
        (counts,) = self._run(f"SELECT count(*), {', '.join(checks)} FROM g_{table}").fetchall()
        return {*counts} == {members[0][3]}

    def _find_implied(self) -> None:
        self._run("CREATE TABLE implied (grouped INTEGER, class INTEGER)")
        types = self._run("SELECT number, grouped FROM predicates WHERE iri = $1", [_TYPE]).fetchall()
        for number, table in types:
            for (other,) in self._run("SELECT DISTINCT grouped FROM predicates").fetchall():
                self._run(
                    f"""
                    INSERT INTO implied SELECT {other}, o_{number} FROM g_{table}
                    WHERE s IN (SELECT s FROM g_{other}) GROUP BY o_{number}
                    HAVING count(*) = (SELECT count(DISTINCT s) FROM g_{other})"""
                )


def _value(kind: int, scale: int) -> str:
    """The value of an object in `coded`, for a predicate of that kind; decimals are multiplied by 10**scale."""
    return f"(v * (10 ** ({scale} - digits))::BIGINT)" if KINDS[kind] == "decimal" else "v"


def main(history: str, version: str, folder: str) -> None:
    """Writes the columns; a failure is told on standard error, and the row engine answers all."""
    os.nice(19)
    try:
        with History.open(Path(history), read_only=True) as opened:
            made = build(opened.lines(int(version)), Path(folder))
    except (KelisimError, OSError, duckdb.Error) as error:
        sys.exit(f"No columns: {error}")
    sys.exit(0 if made else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
