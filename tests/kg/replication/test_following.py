"""What a replica is told to follow, and what it has on disk; the whole is in `tests.server.front.test_replicas`."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec
import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from kg.history.history import DamagedHistoryError, History, HistoryLockedError
from kg.history.patch_log import frames, read_at
from kg.rdf.patches import Patch
from kg.replication.folder import ReplicaFolder
from kg.replication.follower import Follower
from kg.replication.replica import ReplicaStore
from kg.replication.upstream import (
    Chunk,
    Evidence,
    OtherDataError,
    Snapshot,
    Upstream,
    UpstreamError,
    token_reader,
)
from ontology import KelisimError
from server.commands.cli import cli


def quad(number: int) -> ox.Quad:
    return ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal(number), ox.DefaultGraph())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "http://",
        "http://example.org:x/",
        "http://a:b@example.org/",
        "http://a/?b",
    ],
)
def test_what_is_no_address_of_a_server(address: str) -> None:
    with pytest.raises(KelisimError):
        Upstream(address)


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(UpstreamError, match="cannot be reached"):
        Upstream("http://127.0.0.1:9/").offer()


@pytest.mark.parametrize("text", [b"", b"\n", b"two words\n", b"two\nlines\n", "ключ".encode(), b"a\x00b"])
def test_files_that_hold_no_token(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(text)
    with pytest.raises(UpstreamError, match="token"):
        token_reader(file)
    file.write_text("one\n")
    read = token_reader(file)
    file.write_text("another\n")
    assert read() == "another"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--replica-of", "http://127.0.0.1:9", "--allow-updates"], "--allow-updates"),
        (["--replica-of", "http://127.0.0.1:9", "--empty"], "--empty"),
        (["--replica-token-file", "none"], "--replica-of"),
        (["--replica-of", "http://127.0.0.1:9", "--replica-token-file", "none"], "none"),
        (["--replica-of", "nothing"], "no address"),
        (["--replica-of", "http://127.0.0.1:9", "--engine", "http://127.0.0.1:9"], "--engine"),
        (["--open-log"], "--store"),
        (["--engine-auth", "bearer:env:TOKEN"], "--engine"),
    ],
)
def test_options_that_do_not_go_together(
    options: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = CliRunner().invoke(cli, ["serve", "--port", "0", *options])
    assert done.exit_code == 1
    assert told in done.output
    assert not [*tmp_path.iterdir()], "nothing stays behind"


@pytest.mark.parametrize("option", ["--replica-of", "--engine"])
def test_curated_files_are_not_passed_over(tmp_path: Path, option: str) -> None:
    done = CliRunner().invoke(cli, ["--data", str(tmp_path), "serve", "--port", "0", option, "http://127.0.0.1:9"])
    assert (done.exit_code, "--data" in done.output) == (1, True)


def test_two_replicas_do_not_share_a_folder(tmp_path: Path) -> None:
    first = ReplicaFolder(tmp_path)
    with pytest.raises(HistoryLockedError):
        ReplicaFolder(tmp_path)
    first.close()
    ReplicaFolder(tmp_path).close()
    assert tmp_path.exists()


def test_a_temporary_folder_goes_with_the_replica() -> None:
    folder = ReplicaFolder(None)
    assert folder.path.is_dir()
    folder.close()
    assert not folder.path.exists()


def test_what_killed_replicas_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    running = ReplicaFolder(None)
    elsewhere = tmp_path / "elsewhere"
    killed, new, theirs = (tmp_path / f"kelisim-replica-{name}" for name in ("killed", "new", "theirs"))
    for folder in (elsewhere, killed, new):
        folder.mkdir()
        (folder / "snapshot").touch()
    theirs.symlink_to(elsewhere)
    for folder in (running.path, elsewhere, killed):
        os.utime(folder, (0, 0))
    ReplicaFolder(None).close()
    assert {*tmp_path.iterdir()} == {running.path, elsewhere, new, theirs}
    assert (elsewhere / "snapshot").exists()
    running.close()


def test_a_history_takes_the_place_of_another(tmp_path: Path) -> None:
    with History.create(tmp_path / "store" / "history", [quad(1)]) as writer:
        writer.append(Patch(adds=(quad(2),)))
    folder = ReplicaFolder(tmp_path / "store")
    former = folder.open()
    assert former
    assert former.version == 1
    former.append(Patch(adds=(quad(3),)))
    with History.create(tmp_path / "other", [quad(7)]) as other:
        source = tmp_path / "other" / "snapshot-0.nq"
        snapshot = Snapshot(0, other.snapshot_bytes, other.snapshot_sha256, other.first_time)
        part = folder.part(snapshot)
        part.write_bytes(source.read_bytes()[:-5] + b"7> .\n")
        with pytest.raises(DamagedHistoryError):
            folder.create(snapshot)
        assert not part.exists()
        part.write_bytes(source.read_bytes())
        with folder.create(snapshot) as created:
            folder.use(created)
            folder.clean()
            assert (created.load(), created.first_time) == ({quad(7)}, other.first_time)
    with History.open(tmp_path / "store" / "history", read_only=True) as found:
        assert found.load() == {quad(7)}
    former.close()
    folder.close()


def test_frames_of_one_log_are_those_of_another(tmp_path: Path) -> None:
    with History.create(tmp_path / "a", []) as a, History.create(tmp_path / "b", []) as b:
        for number in range(5):
            a.append(Patch(adds=(quad(number),), header={"id": f"uuid:{number}"}))
        file, offset, length, last = a.chunk(0, 5, 1)
        assert last == 1, "at least one, however long"
        with open(file, "rb"):  # noqa: PTH123 - a descriptor
            data = read_at(file, offset, length)
            whole = read_at(file, 0, 1 << 20)
        assert a.chunk(0, 3, 1 << 20)[3] == 3
        for broken in (data[:-1], data[:10], data[::-1], whole[length:], data[:30] + b"x" + data[31:]):
            with pytest.raises(DamagedHistoryError):
                b.extend(broken)
            assert b.version == 0
        assert b.extend(data) == 1
        expected = b.digests.after(1, [*frames(whole[length:], 1)])
        assert b.extend(whole[length:]) == 5
        assert b.digests.get(5) == expected == a.digests.get(5)
        assert [b.chain.get(n) for n in range(6)] == [a.chain.get(n) for n in range(6)]
        assert b.load() == a.load()
    with History.open(tmp_path / "b") as again:
        assert again.version == 5


@pytest.fixture
def parted(tmp_path: Path) -> Iterator[tuple[History, History]]:
    """A history, and one that was taken back to version 1 and went on otherwise; the last patch of both is the same."""
    with History.create(tmp_path / "first", [quad(0)]) as first:
        first.append(Patch(adds=(quad(1),), header={"id": "uuid:1"}))
        first.backup(tmp_path / "backup")
        with History.restore(tmp_path / "backup", tmp_path / "second") as second:
            for history, number in ((first, 2), (second, 3)):
                history.append(Patch(adds=(quad(number),), header={"id": f"uuid:{number}"}))
                history.append(Patch(adds=(quad(4),), header={"id": "uuid:4"}))
            yield first, second


def unsummed(history: History, version: int) -> Evidence:
    """The evidence of a history whose digests are being worked out, as those of large ones are for a while."""
    return msgspec.structs.replace(Evidence.of(history, version), digest="")


def test_a_version_is_known_by_all_that_led_to_it(parted: tuple[History, History]) -> None:
    first, second = parted
    assert [unsummed(first, n).agrees(unsummed(second, n)) for n in range(4)] == [True, True, False, False]
    assert [Evidence.of(first, n).agrees(Evidence.of(second, n)) for n in range(4)] == [True, True, False, False]
    second.compact()
    assert Evidence.of(first, 3).agrees(Evidence.of(second, 3)) is False
    assert unsummed(first, 3).agrees(Evidence.of(second, 3)) is None, "neither yes nor no"
    first.compact()
    assert unsummed(first, 3).agrees(unsummed(second, 3)) is False


def test_nothing_is_taken_from_a_writer_of_unknown_data(parted: tuple[History, History], tmp_path: Path) -> None:
    replica, writer = parted
    folder = ReplicaFolder(tmp_path / "replica")
    follower = Follower(cast("ReplicaStore", None), Upstream("http://127.0.0.1:9/"), folder)
    try:
        writer.compact()
        evidence = Evidence.of(writer, 3)
        chunk = Chunk(b"", "name", evidence.base, 3, evidence.chain, evidence.digest)
        with pytest.raises(OtherDataError):
            follower._verified(replica, chunk)
        with pytest.raises(UpstreamError, match="not known") as unknown:
            follower._verified(replica, msgspec.structs.replace(chunk, digest=""))
        assert not isinstance(unknown.value, OtherDataError)
        with pytest.raises(UpstreamError, match="not known"):
            follower._verified(replica, msgspec.structs.replace(chunk, digest="", chain="", oldest=0))
        own = Evidence.of(replica, 3)
        assert follower._verified(replica, msgspec.structs.replace(chunk, oldest=own.base, chain=own.chain)) == []
    finally:
        folder.close()


def test_an_origin_that_is_none_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"https://w.example.org:8443": True, "http://[::1]:80": True, "": False, "javascript:x": False}
    given |= {"https://w/>; rel=x": False, "https://w\r\nA: b": False, "https://u:p@w": False}
    for origin, told in given.items():
        offer = {"identity": "a", "oldest": 0, "latest": 0, "snapshot": Snapshot(0, 0, "", ""), "origin": origin}
        answer = io.BytesIO(msgspec.json.encode(offer))
        monkeypatch.setattr(Upstream, "_get", lambda *_, answer=answer: answer)
        assert Upstream("http://127.0.0.1:9/").offer().origin == (origin if told else "")


def test_what_the_writer_has_not_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "store" / "history"
    folder = ReplicaFolder(tmp_path / "store")
    with History.create(path, [quad(1)]) as writer:
        writer.append(Patch(adds=(quad(2),)))
        with pytest.raises(HistoryLockedError):
            folder.open()
        assert not path.is_symlink(), "a server that has it goes on as if nothing had been"
    former = folder.open()
    assert former
    former.close()
    kept = folder.keep(former.folder)
    assert kept == former.folder
    with History.create(tmp_path / "other", [quad(7)]) as other:
        snapshot = Snapshot(0, other.snapshot_bytes, other.snapshot_sha256, other.first_time)
        folder.part(snapshot).write_bytes((tmp_path / "other" / "snapshot-0.nq").read_bytes())
    with folder.create(snapshot) as created:
        folder.use(created)
        folder.clean()
        assert path.resolve() == created.folder
    with History.restore(kept, tmp_path / "again") as again:
        assert (again.version, again.load()) == (1, {quad(1), quad(2)})
    folder.close()
