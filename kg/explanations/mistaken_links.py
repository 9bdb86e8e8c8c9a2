"""Triples whose ends are there, but linked otherwise: the other way round, by another property, through a step."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz

from kg.explanations.case import Candidate, Case, told
from kg.explanations.pattern import CONSTRAINTS, Leaf
from kg.language.messages import gettext_noop
from kg.store.reader import Row
from ontology.namespaces import PREFIXES

_TYPE: Final = ox.NamedNode(PREFIXES["rdf"] + "type")
_SUBCLASS: Final = f"<{PREFIXES['rdfs']}subClassOf>"
_STANDARD: Final = (PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["owl"])
_LIKE: Final = 60
_MOST_VARIABLES: Final = 6


def candidates(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """Other links and classes, that exist, for the triple of an element."""
    if leaf.terms is None or any(other.kind in CONSTRAINTS for other in case.part):
        return
    subject, verb, target = leaf.terms
    yield from _variables(case, leaf, subject, verb, target)
    if case.term(verb) == _TYPE:
        yield from _classes(case, leaf, subject, target)
        return
    if not isinstance(case.term(target), ox.Literal):
        text = f"{target} {verb} {subject}"
        template = gettext_noop("It stands the other way round in the data: %(found)s.")
        yield Candidate("swapped", 25, template, {"found": text}, leaf, {leaf: text})
    if leaf.kind == "triple" and verb[:1] not in "?$":
        yield from _steps(case, leaf, subject, verb, target)
        yield from _properties(case, leaf, subject, verb, target)
    if target[:1] not in "?$":
        yield from _values(case, leaf, subject, verb, target)
    yield from _as_texts(case, leaf, subject, verb, target)  # last, since it may take long


def _variables(case: Case, leaf: Leaf, subject: str, verb: str, target: str) -> Iterator[Candidate]:
    """Other variables of the query in the place of one of the triple's."""
    others = frozenset[str]().union(*(o.bound_with_graph for o in case.leaves if o is not leaf))
    named = sorted(name for name in others if not name.startswith(("node_", "step_", "blank_")))
    for own, other in ((own, f"?{name}") for own in (subject, target) for name in named[:_MOST_VARIABLES]):
        if own[:1] in "?$" and own[1:] in others and other[1:] not in leaf.uses:
            text = f"{other if own is subject else subject} {verb} {other if own is target else target}"
            template = gettext_noop("It holds of %(other)s and not of %(variable)s: %(found)s.")
            values = {"other": other, "variable": own, "found": text}
            yield Candidate("other variable", 24, template, values, leaf, {leaf: text})


def _as_texts(case: Case, leaf: Leaf, subject: str, verb: str, target: str) -> Iterator[Candidate]:
    """The value as a text equal to that of the other elements, whatever its datatype, language and capitals."""
    others = frozenset[str]().union(*(o.bound_with_graph for o in case.part if o is not leaf))
    if target[:1] not in "?$" or target[1:] not in others:
        return
    name = case.free_variable(f"{target[1:]}_2")
    template = gettext_noop("Here and in the other lines the values of %(variable)s are equal as texts only.")
    text = f"{subject} {verb} {name} . FILTER(LCASE(STR({name})) = LCASE(STR({target})))"
    yield Candidate("equal as texts", 27, template, {"variable": target}, leaf, {leaf: text})


def _classes(case: Case, leaf: Leaf, subject: str, asked: str) -> Iterator[Candidate]:
    """The classes of what the other elements find; those next to the one asked for first."""
    if asked[:1] in "?$":
        return
    rows = case.tally(leaf, f"{subject} a ?_it", "?_it", 12)
    near = case.prober.rows("?_it", f"{{ ?_it {_SUBCLASS} {asked} }} UNION {{ {asked} {_SUBCLASS} ?_it }}", 50) or []
    related = {row["_it"] for row in near}
    for row in sorted(rows, key=lambda row: row["_it"] not in related):
        found = row["_it"]
        if not isinstance(found, ox.NamedNode) or found.value.startswith(_STANDARD):
            continue
        if found not in related and subject[:1] in "?$" and not case.context(leaf):
            continue
        template = gettext_noop(
            "What the other lines find is not of the class %(asked)s but, for instance, of %(found)s."
        )
        if subject[:1] not in "?$":
            template = gettext_noop("%(subject)s is not of the class %(asked)s but, for instance, of %(found)s.")
        elif not case.context(leaf):
            template = gettext_noop("Nothing here is of the class %(asked)s; of %(found)s there are things.")
        rank = 26 if found in related else 36
        values = {"subject": subject, "asked": asked, "found": told(found)}
        yield Candidate("class", rank, template, values, leaf, {leaf: f"{subject} a {case.spelt(found)}"})


