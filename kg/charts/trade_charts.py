"""Charts of figures of trade, investment, energy and others, one for each measure and unit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from kg.charts.chart import NARROW, SERIES, WIDE, Chart, Column, Spec, plain_decimal
from kg.charts.time_axis import HEIGHT, TimeMark, draw_over_time
from kg.charts.value_rows import draw_in_rows, overlap
from kg.language.amounts import amount, ticks, with_bounds
from kg.language.labels import Label, labels
from kg.language.messages import Translate
from kg.language.periods import KINDS
from kg.language.vocabulary_labels import NAMES
from kg.store.reader import Reader
from kg.views.footnotes import Footnote
from kg.views.trade import Observation, Selection, observations
from ontology.namespaces import CODE, shorten

FLOWS: Final = {
    "trade": "trade-turnover",
    "trade-growth": "trade-growth",
    "direct-investment": "direct-investment",
    "project-value": "project-value",
    "deal-value": "deal-value",
    "gas-capacity": "gas-capacity",
    "gas-volume": "gas-volume",
    "students": "students",
}
"""The names of the charts of flows, in order, and the codes of their measures."""

_MAX_LISTED: Final = 12
"""The maximum number of figures in a text alternative; the table has them all."""

_MEASURE: Final = str(CODE["measure-"])


def measure_of(name: str) -> str:
    """The IRI of a chart's measure: the name is one of `FLOWS`, or the last part of another measure's code."""
    return _MEASURE + FLOWS.get(name, name)


def flows_of(state: str) -> Selection:
    """The figures of the flows of one state (an IRI), or of all if `state` is empty."""
    return Selection(party=state, measures=tuple(measure_of(name) for name in FLOWS))


def trade_charts(reader: Reader, state: str, language: str, translate: Translate = str) -> list[Chart]:
    """The charts with data of the flows of one state (an IRI), or of all if `state` is empty."""
    given = observations(reader, flows_of(state), language)
    filters = {"party": state} if state else {}
    return [chart for chart in draw(reader, given, filters, language, translate) if chart.rows]


def measure_chart(
    reader: Reader, name: str, filters: Mapping[str, str], language: str, translate: Translate = str
) -> Chart:
    """The chart of one measure by its name, without rows if there is nothing to draw.

    filters: ``party`` and ``unit`` (IRIs) and ``period`` (a kind of `kg.language.periods`), each optional; the default
    unit is the one with the most figures.
    """
    kind = next((kind for kind in KINDS if kind == filters.get("period")), None)
    selection = Selection(filters.get("party", ""), (measure_of(name),), kind)
    kept = {key: filters[key] for key in ("party", "period") if filters.get(key)}
    given = observations(reader, selection, language)
    unit = filters.get("unit", "")
    charts = draw(reader, [each for each in given if unit in {"", each.charted[1]}], kept, language, translate)
    if charts:
        return max(charts, key=lambda chart: len(chart.rows))
    title = _capital(labels(reader, [measure_of(name)], language)[measure_of(name)].text)
    return Chart(name, title, title, {}, (), (), parameters=_parameters({**kept, "unit": unit}), language=language)


def draw(
    reader: Reader,
    given: Sequence[Observation],
    filters: Mapping[str, str],
    language: str,
    translate: Translate = str,
) -> list[Chart]:
    """A chart for each measure and unit of the figures, the flows first.

    filters: those with which the figures were selected, for the URL of the chart; see `measure_chart`.
    """
    groups: dict[tuple[str, str], list[Observation]] = {}
    for each in given:
        if each.measure.startswith(_MEASURE):
            groups.setdefault((each.measure, each.charted[1]), []).append(each)
    shown = {iri for each in given for iri in (each.measure, *each.parties, *each.observed, *each.groups, *each.bounds)}
    called = labels(reader, shown.union(each.iri for each in given), language)
    order = sorted(groups, key=lambda key: (flow_rank(key[0]), key))
    return [_ChartBuilder(groups[key], called, language, translate).chart(filters) for key in order]


def flow_rank(measure: str) -> int:
    """The rank of a measure: its index in `FLOWS`, or after them."""
    codes = list(FLOWS.values())
    code = measure.removeprefix(_MEASURE)
    return codes.index(code) if code in codes else len(codes)


def in_words(of: Observation, language: str, translate: Translate = str) -> str:
    """A figure with its unit, its whole and its bounds: ``over $17B``, ``2 of 3``."""
    return with_bounds(amount(of.value, of.unit, language, translate, out_of=of.out_of), of.bound_names, translate)


def when(of: Observation, language: str, translate: Translate = str) -> str:
    """The period of a figure as text, with its length if it is not a calendar year; or that none is given."""
    if of.period is None:
        return translate("no period given")
    if of.period.kind == "year":
        return of.period.text(language)
    return f"{of.period.text(language)} ({of.period.length(language)})"


def _parameters(filters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((key, shorten(value)) for key, value in filters.items() if value)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _source(note: Footnote, translate: Translate) -> str:
    """The speaker, article, paragraph and modality of a footnote, without the speaker if the article's label has it."""
    speaker, article = note.speaker_label.text, note.article_label.text
    source = article if speaker in article else f"{speaker}, {article}".strip(", ")
    if note.paragraph:
        source = translate("{source}, paragraph {number}").format(source=source, number=note.paragraph)
    return f"{source} ({note.modality_label})" if note.modality_label.text else source


