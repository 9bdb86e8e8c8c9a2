"""Matches names to things: scored candidates, and a match if it is safe."""

import json
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from kg.language.transliteration import fold, phonetic_key, words
from kg.search.index import Index
from kg.search.texts import without_dots
from ontology.namespaces import ID

MAX_CHARACTERS: Final = 300
"""The maximum length of a name to match."""

MAX_CANDIDATES: Final = 50

MATCH_SCORE: Final = 95.0
"""The minimum score of a match."""

MATCH_MARGIN: Final = 5.0
"""The minimum distance in score between a match and the next candidate."""

MAX_WORDS: Final = 12
"""The maximum number of words of a prefix that are used."""

_MAX_RETRIEVED: Final = 4_000
_MAX_COMPARED: Final = 300
_MIN_SCORE: Final = 50.0
_SAME_KEY: Final = 98.0
_SAME_SHORT_KEY: Final = 90.0
_SHORT_KEY: Final = 4
_WHOLE_WEIGHT: Final = 0.97
_PART_WEIGHT: Final = 0.85
_OTHER_NUMBERS_WEIGHT: Final = 0.6
_NEAR: Final = """
WITH near (id) AS (
    SELECT id FROM names WHERE folded = ? UNION SELECT id FROM names WHERE sound = ? AND entity
    UNION SELECT id FROM texts WHERE thing = ? UNION SELECT value FROM json_each(?)
)
SELECT thing, class, text, folded, sound FROM near JOIN names USING (id) JOIN texts USING (id) WHERE entity
ORDER BY kind = 'code', id
"""
_BY_PREFIX: Final = """
SELECT thing, class, text, 0.0, folded = :folded
FROM (SELECT rowid AS id, rank FROM words WHERE words MATCH :query LIMIT :cap) JOIN names USING (id)
JOIN texts USING (id) WHERE entity GROUP BY thing
ORDER BY max(thing = :iri) DESC, max(folded = :folded) DESC, min(weight * 100 + rank), thing
LIMIT :most OFFSET :skip
"""
_KNOWN: Final = """
SELECT thing, class, min(text) FROM texts JOIN names USING (id)
WHERE entity AND kind != 'code' AND thing IN (SELECT value FROM json_each(?)) GROUP BY thing ORDER BY thing
"""
_SOUNDS: Final = "SELECT id, sound FROM names WHERE id IN (SELECT value FROM json_each(?))"
_WIKIDATA: Final = re.compile(r"(?:https?://(?:www\.)?wikidata\.org/(?:entity|wiki)/|wd:)(Q\d+)")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Candidate:
    """A thing that a name may refer to.

    score: 0 to 100; 100 for an equal name or identifier, 98 for an equal phonetic key, less for similar ones. name: the
    most similar name of the thing in the graph. exact: whether it is equal, without regard to case and diacritics.
    """

    thing: str
    class_iri: str
    name: str
    score: float
    exact: bool


def candidates(index: Index, name: str, classes: Collection[str] = (), most: int = MAX_CANDIDATES) -> list[Candidate]:
    """The things with a similar name, the most similar first; only of `classes`, if there are any.

    Names are compared by phonetic key (`kg.language.transliteration.phonetic_key`), as a whole and with their words in
    any order. A part of a name, such as the family name alone, gives a score of at most 85. Codes (of ISO 3166-1 and
    Wikidata) are equal or do not count, and abbreviations are compared without their dots.
    """
    name = plain_name(name)
    whole, key = fold(name).strip(), phonetic_key(name)
    iri = _iri(name)
    with index.reading() as connection:
        similar = _most_similar(connection, key, index.similar_rows(connection, "name_grams", key, _MAX_RETRIEVED))
        rows = connection.execute(_NEAR, (whole, key, iri, json.dumps(similar))).fetchall()
    best: dict[str, Candidate] = {}
    for thing, class_iri, text, folded, other_key in rows:
        if classes and class_iri not in classes:
            continue
        exact = folded == whole or thing == iri
        score = 100.0 if exact else similarity(key, other_key)
        if score >= _MIN_SCORE and (thing not in best or score > best[thing].score):
            best[thing] = Candidate(thing, class_iri, text, round(score, 1), exact)
    return sorted(best.values(), key=lambda c: (-c.score, c.thing))[:most]


def matchable(index: Index, things: Collection[str]) -> list[Candidate]:
    """Those of the things (IRIs) that can be matched, by IRI."""
    with index.reading() as connection:
        rows = connection.execute(_KNOWN, (json.dumps(sorted(things)),)).fetchall()
    return [Candidate(thing, class_iri, name, 100.0, exact=True) for thing, class_iri, name in rows]


def similarity(key: str, other: str) -> float:
    """The similarity of two keys of `kg.language.transliteration.phonetic_key`, 0 to 98.

    Different numbers lower the score, and equal short keys score less, since abbreviations such as ЕС and ES collide.
    """
    if not key or not other:
        return 0.0
    if key == other:
        return _SAME_KEY if len(key) > _SHORT_KEY else _SAME_SHORT_KEY
    whole = max(fuzz.ratio(key, other), fuzz.token_sort_ratio(key, other)) * _WHOLE_WEIGHT
    part = fuzz.token_set_ratio(key, other) * _PART_WEIGHT
    score = max(whole, part)
    return score if sorted(_NUMBER.findall(key)) == sorted(_NUMBER.findall(other)) else score * _OTHER_NUMBERS_WEIGHT


def _most_similar(connection: sqlite3.Connection, key: str, ids: list[int]) -> list[int]:
    """The ids of the most similar names, preselected by one call of rapidfuzz."""
    if len(ids) <= _MAX_COMPARED:
        return ids
    sounds: dict[int, str] = dict(connection.execute(_SOUNDS, (json.dumps(ids),)).fetchall())
    found = process.extract(key, sounds, scorer=fuzz.token_ratio, limit=_MAX_COMPARED, score_cutoff=_MIN_SCORE)
    return [number for _, _, number in found]


def is_match(found: list[Candidate]) -> bool:
    """Whether the first candidate is a match without review: a high score, and no other candidate near it."""
    return (
        bool(found)
        and found[0].score >= MATCH_SCORE
        and (len(found) == 1 or found[0].score - found[1].score >= MATCH_MARGIN)
    )


def prefix_candidates(index: Index, prefix: str, skip: int = 0, most: int = 10) -> list[Candidate]:
    """The things with words in a name that start with those of the prefix, or with that identifier; from `skip` on.

    If there are none, those with a similar name. The scores are not comparable.
    """
    prefix = plain_name(prefix)
    asked = words(prefix)[:MAX_WORDS]
    if not asked:
        return []
    query = " AND ".join(f'"{word}"*' for word in asked)
    with index.reading() as connection:
        rows = connection.execute(
            _BY_PREFIX,
            {
                "query": query,
                "folded": fold(prefix).strip(),
                "iri": _iri(prefix),
                "cap": _MAX_RETRIEVED,
                "most": most,
                "skip": skip,
            },
        ).fetchall()
    return [Candidate(*row) for row in rows] or candidates(index, prefix)[skip : skip + most]


def plain_name(name: str) -> str:
    """The name without the dots of an abbreviation, or the identifier if it is the IRI of a thing of Wikidata."""
    name = name.strip()
    return match[1] if (match := _WIKIDATA.fullmatch(name)) else without_dots(name)


def _iri(name: str) -> str:
    """The name itself if it is an IRI of the graph, else the IRI with the name as its last part."""
    name = name.strip()
    return name if name.startswith(str(ID)) else str(ID) + name
