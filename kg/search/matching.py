"""Which things of the graph others' names mean: candidates with scores, and a match only where it is safe."""

import json
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from kg.language.spelling import fold, sound, words
from kg.search.index import Index
from ontology.namespaces import ID

MOST_CHARACTERS: Final = 300
"""Longer names have no candidates; no name comes near."""

MOST_CANDIDATES: Final = 50

SAFE: Final = 95.0
"""The least score of a match."""

MARGIN: Final = 5.0
"""How far the next candidate of a match must be behind."""

MOST_WORDS: Final = 12
"""Words of a prefix beyond these are not looked at."""

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
    """A thing that a name may mean.

    score: 0 to 100: 100 for the name itself or the thing's identifier, 98 for one that sounds the same, less the less
    they are alike. name: the name of the thing that is likest, as the graph has it. exact: whether that is the name
    itself, apart from capitals and accents.
    """

    thing: str
    classed: str
    name: str
    score: float
    exact: bool


def candidates(index: Index, name: str, classes: Collection[str] = (), most: int = MOST_CANDIDATES) -> list[Candidate]:
    """The things with a name like this one, the likest first; `classes`, if any, are the only ones that count.

    Names are compared by how they sound (`kg.language.spelling.sound`), so that scripts and spellings do not matter, as
    wholes and with their words in any order. A part of a name, such as the family name alone, makes a candidate of 85
    at most.
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
    """Those of the things (IRIs) that can be matched at all, in the order of their IRIs."""
    with index.reading() as connection:
        rows = connection.execute(_KNOWN, (json.dumps(sorted(things)),)).fetchall()
    return [Candidate(thing, classed, name, 100.0, exact=True) for thing, classed, name in rows]


def likeness(key: str, other: str) -> float:
    """How alike two keys of `kg.language.spelling.sound` are, 0 to 98.

    Different numbers make different names, and short ones that sound the same are often others' abbreviations: ЕС, ES.
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
    """Of many names those worth a closer look, chosen fast: rapidfuzz goes through all of them in one call."""
    if len(ids) <= _LOOKED_AT:
        return ids
    sounds: dict[int, str] = dict(connection.execute(_SOUNDS, (json.dumps(ids),)).fetchall())
    found = process.extract(key, sounds, scorer=fuzz.token_ratio, limit=_LOOKED_AT, score_cutoff=_LEAST)
    return [number for _, _, number in found]


def safe(found: list[Candidate]) -> bool:
    """Whether the first candidate can be taken without a person's look: it is nearly certain, and no other is near."""
    return bool(found) and found[0].score >= SAFE and (len(found) == 1 or found[0].score - found[1].score >= MARGIN)


def beginning(index: Index, prefix: str, skip: int = 0, most: int = 10) -> list[Candidate]:
    """The things with a name whose words begin like those of the prefix, or with that identifier; `skip` some first.

    Where there is none, those with a name like it. The scores are for the order only.
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
    """The IRI that a name is, or that it is the last part of."""
    name = name.strip()
    return name if name.startswith(str(ID)) else str(ID) + name
