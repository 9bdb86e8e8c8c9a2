"""``kelisim export --format parquet``: whole or not there, the same bytes each time, of graphs, stores and files."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest

from kg.analytics.export import export_parquet
from kg.curation.dataset import Dataset, from_quads
from kg.curation.tables import read_tables
from kg.history.history import History
from kg.rdf.patches import Patch, new_header
from ontology import KelisimError

Done = subprocess.CompletedProcess[str]


def export(kelisim: str, folder: Path, *options: str, **changed: str) -> Done:
    command = [kelisim, "export", "--format", "parquet", "--output", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **changed})


def files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file below a folder."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def exported(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parquet") / "a" / "graph"  # in a folder that is not there
    done = export(kelisim, folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def store(kelisim: str, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the curated graph, with one change."""
    folder = tmp_path_factory.mktemp("stores")
    (folder / "graph.nq").write_bytes(b"".join(line + b"\n" for line in dataset.lines))
    subprocess.run([kelisim, "load", folder / "store", folder / "graph.nq"], check=True, capture_output=True)
    with History.open(folder / "store" / "history") as history:
        new = ox.Quad(ox.NamedNode("urn:new"), ox.NamedNode("urn:p"), ox.Literal("1"))
        history.append(Patch(deletes=dataset.quads[-1:], adds=(new,), header=new_header("me", "a change")))
    return folder / "store"


def test_what_is_there_is_described(exported: Path, dataset: Dataset) -> None:
    described = json.loads((exported / "datapackage.json").read_text(encoding="utf-8"))
    assert described["digest"] == f"sha256:{dataset.digest}"
    assert (described["quads"], described["version"]) == (len(dataset.quads), dataset.version)
    assert described["licenses"] == [{"path": "https://creativecommons.org/licenses/by/4.0/"}]
    assert [r["name"] for r in described["resources"]] == ["quads", *(t.name for t in read_tables())]
    listed = [file for r in described["resources"] for file in r["files"]]
    assert {f["path"]: f["hash"].removeprefix("sha256:") for f in listed} | {
        "datapackage.json": files(exported)["datapackage.json"]
    } == files(exported)
    for each in described["resources"]:
        for file in each["files"]:
            parquet = pq.ParquetFile(exported / file["path"])
            assert (parquet.metadata.num_rows, (exported / file["path"]).stat().st_size) == (
                file["rows"],
                file["bytes"],
            )
            names = [f["name"] for f in each["schema"]["fields"] if f["name"] != "kind" or each["name"] != "quads"]
            assert parquet.schema_arrow.names == names
            metadata = parquet.schema_arrow.metadata
            assert metadata[b"kelisim:digest"].decode() == dataset.digest
            assert metadata[b"kelisim:licence"] == b"https://creativecommons.org/licenses/by/4.0/"
    assert sum(f["rows"] for f in described["resources"][0]["files"]) == len(dataset.quads)


