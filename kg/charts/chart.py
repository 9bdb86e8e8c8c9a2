"""A chart or map: its Vega-Lite document, its data as CSV, and its images."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple
from xml.sax.saxutils import escape

Spec = dict[str, Any]
"""A Vega-Lite document, or a part of one."""

Theme = Literal["light", "dark"]

WIDE: Final = 560
NARROW: Final = 340
"""Widths in pixels: for wide pages, and for phones."""

_VERSION: Final = "6.4"
"""The version of Vega-Lite in vl-convert; the pages' scripts use the same major version."""

_TITLE_LINE: Final = 22
_SUBTITLE_LINE: Final = 15
"""What a line of the title and of the notes takes in pixels, beside the chart itself."""

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"


ImageFormat = Literal["svg", "png"]
RenderFunction = Callable[[Spec, ImageFormat], bytes]
"""Renders a complete Vega-Lite document as an image: `render`, or `kg.charts.renderer.Renderer.draw`."""


def render(document: Spec, form: ImageFormat) -> bytes:
    """The image, rendered in this process without network access; the first one takes half a second."""
    import vl_convert  # imported late: it starts a JavaScript engine of 80 MB

    if form == "svg":
        drawn: str = vl_convert.vegalite_to_svg(document, vl_version=_VERSION, allowed_base_urls=[])
        return drawn.encode()
    return bytes(vl_convert.vegalite_to_png(document, vl_version=_VERSION, scale=2, allowed_base_urls=[]))


class Column(NamedTuple):
    """A column of the data: its name in the CSV, and its translated heading."""

    name: str
    heading: str


