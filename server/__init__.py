"""The HTTP server: a SPARQL 1.1 endpoint and pages. `server.app.create_app` makes the application."""

__all__: list[str] = []
