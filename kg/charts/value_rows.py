"""Charts of values one below the other, a bar for each: where their times overlap, so that none would hide another."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from kg.charts.chart import Spec, layer, tick_labels, wrap_text
from kg.charts.time_axis import BOUNDS, TimeMark, colour

_LINE: Final = 15
_ROW: Final = 34
_AXIS: Final = 44
_LEGEND: Final = 8


def overlap(marks: Sequence[TimeMark]) -> bool:
    """Whether two of the values stand at the same time, at least in part."""
    spans = sorted((mark.first, mark.last) for mark in marks)
    return any(later[0] <= earlier[1] for earlier, later in pairwise(spans))


def draw_in_rows(
    marks: Sequence[TimeMark], series: Sequence[str], ticks: Mapping[float, str], width: int
) -> tuple[Spec, int]:
    """The document without size and theme, and its height in pixels.

    ticks: the values of the axis and their labels, ascending.
    """
    ordered = sorted(marks, key=lambda mark: (mark.first, mark.last, series.index(mark.series), -mark.value))
    values, top = [], 0.0
    for mark in ordered:
        told = f"{mark.series} · {mark.under_label}" if len(series) > 1 else mark.under_label
        text = wrap_text(f"{told}: {mark.label}", width // 7)
        values.append(_value(mark, "\n".join(text), top, len(text)))
        top += _LINE * len(text) + _ROW
    tooltip = [{"field": f"tip{i}", "title": heading} for i, heading in enumerate(marks[0].tooltip)]
    axis = {**tick_labels(ticks), "domain": False, "ticks": False}
    scale = {"domain": [min(ticks), max(ticks)], "nice": False}
    x: Spec = {"field": "value", "type": "quantitative", "title": None, "scale": scale, "axis": axis}
    row: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": [top, 0], "nice": False}}
    shade = {**colour(series, width), "legend": None}  # each row says its series
    texts: Spec = {"tooltip": tooltip, "description": {"field": "told"}, "color": shade}
    of_year = "datum.kind === 'year'"
    body = {"fillOpacity": {"condition": {"test": of_year, "value": 0.24}, "value": 0.09}}
    bar: Spec = {"x": x, "x2": {"datum": 0}, "y": {**row, "field": "begin"}, "y2": {"field": "end"}, **texts}
    end: Spec = {"x": x, "y": {**row, "field": "begin"}, "y2": {"field": "end"}, **texts}
    broken = {"strokeDash": {"condition": {"test": of_year, "value": [1, 0]}, "value": [4, 3]}}
    point: Spec = {"x": x, "y": {**row, "field": "middle"}, **texts}
    label = {"type": "text", "align": "left", "baseline": "top", "fontSize": 12, "lineBreak": "\n", "lineHeight": _LINE}
    above: Spec = {"x": {"value": 2}, "y": {**row, "field": "top"}, "text": {"field": "text"}}
    bounds = {bound for mark in marks for bound in mark.bounds}
    return {
        "data": {"values": values},
        "layer": [
            layer({"type": "rect", "style": "cell"}, {**bar, **body}),
            layer({"type": "rule", "strokeWidth": 3.5}, {**end, **broken}),
            *(
                layer(_turned(shape), point, f"indexof(datum.bounds, '{bound}') >= 0")
                for bound, shape in BOUNDS.items()
                if bound in bounds
            ),
            *(layer({**label, "style": style, "aria": False}, above) for style in ("halo", "ink")),
        ],
    }, round(top) + _AXIS + _LEGEND


_TURNED: Final = {"triangle-up": "triangle-right", "triangle-down": "triangle-left"}


def _turned(shape: Spec) -> Spec:
    """The mark of a bound where values grow to the right."""
    beside = {name: value for name, value in shape.items() if name not in {"xOffset", "yOffset"}}
    return {**beside, "shape": _TURNED.get(shape.get("shape", ""), shape.get("shape", "")), "xOffset": 9}


def _value(mark: TimeMark, text: str, top: float, lines: int) -> dict[str, Any]:
    begin = top + 4 + lines * _LINE + 2
    return {
        "value": mark.value,
        "kind": mark.period.kind if mark.period else "none",
        "series": mark.series,
        "bounds": list(mark.bounds),
        "text": text,
        "top": top + 4,
        "begin": begin,
        "middle": begin + 7,
        "end": begin + 14,
        "told": mark.summary,
        **{f"tip{i}": tip for i, tip in enumerate(mark.tooltip.values())},
    }