@dataclass(frozen=True)
class Chart:
    """A chart with its data; without rows there is nothing to draw.

    name, parameters: as in the URL ``/charts/<name>.svg?<parameters>``. description: the text alternative. spec: the
    Vega-Lite document with its data, without size and theme; `narrow` the same for phones, if it differs. size,
    narrow_size: width and height of the two images in pixels. names: labels of IRIs in the rows. notes: explanations,
    shown as the subtitle.
    """

    name: str
    title: str
    description: str
    spec: Spec
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    size: tuple[int, int] = (WIDE, 320)
    narrow: Spec | None = None
    narrow_size: tuple[int, int] = (NARROW, 300)
    names: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    notes: Sequence[str] = field(default_factory=tuple)

    def document(self, theme: Theme = "light", *, narrow: bool = False, titled: bool = True) -> Spec:
        """The complete Vega-Lite document, with size and theme, and with the title if `titled`."""
        width, height = self.narrow_size if narrow else self.size
        letters = width // 8
        lines = [line for note in self.notes for line in wrap_text(note, round(letters * 1.2))]
        heading: dict[str, Any] = {"text": wrap_text(self.title, letters), "anchor": "start"}
        if titled:
            height += _TITLE_LINE * len(heading["text"]) + _SUBTITLE_LINE * len(lines)
        return {
            "$schema": f"https://vega.github.io/schema/vega-lite/v{_VERSION.partition('.')[0]}.json",
            "description": self.description,
            "width": width,
            "height": height,
            "autosize": {"type": "fit", "contains": "padding"},
            "background": _COLOURS[theme].background,
            "padding": 8,
            **({"title": heading | ({"subtitle": lines} if lines else {})} if titled else {}),
            **((self.narrow if narrow else None) or self.spec),
            "config": _config(_COLOURS[theme]),
        }

    def svg(
        self, theme: Theme = "light", *, narrow: bool = False, titled: bool = True, draw: RenderFunction = render
    ) -> str:
        """The SVG image, with title and description elements. draw: the function that renders it."""
        drawn = draw(self.document(theme, narrow=narrow, titled=titled), "svg").decode()
        root, rest = drawn.split(">", 1)
        words = f"<title>{escape(self.title)}</title><desc>{escape(self.description)}</desc>"
        return f'{root} role="img" xml:lang="{self.language}">{words}{rest}'

    def png(
        self, theme: Theme = "light", *, narrow: bool = False, titled: bool = True, draw: RenderFunction = render
    ) -> bytes:
        """The PNG image, at twice the resolution of the SVG."""
        return draw(self.document(theme, narrow=narrow, titled=titled), "png")

    def csv(self) -> str:
        """The data as CSV (RFC 4180), with a header."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([column.name for column in self.columns])
        writer.writerows(self.rows)
        return out.getvalue()


class _Palette(NamedTuple):
    background: str
    text: str
    muted: str
    line: str
    land: str
    series: tuple[str, ...]


_COLOURS: Final[Mapping[Theme, _Palette]] = {
    "light": _Palette(
        "#ffffff",
        "#17242a",
        "#4d5e66",
        "#ccd8db",
        "#e9efe6",
        ("#00667c", "#a3271f", "#634a9e", "#1d6b3c", "#8a5a00", "#3f5fae"),
    ),
    "dark": _Palette(
        "#162127",
        "#e4ecee",
        "#a3b4bb",
        "#33464e",
        "#26363a",
        ("#5fcfe4", "#ff9c90", "#c3b0f5", "#7fd39b", "#f2c230", "#9db8ff"),
    ),
}
"""Every series colour has a contrast of at least 4.5 to 1 with the background, so that labels can use it too."""

SERIES: Final = len(_COLOURS["light"].series)
"""The maximum number of series in a chart, limited by the colours."""


def _config(colours: _Palette) -> Spec:
    """The Vega-Lite config of a theme. Marks refer to its colours by style names, such as ``ink``."""
    text = {"color": colours.text, "font": _FONT}
    labels = {"labelColor": colours.muted, "labelFont": _FONT, "labelFontSize": 12}
    titles = {"titleColor": colours.text, "titleFont": _FONT, "titleFontSize": 12, "titleFontWeight": 600}
    return {
        "font": _FONT,
        "view": {"stroke": None},
        "range": {"category": list(colours.series)},
        "title": {
            **text,
            "fontSize": 15,
            "fontWeight": 600,
            "offset": 12,
            "subtitleColor": colours.muted,
            "subtitleFont": _FONT,
            "subtitleFontSize": 12,
            "subtitlePadding": 6,
        },
        "axis": {
            **labels,
            **titles,
            "gridColor": colours.line,
            "domainColor": colours.muted,
            "tickColor": colours.muted,
        },
        "legend": {**labels, "labelColor": colours.text, **titles, "orient": "top", "symbolSize": 90, "labelLimit": 0},
        "text": {"font": _FONT, "fontSize": 12},
        "style": {
            "ink": {"color": colours.text, "fill": colours.text},
            "quiet": {"color": colours.muted, "fill": colours.muted},
            "cell": {"stroke": colours.background, "strokeWidth": 2},
            "land": {"color": colours.land, "fill": colours.land, "stroke": colours.muted, "strokeWidth": 0.6},
            "line": {"color": colours.line, "stroke": colours.line},
            "halo": {
                "color": colours.background,
                "stroke": colours.background,
                "fill": colours.background,
                "strokeWidth": 4,
                "strokeJoin": "round",
            },
            "first": {
                "color": colours.series[0],
                "fill": colours.series[0],
                "stroke": colours.background,
                "opacity": 0.9,
            },
            "first-line": {"color": colours.series[0], "stroke": colours.series[0]},
            "open": {
                "color": colours.series[0],
                "fill": colours.background,
                "stroke": colours.series[0],
                "strokeWidth": 2,
            },
        },
    }


def layer(mark: Spec, encoding: Spec, test: str = "") -> Spec:
    """A layer of a document; test: a Vega expression that filters its data."""
    return {"mark": mark, "encoding": encoding} | ({"transform": [{"filter": test}]} if test else {})


def tick_labels(ticks: Mapping[int, str] | Mapping[float, str]) -> Spec:
    """The axis properties for ticks at the given values with the given labels.

    Who hears the chart is not told of the axis, which Vega would read as bare numbers, of milliseconds too, in English:
    each mark tells its own time and value.
    """
    words = {f"{tick:.0f}" if float(tick).is_integer() else repr(tick): text for tick, text in ticks.items()}
    expression = f"({json.dumps(words, ensure_ascii=False)})[datum.value]"
    return {"values": list(ticks), "labelExpr": expression, "aria": False}


def wrap_text(words: str, width: int) -> list[str]:
    """The text wrapped into lines of at most `width` characters, except for longer words."""
    lines: list[str] = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def plain_decimal(number: Decimal) -> str:
    """A number with all its digits and without an exponent, for CSV."""
    return f"{number:f}"
