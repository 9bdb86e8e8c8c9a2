"""Said and denied: the same fact, a statement that another opposes, an accusation and the answer of the accused."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg.conflicts.evidence import Evidence, Told
from kg.conflicts.model import Conflict, Side, code, side
from kg.engine.reading import Row
from ontology.namespaces import KEL, PREFIXES

_AGAINST: Final = {code("stance-opposes"), code("stance-denies")}
_CRITICISM: Final = code("statement-criticism")
_MEMBERSHIP: Final = PREFIXES["org"] + "memberOf"


def denied_facts(rows: Iterable[Row]) -> Iterator[Conflict]:
    """The facts of one thing that a claim denies and others tell; `rows` are those of `evidence.denied_and_said`.

    Memberships and the status of events have kinds of their own.
    """
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if str(row["p"].value) not in {_MEMBERSHIP, str(KEL.status)}:
            grouped[str(row["s"].value), str(row["denied"].value)].append(row)
    for (thing, denial), found in sorted(grouped.items()):
        names = sorted({str(row["p"].value) for row in found})
        values = [row["o"] for row in found]
        sides = (side(values, [thing], [str(row["said"].value) for row in found]), side(values, [thing], [denial]))
        about = (thing, *sorted({v.value for v in values if str(v).startswith("<")}))
        yield Conflict("denial", (thing, denial), names[0] if len(names) == 1 else "", about, sides)


def opposed_statements(evidence: Evidence) -> Iterator[Conflict]:
    """Statements that somebody else opposes or denies in a statement that concerns them, and opposite stances."""
    sayers = {statement: {t.value.value for t in told} for statement, told in evidence.told("saidBy")}
    stances: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for statement, told in evidence.told("stance"):
        for t in told:
            for concerned in evidence.of(statement, "concerns"):
                stances[concerned.value.value][t.value.value].add(statement)
    for thing, by_stance in sorted(stances.items()):
        against = {s for stance in _AGAINST for s in by_stance.get(stance, ())}
        if thing in sayers:
            others = {s for s in against if not sayers.get(s, set()) & sayers[thing]}
            if others:
                about = tuple(sorted({t.value.value for t in evidence.of(thing, "concerns")}))
                yield _between(evidence, about, [thing], others)
        elif against and (in_favour := by_stance.get(code("stance-supports"))):
            yield _between(evidence, (thing,), in_favour, against)


def answered_accusations(evidence: Evidence, offices: Mapping[str, set[str]]) -> Iterator[Conflict]:
    """Criticism of somebody, and what the accused says to it or to a threat that rests on it.

    `offices` are the organisations and states in whose offices each person is told to be: a president answers for the
    state.
    """
    criticisms = {s for s, told in evidence.told("kind") if any(t.value.value == _CRITICISM for t in told)}
    rests_on: dict[str, set[str]] = defaultdict(set)
    for thing, told in evidence.told("reason"):
        rests_on[thing] |= {t.value.value for t in told} & criticisms
    for answer, told in evidence.told("responseTo"):
        speakers = {t.value.value for t in evidence.of(answer, "saidBy")}
        speakers |= {state for speaker in speakers for state in offices.get(speaker, ())}
        answered = {t.value.value for t in told}
        answered = (answered & criticisms).union(*(rests_on.get(each, ()) for each in answered))
        for criticism in sorted(answered):
            accused = {t.value.value for t in evidence.of(criticism, "concernsActor")} & speakers
            if accused:
                yield _between(evidence, tuple(sorted(accused)), [criticism], {answer})


def opposite_trends(evidence: Evidence) -> Iterator[Conflict]:
    """One thing that rises by one claim and falls by another."""
    rising, falling = code("trend-rising"), code("trend-falling")
    for thing, told in evidence.told("trend"):
        up, down = ([t for t in told if t.value.value == way] for way in (rising, falling))
        if up and down and {t.claim for t in up}.isdisjoint(t.claim for t in down):
            caveats = {"other-time"} if evidence.articles_differ(t.claim for t in told) else set()
            sides = (_side(thing, up), _side(thing, down))
            yield Conflict("denial", (thing, "trend"), str(KEL.trend), (thing,), sides, frozenset(caveats))


def _side(thing: str, told: Iterable[Told]) -> Side:
    given = list(told)
    return side([t.value for t in given], [thing], [t.claim for t in given])


def _between(evidence: Evidence, about: tuple[str, ...], said: Iterable[str], against: Iterable[str]) -> Conflict:
    """The conflict of statements with others that are against them; the values that differ are who said it."""
    both = (sorted(said), sorted(against))
    told = [[t for s in statements for t in evidence.of(s, "saidBy")] for statements in both]
    sides = [side((t.value for t in of), things, (t.claim for t in of)) for of, things in zip(told, both, strict=True)]
    return Conflict("denial", (*both[0], "against", *both[1]), str(KEL.stance), about, tuple(sides), _OPINION)


_OPINION: Final = frozenset({"opinion"})
