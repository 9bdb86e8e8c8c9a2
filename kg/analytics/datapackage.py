"""``datapackage.json``: what an export is, by the Data Package standard (datapackage.org, version 2.0)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from kg.analytics.arrow import pa
from kg.analytics.contents import Contents
from kg.analytics.lines import KINDS
from kg.analytics.parquet import Column, Written

_PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES: Final = {"string": "string", "bool": "boolean", "int64": "integer", "double": "number", "date32[day]": "date"}


class Resource(NamedTuple):
    """One of the tables: its name, what it is, its columns and its files."""

    name: str
    title: str
    columns: Sequence[Column]
    files: Sequence[Written]


def describe(folder: Path, contents: Contents, version: str, resources: Iterable[Resource]) -> bytes:
    """The description of the files below a folder, as JSON in UTF-8, without a time, so that it is reproducible."""
    package: dict[str, Any] = {
        "$schema": _PROFILE,
        "name": "kelisim",
        **({"title": contents.title} if contents.title else {}),
        **({"version": version} if version else {}),
        **({"licenses": [{"path": iri} for iri in contents.licences]} if contents.licences else {}),
        "digest": f"sha256:{contents.digest}",
        "quads": contents.quads,
        "resources": [_resource(folder, each) for each in resources],
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def _resource(folder: Path, resource: Resource) -> dict[str, Any]:
    fields = [{"name": c.name, "type": _type(c.type), "description": c.description} for c in resource.columns]
    if any("kind=" in file.path for file in resource.files):
        kinds = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
        fields.append({"name": "kind", "type": "string", "description": f"From the folder's name. {kinds}"})
    return {
        "name": resource.name,
        "title": resource.title,
        "path": [file.path for file in resource.files],
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "schema": {"fields": fields},
        "files": [_file(folder / file.path, file) for file in resource.files],
    }


def _file(path: Path, file: Written) -> dict[str, Any]:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"path": file.path, "rows": file.rows, "bytes": path.stat().st_size, "hash": f"sha256:{digest}"}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type)
    if pa.types.is_decimal(kind):
        return "number"
    return "datetime" if pa.types.is_timestamp(kind) else _TYPES[str(kind)]
