"""``/replication``: what a replica needs to follow this server, and the snapshot from which it begins.

The log itself is in `server.front.following`.
"""

from typing import Final

from flask import Blueprint, Response, jsonify, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from kg.history.history import History
from kg.history.snapshots import snapshot_path
from kg.history.timeline import VersionGoneError
from kg.store.store import Store
from server.http.access import LogAccess
from server.http.errors import ProblemError
from server.http.versions import is_number

_TYPE: Final = "application/n-quads"


def blueprint(store: Store, access: LogAccess) -> Blueprint:
    """The routes of a store; they require a token of scope replicate, unless everybody may follow."""
    routes = Blueprint("replication", __name__)

    @routes.get("/replication")
    def offer() -> Response:
        """The versions that there are, and the snapshot before them."""
        history = _history(store, access)
        snapshot = {
            "version": history.oldest,
            "bytes": history.snapshot_bytes,
            "sha256": history.snapshot_sha256,
            "time": history.first_time,
        }
        response = jsonify(
            identity=store.identity,
            oldest=history.oldest,
            latest=store.number,
            snapshot=snapshot,
            new_graphs=store.new_graphs,
            origin=store.origin,
        )
        response.cache_control.no_store = True
        return response

    @routes.get("/replication/snapshot/<version>")
    def snapshot(version: str) -> Response:
        """The file of the snapshot, also by range requests (RFC 9110, section 14): its first line has its SHA-256."""
        history = _history(store, access)
        wanted = int(version) if is_number(version) else -1
        if wanted < 0 or wanted > history.oldest:
            raise ProblemError(404, "Not found", f"There is no snapshot {version[:20]}, but one of {history.oldest}.")
        etag, size = history.snapshot_sha256, history.snapshot_bytes
        try:
            if wanted < history.oldest:
                raise FileNotFoundError  # noqa: TRY301 - as it is once it has been removed
            path = snapshot_path(history.folder, wanted).absolute()
            response = send_file(path, _TYPE, etag=etag, conditional=False)
        except FileNotFoundError:
            detail = f"The snapshot of version {wanted} is gone; there is one of version {history.oldest}."
            raise VersionGoneError(detail) from None
        try:
            response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
        except RequestedRangeNotSatisfiable as error:
            response.close()
            headers = {"Content-Range": f"bytes */{size}"}
            raise ProblemError(416, "No such range", f"The snapshot has {size} bytes.", headers) from error
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes


def _history(store: Store, access: LogAccess) -> History:
    access.check(request.headers.get("Authorization"))
    if store.history is None:
        detail = "This server has no log to follow, since its data are in memory alone. Start it with --store."
        raise ProblemError(404, "Not found", detail)
    return store.history