def _steps(case: Case, leaf: Leaf, subject: str, verb: str, target: str) -> Iterator[Candidate]:
    """Paths of two steps, one of which is the property asked for."""
    if subject[:1] in "?$" and target[:1] in "?$" and len(case.leaves) == 1:
        return  # all of the data would do
    paths = [
        (f"{subject} ?_it ?_mid . ?_mid {verb} {target}", "{it}/{verb}"),
        (f"?_mid ?_it {subject} . ?_mid {verb} {target}", "^{it}/{verb}"),
        (f"{subject} {verb} ?_mid . ?_mid ?_it {target}", "{verb}/{it}"),
    ]
    if not isinstance(case.term(target), ox.Literal):
        paths.append((f"{subject} {verb} ?_mid . {target} ?_it ?_mid", "{verb}/^{it}"))
    for rank, (pattern, path) in enumerate(paths, 29):
        for row in _proper(case.tally(leaf, pattern, "?_it", 4), verb, case)[:2]:
            found = path.format(verb=verb, it=case.spelt(row["_it"]))
            template = gettext_noop("The two are linked through one thing more: %(found)s.")
            yield Candidate("step", rank, template, {"found": found}, leaf, {leaf: f"{subject} {found} {target}"})


def _properties(case: Case, leaf: Leaf, subject: str, verb: str, target: str) -> Iterator[Candidate]:
    """Other properties between the two ends, in either direction; of an end that is free, those called alike."""
    others = frozenset(case.leaves) - {leaf}
    bound = frozenset[str]().union(*(other.bound_with_graph for other in others))
    free = [end for end in (subject, target) if end[:1] in "?$" and end[1:] not in bound]
    if len(free) == 2:
        return
    yield from _all_properties(case, leaf, subject, target, free)
    for text, inverse in (("{s} ?_it {o}", False), ("{o} ?_it {s}", True)):
        if inverse and isinstance(case.term(target), ox.Literal):
            continue
        rows = _proper(case.tally(leaf, text.format(s=subject, o=target), "?_it", 30 if free else 6), verb, case)
        likeness = {row["_it"]: fuzz.token_sort_ratio(_local(row["_it"].value), _local(verb)) for row in rows}
        if free:
            rows = [row for row in rows if likeness[row["_it"]] >= _LIKE]
        for row in sorted(rows, key=lambda row: -likeness[row["_it"]])[:3]:
            found = case.spelt(row["_it"])
            values = {"asked": verb, "found": f"^{found}" if inverse else found}
            template = gettext_noop("Not %(asked)s but %(found)s gives rows here.")
            text_of_it = f"{target} {found} {subject}" if inverse else f"{subject} {found} {target}"
            rank = 28 if likeness[row["_it"]] >= _LIKE and not inverse else 33
            yield Candidate("property", rank, template, values, leaf, {leaf: text_of_it})


def _all_properties(case: Case, leaf: Leaf, subject: str, target: str, free: Sequence[str]) -> Iterator[Candidate]:
    """What is told of the thing that an element is about, where its other end is free."""
    if free != [target] or subject[:1] in "?$" or target == subject:
        return
    rows = _proper(case.tally(leaf, f"{subject} ?_it {target}", "?_it", 12), "a", case)
    if rows:
        values = {"subject": subject, "found": ", ".join(told(row["_it"]) for row in rows[:8])}
        template = gettext_noop("%(subject)s has other properties: %(found)s.")
        text = f"{subject} {case.free_variable('property')} {target}"
        yield Candidate("other properties", 45, template, values, leaf, {leaf: text})


def _values(case: Case, leaf: Leaf, subject: str, verb: str, target: str) -> Iterator[Candidate]:
    """The values that the property has instead of the one asked for."""
    rows = case.tally(leaf, f"{subject} {verb} ?_it", "?_it", 5)
    if not rows:
        return
    values = {"asked": target, "found": ", ".join(told(row["_it"]) for row in rows)}
    template = gettext_noop("The value here is never %(asked)s. Values that occur: %(found)s.")
    free = case.free_variable("value")
    yield Candidate("values", 40, template, values, leaf, {leaf: f"{subject} {verb} {free}"})


def _proper(rows: Sequence[Row], verb: str, case: Case) -> list[Row]:
    """The rows with a property other than that asked for and those of the vocabularies for vocabularies."""
    asked = case.term(verb)
    return [r for r in rows if r["_it"] != asked and not r["_it"].value.startswith(_STANDARD)]


def _local(name: str) -> str:
    return name.rstrip(">").replace("#", "/").replace(":", "/").rpartition("/")[2]
