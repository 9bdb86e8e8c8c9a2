"""How long answers stay good: pages and linked data are as good as the version of the data that they were made from."""

import hashlib
import secrets

from flask import Flask, Response, g, request

from kg.store.store import Store

_DEPENDS_ON = ("Accept", "Accept-Encoding", "Accept-Language", "Cookie")


def register(app: Flask, store: Store) -> None:
    """Gives every answer to GET that says nothing of its own an ETag, and lets caches keep it while they ask for it.

    The tag is that of the data's version, the address and what is negotiated (RFC 9110, section 8.8.3); it begins anew
    with each start of the server, whose pages may have become others.
    """
    start = secrets.token_hex(8)

    @app.before_request
    def note() -> None:
        """The version from before the answer is made: what is newer then has the older tag, which does no harm."""
        g.version = store.version

    def tag(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or "Cache-Control" in response.headers:
            return response
        response.cache_control.public = True
        response.cache_control.no_cache = True
        if "ETag" not in response.headers:
            negotiated = [request.headers.get(name, "") for name in _DEPENDS_ON]
            seen = repr((start, g.get("version"), request.full_path, *negotiated))
            response.set_etag(hashlib.sha256(seen.encode()).hexdigest()[:32])
        response.make_conditional(request)
        return response

    app.after_request(tag)
