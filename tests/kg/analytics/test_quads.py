"""The quads as Parquet: nothing is lost, kinds and values are right, engines can pass over what is not asked."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.analytics import lines
from kg.analytics.lines import whole_triples
from kg.analytics.quads import write_quads
from kg.curation.dataset import Dataset, from_quads
from ontology import KelisimError
from ontology.namespaces import CLAIM, INFERRED_GRAPH, PREFIXES

XSD = PREFIXES["xsd"]
Rows = list[dict[str, Any]]


def written(folder: Path, quads: Iterable[ox.Quad]) -> Rows:
    """The rows of the files that are written of these quads, with their kinds."""
    blocks = whole_triples(line + b"\n" for line in from_quads({*quads}).lines)
    found: Rows = []
    for file in write_quads(blocks, folder, lambda: {"digest": "0"}):
        table = pq.ParquetFile(folder / file.path).read()
        assert len(table) == file.rows
        kind = file.path.split("/")[1].removeprefix("kind=")
        found += [{**row, "kind": kind} for row in table.to_pylist()]
    return found


def quad(row: dict[str, Any]) -> ox.Quad:
    """A row as the quad that it was."""

    def node(text: str) -> ox.NamedNode | ox.BlankNode:
        return ox.BlankNode(text.removeprefix("_:")) if text.startswith("_:") else ox.NamedNode(text)

    value: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
    if row["object_kind"] == "literal" and row["language"]:
        value = ox.Literal(row["object"], language=row["language"])
    elif row["object_kind"] == "literal":
        value = ox.Literal(row["object"], datatype=ox.NamedNode(row["datatype"]))
    elif row["object_kind"] == "triple":
        text = f"<urn:s> <urn:p> {row['object']} ."
        (outer,) = ox.parse(text, ox.RdfFormat.N_TRIPLES)
        assert isinstance(outer.object, ox.Triple)
        value = outer.object
    else:
        assert row["object_kind"] == ("blank" if row["object"].startswith("_:") else "iri")
        value = node(row["object"])
    graph = node(row["graph"]) if row["graph"] else ox.DefaultGraph()
    return ox.Quad(node(row["subject"]), ox.NamedNode(row["predicate"]), value, graph)


def test_nothing_is_lost(dataset: Dataset, tmp_path: Path) -> None:
    rows = written(tmp_path, dataset.quads)
    assert len(rows) == len(dataset.quads)
    assert {quad(row) for row in rows} == {*dataset.quads}


def test_the_default_graph_is_three_kinds_and_each_graph_another(dataset: Dataset, tmp_path: Path) -> None:
    rows = written(tmp_path, dataset.quads)
    told = {q.triple for q in dataset.quads if str(q.graph_name).startswith(f"<{CLAIM}")}
    inferred = {q.triple for q in dataset.quads if str(q.graph_name) == f"<{INFERRED_GRAPH}>"}
    for row in rows:
        back = quad(row)
        graph = row["graph"] or ""
        if graph:
            expected = "claim" if graph.startswith(str(CLAIM)) else "inferred" if graph == INFERRED_GRAPH else "named"
        else:
            record = row["subject"].startswith(str(CLAIM))
            expected = "record" if record else "fact" if back.triple in told else "reference"
        assert (row["kind"], row["inferred"]) == (expected, back.triple in inferred), row
    assert {row["kind"] for row in rows} == {*lines.KINDS} - {"named"}


NODES = st.sampled_from([ox.NamedNode(f"urn:{n}") for n in "abc"] + [ox.BlankNode("b1"), ox.NamedNode(f"{CLAIM}x")])
PREDICATES = st.sampled_from([ox.NamedNode(f"urn:p:{n}") for n in "abc"])
SPECIAL = ('"', "\\", "\t\n\r", '" <urn:g> .', "\\n", "\x00\x7f")
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(SPECIAL)
DATATYPES = st.sampled_from([ox.NamedNode(XSD + name) for name in ("date", "integer", "boolean")])
LITERALS = (
    st.builds(ox.Literal, TEXTS)
    | st.builds(ox.Literal, TEXTS, language=st.sampled_from(["en", "kk-Cyrl"]))
    | st.builds(ox.Literal, TEXTS, datatype=DATATYPES)
    | st.builds(ox.Literal, st.integers() | st.booleans())
)
TERMS = NODES | LITERALS | st.builds(ox.Triple, NODES, PREDICATES, LITERALS)
NAMED = (ox.NamedNode(name) for name in ("urn:g", f"{CLAIM}x", f"{CLAIM}y", INFERRED_GRAPH))
GRAPHS = st.sampled_from([ox.DefaultGraph(), *NAMED])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sets(st.builds(ox.Quad, NODES, PREDICATES, TERMS, GRAPHS)))
def test_no_term_is_lost_or_changed(tmp_path: Path, quads: set[ox.Quad]) -> None:
    rows = written(tmp_path, quads)
    assert len(rows) == len(quads)
    assert {quad(row) for row in rows} == quads


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.sets(st.builds(ox.Quad, NODES, PREDICATES, NODES, GRAPHS), min_size=20))
def test_kinds_do_not_hang_on_where_blocks_end(tmp_path: Path, quads: set[ox.Quad]) -> None:
    whole = written(tmp_path, quads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK_BYTES", 100)
        assert written(tmp_path, quads) == whole


VALUES: list[tuple[str, str, dict[str, object]]] = [
    ("28400000000", "integer", {"value_decimal": Decimal(28400000000), "value_double": 2.84e10}),
    ("-0.15", "decimal", {"value_decimal": Decimal("-0.15"), "value_double": -0.15}),
    ("1" * 30, "integer", {"value_double": float("1" * 30)}),
    ("0.1234567891", "decimal", {"value_double": 0.1234567891}),
    ("2.5E3", "double", {"value_double": 2500.0}),
    ("INF", "double", {"value_double": float("inf")}),
    ("12", "nonNegativeInteger", {"value_decimal": Decimal(12), "value_double": 12.0}),
    ("twelve", "integer", {}),
    ("2024-02-29", "date", {"value_date": date(2024, 2, 29)}),
    ("2024-11-27+05:00", "date", {"value_date": date(2024, 11, 27)}),
    ("2023-02-29", "date", {}),
    ("12024-01-01", "date", {}),
    ("0001-01-01", "date", {"value_date": date(1, 1, 1)}),
    ("0000-12-31", "date", {}),
    ("-0044-03-15", "date", {}),
    ("0001-01-01T00:00:00+14:00", "dateTime", {}),
    ("9999-12-31T23:59:59-14:00", "dateTime", {}),
    ("2024-11-27T10:00:00+05:00", "dateTime", {"value_time": datetime(2024, 11, 27, 5, tzinfo=UTC)}),
    ("2024-11-27T10:00:00.5", "dateTime", {"value_time": datetime(2024, 11, 27, 10, 0, 0, 500_000, tzinfo=UTC)}),
    ("2024-11-31T10:00:00Z", "dateTime", {}),
    ("true", "boolean", {"value_boolean": True}),
    ("0", "boolean", {"value_boolean": False}),
    ("2024", "gYear", {}),
    ("28400000000", "string", {}),
]  # fmt: skip


def test_values_are_typed_where_they_are_of_the_type(tmp_path: Path) -> None:
    """All in one block, so that one that is malformed takes no other along."""
    predicate = ox.NamedNode("urn:p")
    quads = [
        ox.Quad(ox.NamedNode(f"urn:{n}"), predicate, ox.Literal(lexical, datatype=ox.NamedNode(XSD + datatype)))
        for n, (lexical, datatype, _) in enumerate(VALUES)
    ]
    rows = {row["subject"]: row for row in written(tmp_path, quads)}
    for n, (lexical, datatype, expected) in enumerate(VALUES):
        row = rows[f"urn:{n}"]
        assert (row["object"], row["datatype"]) == (lexical, XSD + datatype)
        assert {k: v for k, v in row.items() if k.startswith("value_") and v is not None} == expected, row


@pytest.mark.parametrize("kind", ["date", "dateTime"])
def test_years_that_readers_have_not_are_no_values_beside_others_either(tmp_path: Path, kind: str) -> None:
    """Where nothing is malformed, whole columns are converted in another way."""
    time = "T00:00:00Z" if kind == "dateTime" else ""
    subject, predicate = ox.NamedNode("urn:s"), ox.NamedNode("urn:p")
    datatype = ox.NamedNode(XSD + kind)
    quads = [
        ox.Quad(subject, predicate, ox.Literal(day + time, datatype=datatype)) for day in ("0000-01-01", "0001-01-01")
    ]
    rows = written(tmp_path, quads)
    column = "value_time" if kind == "dateTime" else "value_date"
    assert [row["object"] for row in rows if row[column] is not None] == [f"0001-01-01{time}"]


def test_row_groups_are_passed_over_by_their_statistics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted by predicate: a predicate of which there are few stands in one or two of many row groups."""
    monkeypatch.setattr("kg.analytics.parquet.ROW_GROUP", 1000)
    monkeypatch.setattr("kg.analytics.parquet.FILE_ROWS", 4000)
    quads = [
        ox.Quad(ox.NamedNode(f"urn:s{n}"), ox.NamedNode(f"urn:p{p}"), ox.Literal(n * p))
        for n in range(1000)
        for p in range(10)
    ]
    blocks = whole_triples(line + b"\n" for line in from_quads({*quads}).lines)
    files = [*write_quads(blocks, tmp_path, lambda: {"digest": "0"})]
    assert [file.rows for file in files] == [4000, 4000, 2000]
    bounds: list[tuple[str, str]] = []
    for file in files:
        metadata = pq.ParquetFile(tmp_path / file.path).metadata
        for group in (metadata.row_group(n) for n in range(metadata.num_row_groups)):
            columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
            statistics = columns["predicate"].statistics
            bounds.append((statistics.min, statistics.max))
            for name in ("subject", "predicate", "object", "datatype"):
                assert columns[name].has_dictionary_page, f"{name} has no dictionary"
                data = {e for e in columns[name].encodings if e not in ("RLE", "PLAIN")}
                assert data == {"RLE_DICTIONARY"}
    assert bounds == [(f"urn:p{n}", f"urn:p{n}") for n in range(10)]


def test_of_nothing_there_is_an_empty_file(tmp_path: Path) -> None:
    assert written(tmp_path, []) == []
    assert pq.ParquetFile(tmp_path / "quads/kind=reference/part-0.parquet").metadata.num_columns == 13


def test_lines_that_are_no_n_quads_are_told(tmp_path: Path) -> None:
    with pytest.raises(KelisimError, match="no line of canonical N-Quads: what is this"):
        [*write_quads([b"what is this\n"], tmp_path, dict)]
