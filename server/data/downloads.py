"""The dataset, and what explains it, as files with checksums, also by range requests (RFC 9110, section 14)."""

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from kg.publishing.dumps import MEDIA_TYPES
from kg.publishing.files import PublishedFile
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from kg.publishing.schemas import schema
from kg.rdf.formats import content_type
from server.http.errors import ProblemError
from server.http.site import Site

WAIT_SECONDS = 60.0
"""How long a request waits for a dump that is being made; then it gets 503."""

_CHECKSUM = ".sha256"


def blueprint(site: Site) -> Blueprint:
    """The dumps of a site's dataset, the files that explain it, and the checksum of each."""
    routes = Blueprint("downloads", __name__)
    dumps = site.dumps

    @routes.get("/data/dump.<ending>")
    def dump(ending: str) -> Response:
        """The dump in one format, or its SHA-256; made at the first request for a version of the data."""
        extension = ending.removesuffix(_CHECKSUM)
        if extension not in MEDIA_TYPES:
            offered = ", ".join(f"dump.{each}" for each in MEDIA_TYPES)
            raise ProblemError(404, "Not found", f"There is no dump.{extension}; there is: {offered}.")
        return _sent(dumps.get(extension, WAIT_SECONDS), checksum=ending.endswith(_CHECKSUM))

    names = ", ".join(f'"{name}{ending}"' for name in SCHEMAS for ending in ("", _CHECKSUM))

    @routes.get(f"/data/<any({names}):name>")
    def explanation(name: str) -> Response:
        """The ontology, the shapes or the JSON-LD context as one file, or its SHA-256."""
        return _sent(schema(name.removesuffix(_CHECKSUM)), checksum=name.endswith(_CHECKSUM))

    return routes


def _sent(found: PublishedFile, *, checksum: bool) -> Response:
    if checksum:
        return Response(f"{found.sha256}  {found.name}\n", mimetype="text/plain")
    response = send_file(
        found.path, content_type(found.media_type), download_name=found.name, etag=found.sha256, conditional=False
    )
    environ = request.environ if _has_range() else {n: v for n, v in request.environ.items() if n != "HTTP_RANGE"}
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=found.size)
    except RequestedRangeNotSatisfiable as error:
        response.close()
        headers = {"Content-Range": f"bytes */{found.size}"}
        raise ProblemError(416, "No such range", f"{found.name} has {found.size} bytes.", headers) from error
    response.headers["Repr-Digest"] = found.digest
    response.cache_control.public = True
    response.cache_control.no_cache = True
    return response


def _has_range() -> bool:
    """Whether the request is for one range of bytes; any other Range header is ignored (RFC 9110, section 14.2)."""
    given = request.range
    return request.method == "GET" and given is not None and given.units == "bytes" and len(given.ranges) == 1
