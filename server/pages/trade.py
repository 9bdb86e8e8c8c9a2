"""``/trade``: figures of trade, investment, energy and more, as charts over time and a table with footnotes."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, cast

from flask import Blueprint, render_template

from kg.charts.chart import Chart
from kg.charts.trade_charts import FLOWS, draw, flow_rank, in_words, when
from kg.language.labels import Label, labels
from kg.language.periods import KINDS, PeriodKind
from kg.store.followed import Followed
from kg.views.choices import MEASURES, PARTIES, count_uses, follow_uses, used
from kg.views.listings import MAX_CHOICES, Listing
from kg.views.notes import Notes
from kg.views.trade import MAX_OBSERVATIONS, Observation, Selection, contested, observations
from server.http.languages import language, translate
from server.http.site import Site
from server.pages.filters import Choice, Filters, choices

PAGE_SIZE: Final = 50


def blueprint(site: Site) -> Blueprint:
    """The page of figures of a site."""
    routes = Blueprint("trade", __name__)

    counted = Followed(site.store, count_uses, follow_uses)

    @lru_cache(maxsize=8)
    def offered(parties: tuple[str, ...], measures: tuple[str, ...], _: str, code: str) -> dict[str, list[Choice]]:
        reader = site.reader
        return {"party": choices(reader, parties, code), "measure": choices(reader, measures, code)}

    @routes.get("/trade")
    def page() -> tuple[str, int]:
        """A page of the figures that match the filters; 400 with a message if a filter is invalid."""
        filters = Filters("measure")
        uses = counted.get()
        parties, measures = (tuple(used(uses, iris, MAX_CHOICES)) for iris in (PARTIES, MEASURES))
        fields = offered(parties, measures, site.store.version, language()) | {"period": _periods()}
        party = filters.choice("party", translate("Party"), fields["party"])
        measure = filters.choice("measure", translate("Measure"), fields["measure"])
        kind = filters.choice("period", translate("Period"), fields["period"])
        selection = Selection(party, (measure,) if measure else (), cast("PeriodKind", kind) if kind else None)
        number = filters.page()
        found = [] if filters.problems else observations(site.reader, selection, language())
        found.sort(key=lambda each: flow_rank(each.measure))
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        body = render_template(
            "pages/trade.html",
            filters=filters,
            fields=fields,
            charts=_charts(site, found, {"party": party, "period": kind}, chosen=bool(measure)),
            shown=shown,
            narrowed=selection != Selection(),
            cut=len(found) >= MAX_OBSERVATIONS,
            contested=contested(found),
            listing=Listing((), len(found), number, PAGE_SIZE),
            page=_notes(site, shown),
            in_words=lambda each: in_words(each, language(), translate),
            when=lambda each: when(each, language(), translate),
        )
        return body, 400 if filters.problems else 200

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
