"""A thing on the terminal: its facts with their footnotes, as tables or as JSON."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kg.amounts import amount
from kg.entries import Entry
from kg.facts import WINDOW, Fact
from kg.footnotes import Footnote
from kg.labels import Label
from kg.sections import NAMES
from kg.things import Thing
from kg.timelines import Moment
from ontology.namespaces import CODE, KEL, shorten

_VALUE: Final = str(KEL.value)
_UNIT: Final = str(KEL.unit)
_EXACT: Final = str(CODE["bound-exact"])


def render(thing: Thing) -> Group:
    """Headings and tables for rich: facts, dates, timeline, what points here, and the footnotes."""
    parts: list[Any] = [Text.assemble((str(thing.label), "bold"), "  ", (shorten(thing.iri), "dim"))]
    for group, lines in thing.groups:
        rows = [(_heading(thing, line.predicate), _values(thing, line.facts, line.contested)) for line in lines]
        parts += _block(group.title, rows)
    parts += _block("When", [(m.sort, Text(_days([m])).append_text(_marks(thing, m.claims))) for m in thing.moments])
    if thing.rivals:
        parts += _block(
            "Claims do not agree on this figure", [(_name(thing, e), _told(thing, e)) for e in thing.rivals]
        )
    parts += _block("Timeline", [(_days(e.moments), _entry(thing, e)) for e in thing.timeline])
    for shelf in thing.shelves:
        shown, total = len(shelf.entries), shelf.total
        title = f"{shelf.section.title} ({shown} of {total}; --part {shelf.section.name} shows all)"
        rows = [(_name(thing, e), _told(thing, e)) for e in shelf.entries]
        parts += _block(shelf.section.title if shown == total else title, rows)
    parts += _block("What it says, by the claims", [(note.modality_code, _source(note)) for note in thing.said])
    parts += _block("Who says so", [(str(n), _source(note)) for n, note in enumerate(thing.footnotes.values(), 1)])
    if thing.more:
        parts.append(Text(f"\nMore points here: --after {thing.after + WINDOW}", "dim"))
    return Group(*parts)


def as_json(thing: Thing) -> dict[str, Any]:
    """The same for programs; `notes` in it are numbers of `footnotes`, which count from 1."""
    return {
        "iri": thing.iri,
        "label": _label(thing.label),
        "classes": sorted(thing.classes),
        "facts": [
            {
                "property": line.predicate,
                "label": _heading(thing, line.predicate),
                "contested": line.contested,
                "values": [_value(thing, fact) for fact in line.facts],
            }
            for _, lines in thing.groups
            for line in lines
        ],
        "dates": [_date(thing, moment) for moment in thing.moments],
        "contradicted_by": [_entry_json(thing, entry) for entry in thing.rivals],
        "timeline": [_entry_json(thing, entry) for entry in thing.timeline],
        "sections": [
            {
                "name": shelf.section.name,
                "title": shelf.section.title,
                "total": shelf.total,
                "entries": [_entry_json(thing, entry) for entry in shelf.entries],
            }
            for shelf in thing.shelves
        ],
        "claims": [_note(0, note) for note in thing.said],
        "footnotes": [_note(number, note) for number, note in enumerate(thing.footnotes.values(), 1)],
        "more": thing.more,
    }


def _block(title: str, rows: Iterable[tuple[str | Text, str | Text]]) -> list[Any]:
    """A heading and a table of two columns; nothing where there are no rows."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", max_width=44)
    table.add_column()
    for left, right in rows:
        table.add_row(left, right)
    return [Text(f"\n{title}", "bold"), Padding(table, (0, 0, 0, 2))] if table.row_count else []


def _heading(thing: Thing, iri: str) -> str:
    return NAMES.get(iri) or str(thing.name(iri))


def _values(thing: Thing, facts: Iterable[Fact], contested: bool = False) -> Text:
    text = Text("contested: ", "bold yellow") if contested else Text()
    for place, fact in enumerate(facts):
        text.append("; " if place else "")
        text.append(str(thing.name(fact.iri)) if fact.iri else str(fact.value.value))
        if thing.disputed(fact):
            text.append(" denied by others", "bold yellow")
        text.append_text(_marks(thing, fact.claims))
    return text


