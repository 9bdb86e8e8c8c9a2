"""Parquet files: row groups, encodings and metadata that all engines read, and the same bytes for the same data."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from kg.analytics.arrow import pa, pq

ROW_GROUP: Final = 122_880
"""Rows of a row group: what engines read by one thread, or pass over by its statistics."""

FILE_ROWS: Final = 40 * ROW_GROUP
"""Rows of a file."""

_DICTIONARY_BYTES: Final = 1 << 24
"""Up to this size a column of a row group keeps its dictionary; Parquet's usual 1 MiB is less than its IRIs."""


class Column(NamedTuple):
    """A column: its name, its type, and what it holds. A dictionary's values are written once in a row group."""

    name: str
    type: pa.DataType
    description: str


class Written(NamedTuple):
    """A file: its path below the folder of the export, and its rows."""

    path: str
    rows: int


def schema(columns: Iterable[Column], metadata: Mapping[str, str]) -> pa.Schema:
    """The schema of a file, with descriptions of its columns and key-value metadata."""
    fields = [pa.field(c.name, c.type, metadata={"description": c.description}) for c in columns]
    return pa.schema(fields, metadata={f"kelisim:{key}": value for key, value in sorted(metadata.items())})


def write(
    folder: Path, place: str, batches: Iterable[pa.Table], described: pa.Schema, sorted_by: Iterable[str] = ()
) -> Iterator[Written]:
    """Writes rows into files ``PLACE-0.parquet``, ``PLACE-1.parquet`` … of `FILE_ROWS` rows below a folder.

    The rows have the schema's columns, with strings for dictionaries, and come sorted by those named. One file at least
    is written. Yields each file when it is complete. Raises OSError.
    """
    number = rows = 0
    with ExitStack() as stack:
        writer = stack.enter_context(_writer(folder / f"{place}-0.parquet", described, sorted_by))
        for group in _row_groups(batches):
            if rows == FILE_ROWS:
                writer.close()
                yield Written(f"{place}-{number}.parquet", rows)
                number, rows = number + 1, 0
                writer = stack.enter_context(_writer(folder / f"{place}-{number}.parquet", described, sorted_by))
            writer.write_table(_encoded(group, described), row_group_size=ROW_GROUP)
            rows += len(group)
    yield Written(f"{place}-{number}.parquet", rows)


def _writer(path: Path, described: pa.Schema, sorted_by: Iterable[str]) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(
        path,
        described,
        compression="zstd",
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        write_page_index=True,
        write_page_checksum=True,
        sorting_columns=[pq.SortingColumn(described.get_field_index(name)) for name in sorted_by],
    )


def _row_groups(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in tables of `ROW_GROUP` rows, and what is left."""
    gathered: list[pa.Table] = []
    rows = 0
    for batch in batches:
        gathered.append(batch)
        rows += len(batch)
        while rows >= ROW_GROUP:
            whole = pa.concat_tables(gathered)
            yield whole.slice(0, ROW_GROUP)
            gathered, rows = [whole.slice(ROW_GROUP)], rows - ROW_GROUP
    if rows:
        yield pa.concat_tables(gathered)


def _encoded(group: pa.Table, described: pa.Schema) -> pa.Table:
    columns = [
        group[field.name].combine_chunks().dictionary_encode()
        if pa.types.is_dictionary(field.type)
        else group[field.name]
        for field in described
    ]
    return pa.Table.from_arrays(columns, schema=described)
