"""``/changes``: who changed the data, when and why, as a page, as an Atom feed (RFC 4287) and as JSON."""

import re
from contextlib import suppress
from typing import Any, Final
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, json, render_template, request

from kg.history.timeline import Version, VersionGoneError
from kg.store.store import Store
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.negotiation import HTML
from server.http.site import Site

PAGE_VERSIONS: Final = 50

_ATOM: Final = "http://www.w3.org/2005/Atom"
_TYPES: Final = {"atom": "application/atom+xml", "json": "application/json", "html": HTML}
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2)."""


def blueprint(site: Site) -> Blueprint:
    """The changes of a site's store."""
    routes = Blueprint("changes", __name__)

    @routes.get("/changes", defaults={"suffix": ""})
    @routes.get("/changes.<suffix>")
    def changes(suffix: str) -> Response:
        """So many versions, the newest first; the rest is at ``?before=`` the last of them."""
        form = _form(suffix)
        before = _before(site.store)
        found = versions(site.store, before)
        more = bool(found) and found[-1].number > site.store.timeline.oldest
        if form == "html":
            response = Response(render_template("versions/changes.html", versions=found, before=before, more=more))
        elif form == "json":
            response = Response(json.dumps(_as_json(site.store, found, more=more)) + "\n")
        else:
            response = Response(_feed(site, found, more=more))
        response.content_type = _TYPES[form] + ("" if form == "json" else "; charset=utf-8")
        if not suffix:
            response.vary.add("Accept")
        return response

    return routes


def versions(store: Store, before: int, count: int = PAGE_VERSIONS) -> list[Version]:
    """So many versions before a number, the newest first."""
    timeline, found = store.timeline, list[Version]()
    first = min(before - 1, timeline.latest)
    with suppress(VersionGoneError):  # the store is compacted just now
        found.extend(timeline.get(n) for n in range(first, max(first - count, timeline.oldest - 1), -1))
    return found


def described(version: Version) -> dict[str, Any]:
    """A version as JSON values."""
    return {
        "version": version.number,
        "time": version.time,
        "author": version.author,
        "message": version.message,
        "added": version.adds,
        "deleted": version.deletes,
        "digest": version.digest,
        "sha256": version.sha256 or None,
    }


def _form(suffix: str) -> str:
    if suffix in _TYPES:
        return suffix
    if suffix:
        raise ProblemError(404, "Not found", f"There are /changes, /changes.atom and /changes.json; no .{suffix}.")
    if given := request.args.get("format"):
        if given not in _TYPES:
            raise ProblemError(406, "Not acceptable", f"There is no format {given!r}; there is: {', '.join(_TYPES)}.")
        return given
    best = request.accept_mimetypes.best_match([_TYPES["json"], _TYPES["atom"], HTML])
    return next((name for name, media_type in _TYPES.items() if media_type == best), "json")


def _before(store: Store) -> int:
    given = request.args.get("before", "")
    if given and not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise ProblemError(400, "Malformed request", f"before={given} is no number of a version.")
    return int(given) if given else store.timeline.latest + 1


def _as_json(store: Store, found: list[Version], *, more: bool) -> dict[str, Any]:
    after = f"{request.base_url}?before={found[-1].number}" if more else None
    return {
        "latest": store.timeline.latest,
        "oldest": store.timeline.oldest,
        "versions": [described(version) for version in found],
        "next": after,
    }


def _feed(site: Site, found: list[Version], *, more: bool) -> bytes:
    """The feed, in pages (RFC 5005, section 3)."""
    root = request.url_root
    feed = ET.Element(f"{{{_ATOM}}}feed")
    name = str(site.about.name(language()))
    _add(feed, "title", f"{translate('Changes')} · {name}")
    _add(feed, "id", f"{root}changes.atom")
    _add(feed, "updated", found[0].time if found else site.store.timeline.get(site.store.timeline.latest).time)
    _add(_add(feed, "author"), "name", name)
    _add(feed, "link", rel="self", type=_TYPES["atom"], href=request.url)
    _add(feed, "link", rel="alternate", type=HTML, href=f"{root}changes")
    if more:
        _add(feed, "link", rel="next", href=f"{root}changes.atom?before={found[-1].number}")
    for version in found:
        entry = _add(feed, "entry")
        _add(entry, "title", version.message or f"{translate('Version')} {version.number}")
        _add(entry, "id", f"{root}changes#v{version.number}-{(version.digest or version.time)[:16]}")
        _add(entry, "updated", version.time)
        if version.author:
            _add(_add(entry, "author"), "name", version.author)
        if version.number > site.store.timeline.oldest:
            _add(entry, "link", rel="alternate", href=f"{root}diff/{version.number - 1}/{version.number}")
        _add(entry, "summary", f"{translate('Version')} {version.number}: +{version.adds} −{version.deletes}")
    ET.register_namespace("", _ATOM)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", {n: _NOT_XML.sub("", v) for n, v in attributes.items()})
    element.text = _NOT_XML.sub("", text) or None
    return element