class _ChartBuilder:
    """Builds the chart of the figures of one measure in one unit."""

    def __init__(
        self, given: Sequence[Observation], called: Mapping[str, Label], language: str, translate: Translate
    ) -> None:
        self._given = given
        self._called = called
        self._language = language
        self._translate = translate
        sure = [each for each in given if each.surely and each.is_actual and (each.period or each.published)]
        self._series = _most_frequent(self._series_name(each) for each in sure)[:SERIES]
        self._drawn = [each for each in sure if self._series_name(each) in self._series]

    def chart(self, filters: Mapping[str, str]) -> Chart:
        first = self._given[0]
        names = {code: name for name, code in FLOWS.items()}
        code = first.measure.removeprefix(_MEASURE)
        measure = _capital(self._called[first.measure].text)
        title = f"{measure}: {self._series[0]}" if len(self._series) == 1 and self._series[0] else measure
        listed = "; ".join(self._summary(each) for each in self._drawn[:_MAX_LISTED])
        more = "; …" if len(self._drawn) > _MAX_LISTED else ""
        marks = [self._mark(each) for each in self._drawn]
        (wide, height), (narrow, narrow_height) = (self._drawing(marks, width) for width in (WIDE, NARROW))
        return Chart(
            names.get(code, code),
            title,
            f"{title}. {listed}{more}." if listed else title,
            wide,
            self._columns(),
            [_row(each) for each in self._drawn],
            size=(WIDE, height),
            narrow=narrow,
            narrow_size=(NARROW, narrow_height),
            names=self._names(),
            parameters=_parameters({**filters, "unit": first.charted[1]}),
            language=self._language,
            notes=self._notes(),
        )

    def _drawing(self, marks: Sequence[TimeMark], width: int) -> tuple[Spec, int]:
        """The document and its height: over time, or one below the other where some stand at the same time."""
        if not marks:
            return {}, HEIGHT
        if overlap(marks):
            return draw_in_rows(marks, self._series, self._ticks(), width)
        return draw_over_time(marks, self._series, self._ticks(), width), HEIGHT

    def _names(self) -> dict[str, str]:
        """The labels of all IRIs in the rows of the data, of units and claims too."""
        say, units = self._translate, {each.unit for each in self._drawn if each.unit in NAMES}
        return {iri: label.text for iri, label in self._called.items()} | {unit: say(NAMES[unit]) for unit in units}

    def _notes(self) -> list[str]:
        say, kinds = self._translate, {each.kind for each in self._drawn}
        notes = []
        marks = [self._mark(each) for each in self._drawn]
        if overlap(marks):
            notes.append(say("Figures for the same time stand one below the other; periods that differ are not alike."))
            kinds = set()
        if kinds & {"part", "other"}:
            notes.append(say("Each bar is as long as its period; broken lines are periods other than a full year."))
        if "none" in kinds:
            notes.append(say("Open marks have no period; they stand at the first day the article can have appeared."))
        if len({self._series_name(each) for each in self._given}) > len(self._series) == SERIES:
            notes.append(say("Only the parties with the most figures are drawn."))
        if not all(each.surely for each in self._given):
            notes.append(say("Figures that are only expected, thought possible or denied are not drawn."))
        if not all(each.is_actual for each in self._given):
            notes.append(say("Figures that are planned or aimed at are not drawn."))
        return notes

    def _series_name(self, of: Observation) -> str:
        """The name of a figure's series: its parties, else the things observed."""
        groups = [group for group in (of.areas, of.counterparts) if group] or [of.observed]
        sides = " – ".join(", ".join(self._called[iri].text for iri in group) for group in groups)
        return ": ".join([sides, *(", ".join(self._called[iri].text for iri in of.groups) for _ in of.groups[:1])])

    def _summary(self, of: Observation) -> str:
        say = self._translate
        words = in_words(of, self._language, say)
        if of.period:
            words = f"{when(of, self._language, say)}: {words}"
        else:
            words = say("{amount}, no period given").format(amount=words)
        return f"{self._series_name(of)}, {words}" if len(self._series) > 1 else words

    def _mark(self, of: Observation) -> TimeMark:
        say = self._translate
        return TimeMark(
            value=float(of.charted[0]),
            period=of.period,
            day=of.published or date.min,
            series=self._series_name(of),
            bounds=of.bound_names,
            label=in_words(of, self._language, say),
            under_label=of.period.text(self._language) if of.period else say("no period"),
            summary=self._summary(of),
            tooltip={
                say("Figure"): in_words(of, self._language, say),
                say("Period"): when(of, self._language, say),
                say("Parties"): self._series_name(of),
                say("As printed"): "; ".join(of.as_written),
                say("Source"): "; ".join(dict.fromkeys(_source(note, say) for note in of.notes)),
            },
        )

    def _ticks(self) -> dict[float, str]:
        values = [Decimal(0), *(each.charted[0] for each in self._drawn)]
        unit = self._given[0].charted[1]
        return {
            float(tick): amount(tick, unit, self._language, self._translate) for tick in ticks(min(values), max(values))
        }

    def _columns(self) -> list[Column]:
        say = self._translate
        return [
            Column("figure", say("Figure")),
            Column("area", say("Area")),
            Column("counterpart", say("Counterpart")),
            Column("observed", say("Observed")),
            Column("period_start", say("From")),
            Column("period_end", say("To")),
            Column("value", say("Value")),
            Column("out_of", say("Out of")),
            Column("unit", say("Unit")),
            Column("bound", say("How exact")),
            Column("as_written", say("As printed")),
            Column("claim", say("Claim")),
            Column("speaker", say("Who says so")),
            Column("certainty", say("How surely")),
        ]


def _most_frequent(names: Iterable[str]) -> list[str]:
    count: dict[str, int] = {}
    for name in names:
        count[name] = count.get(name, 0) + 1
    return sorted(count, key=lambda name: (-count[name], name))


def _row(of: Observation) -> tuple[str, ...]:
    start, end = (of.period.start.isoformat(), of.period.end.isoformat()) if of.period else ("", "")
    area, counterpart, observed = (" ".join(iris) for iris in (of.areas, of.counterparts, of.observed))
    bounds, printed, claims = " ".join(of.bounds), "; ".join(of.as_written), " ".join(of.claims)
    value, whole = plain_decimal(of.value), plain_decimal(of.out_of) if of.out_of is not None else ""
    told = (start, end, value, whole, of.unit, bounds, printed, claims)
    return of.iri, area, counterpart, observed, *told, *_said(of)


def _said(of: Observation) -> tuple[str, str]:
    """Who gives a figure, and how surely."""
    speakers, modalities = ([str(n.speaker_label) for n in of.notes], [str(n.modality_label) for n in of.notes])
    return "; ".join(dict.fromkeys(speakers)), "; ".join(dict.fromkeys(modalities))
