"""The OpenAPI paths of linked data, the catalogue and the downloads."""

from collections.abc import Mapping
from typing import Any, Final

from kg.conflicts.kinds import KINDS
from kg.publishing.dumps import MEDIA_TYPES as DUMPS
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from kg.rdf.formats import GRAPH_FORMATS
from kg.tabular.writing import XLSX
from server.openapi.operations import graph, in_path, in_query, json_object, operation
from server.openapi.versions import VERSION

_SUFFIXES: Final = {"type": "string", "enum": [f.extension for f in GRAPH_FORMATS]}
_NAMES: Final[Mapping[str, str]] = {
    "/id/{slug}": "A thing",
    "/code/{slug}": "A code",
    "/claim/{slug}": "A claim",
    "/source/{slug}": "An article or passage",
    "/conflict/{slug}": "A conflict between claims, or a side of one",
    "/graph/{slug}": "A graph that is no claim",
    "/shape/{slug}": "A shape",
    "/.well-known/genid/{slug}": "A nameless node of the ontology",
    "/ns": "The ontology and its terms",
    "/ns.{suffix}": "The ontology in one format",
    "/ns/{slug}": "A version of the ontology",
    "/lens/{path}": "A dataset of some of the claims",
    "/catalogue": "The catalogue",
    "/service": "The endpoint, as its description names it",
}


def linked_data_paths() -> dict[str, Any]:
    """The paths, each with its operations."""
    formats = in_query("format", {"type": "string", "enum": [f.name for f in GRAPH_FORMATS]})
    page = in_query("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000})
    found = {path: {"get": _see_other(summary, path)} for path, summary in _NAMES.items()}
    described = operation(
        "What is known of a thing", graph(), 404, 406, 410, 503, parameters=[in_path("path"), formats, page, VERSION]
    )
    in_format = operation("The same in one format", graph(), 404, 503, parameters=[in_path("suffix", _SUFFIXES)])
    catalogue = operation("The dataset in DCAT and VoID", graph(), 406, 503, parameters=[formats])
    part = [
        in_path("sort", {"type": "string", "enum": ["things", "codes", "sources", "claims"]}),
        in_path("number", {"type": "integer", "minimum": 1}),
    ]
    any_format = in_query("format", {"type": "string", "enum": [*(f.name for f in GRAPH_FORMATS), "html"]})
    iri = {**in_query("iri", {"type": "string", "format": "iri"}), "required": True}
    resource = operation(
        "What the store holds of any IRI; for a name of Kelisim's 303 to its address",
        {**graph(), "text/html": {}},
        *(303, 404, 406, 410, 503),
        parameters=[iri, any_format, page, VERSION],
    )
    terms = [{**in_query(name, {"type": "string"}), "required": True} for name in ("s", "p", "o")]
    as_json = in_query("format", {"type": "string", "enum": ["json", "html"]})
    why = operation(
        "Why a triple is in the graph: who tells it, or how it follows",
        {"text/html": {}, **json_object()},
        503,
        parameters=[*terms, as_json],
    )
    return {
        **found,
        "/resource": {"get": resource},
        "/why": {"get": why},
        "/data/{path}": {"get": described},
        "/data/lens/{path}": {
            "get": operation("What a lens selects", graph(), 404, 406, 503, parameters=[in_path("path"), formats])
        },
        "/data/catalogue": {"get": catalogue},
        "/data/catalogue.{suffix}": {"get": in_format},
        "/.well-known/void": {"get": catalogue},
        "/data/dump.{ending}": {"get": _file("The whole dataset", DUMPS)},
        **_explanations(),
        **_conflicts(),
        "/downloads": {"get": operation("The files, for people", {"text/html": {}})},
        "/sitemap.xml": {"get": operation("The index of the sitemaps", {"application/xml": {}}, 503)},
        "/sitemap/{sort}-{number}.xml": {
            "get": operation("One sitemap", {"application/xml": {}}, 404, 503, parameters=part)
        },
        "/robots.txt": {"get": operation("What crawlers may read", {"text/plain": {}})},
    }


def _conflicts() -> dict[str, Any]:
    """The list of conflicts between claims, in each form."""
    kinds = in_query("kind", {"type": "string", "enum": list(KINDS)})
    thing = {**in_query("thing", {"type": "string"}), "description": "A slug or an IRI: of a thing or a claim."}
    page = in_query("page", {"type": "integer", "minimum": 1})
    content = {"": "text/html", ".json": "application/json", ".csv": "text/csv", ".xlsx": XLSX, ".ttl": "text/turtle"}
    return {
        f"/conflicts{suffix}": {
            "get": operation(
                "Conflicts between claims, with who says which and why it may be none",
                {media_type: {}},
                *(400, 503, *((413,) if suffix in {".csv", ".xlsx", ".ttl"} else ())),
                parameters=[kinds, thing, *([page] if suffix in {"", ".json"} else [])],
            )
        }
        for suffix, media_type in content.items()
    }


def _see_other(summary: str, path: str) -> dict[str, Any]:
    parameters = [in_path(name) for name in ("slug", "path") if f"{{{name}}}" in path]
    parameters += [in_path("suffix", _SUFFIXES)] if "{suffix}" in path else [VERSION]
    found = operation(
        f"{summary}, by 303 See Other to its page or its data", {}, 404, 406, 410, 503, parameters=parameters
    )
    # A client that follows redirects gets their target.
    found["responses"]["200"]["content"] = {**graph(), "text/html": {}}
    found["responses"]["303"] = {"description": "See other", "content": {"text/html": {}}}
    return found


def _explanations() -> dict[str, Any]:
    names = {"ontology": "The ontology", "shapes": "The SHACL shapes", "context": "The JSON-LD context"}
    found = dict[str, Any]()
    for stem, summary in names.items():
        files = {name.removeprefix(f"{stem}."): t for name, t in SCHEMAS.items() if name.startswith(f"{stem}.")}
        found[f"/data/{stem}.{{ending}}"] = {"get": _file(summary, files)}
    return found


def _file(summary: str, files: Mapping[str, str]) -> dict[str, Any]:
    """The download of a file, by its ending."""
    endings = [ending for each in files for ending in (each, each + ".sha256")]
    content: dict[str, Any] = {media_type: {} for media_type in (*files.values(), "text/plain")}
    parameters = [in_path("ending", {"type": "string", "enum": endings})]
    summary += " as a file, or with .sha256 the checksum of that file"
    found = operation(summary, content, *(404, 406, 416, 503), parameters=parameters)
    found["responses"]["206"] = {"description": "The range that was asked for", "content": content}
    found["responses"]["304"] = {"description": "Not changed"}
    return found
