"""A dataset of a million triples in Kelisim's vocabulary, made up but always the same."""

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from ontology import PREFIXES

TRIPLES: Final = 1_000_000
"""Triples of the default graph. The claims' graphs hold two more quads for each observation."""
OBSERVATIONS: Final = 62_000
"""All observations below this number are whole; the million ends within a later one."""
STATES: Final = 200
PEOPLE: Final = 500
MEASURES: Final = 10
MODALITIES: Final = ("asserted", "asserted", "asserted", "reported", "planned")
_SEED: Final = 20_261_122
_DATE: Final = f"^^<{PREFIXES['xsd']}date>"
_INTEGER: Final = f"^^<{PREFIXES['xsd']}integer>"


def write(path: Path, triples: int = TRIPLES) -> None:
    """Writes the dataset, or so many triples of it, as N-Quads, whole or not at all.

    Does nothing where the file is there already.
    """
    if path.exists():
        return
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(islice(_default_graph(), triples))
        file.writelines(_claim_graphs(OBSERVATIONS * triples // TRIPLES))
    part.replace(path)


def iri(name: str) -> str:
    """A prefixed name as N-Quads write it."""
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


def _default_graph() -> Iterator[str]:
    chance = random.Random(_SEED)
    for n in range(STATES):
        yield from _about(f"id:state-{n}", "kel:State", f'rdfs:label "State {n}"@en', f'kel:isoCode "S{n}"')
    for n in range(PEOPLE):
        state = chance.randrange(STATES)
        yield from _about(
            f"id:person-{n}", "foaf:Person", f'rdfs:label "Person {n}"@en', f"kel:represents id:state-{state}"
        )
    for n in range(TRIPLES):  # more than are taken
        yield from _observation(n, chance)
        yield from _claim(n, chance)


def _observation(n: int, chance: random.Random) -> Iterator[str]:
    year, value = 1990 + n % 35, chance.randrange(1_000_000, 50_000_000_000)
    states = chance.sample(range(STATES), 2)
    yield from _about(
        f"id:obs-{n}",
        "kel:TradeObservation",
        f'rdfs:label "State {states[0]} and State {states[1]}, measure {n % MEASURES}, {year}"@en',
        f"kel:measure code:measure-{n % MEASURES}",
        f"kel:refArea id:state-{states[0]}",
        f"kel:counterpartArea id:state-{states[1]}",
        f'kel:value "{value}"{_INTEGER}',
        "kel:unit unit:CCY_USD",
        f'kel:periodStart "{year}-01-01"{_DATE}',
        f'kel:periodEnd "{year}-12-31"{_DATE}',
    )


def _claim(n: int, chance: random.Random) -> Iterator[str]:
    yield from _about(
        f"claim:c-{n}",
        "kel:Claim",
        f"kel:passage src:article-{n // 40}-p{n % 40}",
        f"kel:speaker id:person-{chance.randrange(PEOPLE)}",
        f"kel:modality code:{chance.choice(MODALITIES)}",
        f'kel:gloss "Gloss {n} of a figure that somebody gave on some occasion."@en',
        f"kel:article src:article-{n // 40}",
    )


def _claim_graphs(observations: int) -> Iterator[str]:
    for n in range(observations):
        yield _line(f"id:obs-{n}", "kel:unit unit:CCY_USD", f" {iri(f'claim:c-{n}')}")
        yield _line(f"id:obs-{n}", f"kel:measure code:measure-{n % MEASURES}", f" {iri(f'claim:c-{n}')}")


def _about(subject: str, kind: str, *facts: str) -> Iterator[str]:
    for fact in (f"rdf:type {kind}", *facts):
        yield _line(subject, fact)


def _line(subject: str, fact: str, graph: str = "") -> str:
    predicate, _, thing = fact.partition(" ")
    value = thing if thing.startswith('"') else iri(thing)
    return f"{iri(subject)} {iri(predicate)} {value}{graph} .\n"
