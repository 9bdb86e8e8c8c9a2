"""One writer at a time: who waits for whom, what becomes of the lock of a dead one, and of one that was held up."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pyoxigraph as ox
import pytest

import kg.upload.locking
from kg.engine.errors import EngineBusyError, EngineChangedError
from kg.rdf.patches import Patch, new_header
from kg.upload.locking import BEAT_SECONDS, LEASE_SECONDS, PUBLISH, SERVE, LockLostError, Locks
from kg.upload.names import LOCK_GRAPH, within
from kg.upload.publication import WAIT_SECONDS, publishing
from kg.upload.writing import EngineWriter
from tests.engines.server import EngineServer
from tests.kg.upload.samples import NAMELESS, canonical, connection, content_of, held, publish, quad, sample
from tests.kg.upload.test_interruptions import environment, options, sent
from tests.waiting import becomes

THEIRS = f"<{LOCK_GRAPH}#theirs>"


class Clock:
    """A clock that stands still until it is set on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def put(server: EngineServer, beat: int) -> None:
    """The lock of a writer on another machine, with this heartbeat."""
    there = connection(server)
    there.update(f"DELETE {{ {within(LOCK_GRAPH, f'{THEIRS} ?p ?o')} }} WHERE {{ {within(LOCK_GRAPH, '?s ?p ?o')} }}")
    names = {"holder": f"{SERVE} on elsewhere, process 7", "place": "another machine 7", "beat": str(beat)}
    told = " ; ".join(f'<{LOCK_GRAPH}#{name}> "{value}"' for name, value in names.items())
    there.update(f"INSERT DATA {{ {within(LOCK_GRAPH, f'{THEIRS} {told}')} }}")


def left(server: EngineServer) -> list[ox.QuerySolution]:
    """What is in the graph of locks."""
    return connection(server).select(f"SELECT ?s ?p ?o WHERE {{ {within(LOCK_GRAPH, '?s ?p ?o')} }}")


def test_who_has_the_lock_keeps_others_out_until_the_end(server: EngineServer) -> None:
    mine, other = Locks(connection(server)), Locks(connection(server))
    with mine.held(PUBLISH, 0):
        with pytest.raises(EngineBusyError, match=rf"{PUBLISH} on .*process {os.getpid()}"), other.held(SERVE, 0):
            pass
        entered, ended = threading.Event(), threading.Event()

        def wait() -> None:
            with other.held(SERVE, 60):
                entered.set()
            ended.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert not entered.is_set()
    thread.join()
    assert entered.is_set()
    assert ended.is_set()
    assert not left(server)


def test_a_heartbeat_that_stands_still_by_the_clock_of_who_sees_it_is_of_a_dead_writer(server: EngineServer) -> None:
    clock = Clock()
    locks = Locks(connection(server), clock=clock)

    def busy() -> bool:
        with suppress(EngineBusyError), locks.held(PUBLISH, 0):
            return False
        return True

    for beat in range(4):  # it lives, however late it is here
        put(server, beat)
        assert busy()
        clock.now += LEASE_SECONDS - 1
    put(server, 4)
    assert busy()
    clock.now += LEASE_SECONDS - 1
    assert busy()
    clock.now += 2
    assert not busy()
    assert not left(server)


def test_a_publication_waits_longer_than_a_dead_writer_has_the_lock() -> None:
    assert 3 * BEAT_SECONDS < LEASE_SECONDS < WAIT_SECONDS


def test_the_heartbeat_goes_on_while_the_lock_is_held(server: EngineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kg.upload.locking, "BEAT_SECONDS", 0.02)

    def beats() -> int:
        return next((int(row["o"].value) for row in left(server) if "#beat" in str(row["p"])), -1)

    with Locks(connection(server)).held(PUBLISH, 0):
        assert becomes(lambda: beats() > 2)


def test_who_has_lost_the_lock_writes_no_more(server: EngineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kg.upload.locking, "LEASE_SECONDS", 0.0)  # so that each write looks whether it is there
    there = connection(server)
    with Locks(there).held(PUBLISH, 0):
        there.update(f"INSERT DATA {{ {within(LOCK_GRAPH, f'{THEIRS} <urn:a> <urn:b>')} }}")
        connection(server).update(f"DROP SILENT GRAPH <{LOCK_GRAPH}>")
        with pytest.raises(LockLostError):
            there.update(f"INSERT DATA {{ {within(LOCK_GRAPH, f'{THEIRS} <urn:a> <urn:b>')} }}")
    assert not left(server)


def test_changes_and_publications_exclude_each_other(server: EngineServer) -> None:
    """A change is refused while one publishes, and a publication waits for a change."""
    state = publish(server, sample()).digest
    writer = EngineWriter(connection(server))
    patch = Patch((), (quad("thing/new", "is", "told", "claim/new"),), new_header("", ""))
    with publishing(connection(server), lambda *_: None) as publisher:
        writer.check()
        with pytest.raises(EngineBusyError, match=PUBLISH):
            writer.commit(patch, state)
        publisher.publish(content_of(sample(260), publisher))
    assert held(server) == canonical(sample(260))
    with pytest.raises(EngineChangedError):
        writer.commit(patch, state)
    put(server, 1)
    told: list[str] = []

    def tell(what: str, _done: int, _total: int) -> None:
        told.append(what)
        if len(told) == 1:
            connection(server).update(f"DROP SILENT GRAPH <{LOCK_GRAPH}>")

    with publishing(connection(server), tell) as publisher:
        publisher.publish(content_of(sample(), publisher))
    assert "elsewhere" in told[0]
    put(server, 2)
    with (
        pytest.raises(EngineBusyError, match=r"elsewhere.*does not run any more"),
        publishing(connection(server), lambda *_: None, wait=0),
    ):
        pass
    assert held(server) == canonical(sample())


def test_a_publication_that_was_held_up_too_long_ends_without_writing(server: EngineServer, tmp_path: Path) -> None:
    """It is stopped, another takes it for dead and its lock away, and it goes on."""
    before, after = sample() - NAMELESS, sample(1500) - NAMELESS
    publish(server, before)
    file = tmp_path / "data.nq"
    file.write_bytes(ox.serialize(after, format=ox.RdfFormat.N_QUADS) or b"")
    code = "import kg.upload.locking as l; l.LEASE_SECONDS = 0.0; from server.commands.cli import main; main()"
    assert "LEASE_SECONDS" in vars(kg.upload.locking)
    command = [sys.executable, "-c", code, *options(server), "--file", str(file)]
    run = subprocess.Popen(
        command, env=environment(server), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert becomes(lambda: sent(server) >= 1 or run.poll() is not None, 60)
        assert run.poll() is None, "it ended before it was stopped"
        run.send_signal(signal.SIGSTOP)
        with Locks(connection(server), lease=0.0).held(SERVE, 60):
            run.send_signal(signal.SIGCONT)
            told, _ = run.communicate(timeout=120)
    finally:
        run.kill()
        run.wait()
    assert (run.returncode, "another took its lock" in told) == (1, True), told
    assert held(server) == canonical(before)
