"""Fills in what follows from what a curator has typed, as a careful hand would write it: no fact, no guess.

A name in words becomes the thing of that name, if there is but one; a printed figure becomes its value and unit; EDTF
its bounds; a thing that is told of for the first time in the file gets its class, one that is labelled in its claim a
name.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from kg.checks.collection import CuratedClaim
from kg.checks.numbers import figures
from ontology.namespaces import RDF_TYPE, shorten
from server.workbench.fields import Kind, Vocabulary
from server.workbench.forms import ClaimForm, Row, Thing, Value, completed
from server.workbench.recipes import LABEL, Recipes
from server.workbench.things import Things

_CONCEPT: Final = "skos:Concept"
_PLAIN: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_WRITTEN, _VALUE, _UNIT = "kel:asWritten", "kel:value", "kel:unit"
_UNITS: Final = (
    (r"\$|\bdollars?\b", "unit:CCY_USD"),
    (r"€|\beuros?\b", "unit:CCY_EUR"),
    (r"₽|\br(?:o|ou)?ubles?\b", "unit:CCY_RUB"),
    (r"₸|\btenge\b", "unit:CCY_KZT"),
    (r"¥|\byuan\b", "unit:CCY_CNY"),
    (r"%|\bper ?cent\b", "unit:PERCENT"),
    (r"\bcubic met(?:re|er)s?\b", "unit:M3"),
)
"""Words of printed figures that tell the unit; without one of these the unit is left to the curator."""


class Completion:
    """Completes forms by what the curated files hold."""

    def __init__(self, vocabulary: Vocabulary, recipes: Recipes, things: Things) -> None:
        self._vocabulary = vocabulary
        self._recipes = recipes
        self._things = things

    def complete(self, form: ClaimForm, earlier: Iterable[CuratedClaim], old: ClaimForm | None = None) -> ClaimForm:
        """The form completed. `earlier` are the other claims of the file, `old` the claim as it was, if it was."""
        told = {s.subject for c in earlier for s in c.facts if s.predicate == RDF_TYPE}
        classed = {shorten(iri) for iri in told}
        things = [self._thing(t, classed, old) for t in form.things]
        found = completed(replace(form, things=tuple(things), record=self._rows(form.record)))
        return replace(found, classes=tuple(self._classes(found, classed, old)))

    def _thing(self, thing: Thing, classed: set[str], old: ClaimForm | None) -> Thing:
        name = self._resolved(thing.name)
        class_name = thing.classes[0] if thing.classes else self._things.classes.get(name, "")
        label = next((v.text for r in thing.rows if r.property == LABEL for v in r.values if v.language == "en"), "")
        if not name and label and self._recipes.of(class_name).labelled_here:
            name = self._things.new_name(label, self._recipes.prefix(class_name))
        before = next((t for t in old.things if t.name == name), None) if old else None
        if before:
            classes = before.classes
        else:
            classes = (class_name,) if class_name and name not in classed and class_name != _CONCEPT else ()
        rows = self._rows(thing.rows)
        if _VALUE in self._recipes.of(class_name).required:
            rows = _figured(rows)
        order = self._recipes.ordered(r.property for r in rows)
        return Thing(name, classes, tuple(sorted(rows, key=lambda r: order.index(r.property))))

    def _classes(self, form: ClaimForm, classed: set[str], old: ClaimForm | None) -> Iterable[Thing]:
        """The things whose class the claim tells beside its facts: those of before, and those new in the file."""
        own = {t.name for t in form.things}
        mentioned = [n for n in form.mentioned() if n not in own]
        before = {t.name: t for t in old.classes} if old else {}
        known = {*(old.mentioned() if old else ())}
        kept = {*mentioned, *(v.text for r in form.record for v in r.values)}
        for name in [*(n for n in before if n in kept), *(n for n in mentioned if n not in before)]:
            class_name = self._things.classes.get(name, "")
            if name in before:
                yield before[name]
            elif name not in known and name not in classed and class_name and class_name != _CONCEPT:
                yield Thing(name, (class_name,))

    def _rows(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        found = []
        for row in rows:
            values = row.values
            if self._vocabulary.kind(row.property) == Kind.THING:
                values = tuple(Value(self._resolved(v.text)) for v in values)
            elif self._vocabulary.kind(row.property) == Kind.NUMBER:
                values = tuple(Value(_in_digits(v.text)) for v in values)
            found.append(Row(row.property, tuple(dict.fromkeys(values))))
        return tuple(found)

    def _resolved(self, text: str) -> str:
        if not text or re.fullmatch(r"[a-z]+:[\w-]+|<.*>", text):
            return text
        named = self._things.named(text)
        return named[0] if len(named) == 1 else text


def _in_digits(text: str) -> str:
    """A number as it is written in files, of one with scale words or marks of thousands; else the text."""
    if _PLAIN.fullmatch(text):
        return text
    found = figures(text)
    return _plain(found[0].value) if len(found) == 1 and found[0].whole is None else text


def _figured(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Rows with the value and the unit of a figure as printed, where they are not given."""
    given = {r.property: r.values[0].text for r in rows}
    written = given.get(_WRITTEN, "")
    found = [*rows]
    if written and _VALUE not in given and len(numbers := figures(written)) == 1:
        found.append(Row(_VALUE, (Value(_plain(numbers[0].value)),)))
    if written and _UNIT not in given and _VALUE in {r.property for r in found}:
        unit = next((u for words, u in _UNITS if re.search(words, written, re.IGNORECASE)), "")
        found += [Row(_UNIT, (Value(unit),))] if unit else []
    return tuple(found)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
