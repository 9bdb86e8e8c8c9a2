"""Who gives and who gets: origin and destination, visitor and host, reporter and partner, each on its side."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from kg.checks.collection import Collection, CuratedClaim, local
from kg.checks.findings import Finding
from kg.checks.naming import Names
from kg.checks.reading import Statement
from ontology.namespaces import KEL, shorten

_WAYS: Final = (
    ("origin", "destination"),
    ("counterpartArea", "refArea"),
)
_INVESTED: Final = "measure-direct-investment"


def ways(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Origins to which, and destinations from which, gloss or passage says that it goes; so with investments."""
    for claim in claims:
        texts = (claim.gloss("en"), collection.text(claim))
        for subject in claim.subjects:
            measured = {local(s.value) for s in claim.told("measure", subject)}
            for giver, taker in _WAYS:
                if giver == "counterpartArea" and _INVESTED not in measured:
                    continue
                for given in claim.told(giver, subject):
                    for taken in claim.told(taker, subject):
                        if text := _reversed(collection, given.value, taken.value, texts):
                            sides = f"kel:{giver} {shorten(given.value)} and kel:{taker} {shorten(taken.value)}"
                            wrong = f"{sides} are told the other way round: “{text}”."
                            yield claim.warning(given.line, "direction", wrong, "Swap the two.")


def _reversed(collection: Collection, giver: str, taker: str, texts: Sequence[str]) -> str:
    """The words of a text by which the taker gives and the giver takes, if none say it the right way; else empty."""
    found = ""
    for text in texts:
        right = _to(collection, taker, text) or _from(collection, giver, text)
        wrong = _to(collection, giver, text) or _from(collection, taker, text)
        if right and not wrong:
            return ""
        if wrong and not right and not found:
            found = wrong
    return found


def _to(collection: Collection, iri: str, text: str) -> str:
    return _after(collection, iri, text, r"\b(?:to|towards|into|enters|for)")


def _from(collection: Collection, iri: str, text: str) -> str:
    return _after(collection, iri, text, r"\b(?:from|out of)")


def _after(collection: Collection, iri: str, text: str, preposition: str) -> str:
    """The words in which one of a thing's names follows a preposition."""
    for label in collection.names.get(iri, {}).get("en", ()):
        if match := re.search(rf"{preposition} (?:the )?{re.escape(label)}\b", text):
            return match[0]
    return ""


def visits(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Visitors who have their office in the state that they visit, hosts who have it elsewhere, places elsewhere."""
    names = Names(collection)
    for claim in claims:
        for subject in claim.subjects:
            states = _states_of_event(collection, subject)
            if not states:
                continue
            for statement in claim.told("visitor", subject):
                served = {s for s in names.states_served(statement.value) if "State" in collection.types.get(s, ())}
                if served and served <= states:
                    wrong = f"The visitor {shorten(statement.value)} serves {shorten(min(served))}, which is visited."
                    yield claim.warning(
                        statement.line, "visit-sides", wrong, "Swap visitor and host, or correct the state."
                    )
            for statement in claim.told("host", subject):
                served = {s for s in names.states_served(statement.value) if "State" in collection.types.get(s, ())}
                if served and not served & states:
                    wrong = f"The host {shorten(statement.value)} serves {shorten(min(served))}, where it is not held."
                    yield claim.warning(
                        statement.line, "visit-sides", wrong, "Swap visitor and host, or correct the place."
                    )
            for statement in (*claim.told("place", subject), *claim.told("visited", subject)):
                visited = _values(collection, subject, "visited")
                held = {s for p in _values(collection, subject, "place") for s in _states_of(collection, p)}
                if visited and held and not visited & held:
                    wrong = f"It is held in {shorten(min(held))}, and visits {shorten(min(visited))}."
                    yield claim.warning(
                        statement.line, "visit-sides", wrong, "Correct the place, or the state visited."
                    )


def _states_of_event(collection: Collection, event: str) -> set[str]:
    """The states that an event visits, or in which its places lie."""
    if "Event" not in collection.types.get(event, ()):
        return set()
    places = _values(collection, event, "place")
    return _values(collection, event, "visited") | {s for p in places for s in _states_of(collection, p)}


def _states_of(collection: Collection, place: str) -> set[str]:
    """The states in which a place lies, by the places around it."""
    seen: set[str] = set()
    around, states = {place}, set[str]()
    while around:
        seen |= around
        states |= {s for p in around for s in _values(collection, p, "inState")}
        around = {q for p in around for q in _values(collection, p, "locatedIn")} - seen
    return states


def _values(collection: Collection, subject: str, name: str) -> set[str]:
    """The values of a property, told by claims or reference data."""
    statements: list[Statement] = [s for _, s in collection.facts_of.get(subject, ())]
    statements += collection.described.get(subject, [])
    return {s.value for s in statements if s.predicate == str(KEL[name])}


def reporters(collection: Collection, claims: Sequence[CuratedClaim]) -> Iterator[Finding]:
    """Figures between two sides, of which all others of the kind have the reporter on the other side."""
    sides: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    told: list[tuple[CuratedClaim, Statement, tuple[str, str, str], str]] = []
    for claim in collection.claims:
        for area in claim.told("refArea"):
            partners = claim.told("counterpartArea", area.subject)
            measures = claim.told("measure", area.subject)
            if len(partners) == 1 and len(measures) == 1:
                pair = sorted((area.value, partners[0].value))
                stem = "-".join(local(measures[0].value).split("-")[:2])  # turnover and growth are both of trade
                key = (stem, pair[0], pair[1])
                sides[key][area.value] += 1
                told.append((claim, area, key, partners[0].value))
    wanted = {c.name for c in claims}
    for claim, area, key, partner in told:
        if claim.name in wanted and sides[key][partner] and sides[key][area.value] == 1:
            wrong = f"kel:refArea is {shorten(area.value)}, and {shorten(partner)} in other figures of this kind."
            yield claim.warning(
                area.line, "reporter", wrong, "Give the side in whose statistics or territory it is counted."
            )
