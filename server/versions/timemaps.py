"""``/timemap/…``: the versions in which a thing or a graph changed, as links or as JSON (RFC 7089, section 5)."""

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, json, request

from kg.publishing.descriptions import iri_status
from kg.store.store import as_of
from ontology import BASE
from server.http.errors import ProblemError
from server.http.links import iri_at
from server.http.site import Site
from server.http.versions import http_time

PAGE_MEMENTOS: Final = 1000
"""How many mementos one TimeMap lists; the next is linked from it."""

_NAMED: Final = ("id", "code", "claim", "source", "graph")


def blueprint(site: Site) -> Blueprint:
    """The TimeMaps of a site."""
    routes = Blueprint("timemaps", __name__)

    @routes.get("/timemap/<form>/<path:path>")
    def timemap(form: str, path: str) -> Response:
        """The TimeMap of the address ``/path?…``, in application/link-format (RFC 6690) or JSON."""
        if form not in ("link", "json"):
            raise ProblemError(404, "Not found", "There are TimeMaps as /timemap/link/… and /timemap/json/….")
        after = request.args.get("after", "-1")
        rest = [(name, value) for name, value in request.args.items(multi=True) if name not in ("after", "lang")]
        address = f"/{path}" + (f"?{urlencode(rest, safe='/:')}" if rest else "")
        first = int(after) + 1 if after.isdecimal() and len(after) < 10 else 0
        numbers = mementos(site, _iri(path), first)
        more = numbers[PAGE_MEMENTOS:]
        shown = [(n, http_time(site.store.timeline.get(n).time)) for n in numbers[:PAGE_MEMENTOS]]
        following = _with(f"/timemap/{form}{address}", "after", shown[-1][0]) if more else ""
        if form == "json":
            return _json(address, shown, following)
        return _links(address, shown, following)

    return routes


def mementos(site: Site, iri: str, first: int = 0) -> list[int]:
    """The versions from `first`: the oldest that is there, if it has the IRI, and those whose change names it.

    An empty IRI is in every change. At most one more than `PAGE_MEMENTOS`.
    """
    timeline, history = site.store.timeline, site.store.history
    oldest, name = timeline.oldest, f"<{iri}>".encode(errors="replace") if iri else b""
    with as_of(oldest):
        found = [oldest] if first <= oldest and (not iri or iri_status(site.reader, iri).known) else []
    if history is None:
        return found
    for number, payload in history.payloads(max(first - 1, oldest), timeline.latest):
        if name in payload:
            found.append(number)
            if len(found) > PAGE_MEMENTOS:
                break
    return found


def _iri(path: str) -> str:
    """The IRI that an address is about; empty for the default graph. Raises a 404 ProblemError."""
    head, _, rest = path.partition("/")
    if head in _NAMED and rest:
        iri = f"{BASE}{path}"
    elif head in ("page", "data") and rest:
        iri = iri_at(rest.rpartition(".")[0] or rest if head == "data" else rest)
    elif path == "resource" and "iri" in request.args:
        iri = request.args["iri"].strip("<>")
    elif path == "graphs" and "graph" in request.args:
        iri = request.args["graph"]
    elif path == "graphs":
        return ""
    elif head == "graphs":
        iri = f"{request.url_root}{path}"
    else:
        detail = "There are TimeMaps of things (/timemap/link/id/astana), /resource?iri=… and /graphs?graph=… alone."
        raise ProblemError(404, "Not found", detail)
    return iri


def _links(address: str, shown: list[tuple[int, str]], following: str) -> Response:
    root = request.url_root.rstrip("/")
    links = [
        f'<{root}{address}>; rel="original timegate"',
        f'<{request.url}>; rel="self"; type="application/link-format"' + _span(shown),
    ]
    for place, (number, time) in enumerate(shown):
        words = ["first"] * (place == 0) + ["last"] * (place == len(shown) - 1 and not following) + ["memento"]
        links.append(f'<{root}{_with(address, "version", number)}>; rel="{" ".join(words)}"; datetime="{time}"')
    if following:
        links.append(f'<{root}{following}>; rel="timemap"; type="application/link-format"')
    return Response(",\n".join(links) + "\n", content_type="application/link-format")


def _json(address: str, shown: list[tuple[int, str]], following: str) -> Response:
    """The same in the JSON that Memento aggregators have made usual."""
    root = request.url_root.rstrip("/")
    listed = [{"datetime": time, "uri": root + _with(address, "version", n), "version": n} for n, time in shown]
    found = {
        "original_uri": root + address,
        "timegate_uri": root + address,
        "timemap_uri": {
            "link_format": f"{root}/timemap/link{address}",
            "json_format": f"{root}/timemap/json{address}",
        },
        "mementos": {"list": listed, **({"first": listed[0], "last": listed[-1]} if listed else {})},
    }
    if following:
        found["next"] = root + following
    return Response(json.dumps(found) + "\n", content_type="application/json")


def _span(shown: list[tuple[int, str]]) -> str:
    return f'; from="{shown[0][1]}"; until="{shown[-1][1]}"' if shown else ""


def _with(address: str, name: str, number: int) -> str:
    return f"{address}{'&' if '?' in address else '?'}{name}={number}"
