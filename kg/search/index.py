"""The full-text index: an SQLite database (FTS5), built once, then changed by `kg.search.following` alone."""

import json
import sqlite3
import tempfile
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import combinations, islice
from pathlib import Path
from queue import LifoQueue
from typing import Any, Final, NamedTuple

from kg.language.classes import RECONCILED, most_specific_class
from kg.language.transliteration import fold, phonetic_key
from kg.search.texts import Text, without_dots
from ontology.namespaces import ID, KEL

RECORD_WEIGHT: Final = 0.6
_RECORDS: Final = frozenset(
    str(KEL[name])
    for name in (
        "Claim",
        "Observation",
        "Participation",
        "Relation",
        "StageEvent",
        "Statement",
        "Tenure",
        "TradeObservation",
    )
)
"""Classes of things without a name of their own: their labels are descriptions."""

RANKS: Final = {"name": 0, "other-name": 1, "code": 1, "definition": 2, "description": 2, "gloss": 3}
"""The rank of each kind of text; lower comes first."""

_CONNECTIONS: Final = 4
"""The number of connections, and so of concurrent searches; others wait for some milliseconds."""

_BATCH: Final = 5_000

_TRIGRAMS_USED: Final = 6
"""The number of trigrams to search for; one wrong letter changes three trigrams, so half of these remain."""

_UNJOURNALED: Final = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
_JOURNALED: Final = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"

GRAM_TABLES: Final = ("name_grams", "word_grams")

_TABLES: Final = """
CREATE TABLE texts (
    id INTEGER PRIMARY KEY, thing TEXT, class TEXT, kind TEXT, weight REAL, language TEXT, text TEXT);
CREATE VIRTUAL TABLE words USING fts5(
    folded, content='', prefix='2 3', tokenize="unicode61 remove_diacritics 0");
CREATE TABLE names (id INTEGER PRIMARY KEY, folded TEXT, sound TEXT, entity INTEGER);
CREATE VIRTUAL TABLE name_grams USING fts5(sound, content='', detail='none', tokenize="trigram case_sensitive 1");
CREATE VIRTUAL TABLE word_grams USING fts5(sound, content='', detail='none', tokenize="trigram case_sensitive 1");
"""

_FINISH: Final = """
CREATE INDEX by_thing ON texts (thing);
CREATE INDEX by_name ON names (folded);
CREATE INDEX by_sound ON names (sound) WHERE entity;
CREATE VIRTUAL TABLE temp.word_counts USING fts5vocab(main, words, row);
CREATE TABLE vocabulary (id INTEGER PRIMARY KEY, word TEXT UNIQUE, count INTEGER);
INSERT INTO vocabulary (word, count) SELECT term, doc FROM temp.word_counts WHERE length(term) > 3 AND term > ':';
"""  # ':' sorts after the digits: numbers are not corrected

_COUNTS: Final = """
CREATE VIRTUAL TABLE temp.{table}_terms USING fts5vocab(main, {table}, row);
CREATE TABLE {table}_counts (gram TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
INSERT INTO {table}_counts SELECT term, doc FROM temp.{table}_terms;
"""

_RARE: Final = """
SELECT gram, count FROM {table}_counts WHERE gram IN (SELECT value FROM json_each(?)) ORDER BY count, gram
"""
_SHARING: Final = "SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?"


