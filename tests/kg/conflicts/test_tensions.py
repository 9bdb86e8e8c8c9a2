"""The two articles: every real tension is found, by these claims and no others, and no near miss."""

from dataclasses import dataclass

import pytest

from kg.conflicts.detection import detect
from kg.conflicts.model import Conflict
from kg.engine.engine import Engine
from kg.store.reader import Reader
from ontology.namespaces import CLAIM


@dataclass(frozen=True)
class Tension:
    """A tension that a careful reader finds: its kind, the claims on each side, a caveat it must have, and why."""

    kind: str
    sides: tuple[str, ...]
    caveat: str
    why: str


TENSIONS = (
    Tension(
        "figures",
        ("mp23-p25-1", "izv24-p29-5"),
        "bound",
        "Over 17 and 22 billion of direct investment: nobody calls 22 billion over 17, but a year lies between.",
    ),
    Tension(
        "plan",
        ("mp23-p28-5", "izv24-p27-5"),
        "step-untold",
        "The plant's partner might be chosen by the end of 2023; a year later Russia's part is only possible still.",
    ),
    Tension(
        "participation",
        ("izv24-p41-1", "izv24-p37-7 izv24-p43-12 izv24-p43-17 izv24-p43-9"),
        "group",
        "Armenia, a member, stays away from the summit at which the leaders of the member states are to act.",
    ),
    Tension(
        "denial",
        ("mp23-p11-4", "mp23-p12-2"),
        "opinion",
        "Macron calls Kazakhstan Russia's backyard, which Lavrov rejects.",
    ),
    Tension(
        "denial",
        ("mp23-p16-3", "mp23-p16-6"),
        "opinion",
        "Kazakhstan is accused of helping to get round the sanctions, and its president says that it keeps to them.",
    ),
    Tension(
        "whereabouts",
        ("izv24-p14-12 izv24-p14-13 izv24-p14-9", "izv24-p11-2 izv24-p11-3 izv24-p14-4"),
        "remote",
        "Both presidents are to be at a session in Ufa on 26 or 27 November and at talks in Astana on 27 or 28.",
    ),
    Tension(
        "whereabouts",
        ("izv24-p14-12 izv24-p14-13 izv24-p14-9", "izv24-p11-1 izv24-p13-1 izv24-p6-1"),
        "remote",
        "Putin is to be at the session in Ufa and on his visit to Astana.",
    ),
)

