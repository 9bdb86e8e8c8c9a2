"""A publication that is killed, an engine that dies: the next run goes on, and readers saw nothing of the half."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyoxigraph as ox
import pytest

import kg.upload.connection
from kg.upload.names import STAGED_GRAPH
from kg.upload.publication import Publisher
from ontology import KelisimError
from tests.engines.registry import running_or_skipped
from tests.engines.server import EngineServer
from tests.kg.upload.samples import NAMELESS, canonical, connection, content_of, held, publish, quad, sample

MANY = 1500


def options(server: EngineServer, auth: str = "PUBLISHER") -> list[str]:
    given = ["publish", "--engine", server.query_url, "--engine-update", server.update_url]
    return given + (["--engine-auth", f"{server.authentication}:env:{auth}"] if server.authentication else [])


def environment(server: EngineServer, password: str | None = None) -> dict[str, str]:
    return os.environ | {"PUBLISHER": f"{server.user}:{server.password if password is None else password}"}


def sent(server: EngineServer) -> int:
    """How many requests of a run have come to the engine."""
    marks = f"GRAPH <{STAGED_GRAPH}> {{ ?run <{STAGED_GRAPH}#sent> ?n }}"
    rows = connection(server).select(f"SELECT (COUNT(?n) AS ?sent) WHERE {{ {marks} }}")
    assert isinstance(rows[0]["sent"], ox.Literal)
    return int(rows[0]["sent"].value)


def test_a_killed_run_is_gone_on_with(server: EngineServer, kelisim: str, tmp_path: Path) -> None:
    before, after = sample() - NAMELESS, sample(MANY) - NAMELESS
    publish(server, before)
    file = tmp_path / "data.nq"
    file.write_bytes(ox.serialize(after, format=ox.RdfFormat.N_QUADS) or b"")
    command = [kelisim, *options(server), "--file", str(file), "--json"]
    run = subprocess.Popen(command, env=environment(server), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while sent(server) < 2:
        assert run.poll() is None, "it ended before it was killed"
        assert time.monotonic() < until
    run.kill()
    run.wait()
    assert held(server) == canonical(before), "what is staged is not seen"
    already = sent(server)
    done = subprocess.run(command, env=environment(server), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["versions"]
    assert report["resumed"] >= already >= 2
    assert held(server) == canonical(after)


@pytest.fixture(params=["virtuoso", "oxigraph"])
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineServer]:
    with running_or_skipped(request.param, tmp_path / "engine") as server:
        yield server


def test_an_engine_that_dies_is_gone_on_with(mortal: EngineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a loss of power the engine has what it had acknowledged; the run says that it cannot be reached."""
    monkeypatch.setattr(kg.upload.connection, "_WAITS", (0.1,))
    quads = sample(1000)
    requests = 0

    def die(what: str, done: int, total: int) -> None:
        nonlocal requests
        requests += what == "Sending"
        if requests == 3:
            mortal.kill()

    publisher = Publisher(connection(mortal), die)
    with pytest.raises(KelisimError, match="does not answer"):
        publisher.publish(content_of(quads, publisher))
    mortal.start()
    assert held(mortal) == set()
    report = publish(mortal, quads)
    assert report.resumed >= 2
    assert held(mortal) == canonical(quads)


@pytest.mark.parametrize("staged", [200_000, 0])
def test_another_version_may_follow_a_run_that_ended_early(
    server: EngineServer, staged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.upload.publication.STAGED_QUADS", staged)

    class Stop(Exception):  # noqa: N818 - ends a run in the middle
        pass

    def stop(what: str, done: int, total: int) -> None:
        if what == "Sending" and 0 < done < total:
            raise Stop

    first = sample(700)
    publisher = Publisher(connection(server), stop)
    with pytest.raises(Stop):
        publisher.publish(content_of(first, publisher))
    second = {q for q in first if "claim/2>" not in str(q)} | {quad("thing/1", "is", "told", "claim/other")}
    publish(server, second)
    assert held(server) == canonical(second)


def test_two_runs_at_a_time_make_no_triple_that_neither_sent(server: EngineServer) -> None:
    """There should be one only; where there are two, each may fail, and the next run mends it."""
    contents = [{quad(f"{name}/{n}", name, f"{name}/{n + 1}", "claim/1") for n in range(600)} for name in "ab"]
    meeting = threading.Barrier(2)
    errors: list[KelisimError] = []

    def run(quads: set[ox.Quad]) -> None:
        met: set[str] = set()

        def meet(what: str, _done: int, _total: int) -> None:
            if what in ("Sending", "Switching") and what not in met:
                met.add(what)
                with suppress(threading.BrokenBarrierError):  # the other has failed already
                    meeting.wait(60)

        publisher = Publisher(connection(server), meet)
        try:
            publisher.publish(content_of(quads, publisher))
        except KelisimError as error:
            errors.append(error)
            meeting.abort()

    threads = [threading.Thread(target=run, args=[quads]) for quads in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held(server) <= contents[0] | contents[1]
    assert errors, "at least the second to switch sees what the first put there"
    publish(server, contents[0])
    assert held(server) == contents[0]


def test_wrong_credentials_are_told_without_the_secret(server: EngineServer, kelisim: str) -> None:
    if not server.authentication:
        pytest.skip(f"everybody may write to {server.name}")
    given = environment(server, "wrong-secret")
    done = subprocess.run([kelisim, *options(server)], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "HTTP 401" in done.stderr
    assert "--engine-auth" in done.stderr
    assert "wrong-secret" not in done.stderr + done.stdout
    assert held(server) == set()
