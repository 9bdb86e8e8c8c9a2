"""Has the full-text index follow a change: the rows of the things that it touches are replaced.

The tables of words and trigrams without content are told what they held (FTS5, section 4.4.3, the delete command), so
that what remains is the index that would be built anew, but for the numbers of rows.
"""

import re
import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.language.transliteration import fold, phonetic_key
from kg.search.index import GRAM_TABLES, Index, insert, rows_of
from kg.search.texts import KINDS, Text
from ontology.namespaces import RDF_TYPE

_READ: Final = frozenset({*KINDS, RDF_TYPE})
"""The properties of a thing that its rows are made of."""

_LINE: Final = re.compile(rb"<([^>]*)> <([^>]*)> ")

_TRIGRAM: Final = "trigram case_sensitive 1"
_COUNTED: Final = "length(term) > 3 AND term > ':'"
"""Which words are in the vocabulary."""


def touched(lines: Iterable[bytes]) -> set[str]:
    """The things with rows that may change where these quads come or go, given as canonical N-Quads lines."""
    found = (_LINE.match(line) for line in lines)
    plain = {(each[1], each[2]) for each in found if each and each[2].decode() in _READ}
    return {_iri(subject) for subject, _ in plain}


def _iri(escaped: bytes) -> str:
    """An IRI of N-Quads, which may have escapes."""
    if b"\\" not in escaped:
        return escaped.decode()
    (quad,) = ox.parse(b"<%b> <x:p> <x:o> ." % escaped, format=ox.RdfFormat.N_TRIPLES, lenient=True)
    assert isinstance(quad.subject, ox.NamedNode)
    return quad.subject.value


def replace_texts(index: Index, things: Iterable[str], texts: Iterable[Text]) -> None:
    """Replaces the texts of things (IRIs) by these, which are all of their texts."""
    texts = list(texts)
    with index.writing() as connection:
        _prepare(connection)
        changed = _delete(connection, things)
        top = connection.execute("SELECT max(id) FROM texts").fetchone()[0] or 0
        new = rows_of(texts, top)
        insert(connection, new)
        _recount(connection, "name_grams", [*changed.keys, *(key for _, key in new.grams)])
        _follow_vocabulary(connection, [*changed.folded, *(folded for _, folded in new.words)])


class _Deleted(NamedTuple):
    """What deleted rows held: folded texts, and phonetic keys."""

    folded: list[str]
    keys: list[str]


def _delete(connection: sqlite3.Connection, things: Iterable[str]) -> _Deleted:
    """Deletes the rows of things."""
    deleted = _Deleted([], [])
    for thing in things:
        for number, text in connection.execute("SELECT id, text FROM texts WHERE thing = ?", (thing,)).fetchall():
            deleted.folded.append(fold(text))
            _forget(connection, "words", "folded", number, deleted.folded[-1])
            named = connection.execute("SELECT sound FROM names WHERE id = ? AND entity AND sound != ''", (number,))
            for (sound,) in named.fetchall():
                deleted.keys.append(sound)
                _forget(connection, "name_grams", "sound", number, sound)
            connection.execute("DELETE FROM names WHERE id = ?", (number,))
        connection.execute("DELETE FROM texts WHERE thing = ?", (thing,))
    return deleted


def _forget(connection: sqlite3.Connection, table: str, column: str, number: int, text: str) -> None:
    connection.execute(
        f"INSERT INTO {table} ({table}, rowid, {column}) VALUES ('delete', ?, ?)",  # noqa: S608 - our own names
        (number, text),
    )


def _prepare(connection: sqlite3.Connection) -> None:
    """Makes the tables of this connection that tell how many rows have a term, and of which terms a text is."""
    for table, tokens in (("words", "unicode61 remove_diacritics 0"), *((t, _TRIGRAM) for t in GRAM_TABLES)):
        connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}_now USING fts5vocab(main, {table}, row)")
        connection.execute(
            f'CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}_split USING fts5(text, tokenize="{tokens}")'
        )
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}_terms_of USING fts5vocab(temp, {table}_split, row)"
        )


def _terms(connection: sqlite3.Connection, table: str, texts: Iterable[str]) -> list[str]:
    """The terms of texts, as the table divides them."""
    connection.execute(f"DELETE FROM temp.{table}_split")  # noqa: S608
    connection.executemany(f"INSERT INTO temp.{table}_split VALUES (?)", ((text,) for text in texts))  # noqa: S608
    return [term for (term,) in connection.execute(f"SELECT term FROM temp.{table}_terms_of")]  # noqa: S608


def _count(connection: sqlite3.Connection, table: str, term: str) -> int:
    """How many rows of the table have the term."""
    found = connection.execute(f"SELECT doc FROM temp.{table}_now WHERE term = ?", (term,)).fetchone()  # noqa: S608
    return found[0] if found else 0


def _recount(connection: sqlite3.Connection, table: str, keys: Iterable[str]) -> None:
    """Brings the counts of the trigrams of phonetic keys up to date."""
    for gram in _terms(connection, table, {key for key in keys if key}):
        count = _count(connection, table, gram)
        if count:
            connection.execute(f"INSERT OR REPLACE INTO {table}_counts VALUES (?, ?)", (gram, count))  # noqa: S608
        else:
            connection.execute(f"DELETE FROM {table}_counts WHERE gram = ?", (gram,))  # noqa: S608


def _follow_vocabulary(connection: sqlite3.Connection, folded: Iterable[str]) -> None:
    """Brings the words of texts up to date, and the trigrams of those that come or go."""
    changed = []
    for word in _terms(connection, "words", folded):
        if not connection.execute(f"SELECT {_COUNTED} FROM (SELECT ? AS term)", (word,)).fetchone()[0]:  # noqa: S608
            continue
        count = _count(connection, "words", word)
        known = connection.execute("SELECT id FROM vocabulary WHERE word = ?", (word,)).fetchone()
        if known and count:
            connection.execute("UPDATE vocabulary SET count = ? WHERE id = ?", (count, known[0]))
        elif known:
            connection.execute("DELETE FROM vocabulary WHERE id = ?", known)
            _forget(connection, "word_grams", "sound", known[0], phonetic_key(word))
            changed.append(phonetic_key(word))
        elif count:
            added = connection.execute("INSERT INTO vocabulary (word, count) VALUES (?, ?)", (word, count))
            changed.append(phonetic_key(word))
            connection.execute("INSERT INTO word_grams (rowid, sound) VALUES (?, ?)", (added.lastrowid, changed[-1]))
    _recount(connection, "word_grams", changed)
