"""The HTTP server: a SPARQL 1.1 endpoint and web pages. `server.app.create_app` creates the application."""

__all__: list[str] = []
