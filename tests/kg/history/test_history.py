"""The history survives kill -9, truncated and flipped bytes, a full disk, and crashes during compaction."""

import errno
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.history.history import DamagedHistoryError, History, HistoryLockedError, StoreFullError
from kg.history.patch_log import frame
from kg.rdf.patches import Patch, diff, new_header, quad_lines
from ontology import KelisimError
from tests.conftest import ROOT
from tests.kg.rdf.test_patches import QUAD_SETS, untimed

P = ox.NamedNode("x:p")
XSD_INTEGER = ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")


def quad(number: int, text: str = "") -> ox.Quad:
    return ox.Quad(ox.NamedNode(f"x:{number}"), P, ox.Literal(f"{number}{text}"))


def adding(*numbers: int, text: str = "") -> Patch:
    return Patch(adds=tuple(quad(n, text) for n in numbers))


def numbers(quads: set[ox.Quad]) -> list[int]:
    return sorted(int(q.subject.value.removeprefix("x:")) for q in quads if isinstance(q.subject, ox.NamedNode))


@pytest.fixture
def history(folder: Path) -> Iterator[History]:
    with History.create(folder, [quad(0)]) as history:
        yield history


@settings(untimed, max_examples=50)
@given(QUAD_SETS, st.lists(QUAD_SETS, max_size=4), st.integers(0, 4), st.integers(1, 9))
def test_every_version_comes_back(
    first: set[ox.Quad], later: list[set[ox.Quad]], compact_after: int, batch: int
) -> None:
    states = [normalized(s) for s in (first, *later)]
    with tempfile.TemporaryDirectory() as name:
        with mock.patch("kg.history.history._BATCH_QUADS", batch), History.create(Path(name), first) as history:
            for version, (before, after) in enumerate(itertools.pairwise(states), start=1):
                assert history.append(diff(before, after, new_header("Aru", f"to {version}"))) == version
                if version == compact_after:
                    assert history.compact() == version
        for read_only in (False, True):
            with History.open(Path(name), read_only=read_only) as history:
                assert history.recovered is None
                assert history.version == len(later)
                assert history.oldest == (compact_after if 0 < compact_after <= len(later) else 0)
                for version in range(history.oldest, history.version + 1):
                    assert history.load(version) == states[version]
                assert history.load() == states[-1]
                state = history.load(history.oldest)
                for version, patch in history.patches():
                    state = (state - {*patch.deletes}) | {*patch.adds}
                    assert state == states[version]


def test_a_compaction_finds_every_line(folder: Path) -> None:
    """Lines before the first, after the last, with common prefixes, and numbers that the store normalises."""
    texts = ["", "!", "0", "00", "1.50", "x" * 5000, "я", "\\n", "z"]
    every = [ox.Quad(ox.NamedNode(f"x:{t}"), P, ox.Literal(o)) for t in "abc" for o in texts]
    every += [ox.Quad(P, P, ox.Literal(f"0{n}", datatype=XSD_INTEGER)) for n in range(5)]
    chance = random.Random(1)
    with History.create(folder, every[::2]) as history:
        state = normalized({*every[::2]})
        for _ in range(200):
            removed = tuple(q for q in every if chance.random() < 0.2)
            added = tuple(q for q in every if chance.random() < 0.2)
            history.append(Patch(deletes=removed, adds=tuple(set(added) - set(removed))))
            state = normalized((state - normalized({*removed})) | normalized({*added} - {*removed}))
            if chance.random() < 0.3:
                history.compact()
                lines = (folder / f"snapshot-{history.version}.nq").read_bytes().splitlines(keepends=True)[1:]
                assert lines == sorted(quad_lines(state))
        assert history.load() == state


def normalized(quads: set[ox.Quad]) -> set[ox.Quad]:
    store = ox.Store()
    store.extend(quads)
    return set(store)


def test_metadata_of_versions(history: History) -> None:
    header = new_header("Aru", "two\nlines\nTX .\n")
    history.append(Patch((quad(0),), (quad(1, "\nA "), quad(2)), header))
    history.append(Patch())
    second, first = history.entries()
    assert (first.version, first.author, first.message) == (1, "Aru", header["message"])
    assert (first.id, first.time, first.deletes, first.adds) == (header["id"], header["time"], 1, 2)
    assert (second.version, second.author, second.deletes, second.adds) == (2, "", 0, 0)
    assert [v for v, _ in history.patches(after=1)] == [2]
    assert list(history.patches(after=2)) == []


