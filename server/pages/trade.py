"""``/trade``: figures of trade, investment, energy and more, as charts over time and a table with footnotes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, cast

from flask import Blueprint, Response, render_template, request

from kg.charts.chart import Chart
from kg.charts.trade_charts import FLOWS, draw, flow_rank, in_words, when
from kg.language.labels import Label, labels
from kg.language.periods import KINDS, PeriodKind
from kg.store.followed import Followed
from kg.tabular.table import Field, Table
from kg.views.choices import MEASURES, PARTIES, count_uses, follow_uses, used
from kg.views.listings import MAX_CHOICES, Listing
from kg.views.notes import Notes
from kg.views.trade import MAX_OBSERVATIONS, Observation, Selection, contested, observations
from kg.views.trade import selected as pattern_of
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import tabular
from server.pages.facets import file_link, link
from server.pages.filters import Choice, Filters, choices
from server.pages.list_files import MOST_IN_FILE, bounded, checked, of_notes, said_fields, table_of
from server.pages.told import NOTHING, Told, ToldFacets

PAGE_SIZE: Final = 50


def blueprint(site: Site) -> Blueprint:
    """The list of figures of a site, as a page and as files."""
    routes = Blueprint("trade", __name__)
    facets = ToldFacets(site)
    counted = Followed(site.store, count_uses, follow_uses)

    @lru_cache(maxsize=8)
    def offered(parties: tuple[str, ...], measures: tuple[str, ...], _: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {"party": choices(reader, parties, code), "measure": choices(reader, measures, code)}

    def all_fields() -> dict[str, list[Choice]]:
        uses = counted.get()
        parties, measures = (tuple(used(uses, iris, MAX_CHOICES)) for iris in (PARTIES, MEASURES))
        return offered(parties, measures, site.store.version, language()) | {"period": _periods()}

    def selected(filters: Filters) -> Selection:
        fields = all_fields()
        party = filters.choice("party", translate("Party"), fields["party"])
        measure = filters.choice("measure", translate("Measure"), fields["measure"])
        kind = filters.choice("period", translate("Period"), fields["period"])
        return Selection(party, (measure,) if measure else (), cast("PeriodKind", kind) if kind else None)

    def found_by(selection: Selection, told: Told, most: int) -> list[Observation]:
        every = observations(site.reader, replace(selection, told=told.pattern), language(), most)
        if told.pattern:  # of a figure with several values, those that a claim gives as it is chosen
            given = {each.iri for each in every if any(map(told.fits, each.notes))}
            every = [each for each in every if each.iri not in given or any(map(told.fits, each.notes))]
        return sorted(every, key=lambda each: flow_rank(each.measure))

    @routes.get("/trade")
    def page() -> tuple[str, int]:
        """A page of the figures that match the filters; 400 with a message if a filter is invalid."""
        filters = Filters("measure")
        selection, told, number = selected(filters), facets.asked(filters), filters.page()
        found, narrowing = list[Observation](), NOTHING
        if not filters.problems:
            found = found_by(selection, told, MAX_OBSERVATIONS)
            narrowing = facets.shown(pattern_of(selection).pattern, told)
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        period = {"party": selection.party, "period": selection.kind or ""}
        body = render_template(
            "pages/trade.html",
            filters=filters,
            fields=all_fields(),
            told=narrowing,
            charts=_charts(site, found, period, chosen=bool(selection.measures)) if not told.pattern else [],
            shown=shown,
            narrowed=selection != Selection() or bool(told.pattern),
            cut=len(found) >= MAX_OBSERVATIONS,
            contested=contested(found),
            listing=Listing((), len(found), number, PAGE_SIZE),
            page=_notes(site, shown),
            in_words=lambda each: in_words(each, language(), translate),
            when=lambda each: when(each, language(), translate),
            link=link,
            file_link=file_link,
            host=request.url_root.rstrip("/"),
        )
        return body, 400 if filters.problems else 200

    @routes.get("/trade.<suffix>")
    def file(suffix: str) -> Response:
        """The same figures as a table, without filters all there are; 413 if there are more than `MOST_IN_FILE`."""
        filters = Filters("measure")
        selection, told = selected(filters), facets.asked(filters)
        checked(suffix, "trade", filters)
        found = found_by(selection, told, MOST_IN_FILE + 1)
        bounded(len(found))
        return tabular(_table(site, found), suffix)

    return routes


def _charts(site: Site, found: Sequence[Observation], narrowing: Mapping[str, str], *, chosen: bool) -> list[Chart]:
    """The charts of the flows, or of the one chosen measure."""
    drawn = found if chosen else [each for each in found if flow_rank(each.measure) < len(FLOWS)]
    kept = {key: value for key, value in narrowing.items() if value}
    return [chart for chart in draw(site.reader, drawn, kept, language(), translate) if chart.rows]


def _notes(site: Site, shown: Sequence[Observation]) -> Notes:
    named = ((e.measure, e.figure_kind, *e.parties, *e.observed, *e.groups) for e in shown)
    iris = {iri for several in named for iri in several if iri}
    cited = {note.claim: note for each in shown for note in each.notes}
    return Notes(cited, labels(site.reader, iris, language()))


def _periods() -> list[Choice]:
    words = {
        "year": translate("a full year"),
        "part": translate("a part of a year"),
        "other": translate("another period"),
        "none": translate("no period given"),
    }
    return [Choice(kind, kind, Label(words[kind], language())) for kind in KINDS]


def _table(site: Site, found: Sequence[Observation]) -> Table:
    fields = (
        Field("figure", translate("Figure"), "things"),
        Field("measure", translate("Measure"), "things"),
        Field("kind", translate("Actual, planned or wanted"), "things"),
        Field("group", translate("Group"), "things"),
        Field("area", translate("Of"), "things"),
        Field("counterpart", translate("With"), "things"),
        Field("observed", translate("Of what"), "things"),
        Field("period_start", translate("First day"), "date"),
        Field("period_end", translate("Last day"), "date"),
        Field("period", translate("Period")),
        Field("value", translate("Value"), "decimal"),
        Field("out_of", translate("Out of"), "decimal"),
        Field("unit", translate("Unit"), "things"),
        Field("bound", translate("Exact, over, up to, about, a record"), "things"),
        Field("in_words", translate("In words")),
        Field("as_written", translate("As printed")),
        Field("contested", translate("Contested")),
        *said_fields(),
    )
    disputed = contested(found)
    rows = [
        {
            "figure": each.iri,
            "measure": each.measure,
            "kind": each.figure_kind,
            "group": each.groups,
            "area": each.areas,
            "counterpart": each.counterparts,
            "observed": each.observed,
            "period_start": each.period.start.isoformat() if each.period else "",
            "period_end": each.period.end.isoformat() if each.period else "",
            "period": when(each, language(), translate) if each.period else "",
            "value": f"{each.value:f}",
            "out_of": f"{each.out_of:f}" if each.out_of is not None else "",
            "unit": each.unit,
            "bound": each.bounds,
            "in_words": in_words(each, language(), translate),
            "as_written": each.as_written,
            "contested": "true" if (each.iri, each.value) in disputed else "false",
            **of_notes(each.notes),
        }
        for each in found
    ]
    return table_of(site, "trade", translate("Figures"), fields, rows)
