"""Things and graphs as of a version: ``version=``, and negotiation of the time by Memento (RFC 7089).

Each address is its own TimeGate (section 4.1.1): asked with ``Accept-Datetime`` it redirects to the version of that
time, which is the same address with ``version=``. The TimeMaps are in `server.versions.timemaps`.
"""

import re
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Flask, Response, g, redirect, request
from werkzeug.http import parse_date

from kg.history.timeline import UnknownVersionError, VersionGoneError
from kg.store.store import AS_OF, Store
from server.http.errors import ProblemError
from server.http.parameters import known
from server.http.versions import http_time, mark, version_of

_PATHS: Final = re.compile(r"/(?:(?:id|code|claim|source|graph|data|page)/.|graphs(?:/|$)|resource$)")
_NOT_VERSIONED: Final = re.compile(
    r"/(?:data|page)/(?:dump\.|catalogue|questions?\b|ontology\.|shapes?\b|context\.|ns\b)"
)
_PARAMETER: Final = "version"
_REDIRECTS: Final = frozenset({301, 302, 303})


def register(app: Flask, store: Store) -> None:
    """Lets things and graphs be asked at a version; to be called before other handlers of responses are registered."""

    @app.before_request
    def choose() -> Response | None:
        if not is_versioned() or request.method not in ("GET", "HEAD"):
            return None
        given = request.args.get(_PARAMETER)
        accepted = request.headers.get("Accept-Datetime")
        if accepted and not given:
            return _to_version(store, accepted)
        number = version_of(store, given)
        if number >= 0:
            g.as_of = number
            AS_OF.set(number)  # of this request alone, which has a context of its own
        return None

    @app.after_request
    def label(response: Response) -> Response:
        if not is_versioned() or request.method not in ("GET", "HEAD"):
            return response
        number = g.get("as_of", -1)
        if response.status_code in (200, 206, 304, *_REDIRECTS):
            links = _links(store, number)
            present = response.headers.get("Link")
            response.headers["Link"] = f"{present}, {links}" if present else links
        if number < 0:
            return response
        response.headers["Kelisim-Version"] = str(number)
        if response.status_code in _REDIRECTS:
            response.headers["Location"] = _at(response.headers["Location"], request.args[_PARAMETER])
        elif response.status_code in (200, 304):
            response.headers["Memento-Datetime"] = http_time(store.timeline.get(number).time)
            if "Cache-Control" in response.headers:
                response.cache_control.no_cache = None
            mark(response, number, request.args[_PARAMETER])
        return response

    @app.context_processor
    def told() -> dict[str, object]:
        """Gives templates ``as_of``, the version that the page is of, None for the latest, and where the latest is."""
        number = g.get("as_of", -1)
        return {"as_of": store.timeline.get(number) if number >= 0 else None, "of_now": original_known}


def is_versioned() -> bool:
    """Whether the address of the request is one of things or graphs."""
    return bool(_PATHS.match(request.path)) and not _NOT_VERSIONED.match(request.path)


def original() -> str:
    """The path and query of the request without a version (RFC 7089: URI-R)."""
    return _without_version(parse_qsl(request.query_string.decode(), keep_blank_values=True))


def original_known() -> str:
    """The same with those parameters only that the response was made from."""
    return _without_version(known())


def _without_version(parameters: list[tuple[str, str]]) -> str:
    rest = [pair for pair in parameters if pair[0] != _PARAMETER]
    return request.path + (f"?{urlencode(rest, safe='/:')}" if rest else "")


def moment_of(header: str) -> datetime:
    """The time of ``Accept-Datetime``; raises a 400 ProblemError if it is none (RFC 7089, section 4.5.3)."""
    moment = parse_date(header)
    if moment is None:
        detail = f"Accept-Datetime: {header[:80]!r} is no date of HTTP, such as Wed, 27 Nov 2024 12:00:00 GMT."
        raise ProblemError(400, "Malformed request", detail)
    return moment


def _to_version(store: Store, accepted: str) -> Response:
    moment = moment_of(accepted).replace(microsecond=999_999)
    try:
        number = store.timeline.at(moment)
    except (UnknownVersionError, VersionGoneError):  # the first one then (section 4.5.3)
        number = store.timeline.oldest
    response: Response = redirect(request.url_root.rstrip("/") + _at(original(), str(number)), 302)  # type: ignore[assignment]
    response.vary.add("Accept-Datetime")
    response.cache_control.no_store = True
    return response


def _at(address: str, version: str) -> str:
    """The address with the parameter, unless it has it."""
    parts = urlsplit(address)
    if any(name == _PARAMETER for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return address
    query = f"{parts.query}&{_PARAMETER}={version}" if parts.query else f"{_PARAMETER}={version}"
    return urlunsplit(parts._replace(query=query))


def _links(store: Store, number: int) -> str:
    """The relations of RFC 7089, section 2.2; `number` is the version that was asked for, or -1."""
    path, root = original_known(), request.url_root.rstrip("/")
    links = [
        f'<{root}{path}>; rel="original timegate"',
        f'<{root}/timemap/link{path}>; rel="timemap"; type="application/link-format"',
        f'<{root}/timemap/json{path}>; rel="timemap"; type="application/json"',
    ]
    if number >= 0:
        time = http_time(store.timeline.get(number).time)
        links.append(f'<{root}{_at(path, str(number))}>; rel="memento"; datetime="{time}"')
    return ", ".join(links)
