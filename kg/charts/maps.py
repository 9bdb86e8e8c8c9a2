"""The map of places with the things located there: events, facilities, routes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import atan, degrees, exp, log, pi, radians, tan
from typing import Any, Final

from kg.charts.chart import NARROW, WIDE, Chart, Column, Spec
from kg.language.labels import labels
from kg.language.messages import Translate
from kg.store.reader import Reader, nodes
from ontology.namespaces import KEL, PREFIXES, shorten

MAX_THINGS: Final = 200
"""The maximum number of things on a map."""

_OUTLINE: Final[Spec] = {"type": "geoshape", "clip": True, "aria": False}
_HEIGHT: Final = 380
_NARROW_HEIGHT: Final = 300
_GEO: Final = PREFIXES["geo"]
_LEAST_DEGREES: Final = 40.0
"""The minimum width of a map in degrees."""

_MARGIN_FACTOR: Final = 1.35
_CHARACTER_WIDTH: Final = 7.2
_SIZES: Final = {"domain": [1, 8], "range": [80, 420], "clamp": True}


@dataclass(frozen=True)
class MapPoint:
    """A place on the map, in degrees (WGS 84), and the IRIs of the things located there."""

    place: str
    latitude: float
    longitude: float
    things: tuple[str, ...]


def place_map(reader: Reader, iris: Iterable[str], language: str, translate: Translate = str) -> Chart | None:
    """The map of the given places, and of the places of the given things; None if none has coordinates."""
    asked = sorted(set(iris))[:MAX_THINGS]
    points = _points(reader, asked)
    if not points:
        return None
    called = labels(reader, {iri for point in points for iri in (point.place, *point.things)}, language)
    names = {iri: label.text for iri, label in called.items()}
    descriptions = [_description(point, names) for point in points]
    return Chart(
        "map",
        translate("Map"),
        translate("A map with {places}.").format(places="; ".join(descriptions)),
        _spec(points, names, descriptions, (WIDE, _HEIGHT)),
        (
            Column("place", translate("Place")),
            Column("label", translate("Name")),
            Column("latitude", translate("Latitude")),
            Column("longitude", translate("Longitude")),
            Column("things", translate("What is there")),
        ),
        [(s.place, names[s.place], f"{s.latitude:.4f}", f"{s.longitude:.4f}", " ".join(s.things)) for s in points],
        size=(WIDE, _HEIGHT),
        narrow=_spec(points, names, descriptions, (NARROW, _NARROW_HEIGHT)),
        narrow_size=(NARROW, _NARROW_HEIGHT),
        names=names,
        parameters=tuple(("thing", shorten(iri)) for iri in asked),
        language=language,
    )


def with_countries(chart: Chart, world: Mapping[str, Any] | None) -> Chart:
    """The map with country outlines (TopoJSON of world-atlas) as its base layer; other charts unchanged."""
    if world is None or "projection" not in chart.spec:
        return chart
    land: Spec = {
        "data": {"values": world, "format": {"type": "topojson", "feature": "countries"}},
        "mark": {**_OUTLINE, "style": "land"},
    }
    wide, narrow = (spec | {"layer": [land, *spec["layer"]]} for spec in (chart.spec, chart.narrow or chart.spec))
    return replace(chart, spec=wide, narrow=narrow)


def _points(reader: Reader, asked: Sequence[str]) -> list[MapPoint]:
    if not asked:
        return []
    things = f"VALUES ?thing {{ {nodes(asked)} }}"
    at = "|".join(f"<{iri}>" for iri in (KEL.place, KEL.locatedIn, PREFIXES["dcterms"] + "spatial"))
    site = f"?thing <{KEL.place}>/<{KEL.locatedIn}> ?place"
    rows = reader.rows(
        f"""SELECT DISTINCT ?thing ?place ?lat ?long WHERE {{
          {{ {things} BIND(?thing AS ?place) }} UNION {{ {things} ?thing {at} ?place }} UNION {{ {things} {site} }}
          ?place <{_GEO}lat> ?lat ; <{_GEO}long> ?long }} LIMIT {5 * MAX_THINGS}"""
    )
    found: dict[tuple[str, float, float], list[str]] = defaultdict(list)
    for row in rows:
        position = _degrees(str(row["lat"].value), 90), _degrees(str(row["long"].value), 180)
        if position[0] is not None and position[1] is not None:
            found[str(row["place"].value), position[0], position[1]].append(str(row["thing"].value))
    return [
        MapPoint(*place, tuple(sorted(t for t in things if t != place[0]))) for place, things in sorted(found.items())
    ]


def _degrees(text: str, most: int) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= most else None


def _description(point: MapPoint, names: Mapping[str, str]) -> str:
    things = ", ".join(names[iri] for iri in point.things)
    return f"{names[point.place]}: {things}" if things else names[point.place]


def _spec(
    points: Sequence[MapPoint], names: Mapping[str, str], descriptions: Sequence[str], size: tuple[int, int]
) -> Spec:
    view = _View.around(points, size)
    boxes = [(x - 9, y - 8, x + 9, y + 8) for x, y in map(view.pixel, points)]
    values = [
        {
            "name": names[point.place],
            "things": "; ".join(names[iri] for iri in point.things),
            "latitude": point.latitude,
            "longitude": point.longitude,
            "count": max(1, len(point.things)),
            "told": words,
            **_label(names[point.place], view.pixel(point), boxes, size[0]),
        }
        for point, words in sorted(zip(points, descriptions, strict=True), key=lambda pair: -len(pair[0].things))
    ]
    where: Spec = {
        "longitude": {"field": "longitude", "type": "quantitative"},
        "latitude": {"field": "latitude", "type": "quantitative"},
    }
    texts: Spec = {
        "size": {"field": "count", "type": "quantitative", "legend": None, "scale": _SIZES},
        "tooltip": [{"field": "told", "title": "•"}],
        "description": {"field": "told"},
    }
    text: Spec = {"type": "text", "baseline": "middle", "fontSize": 12, "fontWeight": 600, "aria": False}
    text |= {name: {"expr": f"datum.{name}"} for name in ("dx", "dy", "align")}
    return {
        "projection": view.projection(),
        "layer": [
            {"data": {"graticule": {"step": [10, 10]}}, "mark": {**_OUTLINE, "style": "line", "filled": False}},
            {"data": {"values": values}, "mark": {"type": "circle", "style": "first"}, "encoding": {**where, **texts}},
            *(
                {
                    "data": {"values": [value for value in values if value["labelled"]]},
                    "mark": {**text, "style": style},
                    "encoding": {**where, "text": {"field": "name"}},
                }
                for style in ("halo", "ink")
            ),
        ],
    }


@dataclass(frozen=True)
class _View:
    """The visible region, in radians of the Mercator projection, and the size of the image in pixels."""

    x: float
    y: float
    wide: float
    high: float
    size: tuple[int, int]

    @classmethod
    def around(cls, points: Sequence[MapPoint], size: tuple[int, int]) -> "_View":
        """The region that contains all places, with a margin."""
        xs, ys = [radians(s.longitude) for s in points], [_mercator(s.latitude) for s in points]
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        wide = max(radians(_LEAST_DEGREES), (max(xs) - min(xs)) * _MARGIN_FACTOR)
        high = max(radians(_LEAST_DEGREES) * 0.6, (max(ys) - min(ys)) * _MARGIN_FACTOR)
        return cls(x, y, min(wide, 2 * pi), high, size)

    def projection(self) -> Spec:
        """The Vega-Lite projection; its scale follows the size that the title leaves."""
        return {
            "type": "mercator",
            "rotate": [-degrees(self.x), 0],
            "center": [0, degrees(2 * atan(exp(self.y)) - pi / 2)],
            "scale": {"expr": f"min(width / {self.wide:.4f}, height / {self.high:.4f})"},
            "translate": {"expr": "[width / 2, height / 2]"},
        }

    def pixel(self, point: MapPoint) -> tuple[float, float]:
        """The position of a place in the image, in pixels."""
        width, height = self.size
        scale = min(width / self.wide, height / self.high)
        return (
            width / 2 + (radians(point.longitude) - self.x) * scale,
            height / 2 - (_mercator(point.latitude) - self.y) * scale,
        )


def _mercator(latitude: float) -> float:
    return log(tan(pi / 4 + radians(max(-85.0, min(85.0, latitude))) / 2))


_Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


def _label(name: str, at: tuple[float, float], boxes: list[_Box], width: float) -> dict[str, Any]:
    """The offset of a place's label: above, below, right or left, the first without overlap; else no label."""
    x, y = at
    wide = len(name) * _CHARACTER_WIDTH
    boxes_of = {
        (0, -17, "center"): (x - wide / 2, y - 26, x + wide / 2, y - 8),
        (0, 18, "center"): (x - wide / 2, y + 8, x + wide / 2, y + 26),
        (13, 0, "left"): (x + 10, y - 9, x + 13 + wide, y + 9),
        (-13, 0, "right"): (x - 13 - wide, y - 9, x - 10, y + 9),
    }
    for (dx, dy, align), box in boxes_of.items():
        if box[0] > 0 and box[2] < width and not any(_overlap(box, other) for other in boxes):
            boxes.append(box)
            return {"dx": dx, "dy": dy, "align": align, "labelled": True}
    return {"dx": 0, "dy": 0, "align": "center", "labelled": False}


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
