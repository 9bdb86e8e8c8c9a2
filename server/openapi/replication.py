"""The OpenAPI paths of replication: what replicas ask of the server that they follow."""

from typing import Any, Final

from server.openapi.operations import in_path, in_query, operation

_NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
_HEX: Final = {"type": "string", "pattern": "^[0-9a-f]+$"}
_OFFER: Final = {
    "type": "object",
    "required": ["identity", "oldest", "latest", "snapshot", "new_graphs", "origin"],
    "properties": {
        "identity": {"type": "string", "description": "With the number of a version it names a state, as in ETags."},
        "oldest": _NUMBER,
        "latest": _NUMBER,
        "origin": {"type": "string", "description": "Where the public asks the writer; empty if that is not told."},
        "new_graphs": {"type": "boolean", "description": "Whether graphs that are not there count as empty."},
        "snapshot": {
            "type": "object",
            "required": ["version", "bytes", "sha256", "time"],
            "properties": {"version": _NUMBER, "bytes": _NUMBER, "sha256": _HEX, "time": {"type": "string"}},
        },
    },
}
_HEADERS: Final = {
    "Kelisim-Version": {"description": "The last version in it", "schema": _NUMBER},
    "Kelisim-Latest": {"description": "The latest version that there is", "schema": _NUMBER},
    "Kelisim-Oldest": {"description": "The version of the snapshot", "schema": _NUMBER},
    "Kelisim-Chain": {"description": "What names that version by the snapshot and all changes since", "schema": _HEX},
    "Kelisim-State": {"description": "The identity, as in the offer", "schema": {"type": "string"}},
    "Kelisim-Digest": {"description": "The digest of that version; empty if not known", "schema": {"type": "string"}},
}
_ERRORS: Final = (401, 403, 404, 503)


def replication_paths() -> dict[str, Any]:
    """The paths, each with its operations."""
    security: list[dict[str, list[str]]] = [{}, {"bearer": []}]
    log = operation(
        "The changes after a version, each 24 bytes (marker, version, length, CRC-32) and an RDF Patch",
        {"application/octet-stream": {}},
        *(*_ERRORS, 409, 410),
        parameters=[
            {**in_query("after", _NUMBER), "required": True},
            {
                **in_query("wait", {"type": "number", "minimum": 0, "maximum": 30}),
                "description": "Seconds to wait for the next version, if there is none yet.",
            },
            in_query("base", _NUMBER),
            *(in_query(name, _HEX) for name in ("chain", "digest")),
        ],
        security=security,
    )
    log["responses"]["200"]["headers"] = _HEADERS
    log["responses"]["204"] = {"description": "There is no later version yet", "headers": _HEADERS}
    snapshot = operation(
        "The snapshot from which a replica begins: canonical N-Quads after a line with their SHA-256",
        {"application/n-quads": {}},
        *(*_ERRORS, 410, 416),
        parameters=[in_path("version", _NUMBER)],
        security=security,
    )
    snapshot["responses"]["206"] = {"description": "A range of its bytes", "content": {"application/n-quads": {}}}
    return {
        "/replication": {
            "get": operation(
                "What a replica can fetch", {"application/json": {"schema": _OFFER}}, *_ERRORS, security=security
            )
        },
        "/replication/log": {"get": log},
        "/replication/snapshot/{version}": {"get": snapshot},
    }
