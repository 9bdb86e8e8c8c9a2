"""The copy of a snapshot on disk: the same state, and never needed."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.merging import MERGED_QUADS
from kg.history.disk_copies import _checksums, _origin
from kg.history.history import COPIED_QUADS, History, StoreFullError
from kg.rdf.patches import diff
from kg.workers.copying import start_copying
from server.commands.cli import cli
from tests.kg.history.test_history import adding, numbers, quad
from tests.kg.rdf.test_patches import QUAD_SETS, untimed


@pytest.fixture
def history(folder: Path) -> Iterator[History]:
    with History.create(folder, [quad(0)]) as history:
        history.write_disk_copy(-1)
        yield history


def on_disk(history: History) -> list[int] | None:
    folder = history.usable_disk_copy()
    return None if folder is None else numbers(set(ox.Store.read_only(str(folder))))


def reopened(history: History) -> list[int] | None:
    history.close()
    with History.open(history.folder) as again:
        return on_disk(again)


@settings(untimed, max_examples=25)
@given(QUAD_SETS, st.lists(QUAD_SETS, max_size=3))
def test_it_has_every_quad_of_every_version(
    tmp_path_factory: pytest.TempPathFactory, first: set[ox.Quad], later: list[set[ox.Quad]]
) -> None:
    with History.create(tmp_path_factory.mktemp("store"), first) as history:
        history.write_disk_copy(-1)
        for state in [None, *later]:
            if state is not None:
                history.append(diff(history.load(), state))
            folder = history.usable_disk_copy()
            assert folder is not None
            assert set(ox.Store.read_only(str(folder))) == history.load()


def test_it_lasts_and_follows_the_log(history: History) -> None:
    history.append(adding(1, 2))
    assert reopened(history) == [0, 1, 2]


def test_a_reader_has_it_at_the_version_of_the_snapshot_only(history: History) -> None:
    with History.open(history.folder, read_only=True) as reader:
        assert on_disk(reader) == [0]
    history.append(adding(1))
    before = sorted(history.folder.rglob("*"))
    with History.open(history.folder, read_only=True) as reader:
        assert on_disk(reader) is None
    assert sorted(history.folder.rglob("*")) == before, "a reader changes nothing"


def test_compaction_removes_it(history: History) -> None:
    history.append(adding(1))
    assert on_disk(history) == [0, 1]
    history.compact()
    assert on_disk(history) is None
    assert not [path for path in history.folder.iterdir() if path.is_dir()]
    history.write_disk_copy(-1)
    assert reopened(history) == [0, 1]


def test_one_for_a_snapshot_that_was_compacted_away_meanwhile_is_removed(history: History) -> None:
    with History.open(history.folder, read_only=True) as reader:
        history.append(adding(1))
        history.compact()
        reader.write_disk_copy(-1)
    assert not [path for path in history.folder.iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", ["ORIGIN", "CURRENT"])
def test_one_that_lacks_a_file_is_passed_over(history: History, name: str) -> None:
    (history.folder / "snapshot-0.rocksdb" / name).unlink()
    assert reopened(history) is None
    with History.open(history.folder) as again:
        again.write_disk_copy(-1)
        assert on_disk(again) == [0]


def test_a_damaged_one_is_passed_over_and_made_anew(history: History) -> None:
    copy = history.folder / "snapshot-0.rocksdb"
    sound = history.folder / "sound"
    shutil.copytree(copy, sound)
    for path in sound.iterdir():
        content = path.read_bytes()
        if path.name == "ORIGIN" or path.name.startswith("LOG"):
            continue
        damaged = bytes([content[0] ^ 1]) + content[1:] if content else b"x"
        for other in {damaged, content[: len(content) // 2]} - {content}:
            (copy / path.name).write_bytes(other)
            with History.open(history.folder, read_only=True) as reader:
                assert on_disk(reader) is None, path
            assert copy.exists(), "a reader changes nothing"
            assert on_disk(history) is None, path
            assert not copy.exists()
            shutil.copytree(sound, copy)
    assert on_disk(history) == [0]


def test_one_that_the_engine_cannot_open_is_removed(history: History) -> None:
    copy = history.folder / "snapshot-0.rocksdb"
    (copy / "CURRENT").write_text("MANIFEST-999999\n")
    origin = copy / "ORIGIN"
    origin.write_bytes(origin.read_bytes().partition(b"pyoxigraph")[0])
    origin.write_bytes(_origin(history._generation) + _checksums(copy))
    assert on_disk(history) is None
    assert not copy.exists()


def test_it_is_not_used_with_a_long_log(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.history.disk_copies._LONG_LOG_BYTES", 10_000)
    history.append(adding(*range(1, 2000)))
    assert on_disk(history) is None
    assert numbers(history.load()) == [*range(2000)]


def test_several_that_are_written_at_once_are_whole(history: History) -> None:
    shutil.rmtree(history.folder / "snapshot-0.rocksdb")
    script = "import sys; from pathlib import Path; from kg.history.history import History\n"
    script += "with History.open(Path(sys.argv[1]), read_only=True) as h: h.write_disk_copy(-1)"
    command = [sys.executable, "-c", script, str(history.folder)]
    for process in [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(4)]:
        process.wait(60)
    assert on_disk(history) == [0]


def test_one_of_another_engine_or_another_snapshot_is_passed_over(history: History) -> None:
    origin = history.folder / "snapshot-0.rocksdb" / "ORIGIN"
    origin.write_bytes(origin.read_bytes().replace(b"pyoxigraph ", b"pyoxigraph 9"))
    assert reopened(history) is None


def test_what_a_crash_left_is_removed(history: History) -> None:
    copy = history.folder / "snapshot-0.rocksdb"
    shutil.copytree(copy, history.folder / "snapshot-0.rocksdb.part77")
    shutil.copytree(copy, history.folder / "snapshot-0.rocksdb.patched")
    shutil.copytree(copy, history.folder / "snapshot-7.rocksdb")
    assert reopened(history) == [0]
    assert [path.name for path in history.folder.iterdir() if path.is_dir()] == ["snapshot-0.rocksdb"]


def test_only_a_large_snapshot_wants_one(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(history.folder / "snapshot-0.rocksdb")
    assert not history.wants_disk_copy
    monkeypatch.setattr("kg.history.history._COPIED_BYTES", 10)
    assert history.wants_disk_copy
    assert not history.write_disk_copy()
    assert history.write_disk_copy(-1)
    assert not history.wants_disk_copy
    assert COPIED_QUADS >= MERGED_QUADS, "so that an answer on disk has the hints of one in memory"


def test_a_process_writes_it_beside_the_writer(folder: Path) -> None:
    with History.create(folder, [quad(0)]) as history:
        history.append(adding(1))
        assert start_copying(folder).wait(60) == 0
        assert on_disk(history) is None, "it is too small"


@pytest.mark.parametrize(("options", "copied"), [([], True), (["--no-copy"], False)])
def test_a_large_store_that_is_loaded_gets_one(
    options: list[str], copied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.history.history._COPIED_BYTES", 10)
    monkeypatch.setattr(History.write_disk_copy, "__defaults__", (-1,))
    (tmp_path / "data.nt").write_text("<x:a> <x:b> <x:c> .\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["load", *options, str(tmp_path / "store"), str(tmp_path / "data.nt")])
    assert done.exit_code == 0, done.output
    with History.open(tmp_path / "store" / "history", read_only=True) as history:
        assert (history.usable_disk_copy() is not None) == copied
        assert len(history.load()) == 1


def test_a_store_is_loaded_even_if_no_copy_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: History) -> bool:
        raise StoreFullError("The disk is full.")

    monkeypatch.setattr("kg.history.history._COPIED_BYTES", 10)
    monkeypatch.setattr(History, "write_disk_copy", full)
    (tmp_path / "data.nt").write_text("<x:a> <x:b> <x:c> .\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["load", str(tmp_path / "store"), str(tmp_path / "data.nt")])
    assert done.exit_code == 0, done.output
    assert "The disk is full" in done.output
    with History.open(tmp_path / "store" / "history", read_only=True) as history:
        assert len(history.load()) == 1
