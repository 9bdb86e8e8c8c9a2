"""The chart of events along time: held events with solid marks, planned ones with open marks and dashed lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from kg.charts.chart import NARROW, WIDE, Chart, Column, Spec, layer, tick_labels, wrap_text
from kg.language.dates import moment_in_words
from kg.language.labels import labels
from kg.language.messages import Translate
from kg.language.periods import Period, milliseconds, parse_day, time_ticks
from kg.store.reader import Reader
from kg.views.footnotes import Footnote, footnotes
from kg.views.records import records
from ontology.namespaces import shorten

MAX_EVENTS: Final = 60
"""The maximum number of events in a chart."""

_YEARS: Final = 12
"""How many years before the last event a chart starts; older events would compress the time axis."""

_LINE: Final = 15
_ROW: Final = 24
_AXIS: Final = 44


@dataclass(frozen=True)
class _Span:
    """One date of an event, held or planned, and in words as the lists have it."""

    iri: str
    name: str
    kind: str
    period: Period
    when: str
    claims: tuple[str, ...] = ()


def event_chart(reader: Reader, iris: Iterable[str], language: str, translate: Translate = str) -> Chart | None:
    """The chart of the held and planned dates of events; None if none has a date."""
    asked = list(dict.fromkeys(iris))[:MAX_EVENTS]
    names = labels(reader, asked, language)
    every = [
        _Span(
            iri,
            names[iri].text,
            moment.kind,
            Period(start, end, moment.inferred),
            moment_in_words(moment.first, moment.last, moment.edtf, language, translate),
            moment.claims,
        )
        for iri, of in records(reader, asked).items()
        for moment in of.dates("held", "planned")
        if (start := parse_day(moment.first)) and (end := parse_day(moment.last)) and start <= end
    ]
    if not every:
        return None
    every.sort(key=lambda span: (span.period.end, span.name), reverse=True)
    since = every[0].period.end.year - _YEARS
    spans = [span for span in every if span.period.end.year >= since]
    say, told = translate, footnotes(reader, (claim for span in spans for claim in span.claims), language)
    notes = [say("Filled marks: held. Open marks with broken lines: planned.")]
    if len(spans) < len(every):
        notes.append(say("Events before {year} are in the list only.").format(year=since))
    wide, narrow = (_drawing(spans, width, language) for width in (WIDE, NARROW))
    return Chart(
        "events",
        say("Events along time"),
        say("Events along time: {events}.").format(events="; ".join(_description(span, say) for span in spans)),
        wide[0],
        (
            Column("event", say("Event")),
            Column("label", say("Name")),
            Column("held_or_planned", say("Held or planned")),
            Column("earliest", say("From")),
            Column("latest", say("To")),
            Column("claim", say("Claim")),
            Column("speaker", say("Who says so")),
            Column("certainty", say("How surely")),
        ),
        [_row(span, told, say) for span in spans],
        size=(WIDE, wide[1]),
        narrow=narrow[0],
        narrow_size=(NARROW, narrow[1]),
        names={iri: name.text for iri, name in names.items()},
        parameters=tuple(("thing", shorten(iri)) for iri in asked),
        language=language,
        notes=notes,
    )


def _row(span: _Span, told: Mapping[str, Footnote], translate: Translate) -> tuple[str, ...]:
    kind = translate("planned") if span.kind == "planned" else translate("held")
    notes = [told[claim] for claim in span.claims if claim in told]
    speakers, modalities = (dict.fromkeys(str(n.speaker_label) for n in notes), [str(n.modality_label) for n in notes])
    first, last = span.period.start.isoformat(), span.period.end.isoformat()
    said = " ".join(span.claims), "; ".join(speakers), "; ".join(dict.fromkeys(modalities))
    return span.iri, span.name, kind, first, last, *said


def _description(span: _Span, translate: Translate) -> str:
    words = f"{span.when}: {span.name}"
    return translate("{event} (planned)").format(event=words) if span.kind == "planned" else words


def _drawing(spans: Sequence[_Span], width: int, language: str) -> tuple[Spec, int]:
    """The document and its height in pixels: one row for each event, with its label above its dates."""
    first = min(span.period.start for span in spans) - timedelta(days=45)
    last = max(span.period.end for span in spans) + timedelta(days=45)
    ticks = time_ticks(first, last, max(3, width // 90), language)
    values, y = [], 0
    for span in spans:
        text = wrap_text(f"{span.name} · {span.when}", width // 8)
        values.append(_value(span, text, y))
        y += _LINE * len(text) + _ROW
    x: Spec = {
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [milliseconds(first), milliseconds(last)], "nice": False},
        "axis": tick_labels({milliseconds(day): words for day, words in ticks}),
    }
    row: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": [y, 0], "nice": False}}
    at: Spec = {
        "y": {**row, "field": "y"},
        "description": {"field": "text"},
        "tooltip": {"field": "text", "title": "•"},
    }
    above: Spec = {"x": {"value": 2}, "y": {**row, "field": "top"}}
    planned, held = "datum.sort === 'planned'", "datum.sort === 'held'"
    span_of: Spec = {"x": {**x, "field": "start"}, "x2": {"field": "end"}, **at}
    start: Spec = {"x": {**x, "field": "middle"}, **at}
    label: Spec = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "fontSize": 12,
        "lineBreak": "\n",
        "lineHeight": _LINE,
    }
    kinds = {span.kind for span in spans}
    layers = [layer({"type": "rule", "style": "line", "aria": False}, {"y": {**row, "field": "below"}})]
    if "held" in kinds:
        layers += [
            layer({"type": "rule", "style": "first-line", "strokeWidth": 5}, span_of, held),
            layer({"type": "point", "style": "first", "filled": True, "size": 90}, start, held),
        ]
    if "planned" in kinds:
        layers += [
            layer({"type": "rule", "style": "first-line", "strokeWidth": 2, "strokeDash": [4, 3]}, span_of, planned),
            layer({"type": "point", "style": "open", "shape": "diamond", "size": 90}, start, planned),
        ]
    layers += [
        layer({**label, "style": style, "aria": False}, {**above, "text": {"field": "text"}})
        for style in ("halo", "ink")
    ]
    return {"data": {"values": values}, "layer": layers}, y + _AXIS


def _value(span: _Span, text: Sequence[str], top: float) -> dict[str, Any]:
    period = span.period
    return {
        "sort": span.kind,
        "start": milliseconds(period.start),
        "end": milliseconds(period.end + timedelta(days=1)),
        "middle": milliseconds(period.start + (period.end - period.start) / 2),
        "text": "\n".join(text),
        "top": top + 5,
        "y": top + len(text) * _LINE + _ROW / 2,
        "below": top + len(text) * _LINE + _ROW,
    }
