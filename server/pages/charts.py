"""The routes of charts and maps: images, data, and the Vega-Lite specification."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from flask import Blueprint, Response, abort, request

from kg.charts import registry
from kg.charts.chart import Chart, RenderFunction, Theme
from kg.charts.maps import with_countries
from kg.charts.renderer import Renderer
from kg.store.reader import nodes
from ontology import KelisimError
from server.data.search import expanded
from server.http.languages import language, translate
from server.http.site import Site
from server.http.tables import table

CACHE_BYTES: Final = 1 << 24
"""Capacity of the cache of rendered charts in bytes."""

_TYPES: Final = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "vl.json": "application/json",
}
_SVG_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""The policy for an SVG image that is opened by itself."""


def blueprint(site: Site) -> Blueprint:
    """``/charts/<name>.svg``, ``.png``, ``.csv`` and ``.vl.json``."""
    charts = Blueprint("charts", __name__)
    cache, renderer = _ChartCache(CACHE_BYTES), Renderer()

    @charts.record_once
    def _names(state: Any) -> None:
        # Whether there is what makes charts interactive.
        state.app.jinja_env.globals["explorable"] = _built("vega.js").is_file()

    @charts.get("/charts/<name>.<any('svg', 'png', 'csv', 'vl.json'):suffix>")
    def chart(name: str, suffix: str) -> Response:
        """A chart: ``theme=light|dark``, ``width=wide|narrow``, ``titled=no`` if the page shows the title.

        The data (``.csv``) with ``format=csv-excel`` as Excel reads it.
        """
        key = (site.store.version, language(), request.full_path)
        body = cache.get(key, lambda: _rendered(_chart(site, name), suffix, renderer.draw))
        if suffix == "csv":
            return table(name, body.decode(), "inline")
        answer = Response(body, content_type=_TYPES[suffix])
        if suffix == "svg":
            answer.headers["Content-Security-Policy"] = _SVG_POLICY
        return answer

    return charts


def _chart(site: Site, name: str) -> Chart:
    narrowing = {key: expanded(value) for key, value in request.args.items()}
    things = tuple(expanded(thing) for thing in request.args.getlist("thing"))
    try:
        nodes([*things, *(narrowing[key] for key in ("party", "unit") if narrowing.get(key))])
    except KelisimError as error:  # not an IRI
        abort(400, str(error))
    found = registry.chart(site.reader, registry.ChartRequest(name, narrowing, things), language(), translate)
    if found is None:
        abort(404, translate("There is no data for this chart."))
    return with_countries(found, world())


def _rendered(chart: Chart, suffix: str, draw: RenderFunction) -> bytes:
    theme: Theme = "dark" if request.args.get("theme") == "dark" else "light"
    narrow, titled = request.args.get("width") == "narrow", request.args.get("titled") != "no"
    match suffix:
        case "csv":
            return chart.csv().encode()
        case "vl.json":
            document = chart.document(theme, narrow=narrow, titled=titled)
            return json.dumps(document, ensure_ascii=False).encode()
        case "png":
            return chart.png(theme, narrow=narrow, titled=titled, draw=draw)
        case _:
            return chart.svg(theme, narrow=narrow, titled=titled, draw=draw).encode()


def world() -> dict[str, Any] | None:
    """The outlines of the countries (TopoJSON); None if the front end has not been built."""
    file = _built("world.json")
    return dict(json.loads(file.read_bytes())) if file.is_file() else None


def _built(name: str) -> Traversable:
    """A file that the build of the front end makes."""
    return files("server").joinpath("static", "built", name)


class _ChartCache:
    """A least-recently-used cache of rendered charts, of at most `capacity` bytes. Safe for several threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], draw: Callable[[], bytes]) -> bytes:
        """The cached chart of a key; if there is none, renders and caches it."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        body = draw()
        with self._lock:
            self._size += len(body) - len(self._entries.get(key, b""))
            self._entries[key] = body
            while self._size > self._capacity:
                self._size -= len(self._entries.popitem(last=False)[1])
        return body
