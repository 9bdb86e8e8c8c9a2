"""Exports: lossless formats round-trip, and output is reproducible."""

import csv
import gzip
import io
import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from kg.curation.dataset import Dataset, from_quads
from kg.curation.export import export, graph_format, write
from kg.curation.tables import export_tables, read_tables
from kg.rdf.formats import GRAPH_FORMATS, GraphFormat
from ontology import KelisimError
from ontology.namespaces import KEL, PREFIXES

LOSSLESS = [f for f in GRAPH_FORMATS if f.quads]
DEFAULT_ONLY = [f for f in GRAPH_FORMATS if not f.quads]
RDF = PREFIXES["rdf"]


@pytest.mark.parametrize("form", LOSSLESS, ids=lambda f: f.name)
def test_datasets_come_back_with_the_same_digest(dataset: Dataset, form: GraphFormat) -> None:
    body = export(dataset, form)
    assert body == export(dataset, form)
    assert from_quads(set(ox.parse(input=body, format=form.engine))).digest == dataset.digest


@pytest.mark.parametrize("form", DEFAULT_ONLY, ids=lambda f: f.name)
def test_graphs_hold_the_default_graph(dataset: Dataset, form: GraphFormat) -> None:
    triples = {q.triple for q in ox.parse(input=export(dataset, form), format=form.engine)}
    assert triples == set(dataset.default_graph)


@pytest.mark.parametrize("form", DEFAULT_ONLY, ids=lambda f: f.name)
def test_reified_graphs_lose_nothing(dataset: Dataset, form: GraphFormat) -> None:
    by_statement: dict[ox.NamedNode, dict[str, ox.NamedNode | ox.Literal]] = {}
    quads: set[ox.Quad] = set()
    for quad in ox.parse(input=export(dataset, form, reified=True), format=form.engine):
        if re.search("/kelisim/(claim|graph)/.*#", str(quad.subject)):
            by_statement.setdefault(quad.subject, {})[quad.predicate.value] = quad.object
        else:
            quads.add(quad)
    for parts in by_statement.values():
        subject, predicate, object_ = (parts[RDF + p] for p in ("subject", "predicate", "object"))
        quads.add(ox.Quad(subject, predicate, object_, parts[str(KEL.inGraph)]))  # type: ignore[arg-type]
    assert from_quads(quads).digest == dataset.digest


def test_reifying_a_format_with_graphs_is_refused(dataset: Dataset) -> None:
    with pytest.raises(KelisimError, match="leave out --reified"):
        export(dataset, graph_format("trig"), reified=True)


def test_rdflib_reads_what_we_write(dataset: Dataset) -> None:
    """An independent reader finds the same default graph in Turtle, N-Triples and RDF/XML."""
    graphs = [rdflib.Graph().parse(data=export(dataset, f), format=f.media_type) for f in DEFAULT_ONLY]
    assert isomorphic(graphs[0], graphs[1])
    assert isomorphic(graphs[0], graphs[2])


def test_jsonld_uses_the_context(dataset: Dataset) -> None:
    document = json.loads(export(dataset, graph_format("jsonld")))
    nodes = {n["@id"]: n for n in document["@graph"] if "@graph" not in n}
    claim = nodes["claim:izv24-p32-1"]
    assert claim["passage"].startswith("src:izv24-p32-s")
    assert claim["speaker"] == "id:izvestia"
    assert "kel:Claim" in claim["@type"]


def test_files_are_whole_or_not_there(tmp_path: Path) -> None:
    write(b"abc", tmp_path / "a", compress=True)
    assert gzip.decompress((tmp_path / "a").read_bytes()) == b"abc"
    with pytest.raises(KelisimError, match="Cannot write"):
        write(b"abc", tmp_path / "missing" / "a")
    with pytest.raises(KelisimError, match="Is a directory"):
        write(b"abc", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a"]
    write(b"abc", Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"before")

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(KelisimError, match="No space left"):
        write(b"abc", tmp_path / "a")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"before")]


def test_tables_need_a_folder(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(KelisimError, match="Cannot make the folder"):
            export_tables(dataset, folder)


def test_unknown_formats_are_refused() -> None:
    with pytest.raises(KelisimError, match="choose one of: turtle"):
        graph_format("word")


def test_tables_match_their_metadata(dataset: Dataset, tmp_path: Path) -> None:
    written = export_tables(dataset, tmp_path)
    metadata = json.loads((tmp_path / "csv-metadata.json").read_text(encoding="utf-8"))
    assert {p.name for p in written} == {t["url"] for t in metadata["tables"]} | {"csv-metadata.json"}
    for table in metadata["tables"]:
        rows = list(csv.reader(io.StringIO((tmp_path / table["url"]).read_bytes().decode(), newline="")))
        assert rows[0] == [c["name"] for c in table["tableSchema"]["columns"]]
        assert len(rows) > 10, table["url"]
        assert len({tuple(r) for r in rows}) == len(rows), f"{table['url']} repeats a row"


def test_tables_cover_all_claims_and_figures(dataset: Dataset, tmp_path: Path) -> None:
    export_tables(dataset, tmp_path, compress=True)

    def column(table: str, name: str) -> set[str]:
        text = gzip.decompress((tmp_path / f"{table}.csv.gz").read_bytes()).decode()
        return {row[name] for row in csv.DictReader(io.StringIO(text, newline=""))}

    def subjects(predicate: str) -> set[str]:
        return {str(q.subject).strip("<>") for q in dataset.quads if q.predicate.value == str(KEL[predicate])}

    assert column("claims", "claim") == subjects("modality")
    assert column("observations", "observation") == subjects("value")
    assert column("people-and-offices", "person") == {
        str(q.object).strip("<>") for q in dataset.quads if q.predicate.value == str(KEL.holder)
    }


def test_table_names_are_plain() -> None:
    assert [t.name for t in read_tables()] == [
        "claims",
        "events",
        "instruments",
        "observations",
        "participants",
        "parties",
        "people-and-offices",
        "statements",
        "states",
    ]


def test_a_link_stays_a_link_and_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file, link = tmp_path / "elsewhere" / "file.ttl", tmp_path / "link.ttl"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    write(b"new", link)
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [*tmp_path.rglob("*.part")] == []
