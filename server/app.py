"""The application factory."""

from flask import Flask, Response

from kg.dataset import Dataset
from kg.pool import WorkerPool
from server import errors, pages, sparql

MAX_BODY_BYTES = 1_000_000
"""Longer request bodies are refused with 413; no query by hand or program comes near."""


def create_app(dataset: Dataset, pool: WorkerPool) -> Flask:
    """The WSGI application over one dataset and the workers that hold it."""
    app = Flask("server")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.register_blueprint(sparql.blueprint(pool, dataset.digest))
    app.register_blueprint(pages.blueprint(dataset))
    errors.register(app)
    app.after_request(_headers)
    return app


def _headers(response: Response) -> Response:
    # Any page may read the answers: the data is public (Fetch standard, CORS).
    response.headers.setdefault("Access-Control-Allow-Origin", "*")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
    )
    return response
