"""Matches names to things: scored candidates, and a match if it is safe."""

import json
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from kg.language.transliteration import fold, sound, words
from kg.search.index import Index
from ontology.namespaces import ID

MOST_CHARACTERS: Final = 300
"""The maximum length of a name to match."""

MOST_CANDIDATES: Final = 50

SAFE: Final = 95.0
"""The minimum score of a match."""

MARGIN: Final = 5.0
"""The minimum distance in score between a match and the next candidate."""

MOST_WORDS: Final = 12
"""The maximum number of words of a prefix that are used."""

_RETRIEVED: Final = 4_000
_LOOKED_AT: Final = 300
_LEAST: Final = 50.0
_SAME_SOUND: Final = 98.0
_SAME_SHORT: Final = 90.0
_SHORT: Final = 4
_ALIKE: Final = 0.97
_PART: Final = 0.85
_OTHER_NUMBERS: Final = 0.6
_NEAR: Final = """
WITH near (id) AS (
    SELECT id FROM names WHERE folded = ? UNION SELECT id FROM names WHERE sound = ? AND entity
    UNION SELECT id FROM texts WHERE thing = ? UNION SELECT value FROM json_each(?)
)
SELECT thing, class, text, folded, sound FROM near JOIN names USING (id) JOIN texts USING (id) WHERE entity
"""
_BEGINNING: Final = """
SELECT thing, class, text, 0.0, folded = :folded
FROM (SELECT rowid AS id, rank FROM words WHERE words MATCH :query LIMIT :cap) JOIN names USING (id)
JOIN texts USING (id) WHERE entity GROUP BY thing
ORDER BY max(thing = :iri) DESC, max(folded = :folded) DESC, min(weight * 100 + rank), thing
LIMIT :most OFFSET :skip
"""
_KNOWN: Final = """
SELECT thing, class, min(text) FROM texts JOIN names USING (id)
WHERE entity AND thing IN (SELECT value FROM json_each(?)) GROUP BY thing ORDER BY thing
"""
_SOUNDS: Final = "SELECT id, sound FROM names WHERE id IN (SELECT value FROM json_each(?))"
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Candidate:
    """A thing that a name may refer to.

    score: 0 to 100; 100 for an equal name or identifier, 98 for an equal phonetic key, less for similar ones. name: the
    most similar name of the thing in the graph. exact: whether it is equal, without regard to case and diacritics.
    """

    thing: str
    classed: str
    name: str
    score: float
    exact: bool


def candidates(index: Index, name: str, classes: Collection[str] = (), most: int = MOST_CANDIDATES) -> list[Candidate]:
    """The things with a similar name, the most similar first; only of `classes`, if there are any.

    Names are compared by phonetic key (`kg.language.transliteration.phonetic_key`), as a whole and with their words in
    any order. A part of a name, such as the family name alone, gives a score of at most 85.
    """
    whole, key = fold(name).strip(), sound(name)
    iri = _iri(name)
    with index.reading() as connection:
        alike = _likest(connection, key, index.alike(connection, "name_grams", key, _RETRIEVED))
        rows = connection.execute(_NEAR, (whole, key, iri, json.dumps(alike))).fetchall()
    best: dict[str, Candidate] = {}
    for thing, classed, text, folded, heard in rows:
        if classes and classed not in classes:
            continue
        exact = folded == whole or thing == iri
        score = 100.0 if exact else likeness(key, heard)
        if score >= _LEAST and (thing not in best or score > best[thing].score):
            best[thing] = Candidate(thing, classed, text, round(score, 1), exact)
    return sorted(best.values(), key=lambda c: (-c.score, c.thing))[:most]


def known(index: Index, things: Collection[str]) -> list[Candidate]:
    """Those of the things (IRIs) that can be matched, by IRI."""
    with index.reading() as connection:
        rows = connection.execute(_KNOWN, (json.dumps(sorted(things)),)).fetchall()
    return [Candidate(thing, classed, name, 100.0, exact=True) for thing, classed, name in rows]


def likeness(key: str, other: str) -> float:
    """The similarity of two keys of `kg.language.transliteration.phonetic_key`, 0 to 98.

    Different numbers lower the score, and equal short keys score less, since abbreviations such as ЕС and ES collide.
    """
    if not key or not other:
        return 0.0
    if key == other:
        return _SAME_SOUND if len(key) > _SHORT else _SAME_SHORT
    whole = max(fuzz.ratio(key, other), fuzz.token_sort_ratio(key, other)) * _ALIKE
    part = fuzz.token_set_ratio(key, other) * _PART
    score = max(whole, part)
    return score if sorted(_NUMBER.findall(key)) == sorted(_NUMBER.findall(other)) else score * _OTHER_NUMBERS


def _likest(connection: sqlite3.Connection, key: str, ids: list[int]) -> list[int]:
    """The ids of the most similar names, preselected by one call of rapidfuzz."""
    if len(ids) <= _LOOKED_AT:
        return ids
    sounds: dict[int, str] = dict(connection.execute(_SOUNDS, (json.dumps(ids),)).fetchall())
    found = process.extract(key, sounds, scorer=fuzz.token_ratio, limit=_LOOKED_AT, score_cutoff=_LEAST)
    return [number for _, _, number in found]


def safe(found: list[Candidate]) -> bool:
    """Whether the first candidate is a match without review: a high score, and no other candidate near it."""
    return bool(found) and found[0].score >= SAFE and (len(found) == 1 or found[0].score - found[1].score >= MARGIN)


def beginning(index: Index, prefix: str, skip: int = 0, most: int = 10) -> list[Candidate]:
    """The things with words in a name that start with those of the prefix, or with that identifier; from `skip` on.

    If there are none, those with a similar name. The scores are not comparable.
    """
    asked = words(prefix)[:MOST_WORDS]
    if not asked:
        return []
    query = " AND ".join(f'"{word}"*' for word in asked)
    with index.reading() as connection:
        rows = connection.execute(
            _BEGINNING,
            {
                "query": query,
                "folded": fold(prefix).strip(),
                "iri": _iri(prefix),
                "cap": _RETRIEVED,
                "most": most,
                "skip": skip,
            },
        ).fetchall()
    return [Candidate(*row) for row in rows] or candidates(index, prefix)[skip : skip + most]


def _iri(name: str) -> str:
    """The name itself if it is an IRI of the graph, else the IRI with the name as its last part."""
    name = name.strip()
    return name if name.startswith(str(ID)) else str(ID) + name