def test_versions_that_are_not_there(history: History) -> None:
    history.append(adding(1))
    history.append(adding(2))
    history.compact()
    history.append(adding(3))
    for version in (-1, 1, 4):
        with pytest.raises(KelisimError, match=rf"no version {version}: this history has the versions 2 to 3"):
            history.load(version)
        with pytest.raises(KelisimError, match=rf"no version {version}"):
            history.patches(after=version)


def test_a_store_is_loaded_whole(history: History, dataset_like: list[ox.Quad], tmp_path: Path) -> None:
    store = ox.Store()
    assert history.load_into(store) == 0
    with pytest.raises(KelisimError, match="empty store"):
        history.load_into(store)
    with History.create(tmp_path / "other", dataset_like) as other:
        assert other.load() == set(dataset_like)


@pytest.fixture
def dataset_like() -> list[ox.Quad]:
    graph = ox.BlankNode("b0")
    return [ox.Quad(ox.BlankNode(f"b{i}"), P, ox.Literal("ж" * (i % 7)), graph) for i in range(2000)]


def log_of(folder: Path) -> Path:
    return next(folder.glob("patches-*.log"))


def build(folder: Path, count: int) -> tuple[list[int], bytes]:
    """A history of some versions; returns where each version's frame ends, and the log's bytes."""
    with History.create(folder, [quad(0)]) as history:
        ends = [0]
        for number in range(1, count + 1):
            history.append(Patch((quad(number - 1),), (quad(number, "é" * number),) if number % 2 else ()))
            ends.append(log_of(folder).stat().st_size)
    return ends, log_of(folder).read_bytes()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int], bytes, list[set[ox.Quad]]]:
    folder = tmp_path_factory.mktemp("built")
    ends, log = build(folder, 5)
    with History.open(folder, read_only=True) as history:
        return folder, ends, log, [history.load(v) for v in range(6)]


Built = tuple[Path, list[int], bytes, list[set[ox.Quad]]]


def opened_with(folder: Path, log: bytes, states: list[set[ox.Quad]]) -> tuple[int, str | None]:
    """Opens the history with another log, read-only and for writing; returns the version and what was recovered."""
    path = log_of(folder)
    path.write_bytes(log)
    with History.open(folder, read_only=True) as history:
        seen, state = history.version, history.load()
        assert path.read_bytes() == log, "reading changes nothing"
    with History.open(folder) as history:
        assert (history.version, history.load()) == (seen, state)
        assert state == states[seen]
        with History.open(folder, read_only=True) as reader:
            assert (reader.version, reader.recovered) == (seen, None)
        assert history.append(adding(99)) == seen + 1
        recovered = history.recovered
    with History.open(folder) as history:
        assert history.recovered is None
        assert history.load() == state | {quad(99)}
    return seen, recovered


def test_any_prefix_of_the_log_is_a_whole_version(built: Built) -> None:
    folder, ends, log, states = built
    for length in range(len(log) + 1):
        version, recovered = opened_with(folder, log[:length], states)
        assert version == sum(end <= length for end in ends) - 1
        torn = length - ends[version]
        assert recovered == (
            f"The last {torn} bytes of {log_of(folder)} were no whole patch, as a crash leaves them, and were cut; "
            f"the latest version is {version}."
            if torn
            else None
        )


@untimed
@given(st.integers(0, 5), st.binary(min_size=1, max_size=80))
def test_garbage_at_the_end_is_cut(built: Built, version: int, garbage: bytes) -> None:
    folder, ends, log, states = built
    found, recovered = opened_with(folder, log[: ends[version]] + garbage, states)
    assert found == version
    assert recovered is not None
    assert recovered.startswith(f"The last {len(garbage)} bytes")


def test_a_flipped_byte_in_the_last_frame_takes_that_frame_alone(built: Built) -> None:
    folder, ends, log, states = built
    for place in range(ends[4], ends[5]):
        damaged = bytearray(log)
        damaged[place] ^= random.Random(place).randrange(1, 256)
        assert opened_with(folder, bytes(damaged), states)[0] == 4


