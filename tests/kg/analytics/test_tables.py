"""The tidy tables as Parquet: the rows of the CSV tables, with types, and with who says so in each."""

import csv
import io
import subprocess
import sys
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
from kg.rdf.formats import RESULT_FORMATS, by_name
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


def test_memory_of_the_load_does_not_grow_with_the_data(tmp_path: Path) -> None:
    """Four times the lines in blocks of the same size; the whole at once takes eight times its size."""
    lines = tmp_path / "lines.nq"
    with lines.open("w", encoding="utf-8") as file:
        file.writelines(f'<urn:s:{n}> <urn:p> "a value that fills a line, {n}" .\n' for n in range(1_200_000))
    script = (
        "import resource, sys\nfrom pathlib import Path\nfrom kg.analytics import tables\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "tables.load(Path(sys.argv[1]), 1_200_000, Path(sys.argv[2]))\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)\n"
    )
    command = [sys.executable, "-c", script, str(lines), str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 500, "MiB; loaded at once it takes twice as much"


def test_blank_nodes_are_the_same_in_all_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "IN_MEMORY", 0)
    monkeypatch.setattr(tables, "_LOAD_BYTES", 1)
    lines = tmp_path / "lines.nq"
    lines.write_text('_:b <urn:p> "1" .\n_:b <urn:p> "2" .\n', encoding="utf-8")
    engine = load(lines, 2, tmp_path / "store")
    assert engine.query('ASK { ?b <urn:p> "1", "2" }').serialize(by_name("json", RESULT_FORMATS)).count(b"true") == 1


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
