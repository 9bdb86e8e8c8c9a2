"""RDF terms as columns: what N-Quads and SPARQL's TSV write becomes lexical forms and typed values, by the column.

Arrow's kernels run over whole columns and without Python's lock. The lexical forms are those of canonical N-Quads (RDF
1.2 N-Quads, section 4) as the engine writes them.
"""

import re
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from kg.analytics.arrow import pa, pc
from ontology import PREFIXES

_XSD: Final = PREFIXES["xsd"]
_RDF: Final = PREFIXES["rdf"]

DECIMAL: Final = pa.decimal128(38, 9)
"""Of exact numbers. 29 digits before the point leave room for sums and products in all engines."""

TIMESTAMP: Final = pa.timestamp("us", "UTC")

_TERM: Final = (
    r"^(?:<(?P<iri>[^<>]*)>|(?P<blank>_:\S+)|"
    r'"(?P<lexical>(?:[^"\\]|\\.)*)"(?:@(?P<language>[A-Za-z0-9-]+)|\^\^<(?P<datatype>[^<>]*)>)?|'
    r'(?P<triple><<.*)|(?P<bare>[^<"_].*))$'
)
"""A term of N-Quads, or one of TSV, where numbers and booleans are bare (SPARQL 1.1 CSV and TSV, section 4)."""

_INTEGERS: Final = tuple(
    _XSD + name
    for name in (
        "integer",
        "long",
        "int",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "nonPositiveInteger",
        "negativeInteger",
        "unsignedLong",
        "unsignedInt",
        "unsignedShort",
        "unsignedByte",
    )
)
EXACT: Final = (*_INTEGERS, _XSD + "decimal")
NUMERIC: Final = (*EXACT, _XSD + "double", _XSD + "float")
DATES: Final = (_XSD + "date",)
TIMES: Final = (_XSD + "dateTime", _XSD + "dateTimeStamp")
BOOLEANS: Final = (_XSD + "boolean",)

_FIRST: Final = {pa.date32(): date.min, TIMESTAMP: datetime.min.replace(tzinfo=UTC)}
_LAST: Final = {pa.date32(): date.max, TIMESTAMP: datetime.max.replace(tzinfo=UTC)}
"""Days and moments of the years 1 to 9999: what readers of Parquet have in common."""

_ZONE: Final = r"(?:Z|[+-]\d\d:\d\d)"
_DECIMAL: Final = r"^[+-]?\d{1,29}(?:\.\d{1,9})?$"
_DOUBLE: Final = r"^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN)$"
_DATE: Final = rf"^(\d{{4}}-\d\d-\d\d){_ZONE}?$"
_TIME: Final = rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,6}})?{_ZONE}?$"
_BOOLEAN: Final = r"^(?:true|false|1|0)$"

_ESCAPE: Final = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf"\'\\]))')
_ESCAPED: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


class Terms(NamedTuple):
    """A column of terms: ``iri``, ``blank``, ``literal`` or ``triple``; what it is in letters; type and language."""

    kind: pa.Array
    lexical: pa.Array
    datatype: pa.Array
    language: pa.Array


def parse_terms(column: pa.Array) -> Terms:
    """The terms of a column of N-Quads or TSV; empty cells are null.

    The lexical form of an IRI is without angle brackets, of a blank node with ``_:``, of a triple term as written. The
    language of a literal with a base direction is written as in N-Quads, ``ar--rtl``.
    """
    parts = pc.extract_regex(column, pattern=_TERM)
    field = {name: pc.struct_field(parts, name) for name in ("iri", "blank", "lexical", "triple", "bare")}
    lexical = pc.binary_join_element_wise(*field.values(), "", null_handling="emit_null")
    language, datatype = pc.struct_field(parts, "language"), pc.struct_field(parts, "datatype")
    first = pc.utf8_slice_codeunits(column, 0, 2)
    is_iri = pc.and_(pc.starts_with(first, "<"), pc.not_equal(first, "<<"))
    literal = pc.invert(pc.or_(pc.starts_with(first, "<"), pc.starts_with(first, "_")))
    kind = pc.if_else(
        is_iri, "iri", pc.if_else(literal, "literal", pc.if_else(pc.equal(first, "<<"), "triple", "blank"))
    )
    tagged = pc.not_equal(language, "")
    directed = pc.match_substring(language, "--")
    implied = pc.if_else(directed, _RDF + "dirLangString", pc.if_else(tagged, _RDF + "langString", _XSD + "string"))
    nothing = pa.scalar(None, pa.string())
    return Terms(
        kind,
        _unescaped(lexical, literal),
        pc.if_else(literal, pc.if_else(pc.equal(datatype, ""), implied, datatype), nothing),
        pc.if_else(tagged, language, nothing),
    )


def _unescaped(lexical: pa.Array, literal: pa.Array) -> pa.Array:
    escaped = pc.fill_null(pc.and_(literal, pc.match_substring(lexical, "\\")), False)
    if not pc.any(escaped).as_py():
        return lexical
    plain = [_ESCAPE.sub(_unescape, text) for text in lexical.filter(escaped).to_pylist()]
    return pc.replace_with_mask(lexical, escaped, pa.array(plain, pa.string()))


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED[match[3]]


def decimals(lexical: pa.Array) -> pa.Array:
    """Exact numbers; null where there are more than 29 digits before the point or 9 after it."""
    return _cast(lexical, _DECIMAL, DECIMAL)


def doubles(lexical: pa.Array) -> pa.Array:
    """Numbers as binary64, rounded to the nearest."""
    return _cast(lexical, _DOUBLE, pa.float64())


def dates(lexical: pa.Array) -> pa.Array:
    """Days as written, whatever their time zone; null before the year 1 and after 9999."""
    return _cast(pc.replace_substring_regex(lexical, _DATE, r"\1"), r"^\d{4}-\d\d-\d\d$", pa.date32())


def times(lexical: pa.Array) -> pa.Array:
    """Moments in UTC, to the microsecond; null before the year 1 and after 9999.

    One without a zone is taken for UTC, as the engine's comparisons do.
    """
    zoned = pc.match_substring_regex(lexical, _ZONE + "$")
    return _cast(pc.if_else(zoned, lexical, pc.binary_join_element_wise(lexical, "Z", "")), _TIME, TIMESTAMP)


def booleans(lexical: pa.Array) -> pa.Array:
    """Truth values."""
    return _cast(lexical, _BOOLEAN, pa.bool_())


def integers(lexical: pa.Array) -> pa.Array:
    """Whole numbers of 64 bits."""
    return _cast(lexical, r"^[+-]?\d{1,19}$", pa.int64())


def _cast(lexical: pa.Array, pattern: str, kind: pa.DataType) -> pa.Array:
    """The values of that type; null where the lexical form is not in the type's lexical space, such as 30 February."""
    likely = pc.if_else(pc.match_substring_regex(lexical, pattern), lexical, pa.scalar(None, pa.string()))
    try:
        found = pc.cast(likely, kind)
    except pa.ArrowInvalid:
        found = pa.array([_one(text, kind) for text in likely.to_pylist()], kind)
    if kind not in _FIRST:
        return found
    first, last = pa.scalar(_FIRST[kind], kind), pa.scalar(_LAST[kind], kind)
    return pc.if_else(pc.and_(pc.less_equal(first, found), pc.less_equal(found, last)), found, pa.scalar(None, kind))


def _one(text: str | None, kind: pa.DataType) -> object:
    try:
        return None if text is None else pa.scalar(text).cast(kind).as_py()
    except (pa.ArrowInvalid, OverflowError, ValueError):  # the latter two beyond the years that Python has
        return None
