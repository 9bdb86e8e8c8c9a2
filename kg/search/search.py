"""Full-text search over names, glosses and definitions in all languages."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any, Final

from rapidfuzz import fuzz

from kg.language.transliteration import WORD, fold, phonetic_key, words
from kg.search.index import Index
from kg.search.matching import plain_name

PAGE_SIZE: Final = 20
MAX_HITS: Final = 10_000
"""The maximum number of matching texts that are ranked; names come before other texts."""

MAX_WORDS: Final = 12
MAX_CHARACTERS: Final = 200

_MIN_SIMILARITY: Final = 72.0
_OTHER_SCRIPT_PENALTY: Final = 20.0
_CANDIDATES: Final = 2_000

_HITS: Final = """
WITH matched (id, score) AS (
    SELECT id, -1000.0 FROM names WHERE folded = :folded
    {branches}
), hits AS (
    SELECT thing, class, kind, language, text, min(score + 100.0 * weight) AS best
    FROM matched JOIN texts USING (id)
    WHERE :language IN ('', language)
    GROUP BY thing
)
"""
"""The things and their best texts, the lowest number first: an equal name, then by kind and bm25."""

_BRANCH: Final = (
    "UNION ALL SELECT * FROM (SELECT rowid, rank + {after} FROM words WHERE words MATCH :{words} LIMIT {most})"
)
_ALL: Final = _BRANCH.format(after=0.0, words="all", most=MAX_HITS)
# CROSS JOIN has what matches looked up among the texts, not each of these among what matches (sqlite.org/optoverview).
_NAMES: Final = """
    UNION ALL SELECT * FROM (
        SELECT words.rowid, words.rank + 150.0 FROM words CROSS JOIN texts ON texts.id = words.rowid
        WHERE words MATCH :beginnings AND texts.weight < 2 LIMIT :most
    )
"""
_WHOLE: Final = _ALL + _NAMES
_BEGINNINGS: Final = _BRANCH.format(after=500.0, words="beginnings", most=MAX_HITS)
_SOME: Final = _BRANCH.format(after=5_000.0, words="some", most=MAX_HITS)
_CLASSES: Final = "SELECT class, count(*) FROM hits GROUP BY class ORDER BY 2 DESC, 1"
_PAGE: Final = """
SELECT thing, class, kind, language, text FROM hits
WHERE :class IN ('', class) ORDER BY best, thing LIMIT :size OFFSET :skip
"""


@dataclass(frozen=True)
class Hit:
    """A thing found and its best matching text; `class_iri` is its most specific class, or empty.

    `marked` are the parts of the text in order, each with whether it matches a search word.
    """

    thing: str
    class_iri: str
    kind: str
    language: str
    text: str
    marked: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class SearchPage:
    """One page of search results.

    total: the number of things found. classes: the number by class. capped: there are more than `MAX_HITS` matching
    texts. partial: no text has all of the words; these have some of them.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    capped: bool = False
    partial: bool = False


def search(  # noqa: PLR0913 - what is looked for, and which part of it
    index: Index, asked: str, *, class_iri: str = "", language: str = "", number: int = 1, size: int = PAGE_SIZE
) -> SearchPage:
    """The page `number` (from 1) of the things with a text that has all the words, or words that start with them.

    Things with an equal name come first, then names before definitions and glosses, and names of things before those of
    statements, figures and the like, then by bm25. Truncated words are searched in names too, and in all texts if
    less than a page is found, so that ``Казахстана`` finds ``Казахстан``: this replaces stemmers,
    which do not exist for Kazakh. If no text has all the words, things with some of them are found. There is no query
    syntax.
    """
    whole = words(asked)[:MAX_WORDS]
    if not whole:
        return SearchPage()
    truncated = [_truncated(word) for word in whole]
    plain = plain_name(asked)
    also = words(plain) if plain != asked.strip() else []  # U.S.A. is written USA too
    every = f"({_query(whole)}) OR ({_query(also)})" if also else _query(whole)
    values: dict[str, Any] = {
        "folded": fold(plain).strip(),
        "language": language,
        "all": every,
        "beginnings": _query(truncated),
        "some": _query(truncated, " OR "),
        "most": MAX_HITS,
    }
    with index.reading() as connection:
        for branches, enough in ((_WHOLE, PAGE_SIZE), (_WHOLE + _BEGINNINGS, 1), (_WHOLE + _BEGINNINGS + _SOME, 0)):
            hits = _HITS.format(branches=branches)
            classes: dict[str, int] = dict(connection.execute(hits + _CLASSES, values).fetchall())
            if sum(classes.values()) >= enough:
                break
        page = {**values, "class": class_iri, "size": size, "skip": (number - 1) * size}
        rows = connection.execute(hits + _PAGE, page).fetchall()
        capped = _count(connection, values["all"]) >= MAX_HITS
    found = tuple(
        Hit(thing, class_, kind, text_language, text, _mark(text, truncated + also))
        for thing, class_, kind, text_language, text in rows
    )
    total = classes.get(class_iri, 0) if class_iri else sum(classes.values())
    return SearchPage(found, total, classes, capped, partial=enough == 0 and total > 0)


def correction(index: Index, asked: str) -> str:
    """A suggested correction: unknown words replaced by the most similar known ones; empty if there is none."""
    whole = words(asked)[:MAX_WORDS]
    with index.reading() as connection:
        corrected = [_corrected(index, connection, word) for word in whole]
    return " ".join(corrected) if corrected != whole else ""


def _query(beginnings: list[str], joint: str = " AND ") -> str:
    """An FTS5 query of the words as prefixes, quoted, so that none is an operator; single letters are no prefixes."""
    return joint.join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in beginnings)


def _truncated(word: str) -> str:
    """The word without its last one to three letters, by its length."""
    return word if len(word) < 5 or word.isdecimal() else word[: -min(3, (len(word) - 3) // 2)]


def _count(connection: sqlite3.Connection, query: str) -> int:
    counted = "SELECT count(*) FROM (SELECT rowid FROM words WHERE words MATCH ? LIMIT ?)"
    return int(connection.execute(counted, (query, MAX_HITS)).fetchone()[0])


def _mark(text: str, beginnings: list[str]) -> tuple[tuple[str, bool], ...]:
    """The text in parts, each with whether it is a word that starts with a search word."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for found in WORD.finditer(text):
        small = fold(found[0])
        if any(small.startswith(b) if len(b) > 1 else small == b for b in beginnings):
            parts += [(text[end : found.start()], False), (found[0], True)]
            end = found.end()
    return tuple((part, marked) for part, marked in (*parts, (text[end:], False)) if part)


def _corrected(index: Index, connection: sqlite3.Connection, word: str) -> str:
    if len(word) < 4 or word.isdecimal() or _count(connection, f'"{word}"*'):
        return word
    key = phonetic_key(word)
    ids = index.similar_rows(connection, "word_grams", key, _CANDIDATES)
    chosen = "SELECT word, count FROM vocabulary WHERE id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(chosen, (json.dumps(ids),)).fetchall()
    near = [
        (
            fuzz.ratio(key, phonetic_key(other)) - _OTHER_SCRIPT_PENALTY * (other.isascii() != word.isascii()),
            count,
            other,
        )
        for other, count in rows
    ]
    score, _, most_similar = max(near, default=(0.0, 0, word))
    return most_similar if score >= _MIN_SIMILARITY else word