class Index:
    """The tables: ``texts`` (all texts), ``words`` (full text of the folded texts), ``names`` (phonetic keys of names).

    ``name_grams`` and ``word_grams`` are trigram indexes of the phonetic keys of names and words, and the tables
    ``…_counts`` hold the number of rows of each trigram.
    """

    def __init__(self, texts: Iterable[Text]) -> None:
        """Builds the index of the texts, in an unlinked file, which the system deletes when the process exits."""
        self._pool: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._mutex = threading.Lock()
        with tempfile.TemporaryDirectory(prefix="kelisim-") as folder:
            path = Path(folder) / "index.sqlite"
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                _fill(connection, texts)
            opened = [sqlite3.connect(path, isolation_level=None, check_same_thread=False) for _ in range(_CONNECTIONS)]
            for connection in opened:
                connection.executescript(_JOURNALED)
                connection.execute("SELECT count(*) FROM sqlite_schema")  # opens the file before it is unlinked
                self._pool.put(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for the exclusive use of one thread."""
        reader = self._pool.get()
        try:
            yield reader
        finally:
            self._pool.put(reader)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction, while no other is used; what it wrote is undone where an error is raised."""
        with self._mutex:
            others = [self._pool.get() for _ in range(_CONNECTIONS - 1)]
            try:
                with self.reading() as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    try:
                        yield connection
                    except BaseException:
                        connection.execute("ROLLBACK")
                        raise
                    connection.execute("COMMIT")
            finally:
                for other in others:
                    self._pool.put(other)

    def names(self, thing: str) -> list[tuple[str, str]]:
        """The labels of a thing with their languages."""
        with self.reading() as connection:
            found = connection.execute(
                "SELECT text, language FROM texts JOIN names USING (id) WHERE thing = ? AND kind != 'code' ORDER BY id",
                (thing,),
            )
            return [(str(text), str(language)) for text, language in found]

    def similar_rows(self, connection: sqlite3.Connection, table: str, key: str, most: int) -> list[int]:
        """The ids of rows in ``name_grams`` or ``word_grams`` that share rare trigrams with the phonetic key.

        About `most` rows, at most four times as many: if the rarest trigrams are too frequent, rows must share two.
        """
        grams = sorted({word[i : i + 3] for word in key.split() for i in range(len(word) - 2)})
        if not grams:
            return []
        found = connection.execute(_RARE.format(table=table), (json.dumps(grams),)).fetchall()
        rarest = [f'"{gram}"' for gram, _ in found[:_TRIGRAMS_USED]]
        if not rarest:
            return []
        if sum(count for _, count in found[:_TRIGRAMS_USED]) > most and len(rarest) > 1:
            rarest = [f"({one} AND {other})" for one, other in combinations(rarest, 2)]
        sharing = connection.execute(_SHARING.format(table=table), (" OR ".join(rarest), 4 * most))
        return [row[0] for row in sharing]


class Rows(NamedTuple):
    """The rows of the tables for some texts."""

    texts: list[tuple[Any, ...]]
    words: list[tuple[int, str]]
    names: list[tuple[int, str, str, bool]]

    @property
    def grams(self) -> list[tuple[int, str]]:
        """Of ``name_grams``."""
        return [(number, key) for number, _, key, entity in self.names if entity and key]


def rows_of(texts: Iterable[Text], after: int) -> Rows:
    """The rows, numbered after a number."""
    rows = Rows([], [], [])
    for number, each in enumerate(texts, after + 1):
        text = unicodedata.normalize("NFC", each.text)
        class_iri = most_specific_class(each.classes)
        weight = RANKS[each.kind] + RECORD_WEIGHT * (class_iri in _RECORDS)
        rows.texts.append((number, each.thing, class_iri, each.kind, weight, each.language, text))
        rows.words.append((number, fold(text)))
        if each.kind in {"name", "other-name", "code"}:
            entity = class_iri in RECONCILED and each.thing.startswith(str(ID))
            key = phonetic_key(text) if each.kind != "code" else ""  # codes are equal or are not
            rows.names.append((number, fold(without_dots(text)), key, entity))
    return rows


def insert(connection: sqlite3.Connection, rows: Rows) -> None:
    """Inserts rows into all tables but those of words and counts."""
    connection.executemany("INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)", rows.texts)
    connection.executemany("INSERT INTO words (rowid, folded) VALUES (?, ?)", rows.words)
    connection.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", rows.names)
    connection.executemany("INSERT INTO name_grams (rowid, sound) VALUES (?, ?)", rows.grams)


def _fill(connection: sqlite3.Connection, texts: Iterable[Text]) -> None:
    connection.executescript(_UNJOURNALED + _TABLES)
    connection.execute("BEGIN")
    number = 0
    rest = iter(texts)
    while batch := list(islice(rest, _BATCH)):
        insert(connection, rows_of(batch, number))
        number += len(batch)
    connection.execute("COMMIT")
    connection.executescript(_FINISH)
    connection.execute("BEGIN")
    listed = connection.execute("SELECT id, word FROM vocabulary").fetchall()
    keys = ((number, phonetic_key(word)) for number, word in listed)
    connection.executemany("INSERT INTO word_grams (rowid, sound) VALUES (?, ?)", keys)
    connection.execute("COMMIT")
    for table in GRAM_TABLES:
        connection.executescript(_COUNTS.format(table=table))