def test_a_flipped_byte_before_it_is_an_error(built: Built) -> None:
    folder, ends, log, _ = built
    for place in range(ends[4]):
        damaged = bytearray(log)
        damaged[place] ^= 1 << place % 8
        log_of(folder).write_bytes(damaged)
        start = max(end for end in ends if end <= place)
        for read_only in (False, True):
            with pytest.raises(DamagedHistoryError, match=rf"patches-0.log, byte {start}: .*restore the latest backup"):
                History.open(folder, read_only=read_only)
        assert log_of(folder).read_bytes() == damaged, "nothing is cut"


def test_lost_and_repeated_frames_are_an_error(built: Built) -> None:
    folder, ends, log, _ = built
    for damaged in (log[: ends[1]] + log[ends[2] :], log + log[ends[4] :], log + frame(9, b"TX .\nTC .\n")):
        log_of(folder).write_bytes(damaged)
        with pytest.raises(DamagedHistoryError, match="byte"):
            History.open(folder)


def test_a_damaged_snapshot_is_an_error(history: History, folder: Path) -> None:
    history.append(adding(1))
    path = folder / "snapshot-0.nq"
    sound = path.read_bytes()
    history.close()
    for damaged in (
        sound[:-1],
        sound.replace(b"x:0", b"x:9"),
        b"",
        sound[5:],
        sound.replace(b"version 0", b"version 1"),
    ):
        path.write_bytes(damaged)
        with History.open(folder) as again, pytest.raises(DamagedHistoryError, match=r"snapshot-0\.nq.*backup"):
            again.load()
    path.unlink()
    for read_only in (False, True):
        with pytest.raises(DamagedHistoryError, match="snapshot"):
            History.open(folder, read_only=read_only)
    path.write_bytes(sound)
    log_of(folder).unlink()
    with pytest.raises(DamagedHistoryError, match=r"patches-0\.log is missing"):
        History.open(folder)


