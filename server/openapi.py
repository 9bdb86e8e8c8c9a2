"""The OpenAPI 3.1 description of all routes, at ``/openapi.json``."""

from typing import Any, Final

from kg.formats import GRAPH_FORMATS, RESULT_FORMATS

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FORM: Final = "application/x-www-form-urlencoded"
_IRI: Final = {"type": "string", "format": "iri"}
_IRIS: Final = {"type": "array", "items": _IRI}
_ANYWHERE: Final = (400, 405, 408, 411, 413, 414, 429, 431)
"""What any request may end in: see `server.limits` and `server.rates`."""

_BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]


def describe(version: str) -> dict[str, Any]:
    """The description, for the package's version."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kelisim",
            "version": version,
            "description": "A knowledge graph of diplomacy in which every fact says who said so: SPARQL 1.1 over HTTP.",
            "license": {"name": "CC BY 4.0 (data)", "url": "https://creativecommons.org/licenses/by/4.0/"},
        },
        "paths": {
            "/": {"get": _operation("The start page", {"text/html": {}})},
            "/health": {"get": _operation("That the server lives", _json())},
            "/ready": {"get": _operation("That queries are answered", _json(), 503)},
            "/openapi.json": {"get": _operation("This description", _json())},
            "/sparql": {"get": _query_by_get(), "post": _by_post()},
            "/graphs": {
                "parameters": [_parameter("graph", _IRI), _parameter("default", {"type": "string"})],
                **_graph_operations(),
            },
            "/graphs/{name}": {
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                ],
                **_graph_operations(),
            },
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": {
                    "type": "object",
                    "description": "RFC 9457; line and column where a query is malformed.",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "line": {"type": "integer"},
                        "column": {"type": "integer"},
                    },
                },
                "Commit": {
                    "type": "object",
                    "required": ["version", "added", "deleted"],
                    "properties": {name: {"type": "integer"} for name in ("version", "added", "deleted")},
                },
            },
        },
    }


def _json() -> dict[str, Any]:
    return {"application/json": {"schema": {"type": "object"}}}


def _graph() -> dict[str, Any]:
    return {f.media_type: {} for f in GRAPH_FORMATS}


def _answer() -> dict[str, Any]:
    return {**{f.media_type: {} for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}, "text/html": {}}


def _commit() -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": "#/components/schemas/Commit"}}}


def _operation(summary: str, content: dict[str, Any], *errors: int, **more: Any) -> dict[str, Any]:
    """One operation that answers 200 with the content, or one of the errors as a problem."""
    statuses = sorted({*errors, *_ANYWHERE})
    also = {str(status): {"description": "A problem", "content": {**_PROBLEM, "text/html": {}}} for status in statuses}
    return {"summary": summary, "responses": {"200": {"description": "Done", "content": content}, **also}, **more}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _query_parameters() -> list[dict[str, Any]]:
    formats = [f.name for f in (*RESULT_FORMATS, *GRAPH_FORMATS)] + ["html"]
    return [
        _parameter("default-graph-uri", _IRIS),
        _parameter("named-graph-uri", _IRIS),
        _parameter("format", {"type": "string", "enum": formats}),
        _parameter("timeout", {"type": "number", "exclusiveMinimum": 0}),
    ]


def _query_by_get() -> dict[str, Any]:
    query = {**_parameter("query", {"type": "string"}), "description": "Without it, the service description."}
    errors = (303, 304, 400, 403, 406, 413, 414, 503)
    return _operation("A SPARQL query", _answer(), *errors, parameters=[query, *_query_parameters()])


def _by_post() -> dict[str, Any]:
    fields = {"query": {"type": "string"}, "update": {"type": "string"}}
    body = {
        _FORM: {"schema": {"type": "object", "properties": fields}},
        "application/sparql-query": {"schema": {"type": "string"}},
        "application/sparql-update": {"schema": {"type": "string"}},
    }
    using = [_parameter("using-graph-uri", _IRIS), _parameter("using-named-graph-uri", _IRIS)]
    return _operation(
        "A SPARQL query or update",
        {**_answer(), **_commit()},
        *(304, 400, 401, 403, 406, 408, 409, 413, 415, 422, 503, 507),
        parameters=[*_query_parameters(), *using],
        requestBody={"required": True, "content": body},
        security=[{}, *_BEARER],
    )


def _graph_operations() -> dict[str, Any]:
    body = {"content": {f.media_type: {"schema": {"type": "string"}} for f in GRAPH_FORMATS}}
    writes = (400, 401, 403, 404, 408, 409, 413, 415, 422, 503, 507)
    operations = {
        "get": _operation("A graph", _graph(), 400, 404, 406, 503),
        "put": _operation("Replaces a graph", _commit(), *writes, requestBody=body, security=_BEARER),
        "post": _operation("Adds to a graph", _commit(), *writes, requestBody=body, security=_BEARER),
        "delete": _operation("Drops a graph", _commit(), *writes, security=_BEARER),
    }
    for method in ("put", "post"):
        operations[method]["responses"]["201"] = {"description": "Created", "content": _commit()}
    return operations
