"""The quads as Parquet, a folder for each kind, sorted by predicate, in one pass and one external sort.

Sorted lines of N-Quads come in; each gets its kind; they are sorted again by kind and predicate and read into columns.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeVar

from kg.analytics import values
from kg.analytics.arrow import pa, pc
from kg.analytics.lines import KINDS, keyed_by_predicate, keyed_columns
from kg.analytics.parquet import Column, Written, schema, write
from kg.rdf.sorting import sorted_blocks

_THREADS: Final = min(4, os.cpu_count() or 1)
_RUN_LINES: Final = 250_000
_NAME: Final = pa.dictionary(pa.int32(), pa.string())

COLUMNS: Final = (
    Column("subject", _NAME, "IRI, or a blank node as _:label"),
    Column("predicate", _NAME, "IRI"),
    Column("object", _NAME, "IRI, blank node as _:label, or the lexical form of the literal"),
    Column("object_kind", _NAME, "iri, blank, literal, or triple (a triple term, as N-Quads write it)"),
    Column("datatype", _NAME, "IRI of the literal's datatype; null for what is no literal"),
    Column("language", _NAME, "Language tag of the literal, in lower case as in the data; null without"),
    Column("graph", _NAME, "IRI of the named graph, that of a claim mostly; null in the default graph"),
    Column("inferred", pa.bool_(), "Whether the triple follows by the ontology"),
    Column("value_decimal", values.DECIMAL, "Integers and decimals, exactly: 29 digits before the point, 9 after it"),
    Column("value_double", pa.float64(), "The number, of any numeric datatype"),
    Column("value_date", pa.date32(), "xsd:date: the day"),
    Column("value_time", values.TIMESTAMP, "xsd:dateTime: the moment, in UTC; without a zone it is taken for UTC"),
    Column("value_boolean", pa.bool_(), "xsd:boolean"),
)  # fmt: skip
"""The columns of a quad. The kind is in the name of the folder (``kind=claim``)."""

_TYPED: Final[tuple[tuple[str, tuple[str, ...], Callable[[pa.Array], pa.Array]], ...]] = (
    ("value_decimal", values.EXACT, values.decimals),
    ("value_double", values.NUMERIC, values.doubles),
    ("value_date", values.DATES, values.dates),
    ("value_time", values.TIMES, values.times),
    ("value_boolean", values.BOOLEANS, values.booleans),
)
_In = TypeVar("_In")
_Out = TypeVar("_Out")


def _keyed_batches(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    gathered: list[bytes] = []
    for lines in _mapped(keyed_by_predicate, blocks):
        gathered += lines
        if len(gathered) >= _RUN_LINES:
            yield gathered
            gathered = []
    yield gathered


def write_quads(blocks: Iterable[bytes], folder: Path, metadata: Callable[[], Mapping[str, str]]) -> Iterator[Written]:
    """Writes the quads of sorted canonical N-Quads as ``quads/kind=KIND/part-N.parquet`` below a folder.

    blocks: what `kg.analytics.lines.whole_triples` gives. metadata: of the files, asked when all blocks were read. One
    file is written at least. Yields the files as they are complete. Temporary files are in the folder. Raises OSError.
    """
    merged = sorted_blocks(_keyed_batches(blocks), folder)
    parsed = _mapped(_table, merged)
    parts: Iterator[tuple[str, pa.Table | None]] = (part for table in parsed for part in _by_kind(table))
    first = next(parts, ("reference", None))  # all blocks are read then
    described = schema(COLUMNS, metadata())
    for kind, tables in groupby(chain([first], parts), itemgetter(0)):
        batches = (table for _, table in tables if table is not None)
        yield from write(folder, f"quads/kind={kind}/part", batches, described, ("predicate", "subject"))


def _table(block: bytes) -> pa.Table:
    """Keyed lines as rows, with the number of the kind in the column ``kind``."""
    kind, predicate, subject, value, graph, inferred = keyed_columns(block)
    terms = values.parse_terms(value)
    columns = {
        "kind": kind,
        "subject": _name(subject),
        "predicate": _name(predicate),
        "object": terms.lexical,
        "object_kind": terms.kind,
        "datatype": terms.datatype,
        "language": terms.language,
        "graph": pc.if_else(pc.equal(graph, ""), pa.scalar(None, pa.string()), _name(graph)),
        "inferred": pc.equal(inferred, "1"),
        **_typed(terms),
    }
    return pa.table(columns)


def _typed(terms: values.Terms) -> dict[str, pa.Array]:
    present = {*pc.unique(terms.datatype).to_pylist()}
    types = {column.name: column.type for column in COLUMNS}
    found = {}
    for name, datatypes, convert in _TYPED:
        if present.isdisjoint(datatypes):
            found[name] = pa.nulls(len(terms.lexical), types[name])
            continue
        own = pc.is_in(terms.datatype, value_set=pa.array(datatypes, pa.string()))
        found[name] = convert(pc.if_else(own, terms.lexical, pa.scalar(None, pa.string())))
    return found


def _name(column: pa.Array) -> pa.Array:
    """IRIs without angle brackets; blank nodes stay."""
    return pc.replace_substring_regex(column, "^<(.*)>$", r"\1")


def _by_kind(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each kind, in the order of their numbers."""
    names = [*KINDS]
    for number in pc.unique(table["kind"]).to_pylist():
        yield names[int(number)], table.filter(pc.equal(table["kind"], number)).drop_columns("kind")


def _mapped(work: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[_Out]:
    """The results in order, worked out in a few threads (Arrow's kernels leave Python's lock), a few ahead."""
    waiting: deque[Future[_Out]] = deque()
    with ThreadPoolExecutor(_THREADS) as threads:
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) > _THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
