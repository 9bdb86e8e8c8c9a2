"""Made-up claims on trade between states, with all that makes who adds up figures count some twice."""

import random
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from ontology import PREFIXES

STATES: Final = 12
YEARS: Final = 8
_FIRST_YEAR: Final = 2000
_SEED: Final = 20_261_127
_PUBLISHED: Final = ("asserted", "reported", "planned")


def n_quads(states: int = STATES, years: int = YEARS) -> Iterator[str]:
    """The lines of a dataset of claims on trade between every two of the states in each of the years.

    Of a pair in a year there are some three claims of 21 quads each.
    """
    chance = random.Random(_SEED)
    claims = 0

    def told(figure: str, facts: list[str], modality: str) -> Iterator[str]:
        nonlocal claims
        claims += 1
        claim = f"claim:c{claims}"
        for fact in facts:
            yield _line(f"id:{figure} {fact}", claim)
            if modality in _PUBLISHED:
                yield _line(f"id:{figure} {fact}")
        yield _line(f"{claim} rdf:type kel:Claim")
        yield _line(f"{claim} kel:modality code:{modality}")
        yield _line(f"{claim} kel:speaker id:paper-{claims % 7}")
        yield _line(f"{claim} kel:passage src:a{claims % 5}-p{claims}")
        yield _line(f'{claim} kel:gloss "Claim {claims} on \\"{figure}\\"."@en')
        yield _line(f"src:a{claims % 5}-p{claims} kel:article src:a{claims % 5}")
        yield _line(f'src:a{claims % 5}-p{claims} kel:paragraph "{claims}"^^xsd:integer')

    for article in range(5):
        yield _line(f'src:a{article} kel:earliest "2024-0{article + 1}-01"^^xsd:date')
        yield _line(f'src:a{article} kel:latest "2024-0{article + 1}-03"^^xsd:date')
    for pair in combinations([f"state-{n:04}" for n in range(states)], 2):
        for year in range(_FIRST_YEAR, _FIRST_YEAR + years):
            one, other = chance.sample(pair, 2)
            name = f"{one}-{other}-{year}"
            value = chance.randrange(1, 5_000) * 10_000_000 + chance.choice((0, 5)) / 10
            whole = _figure(one, other, value, f"{year}-01-01", f"{year}-12-31")
            for _ in range(chance.choice((1, 1, 2, 3))):  # one figure that several tell
                yield from told(name, whole, chance.choice(("asserted", "asserted", "reported")))
            if chance.random() < 0.2:  # another paper has another figure, of the other state's side
                differs = _figure(other, one, value + 1_000_000, f"{year}-01-01", f"{year}-12-31")
                yield from told(f"{name}-b", differs, "reported")
            if chance.random() < 0.2:  # told with two bounds: two rows
                yield from told(name, [*whole, "kel:bound code:bound-over", "kel:bound code:bound-record"], "asserted")
            if chance.random() < 0.2:  # only expected
                yield from told(
                    f"{name}-e", _figure(one, other, value * 3, f"{year}-01-01", f"{year}-12-31"), "expected"
                )
            if chance.random() < 0.2:  # a goal, asserted as one
                goal = _figure(one, other, value * 2, f"{year}-01-01", f"{year}-12-31", "figure-target")
                yield from told(f"{name}-g", goal, "asserted")
            if chance.random() < 0.2:  # nine months
                yield from told(
                    f"{name}-9", _figure(one, other, value / 2, f"{year}-01-01", f"{year}-09-30"), "asserted"
                )
            if chance.random() < 0.2:  # of oil alone
                part = [*_figure(one, other, value / 4, f"{year}-01-01", f"{year}-12-31"), "kel:group code:group-oil"]
                yield from told(f"{name}-o", part, "asserted")


def _figure(one: str, other: str, value: float, start: str, end: str, kind: str = "figure-actual") -> list[str]:
    return [
        "kel:measure code:measure-trade-turnover",
        f"kel:figureKind code:{kind}",
        f"kel:refArea id:{one}",
        f"kel:counterpartArea id:{other}",
        f'kel:value "{value}"^^xsd:decimal',
        "kel:unit unit:CCY_USD",
        f'kel:periodStart "{start}"^^xsd:date',
        f'kel:periodEnd "{end}"^^xsd:date',
    ]


def _line(triple: str, graph: str = "") -> str:
    subject, predicate, value = triple.split(" ", 2)
    text, typed, datatype = value.rpartition("^^")
    if typed:
        value = f"{text}^^{_iri(datatype)}"
    elif not value.startswith('"'):
        value = _iri(value)
    return " ".join([_iri(subject), _iri(predicate), value, *([_iri(graph)] if graph else []), ".\n"])


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"
