"""The OpenAPI paths of the claims, and of lists and answers as tables."""

from collections.abc import Mapping
from typing import Any, Final

from kg.rdf.formats import GRAPH_FORMATS
from kg.tabular.writing import XLSX
from ontology.namespaces import MODALITIES
from server.openapi.operations import in_path, in_query, operation
from server.openapi.versions import VERSION

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_DATE: Final = {"type": "string", "format": "date"}
_TABLES: Final[Mapping[str, str]] = {"csv": "text/csv", "json": "application/json", "xlsx": XLSX}
_DATASETS: Final[Mapping[str, str]] = {form.extension: form.media_type for form in GRAPH_FORMATS if form.quads}
_EXCEL: Final = in_query("format", {"type": "string", "enum": ["csv", "csv-excel"]})
_LISTS: Final[Mapping[str, str]] = {
    "documents": "Documents with the stages of their lives",
    "events": "Events",
    "leaders": "People and their offices",
    "sources": "The articles",
    "states": "States",
    "trade": "Figures of trade, investment and more",
}


def list_paths() -> dict[str, Any]:
    """The paths, each with its operations."""
    facets = [
        *(in_query(name, _TEXTS) for name in ("speaker", "article", "topic", "thing", "kind", "year")),
        in_query("certainty", {"type": "array", "items": {"type": "string", "enum": [*MODALITIES]}}),
        in_query("text", {"type": "string", "maxLength": 100}),
        in_query("since", _DATE),
        in_query("until", _DATE),
        in_query("sort", {"type": "string", "enum": ["text", "date", "speaker"]}),
    ]
    page = in_query("page", {"type": "integer", "minimum": 1})
    told = [in_query(name, _TEXTS) for name in ("speaker", "certainty", "article")]
    query = {**in_query("query", _TEXT), "required": True}
    cite = in_query("cite", {"type": "boolean"})
    return {
        "/claims": {
            "get": operation(
                "The claims that fit what is chosen, with facets", {"text/html": {}}, 503, parameters=[*facets, page]
            )
        },
        "/claims.{suffix}": _files("The same as a table or as linked data", {**_TABLES, **_DATASETS}, facets),
        **{f"/{name}.{{suffix}}": _files(f"{title}, as a table", _TABLES, told) for name, title in _LISTS.items()},
        "/answer.{suffix}": _files(
            "The answer of a query as a table with labels beside the IRIs", _TABLES, [query, cite, VERSION]
        ),
    }


def _files(summary: str, types: Mapping[str, str], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in types.values()}
    suffix = in_path("suffix", {"type": "string", "enum": [*types]})
    found = operation(summary, content, *(403, 404, 406, 410, 503), parameters=[suffix, _EXCEL, *parameters])
    return {"get": found}
