"""The OpenAPI 3.1 description of all routes, at ``/openapi.json``."""

from typing import Any, Final

from kg.publishing.about import About
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from ontology.namespaces import MODALITIES
from server.openapi.data import linked_data_paths
from server.openapi.finding import finding_paths
from server.openapi.lists import list_paths
from server.openapi.operations import graph, in_path, in_query, json_object, operation
from server.openapi.replication import replication_paths
from server.openapi.versions import VERSION, version_paths

_FORM: Final = "application/x-www-form-urlencoded"
_IRI: Final = {"type": "string", "format": "iri"}
_IRIS: Final = {"type": "array", "items": _IRI}

_OURS: Final = "A knowledge graph of diplomacy in which every fact says who said so."

_BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]


def describe(version: str, about: About) -> dict[str, Any]:
    """The OpenAPI document for a version of the package, over data of which that is said."""
    return {
        "openapi": "3.1.0",
        "info": {"title": str(about.name("en")), "version": version, **_info(about)},
        "paths": {
            "/": {"get": operation("The start page; for RDF, 303 to the catalogue", {"text/html": {}}, 303)},
            "/health": {"get": operation("That the server lives", json_object())},
            "/ready": {"get": operation("That queries are answered", json_object(), 503)},
            "/openapi.json": {"get": operation("This description", json_object())},
            "/sparql": {"get": _query_by_get(), "post": _by_post()},
            "/graphs": {
                "parameters": [in_query("graph", _IRI), in_query("default", {"type": "string"})],
                **_graph_operations(),
            },
            "/graphs/{name}": {
                "parameters": [in_path("name")],
                **_graph_operations(),
            },
            **linked_data_paths(),
            **finding_paths(),
            **list_paths(),
            **version_paths(),
            **replication_paths(),
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


def _info(about: About) -> dict[str, Any]:
    """What the data are, their licence and contact (OpenAPI 3.1, section 4.8.2); what is not given is not there."""
    told = _OURS if about.ours else str(about.description("en"))
    found: dict[str, Any] = {"description": " ".join(filter(None, (told, "SPARQL 1.1 over HTTP.")))}
    for each in about.named_licences("en")[:1]:
        found["license"] = {"name": f"{each.name} (data)", "url": each.address}
    for each in about.contacts("en")[:1]:
        way = {"email": each.address.removeprefix("mailto:")} if each.address.startswith("mailto:") else {}
        way |= {"url": each.address} if each.address.startswith(("https://", "http://")) else {}
        found["contact"] = {"name": str(each.name), **way}
    return found


def _answer() -> dict[str, Any]:
    return {**{f.media_type: {} for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}, "text/html": {}}


def _commit() -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": "#/components/schemas/Commit"}}}


def _query_parameters() -> list[dict[str, Any]]:
    formats = [f.name for f in (*RESULT_FORMATS, *GRAPH_FORMATS)] + ["html"]
    return [
        in_query("default-graph-uri", _IRIS),
        in_query("named-graph-uri", _IRIS),
        in_query("format", {"type": "string", "enum": formats}),
        in_query("timeout", {"type": "number", "exclusiveMinimum": 0}),
        in_query("cite", {"type": "boolean"}),
        in_query("min-certainty", {"type": "string", "enum": [*MODALITIES]}),
        in_query("min-sources", {"type": "integer", "minimum": 0, "maximum": 999}),
        VERSION,
    ]


def _query_by_get() -> dict[str, Any]:
    query = {**in_query("query", {"type": "string"}), "description": "Without it, the service description."}
    errors = (303, 304, 400, 403, 404, 406, 410, 413, 414, 503)
    return operation("A SPARQL query", _answer(), *errors, parameters=[query, *_query_parameters()])


def _by_post() -> dict[str, Any]:
    fields = {"query": {"type": "string"}, "update": {"type": "string"}}
    body = {
        _FORM: {"schema": {"type": "object", "properties": fields}},
        "application/sparql-query": {"schema": {"type": "string"}},
        "application/sparql-update": {"schema": {"type": "string"}},
    }
    using = [in_query("using-graph-uri", _IRIS), in_query("using-named-graph-uri", _IRIS)]
    return operation(
        "A SPARQL query or update",
        {**_answer(), **_commit()},
        *(304, 400, 401, 403, 404, 406, 408, 409, 410, 413, 415, 422, 503, 507),
        parameters=[*_query_parameters(), *using],
        requestBody={"required": True, "content": body},
        security=[{}, *_BEARER],
    )


def _graph_operations() -> dict[str, Any]:
    body = {"content": {f.media_type: {"schema": {"type": "string"}} for f in GRAPH_FORMATS}}
    writes = (400, 401, 403, 404, 408, 409, 413, 415, 422, 503, 507)
    operations = {
        "get": operation("A graph", graph(), 400, 404, 406, 410, 503, parameters=[VERSION]),
        "put": operation("Replaces a graph", _commit(), *writes, requestBody=body, security=_BEARER),
        "post": operation("Adds to a graph", _commit(), *writes, requestBody=body, security=_BEARER),
        "delete": operation("Drops a graph", _commit(), *writes, security=_BEARER),
    }
    for method in ("put", "post"):
        operations[method]["responses"]["201"] = {"description": "Created", "content": _commit()}
    return operations