def test_the_same_data_give_the_same_files(kelisim: str, exported: Path, store: Path, tmp_path: Path) -> None:
    """Whether they come from curated files, from a store or from files of RDF."""
    again, stored, read = tmp_path / "again", tmp_path / "stored", tmp_path / "read"
    again.mkdir()  # empty: taken
    assert export(kelisim, again, PYTHONHASHSEED="7").returncode == 0
    assert files(again) == files(exported)
    done = export(kelisim, stored, "--store", str(store), "--version", "0", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert export(kelisim, read, "--input", str(store.parent / "graph.nq")).returncode == 0
    described = [json.loads((folder / "datapackage.json").read_text()) for folder in (again, stored, read)]
    assert len({d["digest"] for d in described} | {f"sha256:{printed['digest']}"}) == 1
    assert [d.get("version") for d in described] == [described[0]["version"], "0", None]
    for path in (file["path"] for file in printed["files"]):
        tables = [pq.ParquetFile(folder / path).read() for folder in (again, stored, read)]
        assert tables[0].equals(tables[1])
        assert tables[0].equals(tables[2])


def test_versions_of_a_store_are_exported(kelisim: str, store: Path, dataset: Dataset, tmp_path: Path) -> None:
    assert export(kelisim, tmp_path / "latest", "--store", str(store)).returncode == 0
    tables = [pq.ParquetFile(file).read(["subject"]) for file in (tmp_path / "latest" / "quads").rglob("*.parquet")]
    assert sum(len(table) for table in tables) == len(dataset.quads)
    assert sum(table["subject"].to_pylist().count("urn:new") for table in tables) == 1
    with History.open(store / "history", read_only=True) as history:
        digest = from_quads(history.load()).digest
    described = json.loads((tmp_path / "latest" / "datapackage.json").read_text(encoding="utf-8"))
    assert (described["version"], described["digest"]) == ("1", f"sha256:{digest}")


def test_of_other_data_nothing_is_claimed(kelisim: str, tmp_path: Path) -> None:
    (tmp_path / "lakes.ttl").write_text('<urn:lake> <urn:depth> 26 ; <urn:name> "Balkhash" .', encoding="utf-8")
    done = export(kelisim, tmp_path / "lakes", "--input", str(tmp_path / "lakes.ttl"))
    assert done.returncode == 0, done.stderr
    described = json.loads((tmp_path / "lakes" / "datapackage.json").read_text(encoding="utf-8"))
    assert [r["name"] for r in described["resources"]] == ["quads"]
    assert not {"title", "licenses", "version"} & {*described}
    assert [*files(tmp_path / "lakes")] == ["datapackage.json", "quads/kind=reference/part-0.parquet"]


@pytest.mark.parametrize("there", ["a folder", "a file", "a link"])
def test_nothing_is_replaced(kelisim: str, tmp_path: Path, there: str) -> None:
    folder = tmp_path / "out"
    if there == "a folder":
        folder.mkdir()
        (folder / "mine").write_text("mine", encoding="utf-8")
    elif there == "a file":
        folder.write_text("mine", encoding="utf-8")
    else:
        folder.symlink_to(tmp_path / "elsewhere")
    done = export(kelisim, folder)
    assert done.returncode == 1
    assert "is there and not an empty folder: name a new one" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("given", [".", "..", "inner/..", "{here}", "/proc"])
def test_a_folder_whose_place_cannot_be_taken_is_told_before_the_work(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "inner").mkdir(parents=True)
    (here / "inner").rmdir() if given != "inner/.." else None
    monkeypatch.chdir(here)

    def work() -> Iterator[bytes]:
        pytest.fail("the work had begun")
        yield b""

    with pytest.raises(KelisimError, match="name a new folder"):
        export_parquet(work(), Path(given.format(here=here)))
    assert {*tmp_path.rglob("*")} <= {here, here / "inner"}


def test_a_disk_that_is_full_leaves_nothing_behind(kelisim: str, store: Path, tmp_path: Path) -> None:
    """A limit on the size of files fails writes as a full disk does, at each of several places."""
    command = [kelisim, "export", "--format", "parquet", "--output", str(tmp_path / "out"), "--store", str(store)]
    for limit in (0, 4_000_000):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith(f"Error: Cannot write {tmp_path / 'out'}: "), done.stderr
        assert [*tmp_path.iterdir()] == []


def test_a_disk_that_is_full_later_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(KelisimError, match="out: No space left on device"):
        export_parquet([b"<urn:s> <urn:p> <urn:o> .\n"], tmp_path / "out")
    assert [*tmp_path.iterdir()] == []


def test_who_interrupts_it_finds_nothing(kelisim: str, store: Path, tmp_path: Path) -> None:
    command = [kelisim, "export", "--format", "parquet", "--output", str(tmp_path / "out"), "--store", str(store)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not [*tmp_path.iterdir()]:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    assert [*tmp_path.iterdir()] == []


def test_without_pyarrow_it_says_what_to_install(store: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from server.commands.cli import main; main()"
    command = [sys.executable, "-c", code, "export", "--format", "parquet", "--output", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'kelisim[analytics]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert [*tmp_path.iterdir()] == []
    other = [*command[:3], "export", "--format", "nquads", "--store", str(store)]
    assert subprocess.run(other, capture_output=True, check=False).returncode == 0, "other formats do without"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--version", "0"], "name its folder with --store"),
        (["--gzip"], "leave out --gzip"),
        (["--reified"], "without --reified"),
        (["--store", "nowhere"], "nowhere holds no store"),
        (["--store", "nowhere", "--input", __file__], "--store or --input, and not both"),
        (["--input", __file__], "the ending tells no RDF format"),
    ],
)
def test_bad_options_are_told(kelisim: str, tmp_path: Path, options: list[str], told: str) -> None:
    done = export(kelisim, tmp_path / "out", *options)
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert [*tmp_path.iterdir()] == []
