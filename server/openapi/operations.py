"""Building blocks of the OpenAPI description."""

from typing import Any, Final

from kg.rdf.formats import GRAPH_FORMATS

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_COMMON_ERRORS: Final = (400, 405, 408, 411, 413, 414, 429, 431)
"""The errors that any request may get: see `server.front.limits` and `server.front.rates`."""


def json_object() -> dict[str, Any]:
    """The content of a response in JSON."""
    return {"application/json": {"schema": {"type": "object"}}}


def graph() -> dict[str, Any]:
    """The content of a response that is a graph, in each of its formats."""
    return {f.media_type: {} for f in GRAPH_FORMATS}


def operation(summary: str, content: dict[str, Any], *errors: int, **more: Any) -> dict[str, Any]:
    """An operation with a 200 response of the content, and problem details for each of the errors."""
    statuses = sorted({*errors, *_COMMON_ERRORS})
    also = {str(status): {"description": "A problem", "content": {**_PROBLEM, "text/html": {}}} for status in statuses}
    return {"summary": summary, "responses": {"200": {"description": "Done", "content": content}, **also}, **more}


def in_query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter in the query string."""
    return {"name": name, "in": "query", "schema": schema}


def in_path(name: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """A path parameter, of at least one character by default."""
    return {"name": name, "in": "path", "required": True, "schema": schema or {"type": "string", "minLength": 1}}