NEAR_MISSES = (
    ("izv24-p32-4", "izv24-p32-5", "a year and nine months of the next"),
    ("mp23-p24-1", "izv24-p32-4", "two years; what is called a record is the greater"),
    ("mp23-p24-2", "mp23-p24-3", "growth over a year and over ten months of the next"),
    ("mp23-p24-3", "izv24-p32-4", "growth of ten months against the year before, and an amount of the whole year"),
    ("izv24-p29-18", "izv24-p32-5", "trade that rises yearly, and nine months that are less than the year before"),
    ("mp23-p31-1", "izv24-p32-9", "over 60 thousand with branches abroad, and about 60 thousand"),
    ("mp23-p22-7", "izv24-p32-8", "76 regions, and 76 of 89"),
    ("izv24-p21-6", "izv24-p21-11", "gas asked for as a condition, and the capacity of a route"),
    ("mp23-p6-7", "mp23-p35-4", "an all-round partnership as a goal, and a partnership that is"),
    ("izv24-p13-7", "mp23-p13-1", "the last state visit in 2015, and a visit in 2023 of no level told"),
    ("izv24-p11-10", "izv24-p43-1", "20 documents of two states, and 14 of an organisation"),
    ("izv24-p11-10", "izv24-p14-7", "20 documents, and a number of documents"),
    ("mp23-p32-7", "mp23-p32-8", "a share and an amount"),
    ("mp23-p32-3", "mp23-p32-8", "Russian speakers of a city, and Russians of the country"),
    ("mp23-p15-1", "mp23-p15-2", "all foreign-funded organisations, and the international ones among them"),
    ("mp23-p25-2", "mp23-p25-3", "all foreign enterprises, and the Russian ones among them"),
    ("izv24-p29-5", "izv24-p29-9", "direct investment, and the worth of joint projects"),
    ("mp23-p22-10", "mp23-p24-1", "deals that are talked of, and trade that was done"),
    ("mp23-p28-8", "mp23-p28-9", "five countries, and two of them by name"),
    ("izv24-p32-2", "izv24-p32-13", "the second rank and the first"),
    ("izv24-p11-7", "izv24-p18-1", "nearly all ministers, and all key ministers: both may be so"),
    ("izv24-p41-1", "izv24-p42-2", "a member in law may stay away from a meeting"),
    ("izv24-p41-1", "izv24-p41-3", "to stay away and not to object"),
    ("izv24-p51-2", "izv24-p42-1", "discipline of all, and everybody's right to a course: principles of two speakers"),
    ("izv24-p25-7", "izv24-p24-4", "gasification will not be discussed, gas transit may be"),
    ("izv24-p25-7", "izv24-p25-8", "this question will not be discussed, questions of its sort make up the agenda"),
    ("izv24-p51-4", "izv24-p51-5", "to voice a common position, and to work out a political one"),
    ("izv24-p11-16", "izv24-p46-4", "possible by some, certain by another: neither says no"),
    ("mp23-p12-6", "mp23-p12-12", "an intention, and that it will not succeed"),
    ("mp23-p13-5", "mp23-p13-6", "a denial and the act of denying"),
    ("mp23-p16-7", "mp23-p16-9", "to keep to sanctions and to oppose them"),
    ("mp23-p11-4", "mp23-p11-6", "what Kazakhstan is called, and what it refuses to be, by one speaker"),
    ("mp23-p4-1", "mp23-p35-1", "an ordinary visit and a significant one: a matter of judgement"),
    ("mp23-p22-8", "izv24-p28-7", "a leading producer of grain may buy grain"),
    ("mp23-p28-1", "izv24-p27-2", "a referendum as planned, and held: the plan was carried out"),
    ("mp23-p28-2", "izv24-p27-3", "a decision by referendum as planned, and taken"),
    ("mp23-p28-4", "mp23-p28-5", "tenders after the referendum, and a partner by a date: the referendum has none"),
    ("mp23-p10-14", "izv24-p27-3", "considered then, backed a year later"),
    ("mp23-p21-1", "mp23-p27-5", "joint building by a memorandum, and one builder at work"),
    ("mp23-p5-7", "izv24-p29-14", "an agreement that was signed, and a matter that is still talked of"),
    ("mp23-p22-1", "izv24-p14-9", "the forum's 19th edition and its 20th"),
    ("mp23-p2-10", "izv24-p14-5", "the joint statement of 2023 and that of 2024"),
    ("izv24-p14-6", "izv24-p15-2", "signed on the visit, and after the talks that are part of it"),
    ("mp23-p22-4", "izv24-p21-7", "two deputy prime ministers, of whom a government has several"),
    ("mp23-p20-11", "izv24-p21-2", "energy ministers of two states"),
)
"""Pairs of claims that look like a conflict and are none, with the reason."""


@pytest.fixture(scope="module")
def found(engine: Engine) -> list[Conflict]:
    return detect(Reader(engine))


def names(claims: tuple[str, ...]) -> str:
    return " ".join(claim.removeprefix(str(CLAIM)) for claim in claims)


def test_the_tensions_are_found_and_nothing_else(found: list[Conflict]) -> None:
    told = {(each.kind, frozenset(names(side.claims) for side in each.sides)) for each in found}
    assert told == {(each.kind, frozenset(each.sides)) for each in TENSIONS}
    assert len(found) == len(TENSIONS)


@pytest.mark.parametrize("tension", TENSIONS, ids=lambda t: t.why)
def test_each_says_why_it_may_be_none(tension: Tension, found: list[Conflict]) -> None:
    (it,) = [each for each in found if frozenset(names(s.claims) for s in each.sides) == frozenset(tension.sides)]
    assert tension.caveat in it.caveats
    assert it.about


@pytest.mark.parametrize(("one", "other", "why"), NEAR_MISSES, ids=[why for *_, why in NEAR_MISSES])
def test_a_near_miss_is_no_conflict(one: str, other: str, why: str, found: list[Conflict], engine: Engine) -> None:
    for claim in (one, other):
        assert Reader(engine).ask(f"ASK {{ <{CLAIM[claim]}> a <https://w3id.org/kelisim/ns#Claim> }}"), claim
    for each in found:
        at = [{n for n, side in enumerate(each.sides) if str(CLAIM[claim]) in side.claims} for claim in (one, other)]
        assert not (at[0] and at[1]), f"{each.slug}: {why}"


def test_the_same_claims_give_the_same_conflicts(found: list[Conflict], engine: Engine) -> None:
    assert detect(Reader(engine)) == found
    assert len({each.iri for each in found}) == len(found)
