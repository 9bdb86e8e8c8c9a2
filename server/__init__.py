"""The HTTP server: a SPARQL 1.1 endpoint and pages."""

from server.app import create_app

__all__ = ["create_app"]
