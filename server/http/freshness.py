"""Cache validation: pages and linked data are valid for the version of the data that they were made from."""

import hashlib
import secrets

from flask import Flask, Response, g, request

from kg.store.store import Store
from server.http.parameters import known_address

_NEGOTIATED = ("Accept", "Accept-Encoding", "Accept-Language", "Cookie")


def register(app: Flask, store: Store) -> None:
    """Adds an ETag and ``Cache-Control: public, no-cache`` to each 200 response to GET that has no Cache-Control.

    The ETag is a hash of the data's version, the URL as far as it counts and the negotiated headers
    (RFC 9110, section 8.8.3), and of a random value for each start of the server, whose templates may have changed.
    """
    start = secrets.token_hex(8)

    @app.before_request
    def note() -> None:
        """Reads the version before the response is made: newer content with an older ETag does no harm."""
        g.version = store.state(g.get("as_of", -1))

    def tag(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or "Cache-Control" in response.headers:
            return response
        response.cache_control.public = True
        response.cache_control.no_cache = True
        if "ETag" not in response.headers:
            negotiated = [request.headers.get(name, "") for name in _NEGOTIATED]
            key = repr((start, g.get("version"), known_address(), *negotiated))
            response.set_etag(hashlib.sha256(key.encode()).hexdigest()[:32])
        response.make_conditional(request)
        return response

    app.after_request(tag)
