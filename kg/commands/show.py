"""Prints a thing on the terminal: its facts with their footnotes, as tables or as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kg.language.amounts import amount
from kg.language.labels import Label
from kg.language.messages import Translate
from kg.language.vocabulary_labels import NAMES
from kg.views.entries import Entry
from kg.views.facts import WINDOW, Fact
from kg.views.footnotes import Footnote
from kg.views.things import Thing
from kg.views.timelines import Moment
from ontology.namespaces import CODE, KEL, shorten

_VALUE: Final = str(KEL.value)
_UNIT: Final = str(KEL.unit)
_OUT_OF: Final = str(KEL.outOf)
_EXACT: Final = str(CODE["bound-exact"])


def render(thing: Thing, language: str = "en", translate: Translate = str) -> Group:
    """Headings and tables for rich: facts, dates, timeline, links to the thing, and the footnotes.

    language: the code (BCP 47) for numbers. translate: translates messages into that language.
    """
    return Group(*_Page(thing, language, translate).parts())


def as_json(thing: Thing, translate: Translate = str) -> dict[str, Any]:
    """The thing as JSON values; ``notes`` are numbers of ``footnotes``, which count from 1."""
    return {
        "iri": thing.iri,
        "label": _label(thing.label),
        "classes": sorted(thing.classes),
        "facts": [
            {
                "property": line.predicate,
                "label": translate(NAMES[line.predicate])
                if line.predicate in NAMES
                else str(thing.name(line.predicate)),
                "contested": line.contested,
                "values": [_value(thing, fact) for fact in line.facts],
            }
            for _, lines in thing.groups
            for line in lines
        ],
        "dates": [_date(thing, moment) for moment in thing.moments],
        "contradicted_by": [_entry_json(thing, entry) for entry in thing.contradicting if entry.iri != thing.iri],
        "timeline": [_entry_json(thing, entry) for entry in thing.timeline],
        "sections": [
            {
                "name": table.section.name,
                "title": table.section.title,
                "total": table.total,
                "entries": [_entry_json(thing, entry) for entry in table.entries],
            }
            for table in thing.tables
        ],
        "claims": [_note(0, note) for note in thing.referring],
        "footnotes": [_note(number, note) for number, note in enumerate(thing.footnotes.values(), 1)],
        "more": thing.more,
    }


@dataclass(frozen=True)
class _Page:
    """Renders a thing for the terminal in one language."""

    thing: Thing
    language: str
    say: Translate

    def parts(self) -> list[Any]:
        """Its headings and tables, in order."""
        thing, say = self.thing, self.say
        parts: list[Any] = [Text.assemble((str(thing.label), "bold"), "  ", (shorten(thing.iri), "dim"))]
        for group, lines in thing.groups:
            rows = [(self.name(line.predicate), self.values(line.facts, line.contested)) for line in lines]
            parts += _block(say(group.title), rows)
        kinds = {
            "held": say("date"),
            "planned": say("planned date"),
            "period": say("period"),
            "attested": say("attested on"),
        }
        moments = [(kinds[m.kind], Text(self.days([m])).append_text(self.marks(m.claims))) for m in thing.moments]
        parts += _block(say("When"), moments)
        contradicting = [(self.name(e.iri), self.line(e)) for e in thing.contradicting]
        parts += _block(say("Claims do not agree on this figure"), contradicting)
        parts += _block(say("Timeline"), [(self.days(e.moments), self.entry(e)) for e in thing.timeline])
        for table in thing.tables:
            shown, total = len(table.entries), table.total
            more = say("{title} ({shown} of {total}; --part {name} shows all)")
            title = say(table.section.title)
            if shown < total:
                title = more.format(title=title, shown=shown, total=total, name=table.section.name)
            parts += _block(title, [(self.name(e.iri), self.line(e)) for e in table.entries])
        claims = [(str(note.modality_label), self.source(note)) for note in thing.referring]
        parts += _block(say("Claims by this speaker"), claims)
        notes = [(str(n), self.source(note)) for n, note in enumerate(thing.footnotes.values(), 1)]
        parts += _block(say("Who says so"), notes)
        if thing.more:
            parts.append(
                Text("\n" + say("More points here: --after {number}").format(number=thing.after + WINDOW), "dim")
            )
        return parts

    def name(self, iri: str) -> str:
        return self.say(NAMES[iri]) if iri in NAMES else str(self.thing.name(iri))

    def values(self, facts: Iterable[Fact], contested: bool) -> Text:
        text = Text(self.say("contested") + ": ", "bold yellow") if contested else Text()
        for place, fact in enumerate(facts):
            text.append("; " if place else "")
            text.append(self.name(fact.iri) if fact.iri else str(fact.value.value))
            if self.thing.disputed(fact):
                text.append(" " + self.say("denied by others"), "bold yellow")
            text.append_text(self.marks(fact.claims))
        return text

    def marks(self, claims: Iterable[str]) -> Text:
        """The modality or the curator's doubt, if all claims are in doubt, and the numbers of the footnotes."""
        text = Text()
        claims = tuple(claims)
        if note := self.thing.doubt(claims):
            text.append(f" ({self.say('reading unclear') if note.surely else note.modality_label})", "magenta")
        numbers = ",".join(str(number) for number, _ in self.thing.notes(claims))
        return text.append(f" [{numbers}]" if numbers else "", "dim")

    def days(self, moments: Iterable[Moment]) -> str:
        """The dates at the precision of the source, and whether they are planned, attested or inferred."""
        kinds = {"planned": " " + self.say("planned"), "attested": " " + self.say("attested")}
        inferred = f" ({self.say('inferred')})"
        return "; ".join(
            (m.edtf or (m.first if m.first == m.last else f"{m.first}/{m.last}"))
            + kinds.get(m.kind, "")
            + (inferred if m.inferred else "")
            for m in moments
        )

    def entry(self, entry: Entry) -> Text:
        return Text(self.name(entry.iri)).append_text(self.marks(entry.claims))

    def line(self, entry: Entry) -> Text:
        """An entry in one line: its roles, properties, dates and stages."""
        parts = [Text(", ".join(self.name(role) for role in entry.roles), "dim")] if entry.roles else []
        for name, facts in entry.cells.items():
            unit = next((fact.iri for fact in entry.cells.get(_UNIT, ())), "") if name == _VALUE else ""
            whole = next((fact.value.value for fact in entry.cells.get(_OUT_OF, ())), "") if name == _VALUE else ""
            texts = [self.measured(fact, unit, whole) for fact in facts if fact.iri != _EXACT]
            if texts and name not in {_UNIT, _OUT_OF}:
                parts.append(Text(", ".join(texts)))
        if entry.moments:
            parts.append(Text(self.days(entry.moments)))
        parts += [self.line(stage) for stage in entry.stages]
        if entry.contradicted_by:
            parts.append(Text(self.say("contested"), "bold yellow"))
        return Text(" · ").join(parts).append_text(self.marks(entry.claims))

    def measured(self, fact: Fact, unit: str, out_of: str = "") -> str:
        """The value as text, with its unit if it has one, and the whole of which it is a part."""
        if fact.iri:
            return self.name(fact.iri)
        if not (unit or out_of):
            return str(fact.value.value)
        try:
            whole = Decimal(out_of) if out_of else None
            return amount(Decimal(fact.value.value), unit, self.language, self.say, out_of=whole)
        except InvalidOperation:
            return fact.value.value

    def source(self, note: Footnote) -> Text:
        paragraph = self.say("paragraph %(number)s") % {"number": note.paragraph}
        place = f"{note.article_label}, {paragraph}" if note.article else ""
        record = ", ".join(part for part in (str(note.speaker_label), place, str(note.modality_label)) if part)
        return Text(note.gloss).append(f"  {record}  {shorten(note.claim)}", "dim")


def _block(title: str, rows: Iterable[tuple[str | Text, str | Text]]) -> list[Any]:
    """A heading and a table of two columns; empty if there are no rows."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", max_width=44)
    table.add_column()
    for left, right in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in (left, right)))
    return [Text(f"\n{title}", "bold"), Padding(table, (0, 0, 0, 2))] if table.row_count else []


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
        "sort": moment.kind,
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
        "contradicted_by": list(entry.contradicted_by),
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
