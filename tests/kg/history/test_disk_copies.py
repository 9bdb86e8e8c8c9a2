"""The copy of a snapshot on disk: the same state, and never needed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.history.history import History
from kg.rdf.patches import diff
from kg.workers.copying import start_copying
from tests.kg.history.test_history import adding, numbers, quad
from tests.kg.rdf.test_patches import QUAD_SETS, untimed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def history(folder: Path) -> Iterator[History]:
    with History.create(folder, [quad(0)]) as history:
        history.write_disk_copy()
        yield history


def on_disk(history: History) -> list[int] | None:
    store = history.open_disk_copy()
    return None if store is None else numbers(set(store))


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
        history.write_disk_copy()
        for state in [None, *later]:
            if state is not None:
                history.append(diff(history.load(), state))
            store = history.open_disk_copy()
            assert store is not None
            assert set(store) == history.load()
            del store  # closes it: the next one replaces its files


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
    history.write_disk_copy()
    assert reopened(history) == [0, 1]


def test_one_for_a_snapshot_that_was_compacted_away_meanwhile_is_removed(history: History) -> None:
    with History.open(history.folder, read_only=True) as reader:
        history.append(adding(1))
        history.compact()
        reader.write_disk_copy()
    assert not [path for path in history.folder.iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", ["ORIGIN", "CURRENT"])
def test_one_that_lacks_a_file_is_passed_over(history: History, name: str) -> None:
    (history.folder / "snapshot-0.rocksdb" / name).unlink()
    assert reopened(history) is None
    with History.open(history.folder) as again:
        again.write_disk_copy()
        assert on_disk(again) == [0]


def test_a_damaged_one_is_passed_over(history: History) -> None:
    for path in (history.folder / "snapshot-0.rocksdb").iterdir():
        content = path.read_bytes()
        if path.name != "ORIGIN" and not path.name.startswith("LOG"):
            damaged = bytes([content[0] ^ 1]) + content[1:] if content else b"x"
            for other in (damaged, content[: len(content) // 2]):
                if other != content:
                    path.write_bytes(other)
                    assert on_disk(history) is None, path
            path.write_bytes(content)
    assert on_disk(history) == [0]


def test_one_of_another_engine_or_another_snapshot_is_passed_over(history: History) -> None:
    origin = history.folder / "snapshot-0.rocksdb" / "ORIGIN"
    origin.write_bytes(origin.read_bytes().replace(b"pyoxigraph ", b"pyoxigraph 9"))
    assert reopened(history) is None


def test_what_a_crash_left_is_removed(history: History) -> None:
    copy = history.folder / "snapshot-0.rocksdb"
    shutil.copytree(copy, history.folder / "snapshot-0.rocksdb.part")
    shutil.copytree(copy, history.folder / "snapshot-0.rocksdb.patched")
    shutil.copytree(copy, history.folder / "snapshot-7.rocksdb")
    assert reopened(history) == [0]
    assert [path.name for path in history.folder.iterdir() if path.is_dir()] == ["snapshot-0.rocksdb"]


def test_only_a_large_snapshot_wants_one(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(history.folder / "snapshot-0.rocksdb")
    assert not history.wants_disk_copy
    monkeypatch.setattr("kg.history.history._COPIED_BYTES", 10)
    assert history.wants_disk_copy
    history.write_disk_copy()
    assert not history.wants_disk_copy


def test_a_process_writes_it_beside_the_writer(folder: Path) -> None:
    with History.create(folder, [quad(0)]) as history:
        history.append(adding(1))
        assert start_copying(folder).wait(60) == 0
        assert on_disk(history) == [0, 1]
