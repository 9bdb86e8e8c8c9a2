"""Charts of values over time as Vega-Lite documents: a bar for each value, as wide as its period.

A period other than a full year has a dashed line and a paler fill. A value without a period is an open mark on a
stem at a single day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kg.charts.chart import Spec, layer, tick_labels
from kg.language.periods import Period, milliseconds, year_ticks

HEIGHT: Final = 330

_LABEL_WIDTH: Final = 78
_LABEL_HEIGHT: Final = 34
_CHARACTER_WIDTH: Final = 7.8, 6.5
"""The approximate width in pixels of a character in each of the two lines of a label."""

_MARGIN: Final = 80, 60
"""The approximate width and height in pixels of the axes; the exact widths are known only to the renderer."""

_STAR: Final = "M0,-1L0.29,-0.4L0.95,-0.31L0.48,0.15L0.59,0.81L0,0.5L-0.59,0.81L-0.48,0.15L-0.95,-0.31L-0.29,-0.4Z"


@dataclass(frozen=True)
class TimeMark:
    """One value with its period, or without one at a day.

    bounds: ``over``, ``up-to``, ``about``, ``nearly``, ``record``. label, under_label: the two lines of its label.
    summary: its text alternative. tooltip: the values of its tooltip, by heading.
    """

    value: float
    period: Period | None
    day: date
    series: str
    bounds: tuple[str, ...]
    label: str
    under_label: str
    summary: str
    tooltip: Mapping[str, str]

    @property
    def first(self) -> date:
        """The first day of its period, else its day."""
        return self.period.start if self.period else self.day

    @property
    def last(self) -> date:
        """The last day of its period, else its day."""
        return self.period.end if self.period else self.day

    @property
    def middle(self) -> date:
        """The day in the middle of its period, else its day."""
        return self.period.start + (self.period.end - self.period.start) / 2 if self.period else self.day


def draw_over_time(marks: Sequence[TimeMark], series: Sequence[str], ticks: Mapping[float, str], width: int) -> Spec:
    """The document without size and theme. ticks: the values of the axis and their labels, ascending.

    Labels are omitted if they would not fit into `width` pixels.
    """
    labelled = len(marks) * _LABEL_WIDTH <= width * 1.3
    x = _time_axis(marks, width)
    first, last = x["scale"]["domain"]
    places = [(milliseconds(mark.middle) - first) / (last - first) for mark in marks]
    heights = _label_heights(marks, places, (max(ticks) - min(ticks)) / (HEIGHT - _MARGIN[1]), width - _MARGIN[0])
    y = _value_axis(ticks, max(heights))
    tooltip = [{"field": f"tip{i}", "title": heading} for i, heading in enumerate(marks[0].tooltip)]
    texts: Spec = {"tooltip": tooltip, "description": {"field": "told"}, "color": colour(series, width)}
    span: Spec = {"x": {**x, "field": "start"}, "x2": {"field": "end"}, "y": y, **texts}
    point: Spec = {"x": {**x, "field": "middle"}, "y": y, **texts}
    to_zero = {"y2": {"datum": 0}}
    of_year = "datum.kind === 'year'"
    broken = {"strokeDash": {"condition": {"test": of_year, "value": [1, 0]}, "value": [6, 4]}}
    body = {"fillOpacity": {"condition": {"test": of_year, "value": 0.24}, "value": 0.09}}
    kinds = {mark.period.kind if mark.period else "none" for mark in marks}
    layers = []
    if kinds - {"none"}:
        layers += [
            layer({"type": "rect", "style": "cell"}, {**span, **to_zero, **body}, "datum.kind !== 'none'"),
            layer({"type": "rule", "strokeWidth": 3.5}, {**span, **broken}, "datum.kind !== 'none'"),
        ]
    if "none" in kinds:
        layers += [
            layer({"type": "rule", "strokeDash": [2, 3]}, {**point, **to_zero}, "datum.kind === 'none'"),
            layer({**_point("diamond"), "size": 130, "filled": False}, point, "datum.kind === 'none'"),
        ]
    bounds = {bound for mark in marks for bound in mark.bounds}
    layers += [
        layer(shape, point, f"indexof(datum.bounds, '{bound}') >= 0")
        for bound, shape in BOUNDS.items()
        if bound in bounds
    ]
    if labelled:
        place = {"x": {**x, "field": "middle"}, "y": {**y, "field": "label_at"}, "tooltip": tooltip}
        layers += [line for field in ("label", "under_label") for line in _text(field, place)]
    values = [
        # Labels at the edges stay inside.
        _values(mark) | {"label_at": height, "align": "right" if at > 0.9 else "left" if at < 0.1 else "center"}
        for mark, height, at in zip(marks, heights, places, strict=True)
    ]
    return {"data": {"values": values}, "layer": layers}


def _point(shape: str) -> Spec:
    return {"type": "point", "filled": True, "opacity": 1, "shape": shape, "size": 55, "strokeWidth": 2}


BOUNDS: Final[dict[str, Spec]] = {
    "record": {**_point(_STAR), "size": 90},
    "about": {"type": "text", "text": "≈", "fontSize": 18, "fontWeight": 700, "xOffset": -14},
    "over": {**_point("triangle-up"), "yOffset": -8},
    "up-to": {**_point("triangle-down"), "yOffset": 8},
    "nearly": {**_point("triangle-down"), "yOffset": 8},
}
"""The marks of bounds; triangles point to the side of the line where the actual value lies."""


def _text(field: str, at: Spec) -> list[Spec]:
    """A line of a label, on a halo in the background colour."""
    style, size, up = ("ink", 13, -34) if field == "label" else ("quiet", 11, -18)
    mark = {"type": "text", "baseline": "middle", "align": {"expr": "datum.align"}, "fontSize": size, "yOffset": up}
    mark |= {"aria": False}
    if field == "label":
        mark["fontWeight"] = 600
    return [layer({**mark, "style": s}, {**at, "text": {"field": field}}) for s in ("halo", style)]


def colour(series: Sequence[str], width: int) -> Spec:
    """The encoding of the series by colours, with a legend if there are several."""
    legend = {"symbolType": "square", "columns": max(1, width // 240), "aria": False}
    scale = {"domain": list(series)}
    shown = legend if len(series) > 1 else None
    return {"field": "series", "type": "nominal", "title": None, "scale": scale, "legend": shown}


def _time_axis(marks: Sequence[TimeMark], width: int) -> Spec:
    """The time axis in whole years; if there are few years, their labels are in the middle of the year."""
    days = [day for mark in marks for day in ((mark.period.start, mark.period.end) if mark.period else (mark.day,))]
    first, last = min(days).year, max(days).year
    years = [year for year in year_ticks(days, width // 60) if first <= year <= last]
    single = last - first < width // 60
    labelled = [date(year, 7, 2) if single else date(year, 1, 1) for year in years]
    words = {milliseconds(day): f"{day.year}" for day in labelled}
    axis = {**tick_labels(words), "ticks": not single}
    domain = [milliseconds(date(first, 1, 1)), milliseconds(_next_day(date(last, 12, 31)))]
    scale = {"domain": domain, "nice": False}
    return {"type": "quantitative", "scale": scale, "title": None, "axis": {**axis, "grid": False, "zindex": 1}}


def _value_axis(ticks: Mapping[float, str], highest: float) -> Spec:
    axis = {**tick_labels(ticks), "domain": False, "ticks": False}
    room = (max(ticks) - min(ticks)) * _LABEL_HEIGHT * 1.6 / (HEIGHT - _MARGIN[1])
    scale = {"domain": [min(ticks), max(*ticks, highest + room)], "nice": False}
    return {"field": "value", "type": "quantitative", "title": None, "scale": scale, "axis": axis}


def _label_heights(marks: Sequence[TimeMark], places: Sequence[float], pixel: float, width: float) -> list[float]:
    """The positions of the labels on the value axis, without overlaps.

    places: the positions of the marks on the time axis, from 0 to 1. pixel: the value of one pixel. width: of the plot
    in pixels.
    """
    gap = _LABEL_HEIGHT * pixel
    wide = [max(len(mark.label) * _CHARACTER_WIDTH[0], len(mark.under_label) * _CHARACTER_WIDTH[1]) for mark in marks]
    heights: dict[int, float] = {}
    for index in sorted(range(len(marks)), key=lambda i: marks[i].value):
        height = marks[index].value
        for other, taken in sorted(heights.items(), key=lambda item: item[1]):
            apart = abs(places[other] - places[index]) * width
            if apart < (wide[other] + wide[index]) / 2 and abs(height - taken) < gap:
                height = taken + gap
        heights[index] = height
    return [heights[index] for index in range(len(marks))]


def _values(mark: TimeMark) -> dict[str, Any]:
    period = mark.period
    return {
        "start": milliseconds(period.start if period else mark.day),
        "end": milliseconds(_next_day(period.end if period else mark.day)),
        "middle": milliseconds(mark.middle),
        "value": mark.value,
        "kind": period.kind if period else "none",
        "series": mark.series,
        "bounds": list(mark.bounds),
        "label": mark.label,
        "under_label": mark.under_label,
        "told": mark.summary,
        **{f"tip{i}": text for i, text in enumerate(mark.tooltip.values())},
    }


def _next_day(day: date) -> date:
    """The next day: a period ends at the end of its last day."""
    return min(day, date(9999, 12, 30)) + timedelta(days=1)
