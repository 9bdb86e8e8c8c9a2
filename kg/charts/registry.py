"""Finds charts by name, for the routes and the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kg.charts.chart import Chart
from kg.charts.event_charts import event_chart
from kg.charts.maps import place_map
from kg.charts.trade_charts import FLOWS, measure_chart
from kg.language.messages import Translate
from kg.store.reader import Reader
from kg.views.events import EventFilter, events

NAMES: Final = (*FLOWS, "events", "map")
"""The names of charts; the last part of the code of any other measure, such as ``population``, is valid too."""


@dataclass(frozen=True)
class ChartRequest:
    """A request for a chart. filters: see `measure_chart`. things: IRIs, by default of the latest events."""

    name: str
    filters: Mapping[str, str] = field(default_factory=dict)
    things: tuple[str, ...] = ()


def chart(reader: Reader, request: ChartRequest, language: str, translate: Translate = str) -> Chart | None:
    """The chart, or None if there is nothing to draw; raises KelisimError if an IRI of the request is invalid."""
    if request.name in {"events", "map"}:
        wanted = EventFilter(state=request.filters.get("party", ""))
        things = request.things or events(reader, wanted, language).things
        draw = event_chart if request.name == "events" else place_map
        return draw(reader, things, language, translate)
    found = measure_chart(reader, request.name, request.filters, language, translate)
    return found if found.rows else None
