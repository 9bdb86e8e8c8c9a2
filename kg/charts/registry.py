"""Every chart by its name, for addresses and the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kg.charts.chart import Chart
from kg.charts.event_charts import event_chart
from kg.charts.maps import place_map
from kg.charts.trade_charts import FLOWS, measure_chart
from kg.language.messages import Translate
from kg.store.reader import Reader
from kg.views.events import Wanted, events

NAMES: Final = (*FLOWS, "events", "map")
"""The names of charts; the end of the code of any other measure is one too, such as ``population``."""


@dataclass(frozen=True)
class Request:
    """Which chart. narrowing: see `measure_chart`. things: IRIs of events or places; the latest events without any."""

    name: str
    narrowing: Mapping[str, str] = field(default_factory=dict)
    things: tuple[str, ...] = ()


def chart(reader: Reader, request: Request, language: str, translate: Translate = str) -> Chart | None:
    """The chart, or None where there is nothing to draw; raises KelisimError where an IRI of the request is none."""
    if request.name in {"events", "map"}:
        wanted = Wanted(state=request.narrowing.get("party", ""))
        things = request.things or events(reader, wanted, language).things
        draw = event_chart if request.name == "events" else place_map
        return draw(reader, things, language, translate)
    found = measure_chart(reader, request.name, request.narrowing, language, translate)
    return found if found.rows else None
