"""Data extension of the Reconciliation Service API (0.2, section 7): values of properties."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

import pyoxigraph as ox

from kg.language.labels import Label, labels
from kg.store.reader import Reader
from kg.views.properties import Value, values_of
from ontology.namespaces import ID
from server.data.records import iri_of, parsed
from server.http.errors import ProblemError
from server.http.languages import LANGUAGES, language

MOST_THINGS: Final = 500
MOST_PROPERTIES: Final = 50

SETTINGS: Final = [
    {
        "name": "language",
        "label": "Language of texts",
        "type": "select",
        "default": "en",
        "help_text": "Texts in other languages are left out where there is one in this.",
        "choices": [{"value": "all", "name": "All"}, *({"value": c, "name": n} for c, n in LANGUAGES.items())],
    },
    {"name": "limit", "label": "Limit", "type": "number", "default": 0, "help_text": "Most values of a thing; 0: all."},
]
"""The settings of a property that a client may choose."""

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS: Final = {_XSD + n for n in ("integer", "int", "long", "nonNegativeInteger", "positiveInteger")}
_FLOATS: Final = {_XSD + n for n in ("decimal", "double", "float")}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def extend(reader: Reader, text: str) -> dict[str, Any]:
    """The response to a data extension query: ``meta``, the requested properties, and ``rows``, their values by thing.

    Raises a ProblemError: 400 if the query is malformed, 413 if it has too many things or properties.
    """
    ids, settings = _read(text)
    things = {each: iri_of(each, str(ID)) for each in ids}
    properties = {name: iri_of(name) for name in settings}
    known = values_of(reader, set(things.values()), set(properties.values()))
    iris = {v.value for of in known.values() for vs in of.values() for v in vs if isinstance(v, ox.NamedNode)}
    named = labels(reader, iris | set(properties.values()), language())
    return {
        "meta": [{"id": name, "name": named[iri].text} for name, iri in properties.items()],
        "rows": {
            each: {
                name: [_cell(v, named) for v in _chosen(known.get(thing, {}).get(iri, ()), settings[name])]
                for name, iri in properties.items()
            }
            for each, thing in things.items()
        },
    }


def _read(text: str) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """The identifiers of the things, and the settings of each property by identifier."""
    query = parsed(text, "extend")
    ids = query.get("ids") if isinstance(query, dict) else None
    properties = query.get("properties") if isinstance(query, dict) else None
    if not isinstance(ids, list) or not all(isinstance(i, str) and i for i in ids):
        raise ProblemError(400, "Malformed request", "extend has ids, a list of strings.")
    if not isinstance(properties, list) or not all(isinstance(p, dict) and _is_name(p.get("id")) for p in properties):
        raise ProblemError(400, "Malformed request", "extend has properties, a list of objects with an id.")
    if len(ids) > MOST_THINGS or len(properties) > MOST_PROPERTIES:
        raise ProblemError(
            413, "Too much at once", f"Ask for at most {MOST_PROPERTIES} properties of {MOST_THINGS} things at once."
        )
    settings = {p["id"]: p.get("settings") for p in properties}
    return ids, {name: given if isinstance(given, dict) else {} for name, given in settings.items()}


def _is_name(given: Any) -> bool:
    return isinstance(given, str) and bool(given)


def _chosen(values: Sequence[Value], settings: dict[str, Any]) -> Sequence[Value]:
    wanted = settings.get("language", "en")
    own = [v for v in values if isinstance(v, ox.Literal) and v.language == wanted]
    if own:
        values = [v for v in values if not isinstance(v, ox.Literal) or v.language in {wanted, None}]
    limit = settings.get("limit", 0)
    return values[: int(limit)] if isinstance(limit, int | float) and 1 <= limit < math.inf else values


def _cell(value: Value, named: dict[str, Label]) -> dict[str, Any]:
    if isinstance(value, ox.NamedNode):
        if value.value.startswith(str(ID)):
            return {"id": value.value.removeprefix(str(ID)), "name": named[value.value].text}
        return {"str": value.value}
    text, datatype = value.value, value.datatype.value
    if datatype in _INTEGERS:
        return {"int": int(text)}
    if datatype in _FLOATS and math.isfinite(number := float(text)):
        return {"float": number}
    if datatype == _XSD + "boolean":
        return {"bool": text in {"true", "1"}}
    if datatype == _XSD + "date" and _DAY.fullmatch(text):
        text += "T00:00:00Z"
    return {"date": text} if _MOMENT.fullmatch(text) else {"str": text}
