"""All data of an engine are read: into a copy, and part by part, by which writes past Kelisim are found and told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kg.engine.errors import TooLargeError
from kg.rdf.patches import Patch, new_header
from kg.remote.audit import Audit
from kg.remote.breaker import Breaker
from kg.remote.probing import probe
from kg.remote.store import RemoteStore
from kg.remote.transport import Transport
from kg.upload.manifest import read_manifest
from kg.upload.names import DEFAULT_GRAPH, RESERVED
from kg.upload.writing import EngineWriter
from ontology import KelisimError
from tests.conftest import serving
from tests.engines.registry import ENGINES, running_or_skipped
from tests.engines.server import EngineServer
from tests.http import ask, get_json, send
from tests.kg.upload.samples import EX, canonical, connection, held, publish, quad, sample
from tests.waiting import becomes


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineServer]:
    with running_or_skipped(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


def round_of(audit: Audit, state: str) -> None:
    """Steps until all was read once, and counted."""
    audit.step(state)
    ends = audit.status()["rounds"] + 2  # that which had begun may have passed what is looked for
    for _ in range(100):
        if audit.status()["rounds"] < ends:
            audit.step(state)
    assert audit.status()["rounds"] == ends


def move(engine: EngineServer, old: str, new: str, graph: str) -> None:
    """Another writes directly, one triple for one."""
    name = f"<{EX}thing/7> <{EX}near> <{EX}thing/{{}}>"
    within = "{}" if graph == "" else f"GRAPH <{graph}> {{{{ {{}} }}}}"
    connection(engine).update(
        f"DELETE DATA {{ {within.format(name.format(old))} }} ; INSERT DATA {{ {within.format(name.format(new))} }}"
    )


def test_what_others_write_is_found_and_published_again(engine: EngineServer) -> None:
    state = publish(engine, sample(), overwrite=True).digest
    audit = Audit(connection(engine), RESERVED)
    round_of(audit, state)
    assert (audit.findings, audit.suffix, audit.status()["error"]) == ([], "", "")
    assert audit.status()["rounds"] >= 1
    places = {"": DEFAULT_GRAPH if engine.union_default_graph else "", f"{EX}claim/7": f"{EX}claim/7"}
    for number, (graph, place) in enumerate(places.items(), start=1):
        move(engine, "8", "100", place)
        round_of(audit, state)
        assert len(audit.findings) == number
        assert any((graph or "the default graph") in line and "other triples" in line for line in audit.findings)
    suffix = audit.suffix
    assert publish(engine, sample()).way == "nothing", "the numbers are the same"
    assert publish(engine, sample(), overwrite=True).removed == 2
    assert held(engine) == canonical(sample())
    assert publish(engine, sample(), overwrite=True).way == "nothing"
    round_of(audit, state)
    assert (audit.findings, audit.suffix, bool(suffix)) == ([], "", True)


def test_more_quads_anywhere_are_found(engine: EngineServer) -> None:
    state = publish(engine, sample(), overwrite=True).digest
    audit = Audit(connection(engine), RESERVED)
    round_of(audit, state)
    connection(engine).update(f"INSERT DATA {{ GRAPH <{EX}others> {{ <{EX}a> <{EX}b> <{EX}c> }} }}")
    round_of(audit, state)
    assert ["all graphs" in line for line in audit.findings] == [True]
    connection(engine).update(f"DELETE DATA {{ GRAPH <{EX}others> {{ <{EX}a> <{EX}b> <{EX}c> }} }}")
    round_of(audit, state)
    assert audit.findings == []


def test_changes_through_a_server_are_no_finding_and_those_past_it_are(engine: EngineServer) -> None:
    state = publish(engine, sample(), overwrite=True).digest
    audit = Audit(connection(engine), RESERVED)
    round_of(audit, state)
    after = EngineWriter(connection(engine)).commit(
        Patch((), (quad("thing/7", "is", "told", "claim/7"),), new_header("", "")), state
    )
    audit.step(state)
    assert audit.findings == [], "the state is another"
    round_of(audit, after)
    assert audit.findings == []
    manifest = read_manifest(connection(engine))
    assert manifest
    assert any(not told.digest for told in manifest.parts.values()), "this part is compared with what was read"
    move(engine, "8", "100", f"{EX}claim/7")
    round_of(audit, after)
    assert [f"{EX}claim/7" in line for line in audit.findings] == [True]


def test_an_engine_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with running_or_skipped("oxigraph", tmp_path / "engine") as mortal:
        state = publish(mortal, sample()).digest
        audit = Audit(connection(mortal), RESERVED)
        audit.step(state)
        read = audit.status()["read"]
        mortal.kill()
        with pytest.raises(KelisimError):
            audit.step(state)
        assert audit.status()["error"]
        assert audit.status()["read"] == read
        mortal.start()
        round_of(audit, state)
        assert (audit.findings, audit.status()["error"]) == ([], "")


def test_a_server_answers_with_what_is_there_and_tells_of_it(kelisim: str, tmp_path: Path) -> None:
    with running_or_skipped("oxigraph", tmp_path / "engine") as engine:
        publish(engine, sample())
        with serving(kelisim, "--engine", engine.query_url, "--engine-poll", "0.1") as server:
            query = ask(server.address, f"SELECT ?o {{ <{EX}thing/7> <{EX}near> ?o }}", format="json")
            _, before, body = send(query)
            assert b"thing/8" in body

            def audit() -> dict[str, Any]:
                told: dict[str, Any] = get_json(f"{server.address}ready")["engine"]["audit"]
                return told

            assert becomes(lambda: audit()["rounds"] > 0, 60)
            assert audit()["differences"] == 0
            move(engine, "8", "100", "")
            assert becomes(lambda: audit()["differences"] == 1, 60)
            assert "the default graph" in audit()["examples"][0]
            assert becomes(lambda: b"thing/100" in send(query)[2])
            assert send(query)[1]["ETag"] != before["ETag"]


def test_a_copy_that_is_read_in_divisions_is_whole(engine: EngineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(engine, sample(), overwrite=True)
    transport = Transport(engine.query_url, Breaker("engine"))
    whole = RemoteStore(transport, probe(transport)).copied()
    assert {*whole} == canonical(sample())
    monkeypatch.setattr("kg.remote.store._ANSWERED", 100)
    divided, selects, select = RemoteStore(transport, probe(transport)), list[str](), transport.select

    def noted(query: str) -> bytes:
        selects.append(query)
        return select(query)

    monkeypatch.setattr(transport, "select", noted)
    assert {*divided.copied()} == canonical(sample())
    assert len([q for q in selects if "MD5" in q]) == 16
    with pytest.raises(TooLargeError):
        RemoteStore(transport, probe(transport)).copied(100)
    transport.close()