def _marks(thing: Thing, claims: Iterable[str]) -> Text:
    """How surely, where it is not sure, and the numbers of the footnotes."""
    text = Text()
    claims = tuple(claims)
    if note := thing.doubt(claims):
        text.append(f" ({note.modality_code})", "magenta")
    numbers = ",".join(str(number) for number, _ in thing.notes(claims))
    return text.append(f" [{numbers}]" if numbers else "", "dim")


def _days(moments: Iterable[Moment]) -> str:
    """As precisely as the source has them, and whether planned or inferred."""
    return "; ".join(
        (m.edtf or (m.first if m.first == m.last else f"{m.first}/{m.last}"))
        + {"planned": " planned", "attested": " attested"}.get(m.sort, "")
        + (" (inferred)" if m.inferred else "")
        for m in moments
    )


def _name(thing: Thing, entry: Entry) -> str:
    return str(thing.name(entry.iri))


def _entry(thing: Thing, entry: Entry) -> Text:
    return Text(_name(thing, entry)).append_text(_marks(thing, entry.claims))


def _told(thing: Thing, entry: Entry) -> Text:
    """What is told of an entry in a line: how it points here, its properties, dates and stages."""
    parts = [Text(", ".join(_heading(thing, role) for role in entry.roles), "dim")] if entry.roles else []
    for name, facts in entry.cells.items():
        unit = next((fact.iri for fact in entry.cells.get(_UNIT, ())), "")
        texts = [_measured(thing, fact, unit if name == _VALUE else "") for fact in facts if fact.iri != _EXACT]
        if texts and name != _UNIT:
            parts.append(Text(", ".join(texts)))
    if entry.moments:
        parts.append(Text(_days(entry.moments)))
    parts += [_told(thing, stage) for stage in entry.stages]
    if entry.rivals:
        parts.append(Text("contested", "bold yellow"))
    return Text(" · ").join(parts).append_text(_marks(thing, entry.claims))


def _measured(thing: Thing, fact: Fact, unit: str) -> str:
    """The value in words, with its unit if it has one."""
    if fact.iri:
        return str(thing.name(fact.iri))
    try:
        return amount(Decimal(fact.value.value), unit, "en") if unit else fact.value.value
    except InvalidOperation:
        return fact.value.value


def _source(note: Footnote) -> Text:
    place = f"{note.article_label}, paragraph {note.paragraph}" if note.article else ""
    told = ", ".join(part for part in (str(note.speaker_label), place, str(note.modality_label)) if part)
    return Text(note.gloss).append(f"  {told}  {shorten(note.claim)}", "dim")


def _label(label: Label) -> dict[str, str]:
    return {"text": label.text, "language": label.language}


def _value(thing: Thing, fact: Fact) -> dict[str, Any]:
    term = {"iri": fact.iri, "label": _label(thing.name(fact.iri))} if fact.iri else {"value": fact.value.value}
    doubt = thing.doubt(fact.claims)
    return {
        **term,
        "modality": doubt.modality_code if doubt else "",
        "disputed": thing.disputed(fact),
        "notes": [number for number, _ in thing.notes(fact.claims)],
    }


def _date(thing: Thing, moment: Moment) -> dict[str, Any]:
    return {
        "sort": moment.sort,
        "first": moment.first,
        "last": moment.last,
        "edtf": moment.edtf,
        "inferred": moment.inferred,
        "notes": [number for number, _ in thing.notes(moment.claims)],
    }


def _entry_json(thing: Thing, entry: Entry) -> dict[str, Any]:
    return {
        "iri": entry.iri,
        "label": _label(thing.name(entry.iri)),
        "roles": list(entry.roles),
        "values": {name: [_value(thing, fact) for fact in facts] for name, facts in entry.cells.items()},
        "dates": [_date(thing, moment) for moment in entry.moments],
        "stages": [_entry_json(thing, stage) for stage in entry.stages],
        "contradicted_by": list(entry.rivals),
        "notes": [number for number, _ in thing.notes(entry.claims)],
    }


def _note(number: int, note: Footnote) -> dict[str, Any]:
    return {
        "number": number,
        "claim": note.claim,
        "gloss": note.gloss,
        "article": note.article,
        "paragraph": note.paragraph,
        "speaker": note.speaker,
        "modality": note.modality_code,
    }
