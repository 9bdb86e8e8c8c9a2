"""The application factory."""

from flask import Flask, Response

from kg.store import Store
from server import errors, graphs, pages, sparql
from server.access import Access
from server.compression import compress
from server.description import describe
from server.headers import HEADERS

QUERY_BYTES = 1_000_000
"""Longer queries and updates are refused with 413; no query by hand or program comes near."""

UPLOAD_BYTES = 1 << 27
"""Larger documents for the graph store are refused with 413; load them in parts."""


def create_app(store: Store, statistics: pages.Statistics, access: Access | None = None) -> Flask:
    """The WSGI application over one store; `statistics` is what the start page tells of it."""
    app = Flask("server")
    app.config["MAX_CONTENT_LENGTH"] = UPLOAD_BYTES  # `server.limits` refuses longer queries before
    app.config["MAX_FORM_MEMORY_SIZE"] = UPLOAD_BYTES
    access = access or Access()
    app.register_blueprint(sparql.blueprint(store, access, lambda url, form: describe(store, url, form)))
    app.register_blueprint(graphs.blueprint(store, access))
    app.register_blueprint(pages.blueprint(store, statistics))
    errors.register(app)
    app.after_request(compress)
    app.after_request(_headers)
    return app


def _headers(response: Response) -> Response:
    for name, value in HEADERS:
        response.headers.setdefault(name, value)
    return response
