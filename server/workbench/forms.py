"""A claim as a form has it: things with rows of properties and values, and the rows of its record.

From a curated claim, and from what a browser sends. Names of fields: ``thing-0`` the thing, ``thing-0.class`` its
class, ``thing-0:kel:topic`` a value of a property, ``thing-0:rdfs:label@ru`` a text in a language;
``record:kel:speaker`` likewise. A field with several values comes several times; an empty one counts as not given.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox
from werkzeug.datastructures import MultiDict

from kg.checks.collection import CuratedClaim
from kg.checks.edtf import days
from kg.checks.reading import Statement
from kg.curation.passages import Passage
from kg.language.messages import gettext_noop
from ontology.namespaces import RDF_TYPE, shorten
from server.http.errors import ProblemError
from server.workbench.recipes import bounds_of, is_edtf_of_bounds

_FIELD: Final = re.compile(
    r"(?P<owner>record|thing-\d{1,3}):(?P<property>[\w:-]+?)(?:@(?P<language>[A-Za-z]+(?:-[A-Za-z0-9]+)*))?"
)
_THING: Final = re.compile(r"thing-(\d{1,3})")
PASSAGE: Final = "kel:passage"
MOST_THINGS: Final = 100
_TOO_MANY: Final = gettext_noop("A form holds at most 100 things: edit the text of the claim.")


@dataclass(frozen=True)
class Value:
    """A value as it is typed: a name with its prefix, a number, a date, a text and its language."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Row:
    """The values of a property."""

    property: str
    values: tuple[Value, ...]

    def in_language(self, language: str) -> str:
        """The text in a language, or empty."""
        return next((v.text for v in self.values if v.language == language), "")


@dataclass(frozen=True)
class Thing:
    """A thing that a claim tells of: its name with prefix, the classes that the claim gives it, its rows."""

    name: str
    classes: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def value(self, name: str) -> str:
        """The first value of a property, or empty."""
        return next((v.text for row in self.rows if row.property == name for v in row.values), "")


@dataclass(frozen=True)
class ClaimForm:
    """A claim in the making. `classes` are things of which it tells the class alone, which the writer adds to."""

    passage: Passage
    things: tuple[Thing, ...]
    record: tuple[Row, ...]
    classes: tuple[Thing, ...] = ()

    def of_record(self, name: str) -> str:
        """The first value of a property of the record, or empty."""
        return next((v.text for row in self.record if row.property == name for v in row.values), "")

    def mentioned(self) -> list[str]:
        """The things that the facts name, in order, each once."""
        values = {t.name: [v.text for r in t.rows for v in r.values if not v.language] for t in self.things}
        names = [n for name, texts in values.items() for n in (name, *texts)]
        return list(dict.fromkeys(n for n in names if n.startswith("id:")))


def from_claim(claim: CuratedClaim) -> ClaimForm:
    """The form of a claim that has a passage; bounds that follow from EDTF are left out, `completed` adds them."""
    assert claim.passage
    things: list[Thing] = []
    classes: list[Thing] = []
    for subject in claim.subjects:
        own = [s for s in claim.facts if s.subject == subject]
        told = tuple(shorten(s.value) for s in own if s.predicate == RDF_TYPE)
        rows = _without_bounds(_rows(s for s in own if s.predicate != RDF_TYPE))
        (things if rows else classes).append(Thing(_name(subject), told, rows))
    if not things and classes:
        things.append(classes.pop(0))
    record = _rows(s for s in claim.record if s.predicate != RDF_TYPE)
    return ClaimForm(claim.passage, tuple(things), tuple(r for r in record if r.property != PASSAGE), tuple(classes))


def from_request(sent: MultiDict[str, str], article: str) -> ClaimForm:
    """The form that a browser sent; fields that are none of ours are passed over.

    Raises a 400 ProblemError if it has too many things.
    """
    rows: dict[tuple[str, str], list[Value]] = {}
    names: dict[int, str] = {}
    classes: dict[int, str] = {}
    for key, typed in sent.items(multi=True):
        text = " ".join(typed.split())
        if match := _FIELD.fullmatch(key):
            if text:
                rows.setdefault((match["owner"], match["property"]), []).append(Value(text, match["language"] or ""))
        elif match := _THING.fullmatch(key.removesuffix(".class")):
            (classes if key.endswith(".class") else names)[int(match[1])] = text
    things = []
    if len({*names, *classes}) > MOST_THINGS:
        raise ProblemError(400, gettext_noop("Malformed request"), _TOO_MANY)
    for number in sorted({*names, *classes}):
        own = tuple(Row(p, tuple(v)) for (owner, p), v in rows.items() if owner == f"thing-{number}")
        named = classes.get(number, "")
        things.append(Thing(names.get(number, ""), (named,) if named else (), own))
    record = tuple(Row(p, tuple(v)) for (owner, p), v in rows.items() if owner == "record")
    numbers = [sent.get(n, "") for n in ("paragraph", "first", "last")]
    paragraph, first, last = (int(n) if n.isdecimal() and len(n) < 6 else 0 for n in numbers)
    return ClaimForm(Passage(article, paragraph, first, max(first, last)), tuple(things), record)


def completed(form: ClaimForm) -> ClaimForm:
    """The form with the bounds that follow from its dates in EDTF, where they are not given."""
    return replace(form, things=tuple(replace(t, rows=_with_bounds(t.rows)) for t in form.things))


def _rows(statements: Iterable[Statement]) -> tuple[Row, ...]:
    found: dict[str, list[Value]] = {}
    for s in statements:
        found.setdefault(shorten(s.predicate), []).append(_value(s))
    return tuple(Row(name, tuple(values)) for name, values in found.items())


def _value(statement: Statement) -> Value:
    if isinstance(statement.object, ox.NamedNode):
        return Value(_name(statement.value))
    return Value(statement.value, statement.language)


def _name(iri: str) -> str:
    name = shorten(iri)
    return f"<{iri}>" if name == iri else name


def _bounds(edtf: Row) -> dict[str, str]:
    """The bounds by property that follow from a row of EDTF; none where it is open, or no EDTF."""
    found = days(edtf.values[0].text) if len(edtf.values) == 1 else None
    ends = (found.first, found.last) if found else (None, None)
    return {name: day.isoformat() for name, day in zip(bounds_of(edtf.property), ends, strict=True) if day}


def _without_bounds(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    given = {r.property: [v.text for v in r.values] for r in rows}
    left_out: set[str] = set()
    for row in rows:
        if is_edtf_of_bounds(row.property):
            follow = _bounds(row)
            if {n: given.get(n) for n in bounds_of(row.property)} == {
                n: [follow[n]] if n in follow else None for n in bounds_of(row.property)
            }:
                left_out |= follow.keys()
    return tuple(r for r in rows if r.property not in left_out)


def _with_bounds(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    given = {r.property for r in rows}
    found: list[Row] = []
    for row in rows:
        if is_edtf_of_bounds(row.property) and not given & {*bounds_of(row.property)}:
            found += (Row(name, (Value(day),)) for name, day in _bounds(row).items())
        found.append(row)
    return tuple(found)