def run(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Starts a Python process with the names of this module imported."""
    code = "from tests.kg.history.test_history import *\n" + program
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


APPEND_FOR_EVER = """
with History.open(Path(sys.argv[1])) as history:
    while True:
        number = history.version + 1
        history.append(adding(number, 1000000 + number, text="x" * (number * 7919 % 20000)))
        if number % 7 == 0:
            history.compact()
        print(number, flush=True)
"""


def test_kill_9_loses_no_acknowledged_version_and_leaves_no_half(folder: Path) -> None:
    History.create(folder, [quad(0), quad(1000000)]).close()
    acknowledged = 0
    dice = random.Random(3)
    for _ in range(6):
        with run(APPEND_FOR_EVER, folder) as process:
            assert process.stdout
            for _ in range(dice.randrange(1, 40)):
                acknowledged = int(process.stdout.readline())
            threading.Event().wait(dice.random() / 200)
            process.send_signal(signal.SIGKILL)
            acknowledged = int(([str(acknowledged), *process.stdout.read().split()])[-1])
        with History.open(folder) as history:
            assert history.version in (acknowledged, acknowledged + 1)
            expected = [*range(history.version + 1), *range(1000000, 1000001 + history.version)]
            assert numbers(history.load()) == expected
            assert len(list(folder.iterdir())) == 4, "nothing is left lying about"
            acknowledged = history.version


ON_A_FULL_DISK = """
import resource
with History.open(Path(sys.argv[1])) as history:
    size = log_of(Path(sys.argv[1])).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, resource.RLIM_INFINITY))
    try:
        history.append(adding(2, text="x" * 1000))
    except StoreFullError as error:
        print(error)
    print(log_of(Path(sys.argv[1])).stat().st_size == size, numbers(history.load()), history.append(adding(3)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    try:
        history.compact()
    except StoreFullError as error:
        print(error)
    print(numbers(history.load()), len(list(history.folder.iterdir())))
"""


def test_a_full_disk_refuses_writes_and_serves_reads(history: History, folder: Path) -> None:
    history.append(adding(1, text="y" * 1000))
    history.close()
    with run(ON_A_FULL_DISK, folder) as process:
        assert process.stdout
        printed = process.stdout.read().splitlines()
    assert "patches-0.log: the change was not written: File too large." in printed[0]
    assert printed[1] == "True [0, 1] 2"
    assert "could not be written: File too large" in printed[2]
    assert printed[3] == "[0, 1, 3] 4"
    with History.open(folder) as again:
        assert again.recovered is None
        assert numbers(again.load()) == [0, 1, 3]


@pytest.mark.parametrize("cutting_fails", [False, True])
def test_an_append_that_fails_at_any_byte_changes_nothing(
    history: History, folder: Path, monkeypatch: pytest.MonkeyPatch, cutting_fails: bool
) -> None:
    history.append(adding(1))
    write, truncate = os.write, os.ftruncate
    left = 0

    def writing(descriptor: int, data: memoryview) -> int:
        nonlocal left
        if left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, data[: min(left, 10)])
        left -= written
        return written

    def refusing(descriptor: int, length: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    for room in range(0, 90, 7):
        left = room
        monkeypatch.setattr(os, "write", writing)
        if cutting_fails:
            monkeypatch.setattr(os, "ftruncate", refusing)
        for _ in range(2):
            with pytest.raises(StoreFullError, match=r"patches-0\.log.*Nothing was changed"):
                history.append(adding(2, text="x" * 100))
        monkeypatch.setattr(os, "write", write)
        monkeypatch.setattr(os, "ftruncate", truncate)
        assert numbers(history.load()) == [0, 1]
        shutil.copytree(folder, folder.with_name(f"copy-{room}"))
        with History.open(folder.with_name(f"copy-{room}")) as copy:
            assert numbers(copy.load()) == [0, 1]
            assert (copy.recovered is not None) == (cutting_fails and room > 0)
    assert history.append(adding(3)) == 2
    history.close()
    with History.open(folder) as again:
        assert numbers(again.load()) == [0, 1, 3]


def test_an_append_that_cannot_be_synced_is_taken_back(
    history: History, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StoreFullError, match="Input/output error"):
            history.append(adding(1))
    assert log_of(folder).stat().st_size == 0
    assert history.append(adding(2)) == 1
    assert numbers(history.load()) == [0, 2]


def test_an_append_after_a_compaction_needs_it_to_be_durable(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.append(adding(1))
    with monkeypatch.context() as patched:
        patched.setattr("kg.history.history.sync_folder", failing)
        with pytest.raises(StoreFullError):
            history.compact()
        assert history.oldest == 1
        with pytest.raises(StoreFullError):
            history.append(adding(2))
    assert history.append(adding(3)) == 2
    assert numbers(history.load()) == [0, 1, 3]


APPEND_WITH_TWO_WRITERS = """
def elsewhere(change):
    child = os.fork()
    if not child:
        change()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
with History.open(Path(sys.argv[1])) as history:
    elsewhere(lambda: history.append(adding(1)))
    for _ in range(2):
        try: history.append(adding(2))
        except KelisimError as error: print(error)
with History.open(Path(sys.argv[1])) as history:
    elsewhere(history.compact)
    try: history.append(adding(2))
    except KelisimError as error: print(error)
"""


def test_a_stale_writer_is_refused_and_takes_nothing_away(history: History, folder: Path) -> None:
    """A forked process shares the lock and writes: the other must not truncate its frames."""
    history.close()
    with run(APPEND_WITH_TWO_WRITERS, folder) as process:
        assert process.stdout
        printed = process.stdout.read().splitlines()
    assert ["another writer has changed or replaced" in line for line in printed] == [True] * 3
    with History.open(folder) as again:
        assert (again.oldest, numbers(again.load())) == (1, [0, 1])


def failing(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


CRASH_WHILE_COMPACTING = """
def compact(folder, step, count):
    call = getattr(os, step)
    def crashing(*arguments, **options):
        nonlocal count
        if count == 0:
            os._exit(9)
        count -= 1
        return call(*arguments, **options)
    with History.open(folder) as history:
        setattr(os, step, crashing)
        history.compact()
for step in ("fsync", "replace", "unlink", "write", "open"):
    for count in range(20):
        copy = Path(sys.argv[2]) / f"{step}-{count}"
        shutil.copytree(sys.argv[1], copy)
        child = os.fork()
        if not child:
            compact(copy, step, count)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 9:
            break
        print(step)
"""


def test_a_crash_at_any_step_of_a_compaction_changes_no_state(history: History, folder: Path, tmp_path: Path) -> None:
    history.append(adding(1))
    history.append(adding(2))
    history.close()
    copies = tmp_path / "copies"
    with run(CRASH_WHILE_COMPACTING, folder, copies) as process:
        assert process.stdout
        crashes = process.stdout.read().split()
    assert process.returncode == 0
    for step, least in (("fsync", 4), ("replace", 1), ("unlink", 2), ("write", 1), ("open", 4)):
        assert crashes.count(step) >= least
    for copy in copies.iterdir():
        check_state(copy)


def check_state(folder: Path) -> None:
    """The history is as before the compaction, for a reader and for a writer, which recovers it."""
    with History.open(folder, read_only=True) as reader:
        assert (reader.version, numbers(reader.load())) == (2, [0, 1, 2])
    with History.open(folder) as writer:
        assert writer.recovered is None
        assert (writer.version, numbers(writer.load())) == (2, [0, 1, 2])
        assert len(list(folder.iterdir())) == 4
        assert writer.append(adding(3)) == 3
        assert writer.compact() == 3
        assert writer.append(adding(4)) == 4
    with History.open(folder) as again:
        assert (again.oldest, numbers(again.load())) == (3, [0, 1, 2, 3, 4])


@pytest.mark.parametrize("step", ["fsync", "replace", "unlink", "write", "open"])
def test_a_compaction_that_fails_leaves_the_history_usable(
    step: str, history: History, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = getattr(os, step)
    expected = [0]
    for count in range(20):
        left = count

        def stopping(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return call(*arguments, **options)

        expected.append(history.append(adding(history.version + 1)))
        with monkeypatch.context() as patched:
            patched.setattr(os, step, stopping)
            try:
                history.compact()
            except StoreFullError as error:
                assert "No space left" in str(error)  # noqa: PT017 - the last round raises nothing
                failed = True
            else:
                failed = False
        expected.append(history.append(adding(history.version + 1)))
        assert numbers(history.load()) == expected
        copy = folder.with_name(f"copy-{count}")
        shutil.copytree(folder, copy)
        with History.open(copy) as again:
            assert numbers(again.load()) == expected
            assert again.version == history.version
        if not failed:
            return
    pytest.fail("the compaction never came through")


def test_one_writer_at_a_time(history: History, folder: Path) -> None:
    message = rf"store is open for writing already, by process {os.getpid()}: end that one first, or open .* read-only"
    with pytest.raises(HistoryLockedError, match=message):
        History.open(folder)
    program = "try: History.open(Path(sys.argv[1]))\nexcept HistoryLockedError as error: print(error)"
    with run(program, folder) as process:
        assert process.stdout
        assert f"by process {os.getpid()}" in process.stdout.read()
    with History.open(folder, read_only=True) as reader:
        assert history.append(adding(1)) == 1
        assert reader.version == 0
        with pytest.raises(KelisimError, match="reading only"):
            reader.append(adding(1))
        with pytest.raises(KelisimError, match="reading only"):
            reader.compact()
    with pytest.raises(KelisimError, match="was closed"):
        reader.load()
    history.close()
    history.close()
    History.open(folder).close()


def test_a_reader_goes_on_through_a_compaction(history: History, folder: Path) -> None:
    history.append(adding(1))
    with History.open(folder, read_only=True) as reader:
        patches = reader.patches()
        history.compact()
        history.append(adding(2))
        assert numbers(reader.load()) == [0, 1]
        assert [v for v, _ in patches] == [1]
        assert reader.backup(folder.with_name("backup")) == 1
    with History.open(folder.with_name("backup")) as backup:
        assert numbers(backup.load()) == [0, 1]


def test_folders_that_hold_no_history(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KelisimError, match=r"store holds no history"):
        History.open(folder)
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for read_only in (False, True):
        with pytest.raises(KelisimError, match="holds no history"):
            History.open(folder, read_only=read_only)
    with pytest.raises(KelisimError, match="not empty"):
        History.create(folder, [])
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]
    History.create(tmp_path / "new", []).close()
    with pytest.raises(KelisimError, match="not empty"):
        History.create(tmp_path / "new", [])
    (tmp_path / "new" / "FORMAT").write_text("Kelisim history, format 1\n")
    with pytest.raises(KelisimError, match=r"says 'Kelisim history, format 1', not 'Kelisim history, format 2'"):
        History.open(tmp_path / "new")


def test_a_creation_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = ox.Quad(ox.BlankNode("a:b"), P, P)
    with pytest.raises(KelisimError, match="cannot be written"):
        History.create(folder, [bad])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StoreFullError, match="store could not be written: Input/output error"):
            History.create(folder, [quad(0)])
    assert not folder.exists()
    with History.create(folder, [quad(0)]) as history:
        with pytest.raises(KelisimError, match="cannot be written"):
            history.append(Patch(adds=(bad,)))
        assert history.version == 0


def test_a_patch_log_without_its_snapshot_is_not_thrown_away(history: History, folder: Path) -> None:
    history.close()
    (folder / "patches-5.log").write_bytes(frame(6, b"TX .\nTC .\n"))
    with pytest.raises(DamagedHistoryError, match=r"patches-5\.log has patches, but its snapshot is lost"):
        History.open(folder)


@pytest.mark.parametrize("name", ["backup.tar.gz", "backup.tgz", "backup"])
def test_a_backup_is_restored(history: History, folder: Path, name: str) -> None:
    history.append(adding(1))
    history.compact()
    history.append(adding(2))
    path = folder.with_name(name)
    assert history.backup(path) == 2
    history.append(adding(3))
    with pytest.raises(KelisimError, match=r"there already|not empty"):
        history.backup(path)
    with pytest.raises(KelisimError, match="not empty"):
        History.restore(path, folder)
    with History.restore(path, folder.with_name("restored")) as restored:
        assert (restored.oldest, restored.version, numbers(restored.load())) == (1, 2, [0, 1, 2])
        assert restored.append(adding(4)) == 3
    with History.open(folder.with_name("restored")) as again:
        assert numbers(again.load()) == [0, 1, 2, 4]
    assert sorted(p.name for p in folder.parent.iterdir()) == sorted([name, "restored", "store"])


def test_what_is_no_backup_is_not_restored(history: History, folder: Path, tmp_path: Path) -> None:
    history.append(adding(1, text="x" * 1000))
    path = tmp_path / "backup.tar.gz"
    history.backup(path)
    whole = path.read_bytes()
    bad = tmp_path / "bad.tar.gz"
    for content in (b"", b"hello", whole[:-30], whole[: len(whole) // 2], whole[:60] + b"\x00\x00" + whole[62:]):
        bad.write_bytes(content)
        with pytest.raises(KelisimError, match=r"bad\.tar\.gz|snapshot"):
            History.restore(bad, tmp_path / "restored")
        assert not (tmp_path / "restored").exists() or not list((tmp_path / "restored").iterdir())
    with tarfile.open(bad, "w:gz") as archive:
        archive.add(path, arcname="../escaped")
    with pytest.raises(KelisimError, match=r"holds '\.\./escaped'"):
        History.restore(bad, tmp_path / "restored")
    with pytest.raises(KelisimError, match="cannot be read as a backup"):
        History.restore(tmp_path / "nowhere.tar.gz", tmp_path / "restored")
    log_of(folder).write_bytes(log_of(folder).read_bytes()[:-1])
    with pytest.raises(DamagedHistoryError):
        history.backup(tmp_path / "other")
    snapshot = folder / "snapshot-0.nq"
    snapshot.write_bytes(snapshot.read_bytes()[:-1])
    with pytest.raises(DamagedHistoryError):
        history.backup(tmp_path / "other.tar.gz")


def test_a_backup_while_another_process_writes_is_a_whole_version(folder: Path, tmp_path: Path) -> None:
    History.create(folder, [quad(0), quad(1000000)]).close()
    with run(APPEND_FOR_EVER, folder) as process:
        try:
            assert process.stdout
            for turn in range(30):
                acknowledged = int(process.stdout.readline())
                path = tmp_path / f"backup-{turn}{'.tar.gz' if turn % 2 else ''}"
                with History.open(folder, read_only=True) as reader:
                    version = reader.backup(path)
                    assert version >= acknowledged
                    assert len(list(reader.patches())) == reader.version - reader.oldest
                with History.restore(path, tmp_path / f"restored-{turn}") as restored:
                    assert restored.version == version
                    expected = [*range(version + 1), *range(1000000, 1000001 + version)]
                    assert numbers(restored.load()) == expected
        finally:
            process.kill()


def test_threads_read_while_one_appends_and_compacts(history: History) -> None:
    done = threading.Event()
    errors: list[object] = []

    def reading() -> None:
        try:
            while not done.is_set():
                version = history.version
                state = numbers(history.load())
                assert state == list(range(len(state)))
                assert len(state) > version
                list(history.entries())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=reading) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 60):
        history.append(adding(number))
        if number % 9 == 0:
            history.compact()
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert numbers(history.load()) == list(range(60))
