"""The OpenAPI paths of the claims, and of lists and answers as tables."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from kg.rdf.formats import GRAPH_FORMATS
from kg.tabular.writing import XLSX
from ontology.namespaces import MODALITIES
from server.http.languages import LANGUAGES
from server.openapi.operations import in_path, in_query, operation
from server.openapi.versions import VERSION

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_DATE: Final = {"type": "string", "format": "date"}
_TABLES: Final[Mapping[str, str]] = {"csv": "text/csv", "json": "application/json", "xlsx": XLSX}
_DATASETS: Final[Mapping[str, str]] = {form.extension: form.media_type for form in GRAPH_FORMATS if form.quads}
_EXCEL: Final = in_query("format", {"type": "string", "enum": ["csv", "csv-excel"]})
_LANGUAGE: Final = in_query("lang", {"type": "string", "enum": [*LANGUAGES]})
_CERTAINTY: Final = {"type": "string", "enum": [*MODALITIES]}
_WORDS: Final = in_query("text", {"type": "string", "maxLength": 100})
_IRIS: Final = {"type": "array", "items": {"type": "string", "format": "iri"}}


class _List(NamedTuple):
    """A list: what it is of, its filters, the orders that it has both ways, and whether it has facets of who tells."""

    title: str
    filters: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    told: bool = False


_LISTS: Final[Mapping[str, _List]] = {
    "documents": _List(
        "Documents with the stages of their lives",
        ("party", "kind", "stage", "year", "text"),
        ("name", "date"),
        told=True,
    ),
    "events": _List("Events", ("kind", "state", "status", "year"), ("date",), told=True),
    "leaders": _List("People and their offices", ("state", "role", "text"), ("name",), told=True),
    "sources": _List("The articles"),
    "states": _List("States", ("member", "having", "text"), ("name",)),
    "trade": _List("Figures of trade, investment and more", ("party", "measure", "period"), ("measure",), told=True),
}


def list_paths() -> dict[str, Any]:
    """The paths, each with its operations."""
    facets = [
        *(in_query(name, _TEXTS) for name in ("speaker", "article", "topic", "thing", "kind", "year")),
        in_query("certainty", {"type": "array", "items": _CERTAINTY}),
        _WORDS,
        in_query("since", _DATE),
        in_query("until", _DATE),
        _sort(("text", "date", "speaker")),
    ]
    page = in_query("page", {"type": "integer", "minimum": 1})
    query = {**in_query("query", _TEXT), "required": True}
    asked = [
        in_query("default-graph-uri", _IRIS),
        in_query("named-graph-uri", _IRIS),
        in_query("timeout", {"type": "number", "exclusiveMinimum": 0}),
        VERSION,
    ]
    citing = [
        in_query("cite", {"type": "boolean"}),
        in_query("min-certainty", _CERTAINTY),
        in_query("min-sources", {"type": "integer", "minimum": 0, "maximum": 999}),
    ]
    return {
        "/claims": {
            "get": operation(
                "The claims that fit what is chosen, with facets", {"text/html": {}}, 503, parameters=[*facets, page]
            )
        },
        "/claims.{suffix}": _files("The same as a table or as linked data", {**_TABLES, **_DATASETS}, facets),
        **{
            f"/{name}.{{suffix}}": _files(f"{each.title}, as a table", _TABLES, _parameters(each))
            for name, each in _LISTS.items()
        },
        "/answer.{suffix}": _files(
            "The answer of a query as a table with labels beside the IRIs", _TABLES, [query, *citing, *asked]
        ),
        "/questions/{name}.{suffix}": _files(
            "The answer of a question as a table that says who says so", _TABLES, [in_path("name"), *asked]
        ),
    }


def _parameters(of: _List) -> list[dict[str, Any]]:
    """The parameters that the file of a list reads."""
    filters = [_WORDS if name == "text" else in_query(name, _TEXT) for name in of.filters]
    told = [in_query("speaker", _TEXTS), in_query("certainty", {"type": "array", "items": _CERTAINTY})]
    told.append(in_query("article", _TEXTS))
    return [*filters, *(told if of.told else ()), *([_sort(of.orders)] if of.orders else ())]


def _sort(orders: Sequence[str]) -> dict[str, Any]:
    return in_query("sort", {"type": "string", "enum": [way + order for order in orders for way in ("", "-")]})


def _files(summary: str, types: Mapping[str, str], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in types.values()}
    suffix = in_path("suffix", {"type": "string", "enum": [*types]})
    common = [suffix, _EXCEL, _LANGUAGE]
    found = operation(summary, content, *(403, 404, 406, 410, 503), parameters=[*common, *parameters])
    found["responses"]["304"] = {"description": "Not changed"}
    return {"get": found}
