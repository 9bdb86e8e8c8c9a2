"""Reads SPARQL 1.1 Query Results JSON as engines write it: complete and well-formed, or not at all."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from kg.engine.errors import EngineError
from kg.rdf.term_json import term_json
from ontology.namespaces import PREFIXES

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
Row: TypeAlias = tuple[Term | None, ...]

_BOOLEAN: Final = PREFIXES["xsd"] + "boolean"
_DECIMAL: Final = PREFIXES["xsd"] + "decimal"
_INTEGER: Final = PREFIXES["xsd"] + "integer"
_NODE_ID: Final = "nodeID://"
_NODE_IDS: Final = b"nodeID:"
_LARGE: Final = (1 << 31) - 1
_BOOLEANS: Final = {"1": "true", "0": "false"}


def solutions(
    body: bytes,
    names: Sequence[str],
    came: Sequence[str],
    *,
    numeric_booleans: bool = False,
    large_decimals: bool = False,
) -> ox.QuerySolutions:
    """The solutions of an answer, with the columns `names`; `came` are the columns that it must have, in order.

    `numeric_booleans` and `large_decimals` are as in `kg.remote.probing.Traits`, and are mended. Raises EngineError if
    the answer is malformed, cut, or has other columns.
    """
    if _NODE_IDS in body:
        body = _labelled(body)
    if (numeric_booleans and _BOOLEAN.encode() in body) or (large_decimals and _DECIMAL.encode() in body):
        body = _mended(body, large_decimals=large_decimals)
    if [*came] != [*names]:
        body = _renamed(body, dict(zip(came, names, strict=True)))
    try:
        found = ox.parse_query_results(input=body, format=ox.QueryResultsFormat.JSON)
        if isinstance(found, ox.QuerySolutions) and [v.value for v in found.variables] == [*names]:
            # To its end, before anything is told of it: what is cut there is no answer.
            for _ in found:
                pass
            again = ox.parse_query_results(input=body, format=ox.QueryResultsFormat.JSON)
            assert isinstance(again, ox.QuerySolutions)
            return again
    except (SyntaxError, ValueError, OSError) as error:
        raise EngineError(f"The engine's answer is no SPARQL result, or is cut: {error}.") from error
    raise EngineError("The engine's answer has other columns than the query.")


def rows(found: ox.QuerySolutions) -> Iterator[Row]:
    """The solutions as tuples; raises EngineError for terms that this project has not."""
    for solution in found:
        row = tuple(solution)
        if any(isinstance(term, ox.Triple) for term in row):
            raise EngineError("The engine's answer has triple terms, which are not of SPARQL 1.1.")
        yield row


def written(names: Sequence[str], found: Sequence[Row]) -> ox.QuerySolutions:
    """Solutions made of rows."""
    bindings = [{n: term_json(t) for n, t in zip(names, row, strict=True) if t is not None} for row in found]
    body = json.dumps({"head": {"vars": [*names]}, "results": {"bindings": bindings}}).encode()
    made = ox.parse_query_results(input=body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(made, ox.QuerySolutions)
    return made


def boolean(value: bool) -> ox.QueryBoolean:
    """The answer of an ASK."""
    made = ox.parse_query_results(
        input=json.dumps({"head": {}, "boolean": value}).encode(), format=ox.QueryResultsFormat.JSON
    )
    assert isinstance(made, ox.QueryBoolean)
    return made


def _labelled(body: bytes) -> bytes:
    """The answer with Virtuoso's labels of blank nodes, ``nodeID://b1``, as Turtle could write them."""
    try:
        found: Any = json.loads(body)
        for row in found["results"]["bindings"]:
            for term in row.values():
                if term.get("type") == "bnode":
                    term["value"] = term["value"].removeprefix(_NODE_ID)
    except (ValueError, KeyError, TypeError, AttributeError):
        return body  # told when it is parsed
    return json.dumps(found).encode()


def _mended(body: bytes, *, large_decimals: bool) -> bytes:
    """The answer with booleans as true and false, and with large whole numbers as integers."""
    try:
        found: Any = json.loads(body)
        for row in found["results"]["bindings"]:
            for term in row.values():
                if term.get("datatype") == _BOOLEAN:
                    term["value"] = _BOOLEANS.get(term["value"], term["value"])
                elif large_decimals and term.get("datatype") == _DECIMAL and _is_large(term["value"]):
                    term["datatype"] = _INTEGER
    except (ValueError, KeyError, TypeError, AttributeError):
        return body  # told when it is parsed
    return json.dumps(found).encode()


def _renamed(body: bytes, names: Mapping[str, str]) -> bytes:
    """The answer with other names for its columns."""
    try:
        found: Any = json.loads(body)
        found["head"]["vars"] = [names.get(n, n) for n in found["head"]["vars"]]
        bindings = found["results"]["bindings"]
        found["results"]["bindings"] = [{names.get(n, n): term for n, term in row.items()} for row in bindings]
    except (ValueError, KeyError, TypeError, AttributeError):
        return body  # told when it is parsed
    return json.dumps(found).encode()


def _is_large(value: str) -> bool:
    """Whether a decimal is a whole number beyond 32 bits."""
    digits = value.removeprefix("-")
    return digits.isdecimal() and int(digits) > _LARGE
