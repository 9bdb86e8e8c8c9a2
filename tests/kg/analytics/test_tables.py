"""The tidy tables as Parquet: the rows of the CSV tables, with types, and with who says so in each."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest

from kg.analytics import tables
from kg.analytics.tables import load, write_tables
from kg.curation.dataset import Dataset
from kg.curation.tables import Table, read_tables
from kg.engine.engine import Engine
from ontology import KelisimError
from ontology.namespaces import CLAIM, ID, KEL, PREFIXES

TOLD = ("claim", "modality", "article", "passage", "paragraph", "published_earliest", "published_latest")


def text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


@pytest.fixture(scope="module")
def folder(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("tables")
    assert len([*write_tables(engine, found, {"digest": "0"})]) == len(read_tables())
    return found


@pytest.mark.parametrize("table", read_tables(), ids=lambda t: t.name)
def test_they_have_the_rows_of_the_csv_tables(table: Table, folder: Path, engine: Engine) -> None:
    rows = pq.ParquetFile(folder / f"tables/{table.name}/part-0.parquet").read().to_pylist()
    plain = list(csv.reader(io.StringIO(table.rows(engine).decode(), newline="")))
    assert plain[0] == [*rows[0]]
    assert sorted([text(cell) for cell in row.values()] for row in rows) == sorted(plain[1:])


@pytest.mark.parametrize("table", [t for t in read_tables() if t.name != "states"], ids=lambda t: t.name)
def test_each_row_tells_who_says_so_where_and_when(table: Table, folder: Path) -> None:
    rows = pq.ParquetFile(folder / f"tables/{table.name}/part-0.parquet").read()
    speaker = "reported_by" if table.name == "statements" else "speaker"
    for name in (*TOLD, speaker):
        assert rows[name].null_count == 0, name
    assert rows.schema.field("paragraph").type == pa.int64()
    assert rows.schema.field("published_latest").type == pa.date32()
    assert rows.schema.field("modality").type == pa.dictionary(pa.int32(), pa.string())


def test_events_are_all_there(folder: Path, dataset: Dataset) -> None:
    typed = {
        str(q.subject).strip("<>")
        for q in dataset.quads
        if q.predicate.value == PREFIXES["rdf"] + "type" and str(q.object) == f"<{KEL}Event>"
    }
    assert {*pq.ParquetFile(folder / "tables/events/part-0.parquet").read()["event"].to_pylist()} == typed


def test_figures_are_exact_and_days_are_days(folder: Path) -> None:
    rows = pq.ParquetFile(folder / "tables/observations/part-0.parquet").read().to_pylist()
    (row,) = [r for r in rows if r["observation"] == f"{ID}obs-kz-ru-trade-2023"]
    assert (row["value"], row["period_end"]) == (Decimal(28_400_000_000), date(2023, 12, 31))


def test_columns_and_tables_are_described(folder: Path) -> None:
    for table in read_tables():
        schema = pq.read_schema(folder / f"tables/{table.name}/part-0.parquet")
        assert schema.metadata[b"kelisim:title"].decode() == table.title
        assert schema.metadata[b"kelisim:digest"] == b"0"
        described = {field.name: field.metadata[b"description"].decode() for field in schema}
        assert described == {name: description for name, _, description in table.columns}


def test_a_store_on_disk_gives_the_same_bytes(
    dataset: Dataset, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many quads the store is on disk, so that memory does not grow with them."""
    monkeypatch.setattr(tables, "IN_MEMORY", 10)
    lines = tmp_path / "lines.nq"
    lines.write_bytes(b"".join(line + b"\n" for line in dataset.lines))
    engine = load(lines, len(dataset.lines), tmp_path / "store")
    assert engine.on_disk
    for file in write_tables(engine, tmp_path, {"digest": "0"}):
        assert (tmp_path / file.path).read_bytes() == (folder / file.path).read_bytes(), file


@pytest.mark.parametrize(("wrong", "type_"), [("0.1234567891", "decimal"), ("1" * 40, "decimal"), ("much", "integer")])
def test_a_value_that_does_not_fit_is_told_and_never_rounded(
    dataset: Dataset, tmp_path: Path, wrong: str, type_: str
) -> None:
    told = (q for q in dataset.quads if q.predicate.value == f"{KEL}value" and f"<{CLAIM}" in str(q.graph_name))
    figure, _, _, graph = next(told)
    value = ox.Literal(wrong, datatype=ox.NamedNode(PREFIXES["xsd"] + type_))
    quads = [q for q in dataset.quads if q.subject != figure or q.predicate.value != f"{KEL}value"]
    engine = Engine([*quads, ox.Quad(figure, ox.NamedNode(f"{KEL}value"), value, graph)])
    with pytest.raises(KelisimError, match=f"Table observations, column value: {wrong} is no decimal"):
        [*write_tables(engine, tmp_path, {})]
