"""Literals that do not occur where they are asked for: another language, datatype or spelling, or a thing."""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from kg.engine.lexer import lex
from kg.engine.names import LABELS
from kg.explanations.case import Candidate, Case, replaced, told, told_type
from kg.explanations.pattern import Leaf
from kg.language.messages import gettext_noop
from kg.store.reader import Term

_LABELS: Final = "|".join(map(str, LABELS))
_LEAST_LETTERS: Final = 3
_LIKE: Final = 80
_SAMPLE: Final = 3000


def candidates(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """Values that are there in the place of the literal that an element asks for."""
    if leaf.kind == "values":
        yield from _listed(case, leaf)
    if leaf.terms is None:
        return
    subject, verb, target = leaf.terms
    asked = case.term(target)
    if not isinstance(asked, ox.Literal):
        return
    text = ox.Literal(asked.value.lower())
    # What fails alone is looked for alone: the whole query may be slow, and each mend is run on it anyway.
    alone = frozenset[Leaf]() if case.part == {leaf} else None
    pattern = f"{subject} {verb} ?_it . FILTER(LCASE(STR(?_it)) = {text})"
    rows = case.explore(leaf, pattern, "DISTINCT ?_it", 5, alone)
    for row in rows:
        found = row["_it"]
        if isinstance(found, ox.Literal):
            yield _other(case, leaf, _difference(asked, found), found)
    called = f"{subject} {verb} ?_it . ?_it ({_LABELS}) ?_name . FILTER"
    things = case.explore(leaf, f"{called}(LCASE(STR(?_name)) = {text})", "DISTINCT ?_it", 3)
    for row in things:
        template = gettext_noop("The value is a thing and no text: %(found)s is what is called %(asked)s.")
        yield _other(case, leaf, ("thing for text", 23, template), row["_it"])
    if not things and len(asked.value) >= _LEAST_LETTERS:
        for row in case.explore(leaf, f"{called}(CONTAINS(LCASE(STR(?_name)), {text}))", "DISTINCT ?_it", 3):
            template = gettext_noop("The value is a thing and no text: %(found)s has %(asked)s in its name.")
            yield _other(case, leaf, ("thing for text", 24, template), row["_it"])
    if len(asked.value) >= _LEAST_LETTERS:
        yield from _misspelt(case, leaf, asked)
        yield from _labels(case, leaf, asked)
        name = case.free_variable("text")
        within = f"{subject} {verb} {name} . FILTER(CONTAINS(LCASE(STR({name})), {text}))"
        rows = case.explore(leaf, within, f"DISTINCT {name}", 3)
        values = {"asked": target, "found": ", ".join(told(row[name[1:]]) for row in rows)}
        template = gettext_noop("No value here is %(asked)s alone, but some contain it: %(found)s.")
        if rows:
            yield Candidate("part of a text", 34, template, values, leaf, {leaf: within})


def _misspelt(case: Case, leaf: Leaf, asked: ox.Literal) -> Iterator[Candidate]:
    """The text that is most like the one asked for."""
    assert leaf.terms
    subject, verb, _ = leaf.terms
    rows = case.explore(leaf, f"{subject} {verb} ?_it . FILTER(ISLITERAL(?_it))", "DISTINCT ?_it", _SAMPLE)
    there = {row["_it"]: row["_it"].value.lower() for row in rows}
    best = process.extractOne(asked.value.lower(), there, scorer=fuzz.ratio, score_cutoff=_LIKE)
    if best and best[0] != asked.value.lower():
        template = gettext_noop("The text is spelt otherwise in the data: %(found)s, not %(asked)s.")
        yield _other(case, leaf, ("spelling", 24, template), best[2])


def _labels(case: Case, leaf: Leaf, asked: ox.Literal) -> Iterator[Candidate]:
    """The properties with what things are called."""
    assert leaf.terms
    subject, verb, _ = leaf.terms
    name, text = case.free_variable("text"), ox.Literal(asked.value.lower())
    properties = " ".join(map(str, LABELS))
    for rank, test in ((26, f"LCASE(STR({name})) = {text}"), (35, f"CONTAINS(LCASE(STR({name})), {text})")):
        condition = f"{name} . FILTER({test})"
        for row in case.explore(leaf, f"VALUES ?_it {{ {properties} }} {subject} ?_it {condition}", "DISTINCT ?_it", 3):
            found = case.spelt(row["_it"])
            if row["_it"] != case.term(verb):
                template = gettext_noop("Not %(asked)s but %(found)s has this text.")
                values = {"asked": verb, "found": found}
                yield Candidate("property", rank, template, values, leaf, {leaf: f"{subject} {found} {condition}"})


def _listed(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """What is there in the place of the values that VALUES lists of one variable."""
    if len(leaf.binds) != 1:
        return
    variable = f"?{next(iter(leaf.binds))}"
    listed = [t[1:-1] for t in lex(leaf.text) if t.type == "STRING"]
    texts = ", ".join(str(ox.Literal(text.lower())) for text in listed)
    template = gettext_noop("The values are not as VALUES lists them but, for instance, %(found)s.")
    for test in (
        f"FILTER(LCASE(STR({variable})) IN ({texts}))",
        f"{variable} ({_LABELS}) ?_name . FILTER(LCASE(STR(?_name)) IN ({texts}))",
    ):
        rows = case.explore(leaf, test, f"DISTINCT {variable}", 10) if listed else []
        if rows:
            found = " ".join(case.spelt(row[variable[1:]]) for row in rows)
            yield Candidate(
                "listed values", 20, template, {"found": found}, leaf, {leaf: f"VALUES {variable} {{ {found} }}"}
            )
    rows = case.tally(leaf, "", variable, 5)
    if rows:
        values = {
            "variable": variable,
            "found": ", ".join(told(row[variable[1:]]) for row in rows if variable[1:] in row),
        }
        template = gettext_noop("None of the listed values of %(variable)s fits. Values that occur: %(found)s.")
        yield Candidate("listed values", 41, template, values, leaf, {leaf: ""})


def of_the_row(case: Case, leaf: Leaf) -> Iterator[Candidate]:
    """The values that each variable of a row has beside the others, instead of its own."""
    for name in sorted(leaf.binds):
        others = replaced(leaf.text, f"?{name}", "?_asked")
        rows = [row for row in case.tally(leaf, others, f"?{name}", 6) if name in row]
        if rows:
            values = {"variable": f"?{name}", "found": ", ".join(told(row[name]) for row in rows)}
            template = gettext_noop(
                "The query has rows, but not this one. Values of %(variable)s that occur: %(found)s."
            )
            yield Candidate("row", 41, template, values, leaf, {leaf: ""})


def _difference(asked: ox.Literal, found: ox.Literal) -> tuple[str, int, str]:
    if asked.value != found.value:
        return "case", 22, gettext_noop("The text is spelt otherwise in the data: %(found)s, not %(asked)s.")
    if (asked.language or "") != (found.language or ""):
        template = gettext_noop("The text has another language tag in the data: %(found)s, not %(asked)s.")
        return "language", 20, template
    template = gettext_noop("The value has another datatype in the data: %(found)s (%(type)s), not %(asked)s.")
    return "datatype", 21, template


def _other(case: Case, leaf: Leaf, said: tuple[str, int, str], found: Term) -> Candidate:
    """Another value; `said` are kind, rank and template of the candidate."""
    assert leaf.terms
    subject, verb, target = leaf.terms
    values = {"asked": target, "found": told(found), "type": told_type(found)}
    return Candidate(*said, values, leaf, {leaf: f"{subject} {verb} {case.spelt(found)}"})
