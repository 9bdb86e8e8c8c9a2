"""The application of the workbench, and the server that runs it on the loopback address alone."""

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Flask, g, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from server.http import errors, languages
from server.http.languages import PARAMETER
from server.workbench import claim_pages, pages, source_pages, thing_pages
from server.workbench.bench import Bench
from server.workbench.guard import Guard

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST: Final = "127.0.0.1"
FORM_BYTES: Final = 1 << 20
"""Larger forms are refused with 413."""


def create_app(bench: Bench, guard: Guard) -> Flask:
    """The WSGI application over a bench; requests are answered one after another."""
    app = _OneAtATime("server", template_folder="templates/workbench")
    app.lock = bench.lock
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard.register(app)
    languages.register(app)
    for module in (pages, claim_pages, source_pages, thing_pages):
        app.register_blueprint(module.blueprint(bench))
    errors.register(app)

    @app.context_processor
    def shell() -> dict[str, Any]:
        if not g.get("allowed"):
            return {"in_language": _in_language}
        message, bench.message = bench.message, ""
        here = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return {"bench": bench, "desk": bench.desk, "message": message, "in_language": _in_language, "here": here}

    return app


class _OneAtATime(Flask):
    """An application that answers one request after another, since they all edit one working copy."""

    lock: Lock

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with self.lock:
            return super().wsgi_app(environ, start_response)


def bind(bench: Bench, port: int) -> tuple[BaseWSGIServer, Guard]:
    """A server on the loopback address and a port (0 takes a free one), and its guard."""
    app = Flask("server")  # replaced once the port is known
    server = make_server(HOST, port, app, threaded=True, request_handler=_Quiet)
    guard = Guard(server.port)
    server.app = create_app(bench, guard)
    return server, guard


class _Quiet(WSGIRequestHandler):
    """Answers without a line for each request, whose address may have the token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""


def _in_language(code: str) -> str:
    """The query string of this page in another language."""
    fields = [(k, v) for k, v in request.args.items(multi=True) if k != PARAMETER]
    return f"?{urlencode([*fields, (PARAMETER, code)])}"
