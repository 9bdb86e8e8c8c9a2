"""The OpenAPI paths of search and reconciliation."""

from typing import Any, Final

from kg.explanations.explanation import MOST_CHARACTERS
from kg.search.search import MAX_CHARACTERS
from server.http.languages import LANGUAGES
from server.openapi.operations import in_query, operation

_STRING: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
_RESULT: Final = {"type": "object", "required": ["result"], "properties": {"result": {"type": "array"}}}
_FOUND: Final = {
    "type": "object",
    "required": ["query", "version", "fresh", "total", "page", "pages", "results", "types"],
    "properties": {
        "query": _STRING,
        "version": {**_STRING, "description": "The state of the data that was searched."},
        "fresh": {"type": "boolean", "description": "Whether that is the state of now."},
        "total": _NUMBER,
        "capped": {"type": "boolean", "description": "Whether more texts have the words than were looked through."},
        "all_words": {"type": "boolean", "description": "Whether each text has all the words, and not only some."},
        "page": _NUMBER,
        "pages": _NUMBER,
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["iri", "label", "match"],
                "properties": {
                    "iri": _STRING,
                    "page": {"type": ["string", "null"]},
                    "label": _STRING,
                    "language": _STRING,
                    "type": {"type": ["object", "null"]},
                    "match": {
                        "type": "object",
                        "description": "The text that fits best; marks are pairs of offsets in Unicode characters.",
                        "required": ["kind", "language", "text", "marks"],
                    },
                },
            },
        },
        "types": {"type": "array", "items": {"type": "object", "required": ["iri", "name", "count"]}},
        "did_you_mean": {"type": ["string", "null"]},
        "next": {"type": ["string", "null"]},
    },
}


def finding_paths() -> dict[str, Any]:
    """The paths, each with its operations."""
    prefix = in_query("prefix", {**_STRING, "maxLength": 200})
    cursor = in_query("cursor", {"type": "integer", "minimum": 0, "maximum": 1_000})
    suggested = operation("Suggestions for what is typed", _json(_RESULT), 503, parameters=[prefix, cursor])
    fields = {"queries": _STRING, "extend": _STRING}
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}}
    parameters = [in_query(name, schema) for name, schema in fields.items()]
    proposal = [in_query("type", _STRING), in_query("limit", {"type": "integer", "minimum": 1, "maximum": 1_000})]
    return {
        "/search": {"get": _search()},
        "/why-not": _why_not(),
        "/opensearch.xml": {
            "get": operation("How programs search here", {"application/opensearchdescription+xml": {}})
        },
        "/reconcile": {
            "get": operation("The Reconciliation Service API 0.2", _json(), 503, parameters=parameters),
            "post": operation("The Reconciliation Service API 0.2", _json(), 415, 503, requestBody=body),
        },
        **{f"/reconcile/suggest/{kind}": {"get": suggested} for kind in ("entity", "property", "type")},
        "/reconcile/properties": {
            "get": operation("Properties of things of a type", _json(), 503, parameters=proposal)
        },
        "/reconcile/preview": {
            "get": operation(
                "A thing in a small frame", {"text/html": {}}, 404, 503, parameters=[in_query("id", _STRING)]
            )
        },
    }


def _search() -> dict[str, Any]:
    parameters = [
        in_query("q", {**_STRING, "maxLength": MAX_CHARACTERS}),
        in_query("type", _STRING),
        in_query("language", {**_STRING, "enum": ["", *LANGUAGES]}),
        in_query("page", {"type": "integer", "minimum": 1, "maximum": 500}),
        in_query("format", {**_STRING, "enum": ["html", "json"]}),
    ]
    return operation("Full-text search", {**_json(_FOUND), "text/html": {}}, 406, 503, parameters=parameters)


def _why_not() -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {
        "query": {**_STRING, "description": f"Of at most {MOST_CHARACTERS} characters. Without it, the page's form."},
        "row": {**_STRING, "description": "Values of a row that is missing, such as ?who=id:astana."},
        "default-graph-uri": {"type": "array", "items": {**_STRING, "format": "iri"}},
        "timeout": {"type": "number", "exclusiveMinimum": 0},
        "format": {**_STRING, "enum": ["html", "json"]},
    }
    content, errors = {**_json(), "text/html": {}}, (400, 403, 413, 503)
    form = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}}
    parameters = [in_query(name, schema) for name, schema in fields.items()]
    return {
        "get": operation("Why a query has no rows", content, *errors, parameters=parameters),
        "post": operation("Why a query has no rows", content, *errors, requestBody=form),
    }


def _json(schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"application/json": {"schema": schema or {"type": "object"}}}
