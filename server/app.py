"""The application factory."""

from collections.abc import Callable

from flask import Flask, Response, request

from server.data import catalogue, downloads, linked_data, reconciliation, search
from server.data import lenses as lens_names
from server.endpoint import citing, graphs, sparql
from server.endpoint.description import describer
from server.front.metrics import Metrics
from server.front.metrics import blueprint as metrics_page
from server.http import errors, freshness, languages, lenses, links, parameters, wording
from server.http.access import Access, LogAccess
from server.http.compression import compress
from server.http.headers import HEADERS
from server.http.signposts import licences
from server.http.site import Site
from server.pages import (
    answers,
    charts,
    claims,
    conflicts,
    documents,
    events,
    home,
    leaders,
    ontology,
    query,
    questions,
    resource,
    shell,
    sources,
    states,
    things,
    trade,
    why,
    why_not,
)
from server.pages import downloads as downloads_page
from server.pages import lenses as lens_pages
from server.versions import changes, citations, differences, memento, permalinks, replication, timemaps

UPLOAD_BYTES = 1 << 27
"""Larger documents for the Graph Store Protocol are refused with 413; load them in parts."""

_PAGES = (
    answers,
    catalogue,
    changes,
    charts,
    claims,
    conflicts,
    citations,
    differences,
    documents,
    downloads,
    downloads_page,
    events,
    home,
    leaders,
    lens_names,
    lens_pages,
    linked_data,
    ontology,
    permalinks,
    query,
    questions,
    reconciliation,
    resource,
    search,
    sources,
    states,
    things,
    timemaps,
    trade,
    why_not,
    why,
)
"""The modules whose ``blueprint(site)`` is registered: pages, linked data, search."""


def create_app(
    site: Site, access: Access | None = None, metrics: Metrics | None = None, followers: LogAccess | None = None
) -> Flask:
    """The WSGI application of a site."""
    app = Flask("server")
    app.request_class = parameters.Request
    app.config["MAX_CONTENT_LENGTH"] = UPLOAD_BYTES  # `server.front.limits` has lower limits for queries
    app.config["MAX_FORM_MEMORY_SIZE"] = UPLOAD_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    access = access or Access()
    store = site.store
    memento.register(app, store)
    languages.register(app)
    wording.register(app)
    shell.register(app, site)
    links.register(app)
    lenses.register(app, site)
    citing.register(app, site)
    app.register_blueprint(sparql.blueprint(site, access, describer(site)))
    app.register_blueprint(graphs.blueprint(store, access))
    app.register_blueprint(replication.blueprint(store, followers or LogAccess()))
    for module in _PAGES:
        app.register_blueprint(module.blueprint(site))
    if metrics:
        app.register_blueprint(metrics_page(metrics))
    errors.register(app)
    app.after_request(compress)
    app.after_request(_headers(site))
    freshness.register(app, store)  # registered last, runs first: a 304 needs no compression
    return app


def _headers(site: Site) -> Callable[[Response], Response]:
    def add(response: Response) -> Response:
        for name, value in HEADERS:
            response.headers.setdefault(name, value)
        if request.path != "/health" and (links := licences(site.about)):
            response.headers.setdefault("Link", links)
        return response

    return add
