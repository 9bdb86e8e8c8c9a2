"""``/diff/A/B``: what changed from one version to another, in words, as RDF Patch and as JSON."""

from typing import Final

from flask import Blueprint, Response, json, redirect, render_template, request

from kg.engine.errors import TooLargeError
from kg.history.changes import NetChange
from kg.store.store import Store, as_of
from kg.views.differences import as_json, differ
from server.http.errors import ProblemError
from server.http.languages import language
from server.http.negotiation import HTML
from server.http.site import Site
from server.http.versions import mark
from server.versions.changes import described

LOG_BYTES: Final = 1 << 23
"""Versions with more of the log between them are told apart on the command line only: it would hold up the server."""

_TYPES: Final = {"json": "application/json", "rdf-patch": "application/rdf-patch", "html": HTML}
_NUMBER_LENGTH: Final = 7


def blueprint(site: Site) -> Blueprint:
    """The differences between the versions of a site's store."""
    routes = Blueprint("differences", __name__)

    @routes.get("/diff")
    def choose() -> Response:
        """The form's way to ``/diff/A/B``."""
        a, b = request.args.get("a", ""), request.args.get("b", "")
        if not (a and b):
            raise ProblemError(400, "Malformed request", "Name two versions: /diff/A/B, or /diff?a=A&b=B.")
        numbers = [site.store.timeline.resolve(each) for each in (a, b)]
        return redirect(f"/diff/{numbers[0]}/{numbers[1]}", 303)  # type: ignore[return-value]

    @routes.get("/diff/<a>/<b>")
    def difference(a: str, b: str) -> Response:
        """What changed from A to B, which are numbers, digests or dates of versions; B may be the earlier one."""
        store, form = site.store, _form()
        before, after = (store.timeline.resolve(each) for each in (a, b))
        change = change_between(store, before, after)
        if form == "rdf-patch":
            response = Response(change.serialize({"from": str(before), "to": str(after)}))
            response.headers["Content-Disposition"] = f'inline; filename="{before}-{after}.rdfp"'
        else:
            with as_of(after):
                found = differ(change, site.reader, language(), _page())
            if found.page > found.pages:
                raise ProblemError(404, "Not found", f"There are {found.pages} pages, and no page {found.page}.")
            ends = store.timeline.get(before), store.timeline.get(after)
            if form == "json":
                following = {"next": f"{request.base_url}?page={found.page + 1}"} if found.page < found.pages else {}
                body = {"from": described(ends[0]), "to": described(ends[1]), **as_json(found), **following}
                response = Response(json.dumps(body) + "\n")
            else:
                response = Response(
                    render_template("versions/difference.html", difference=found, before=ends[0], after=ends[1])
                )
        response.content_type = _TYPES[form] + ("" if form == "json" else "; charset=utf-8")
        mark(response, after, *((a, b) if form != "json" else (None,)))  # labels come in the language of the request
        response.vary.update(("Accept", "Accept-Language", "Cookie"))
        return response

    return routes


def change_between(store: Store, before: int, after: int) -> NetChange:
    """The change from one version to another; raises TooLargeError beyond `LOG_BYTES`."""
    if store.history is None:  # a build has one version
        return NetChange((), ())
    first, last = sorted((before, after))
    if store.history.log_bytes(first, last) > LOG_BYTES:
        raise TooLargeError(
            f"Between the versions {before} and {after} there is too much to be told here. Choose versions that are "
            f"nearer, or ask on the server's machine: kelisim diff {before} {after} --store DIR."
        )
    return store.history.net_change(before, after)


def _form() -> str:
    if given := request.args.get("format"):
        if given not in _TYPES:
            raise ProblemError(406, "Not acceptable", f"There is no format {given!r}; there is: {', '.join(_TYPES)}.")
        return given
    best = request.accept_mimetypes.best_match([*_TYPES.values()])
    return next((name for name, media_type in _TYPES.items() if media_type == best), "json")


def _page() -> int:
    given = request.args.get("page", "1")
    if not (given.isascii() and given.isdecimal() and len(given) <= _NUMBER_LENGTH and int(given)):
        raise ProblemError(400, "Malformed request", f"page={given} is no number of a page.")
    return int(given)
