"""The tidy tables of `kg.curation.tables` as Parquet, with real types, in memory that their size does not matter to."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import pyoxigraph as ox

from kg.analytics import values
from kg.analytics.arrow import csv, pa, pc
from kg.analytics.parquet import Column, Written, schema, write
from kg.curation.tables import Table, read_tables, streamed
from kg.engine.engine import Engine
from kg.rdf.formats import RESULT_FORMATS, by_name
from kg.rdf.sorting import sorted_blocks
from ontology import KelisimError

IN_MEMORY: Final = 1_000_000
"""Of more quads than these the engine's store is on disk."""

_LOAD_BYTES: Final = 1 << 25
"""The size of the lines that are loaded at once: the engine takes some eight times as much memory for that."""

_RUN_BYTES: Final = 1 << 26
_TSV: Final = by_name("tsv", RESULT_FORMATS)
_TYPES: Final = {
    "anyURI": pa.dictionary(pa.int32(), pa.string()),
    "string": pa.string(),
    "integer": pa.int64(),
    "decimal": values.DECIMAL,
    "date": pa.date32(),
}
_CONVERTED: Final = {"integer": values.integers, "decimal": values.decimals, "date": values.dates}


def columns(table: Table) -> tuple[Column, ...]:
    """The columns of a table."""
    return tuple(Column(name, _TYPES[datatype], description) for name, datatype, description in table.columns)


def load(lines: Path, quads: int, folder: Path) -> Engine:
    """An engine over a file of N-Quads, whose store is in the folder, which must be empty, if they are many."""
    if quads <= IN_MEMORY:
        store = ox.Store()
        store.load(path=str(lines), format=ox.RdfFormat.N_QUADS, lenient=True)
        return Engine(store)
    store = ox.Store(str(folder))
    for block in _blocks(lines):  # what is loaded at once is held in memory
        if b"_:" in block:  # a load renames blank nodes, which may stand in other blocks too
            store.bulk_extend(ox.parse(input=block, format=ox.RdfFormat.N_QUADS, lenient=True))
        else:
            store.bulk_load(input=block, format=ox.RdfFormat.N_QUADS, lenient=True)
    store.optimize()  # many small loads make slow reads
    return Engine(store, on_disk=True)


def _blocks(lines: Path) -> Iterator[bytes]:
    """The content of a file in blocks of whole lines."""
    with lines.open("rb") as file:
        while block := file.read(_LOAD_BYTES):
            yield block + file.readline()


def write_tables(engine: Engine, folder: Path, metadata: Mapping[str, str]) -> Iterator[Written]:
    """Writes each table as ``tables/NAME/part-0.parquet`` below a folder; the rows are sorted by their columns.

    Temporary files are in the folder. Raises OSError, and KelisimError for values that are not of their column's type.
    """
    for table in read_tables():
        described = schema(columns(table), {**metadata, "title": table.title})
        with TemporaryFile(dir=folder) as answer:
            engine.query(streamed(table.query)).write(_TSV, answer)
            answer.seek(0)
            header = [name.lstrip("?") for name in answer.readline().decode().rstrip("\n").split("\t")]
            if header != [name for name, _, _ in table.columns]:
                raise KelisimError(f"{table.name}.rq describes other columns than it selects: {', '.join(header)}.")
            blocks = sorted_blocks(_batches(answer), folder)
            rows = (_typed(table, block) for block in blocks if block)
            yield from write(folder, f"tables/{table.name}/part", rows, described, [table.columns[0][0]])


def _batches(lines: IO[bytes]) -> Iterator[list[bytes]]:
    while batch := lines.readlines(_RUN_BYTES):
        yield batch


def _typed(table: Table, block: bytes) -> pa.Table:
    """Lines of SPARQL's TSV as rows."""
    names = [name for name, _, _ in table.columns]
    cells = csv.read_csv(
        pa.BufferReader(block),
        csv.ReadOptions(column_names=names, block_size=len(block) + 1),
        csv.ParseOptions(delimiter="\t", quote_char=False, escape_char=False),
        csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    found = {name: _column(table.name, name, datatype, cells[name]) for name, datatype, _ in table.columns}
    return pa.table(found)


def _column(table: str, name: str, datatype: str, cells: Iterable[pa.Array]) -> pa.Array:
    column = pa.chunked_array(cells, pa.string()).combine_chunks()
    lexical = values.parse_terms(column).lexical
    if datatype not in _CONVERTED:
        return lexical
    converted = _CONVERTED[datatype](lexical)
    wrong = pc.and_(pc.is_null(converted), pc.is_valid(lexical))
    if pc.any(wrong).as_py():
        raise KelisimError(
            f"Table {table}, column {name}: {lexical.filter(wrong)[0]} is no {datatype} that Parquet can hold "
            "(numbers of 29 digits before the point and 9 after it, days of the years 1 to 9999). Mend the data."
        )
    return converted
