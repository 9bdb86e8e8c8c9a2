"""Parses reconciliation queries of the Reconciliation Service API (0.2, section 4.1)."""

import json
from typing import Any, Final

from kg.search.matching import MAX_CANDIDATES, MAX_CHARACTERS
from kg.search.reconciliation import Record
from kg.store.reader import node
from ontology import KelisimError
from ontology.namespaces import ID
from server.data.search import expanded
from server.http.errors import ProblemError

MOST_RECORDS: Final = 50
"""Queries in one batch; more are refused with 413. The manifest has it as ``batchSize``."""

_MOST_PROPERTIES: Final = 10
_MOST_TYPES: Final = 20
_LIMIT: Final = 10
_STRICT: Final = ("any", "should", "all")


def read_records(text: str) -> dict[str, Record]:
    """The records of a query batch by the client's keys; for a malformed query an empty one, which nothing matches.

    Raises a 400 or 413 ProblemError if the batch itself is malformed or too large.
    """
    batch = _json(text, "queries")
    if not isinstance(batch, dict):
        raise _malformed("queries is an object of queries by key.")
    if len(batch) > MOST_RECORDS:
        raise ProblemError(413, "Too many queries", f"Send at most {MOST_RECORDS} queries at once.")
    if not all(_is_text(key) for key in batch):
        raise _malformed("A key of queries has half a character (a lone surrogate).")
    return {key: _record_or_none(key, query) for key, query in batch.items()}


def parsed(text: str, field: str) -> Any:
    """The JSON value of a form field; raises a 400 ProblemError if it is malformed."""
    found = _json(text, field)
    if not _is_text(found):
        raise _malformed(f"The field {field} holds no JSON that can be read.")
    return found


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(f"The field {field} holds no JSON that can be read.") from error


def _is_text(value: Any) -> bool:
    """Whether the value can be written as UTF-8: lone surrogates cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def iri_of(name: str, space: str = "") -> str:
    """The IRI of a client's identifier: an IRI, a prefixed name, or a local name in the namespace `space`.

    Raises a 400 ProblemError if the result is not an IRI.
    """
    given = name.strip()
    iri = expanded(given)
    if iri == given and space and not given.startswith(space):
        iri = space + given
    try:
        node(iri)
    except KelisimError as error:
        raise ProblemError(400, "Malformed identifier", f"{name[:100]!r} is no identifier.") from error
    return iri


def _record_or_none(key: str, query: Any) -> Record:
    """The record, or an empty one if the query is malformed: the API has no errors of single queries in a batch."""
    try:
        return _record(key, query) if _is_text(query) else Record()
    except ProblemError:
        return Record()


def _record(key: str, query: Any) -> Record:
    if not isinstance(query, dict):
        raise _malformed(f"Query {key!r} is no object.")
    name, limit, strict = query.get("query", ""), query.get("limit", _LIMIT), query.get("type_strict", "any")
    if not isinstance(name, str):
        raise _malformed(f"In {key!r}, query is a string.")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit != limit // 1 or limit < 1:
        raise _malformed(f"In {key!r}, limit is a whole number above 0.")
    if strict not in _STRICT:
        raise _malformed(f"In {key!r}, type_strict is any, should or all.")
    properties = tuple(_property(key, each) for each in _list(key, "properties", query, _MOST_PROPERTIES))
    if "query" not in query and not properties:
        raise _malformed(f"In {key!r}, give query or properties.")
    if len(name) > MAX_CHARACTERS:  # no name is so long; it matches nothing, and the rest of the batch is answered
        name, properties = "", ()
    classes = tuple(iri_of(_type(key, each)) for each in _list(key, "type", query, _MOST_TYPES))
    return Record(name.strip(), classes, strict, properties, min(int(limit), MAX_CANDIDATES))


def _list(key: str, name: str, query: dict[str, Any], most: int) -> list[Any]:
    given = query.get(name)
    values = [] if given is None else given if isinstance(given, list) else [given]
    if len(values) > most:
        raise ProblemError(413, "Too many values", f"In {key!r}, give at most {most} of {name}.")
    return values


def _type(key: str, given: Any) -> str:
    name = given.get("id") if isinstance(given, dict) else given
    if not isinstance(name, str) or not name:
        raise _malformed(f"In {key!r}, type is an identifier or a list of them.")
    return name


def _property(key: str, given: Any) -> tuple[str, tuple[str, ...]]:
    if not isinstance(given, dict) or not isinstance(given.get("pid"), str) or "v" not in given:
        raise _malformed(f"In {key!r}, each of the properties has a pid and a v.")
    return iri_of(given["pid"]), tuple(_value(key, each) for each in _list(key, "v", given, _MOST_TYPES))


def _value(key: str, given: Any) -> str:
    """A value as text, or the IRI of a thing that has been reconciled already."""
    if isinstance(given, dict) and isinstance(given.get("id"), str):
        return iri_of(given["id"], str(ID))
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, str | int | float) and len(str(given)) <= MAX_CHARACTERS:
        return str(given)
    raise _malformed(f"In {key!r}, v is a string, number, truth value or thing with an id.")


def _malformed(detail: str) -> ProblemError:
    return ProblemError(400, "Malformed request", detail)
