"""The OpenAPI paths of versions: changes, differences, permalinks, citations, TimeMaps."""

from typing import Any, Final

from kg.publishing.citing import FORMATS
from server.openapi.operations import in_path, in_query, operation

VERSION: Final[dict[str, Any]] = {
    **in_query("version", {"type": "string"}),
    "description": "Asks that version: its number, at least 12 digits of a digest of it, or a date or time.",
}

_PAGE: Final = in_query("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000})
_BEFORE: Final = in_query("before", {"type": "integer", "minimum": 0, "maximum": 999_999_999})
_ANY: Final = {"type": "string"}
_IRIS: Final = {"type": "array", "items": {"type": "string", "format": "iri"}}
_NULLABLE: Final = {"type": ["string", "null"]}
_VERSION: Final = {
    "type": "object",
    "required": ["version", "time", "author", "message", "added", "deleted", "digest", "sha256"],
    "properties": {
        "version": {"type": "integer"},
        "time": {"type": "string"},
        "author": {"type": "string"},
        "message": {"type": "string"},
        "added": {"type": "integer"},
        "deleted": {"type": "integer"},
        "digest": {**_NULLABLE, "description": "Of the set of quads; null while it is being worked out."},
        "sha256": {**_NULLABLE, "description": "Of the sorted canonical N-Quads, where that is known."},
    },
}
_CHANGES: Final = {
    "type": "object",
    "required": ["latest", "oldest", "versions", "next"],
    "properties": {
        "latest": {"type": "integer"},
        "oldest": {"type": "integer"},
        "versions": {"type": "array", "items": _VERSION},
        "next": _NULLABLE,
    },
}
_DIFFERENCE: Final = {
    "type": "object",
    "required": ["from", "to", "added", "deleted", "page", "pages", "claims", "things"],
    "properties": {
        "from": _VERSION,
        "to": _VERSION,
        **{name: {"type": "integer"} for name in ("added", "deleted", "page", "pages")},
        "claims": {"type": "array", "items": {"type": "object", "required": ["iri", "fate", "label"]}},
        "things": {"type": "array", "items": {"type": "object", "required": ["iri", "label", "added", "deleted"]}},
    },
}
_KEPT: Final = {"type": "object", "required": ["query", "saved", "now", "same", "gone", "new", "varying"]}
_LINK: Final = {"type": "object", "required": ["permalink", "name", "version", "answer", "rows"]}


def version_paths() -> dict[str, Any]:
    """The paths, each with its operations."""
    page: dict[str, Any] = {"text/html": {}}
    atom: dict[str, Any] = {"application/atom+xml": {}}
    in_json = {"application/json": {"schema": _CHANGES}}
    formats = in_query("format", {"type": "string", "enum": ["atom", "json", "html"]})
    changes = operation(
        "The versions, the newest first", {**in_json, **atom, **page}, 406, 503, parameters=[_BEFORE, formats]
    )
    difference = operation(
        "What changed from one version to another",
        {"application/json": {"schema": _DIFFERENCE}, "application/rdf-patch": {}, **page},
        *(404, 406, 410, 503),
        parameters=[
            in_path("a"),
            in_path("b"),
            in_query("format", {"type": "string", "enum": ["json", "rdf-patch", "html"]}),
            _PAGE,
        ],
    )
    citation = operation(
        "How to cite a thing or the answer of a query",
        {**{media_type: {} for media_type in FORMATS.values()}, **page},
        *(301, 404, 406, 410, 503),
        parameters=[
            in_query("iri", {"type": "string", "format": "iri"}),
            in_query("query", _ANY),
            VERSION,
            in_query("format", {"type": "string", "enum": [*FORMATS, "html"]}),
        ],
    )
    return {
        "/changes": {"get": changes},
        "/changes.json": {"get": operation("The same as JSON", in_json, 503, parameters=[_BEFORE])},
        "/changes.atom": {"get": operation("The same as a feed", atom, 503, parameters=[_BEFORE])},
        "/diff/{a}/{b}": {"get": difference},
        "/diff": {
            "get": operation(
                "303 to the difference of two versions",
                {"application/json": {}, **page},
                *(303, 404, 406, 410, 503),
                parameters=[in_query("a", _ANY), in_query("b", _ANY)],
            )
        },
        "/q": {"post": _keep()},
        "/q/{name}": {
            "get": operation(
                "A query that was kept, and whether it is answered so today",
                {"application/json": {"schema": _KEPT}, **page},
                *(403, 404, 410, 503),
                parameters=[in_path("name")],
            )
        },
        "/cite": {"get": citation},
        "/timemap/link/{path}": {"get": _timemap("application/link-format")},
        "/timemap/json/{path}": {"get": _timemap("application/json")},
    }


def _keep() -> dict[str, Any]:
    fields = {"query": _ANY, "default-graph-uri": _IRIS, "named-graph-uri": _IRIS, "version": _ANY}
    body = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}
    found = operation(
        "Keeps a query with its answer, under an address that tells later whether that has changed",
        {"text/html": {}},
        *(303, 403, 404, 410, 415, 422, 503, 507),
        requestBody={"required": True, "content": body},
    )
    found["responses"]["201"] = {"description": "Kept", "content": {"application/json": {"schema": _LINK}}}
    return found


def _timemap(media_type: str) -> dict[str, Any]:
    return operation(
        "The versions in which what stands at a path changed (RFC 7089)",
        {media_type: {}},
        *(404, 503),
        parameters=[in_path("path"), in_query("after", {"type": "integer", "minimum": -1})],
    )
