"""The application factory."""

from flask import Flask, Response

from server import (
    catalogue,
    charts,
    downloads,
    errors,
    events,
    freshness,
    graphs,
    instruments,
    languages,
    leaders,
    linked_data,
    links,
    ontology_page,
    pages,
    query_page,
    questions,
    reconciliation,
    search,
    shell,
    sources,
    sparql,
    states,
    things,
    trade,
    wording,
)
from server.access import Access
from server.compression import compress
from server.description import describer
from server.headers import HEADERS
from server.metrics import Metrics
from server.metrics import blueprint as metrics_page
from server.site import Site

QUERY_BYTES = 1_000_000
"""Longer queries and updates are refused with 413; no query by hand or program comes near."""

UPLOAD_BYTES = 1 << 27
"""Larger documents for the graph store are refused with 413; load them in parts."""

_PAGES = (
    catalogue,
    charts,
    downloads,
    events,
    instruments,
    leaders,
    linked_data,
    ontology_page,
    pages,
    query_page,
    questions,
    reconciliation,
    search,
    sources,
    states,
    things,
    trade,
)
"""The modules whose ``blueprint(site)`` makes the pages and the linked data."""


def create_app(site: Site, access: Access | None = None, metrics: Metrics | None = None) -> Flask:
    """The WSGI application over one site."""
    app = Flask("server")
    app.config["MAX_CONTENT_LENGTH"] = UPLOAD_BYTES  # `server.limits` refuses longer queries before
    app.config["MAX_FORM_MEMORY_SIZE"] = UPLOAD_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    access = access or Access()
    store = site.store
    languages.register(app)
    wording.register(app)
    shell.register(app, site)
    links.register(app)
    app.register_blueprint(sparql.blueprint(store, access, describer(store)))
    app.register_blueprint(graphs.blueprint(store, access))
    for module in _PAGES:
        app.register_blueprint(module.blueprint(site))
    if metrics:
        app.register_blueprint(metrics_page(metrics))
    errors.register(app)
    app.after_request(compress)
    app.after_request(_headers)
    freshness.register(app, store)  # the last comes first: what has not changed need not be compressed
    return app


def _headers(response: Response) -> Response:
    for name, value in HEADERS:
        response.headers.setdefault(name, value)
    return response
