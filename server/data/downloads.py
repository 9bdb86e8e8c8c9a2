"""``/data/dump.*``: the whole dataset as files, in parts too (RFC 9110, section 14), with checksums."""

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from kg.publishing.dumps import MEDIA_TYPES, Dump
from server.http.errors import ProblemError
from server.http.site import Site

WAIT_SECONDS = 60.0
"""A client waits so long for a file that is being made; then it is told to come back."""

_SUM = ".sha256"


def blueprint(site: Site) -> Blueprint:
    """The files of a site's store, and the checksum of each."""
    routes = Blueprint("downloads", __name__)
    dumps = site.dumps

    @routes.get("/data/dump.<ending>")
    def dump(ending: str) -> Response:
        """The dataset in one format, as it was when the file was first asked for at this version."""
        extension = ending.removesuffix(_SUM)
        if extension not in MEDIA_TYPES:
            offered = ", ".join(f"dump.{each}" for each in MEDIA_TYPES)
            raise ProblemError(404, "Not found", f"There is no dump.{extension}; there is: {offered}.")
        found = dumps.get(extension, WAIT_SECONDS)
        if ending.endswith(_SUM):
            return Response(f"{found.sha256}  dump.{extension}\n", mimetype="text/plain")
        return _sent(found)

    return routes


def _sent(found: Dump) -> Response:
    media_type, name = MEDIA_TYPES[found.extension], f"dump.{found.extension}"
    response = send_file(found.path, media_type, download_name=name, etag=found.sha256, conditional=False)
    asked = request.environ if _ranged() else {n: v for n, v in request.environ.items() if n != "HTTP_RANGE"}
    try:
        response.make_conditional(asked, accept_ranges=True, complete_length=found.size)
    except RequestedRangeNotSatisfiable as error:
        response.close()
        headers = {"Content-Range": f"bytes */{found.size}"}
        raise ProblemError(416, "No such range", f"{name} has {found.size} bytes.", headers) from error
    response.headers["Repr-Digest"] = found.digest
    response.cache_control.public = True
    response.cache_control.no_cache = True
    return response


def _ranged() -> bool:
    """Whether the request asks for one part of the file.

    What else a Range may say is to be, or may be, passed over (RFC 9110, section 14.2).
    """
    asked = request.range
    return request.method == "GET" and asked is not None and asked.units == "bytes" and len(asked.ranges) == 1
