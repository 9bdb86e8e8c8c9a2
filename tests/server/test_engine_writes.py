"""Changes through ``kelisim serve --engine --allow-updates``: what the engine has after them, and after failures."""

import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kg.changes.updates import run
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.upload.names import LOCK_GRAPH, PUBLISHED_GRAPH
from server.http.tokens import TokenStore
from tests.conftest import serving
from tests.engines.registry import running_or_skipped
from tests.engines.server import EngineServer
from tests.http import ask, get_json, send
from tests.kg.upload.samples import connection
from tests.waiting import becomes

EX = "http://example.org/"


@dataclass(frozen=True)
class Writing:
    """A server, the engine beneath it, and a token."""

    server: str
    engine: EngineServer
    token: str
    publish: list[str]
    environment: dict[str, str]

    def send(
        self,
        body: str,
        kind: str = "application/sparql-update",
        method: str = "POST",
        path: str = "sparql",
        **more: str,
    ) -> tuple[int, dict[str, object]]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, **more}
        status, _, answer = send(self.server + path, method=method, body=body.encode(), headers=headers)
        return status, json.loads(answer)

    def rows(self, query: str) -> list[dict[str, dict[str, str]]]:
        """What the server answers."""
        status, _, body = send(ask(self.server, query, format="json"))
        assert status == 200, body
        found: list[dict[str, dict[str, str]]] = json.loads(body)["results"]["bindings"]
        return found

    def held(self) -> set[tuple[str, ...]]:
        """What the engine itself has in the graphs of these tests."""
        pattern = f"GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), '{EX}'))"
        rows = connection(self.engine).select(f"SELECT ?g ?s ?p ?o WHERE {{ {pattern} }}")
        return {tuple(str(row[name]) for name in "gspo") for row in rows}


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def writing(
    request: pytest.FixtureRequest, kelisim: str, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Writing]:
    folder = tmp_path_factory.mktemp("writes")
    with running_or_skipped(request.param, folder / "engine") as engine:
        environment = os.environ | {"PUBLISHER": f"{engine.user}:{engine.password}"}
        where = ["--engine", engine.query_url, "--engine-update", engine.update_url]
        if engine.authentication:
            (folder / "secret").write_text(environment["PUBLISHER"], encoding="utf-8")
            where += ["--engine-auth", f"{engine.authentication}:file:{folder / 'secret'}"]
        publish = [kelisim, "publish", *where]
        subprocess.run(publish, env=environment, check=True, capture_output=True)
        token = TokenStore(folder / "tokens").create(["update"], "me")
        with serving(
            kelisim, *where, "--allow-updates", "--store", str(folder / "tokens"), "--engine-poll", "1"
        ) as server:
            yield Writing(server.address, engine, token, publish, environment)


def test_changes_are_in_the_engine_and_seen_at_once(writing: Writing) -> None:
    status, told = writing.send(f"INSERT DATA {{ GRAPH <{EX}g> {{ <{EX}a> <{EX}p> 1 , 'қ\"\\n' }} }}")
    assert (status, told["added"]) == (200, 2), told
    assert len(writing.held()) == 2
    assert len(writing.rows(f"SELECT ?o {{ GRAPH <{EX}g> {{ <{EX}a> <{EX}p> ?o }} }}")) == 2
    status, told = writing.send(
        f"DELETE {{ GRAPH <{EX}g> {{ ?s ?p ?o }} }} INSERT {{ GRAPH <{EX}h> {{ ?s ?p ?n }} }} "
        f"WHERE {{ GRAPH <{EX}g> {{ ?s ?p ?o FILTER(isNumeric(?o)) BIND(?o + 1 AS ?n) }} }}"
    )
    assert (status, told["added"], told["deleted"]) == (200, 1, 1), told
    graph = f"graphs?graph={EX}k"
    assert writing.send(f"<{EX}b> <{EX}p> [ <{EX}q> 3 ] .", "text/turtle", "PUT", graph)[0] == 201
    assert writing.send(f"<{EX}b> <{EX}p> 4 .", "text/turtle", "POST", graph)[0] == 200
    assert len([row for row in writing.held() if row[0] == f"<{EX}k>"]) == 3
    assert writing.send("", "text/turtle", "DELETE", graph)[0] == 200
    assert {row[0] for row in writing.held()} == {f"<{EX}g>", f"<{EX}h>"}
    assert writing.send(f"DROP GRAPH <{EX}g> ; DROP GRAPH <{EX}h>")[0] == 200
    assert writing.held() == set()


def test_what_the_shapes_refuse_leaves_the_engine_as_it_was(writing: Writing) -> None:
    before = connection(writing.engine).select("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }")[0]["n"]
    status, told = writing.send(
        "INSERT DATA { <https://w3id.org/kelisim/id/odd> a <https://w3id.org/kelisim/ns#TradeObservation> }"
    )
    assert status == 422, told
    assert connection(writing.engine).select("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }")[0]["n"] == before


def test_what_another_wrote_meanwhile_is_not_lost(writing: Writing) -> None:
    """Another server: it changes the mark; the change that was worked out before is refused, the next one is taken."""
    there, mark = connection(writing.engine), f"GRAPH <{PUBLISHED_GRAPH}>"
    state, theirs = f"<{PUBLISHED_GRAPH}#state>", "c" * 64
    writing.send(f"INSERT DATA {{ GRAPH <{EX}g> {{ <{EX}a> <{EX}p> 0 }} }}")
    there.update(
        f"DELETE {{ {mark} {{ <{PUBLISHED_GRAPH}> {state} ?old }} }} INSERT {{ {mark} {{ <{PUBLISHED_GRAPH}> {state} "
        f'"{theirs}" }} GRAPH <{EX}g> {{ <{EX}theirs> <{EX}p> 1 }} }} '
        f"WHERE {{ {mark} {{ <{PUBLISHED_GRAPH}> {state} ?old }} }}"
    )
    status, told = writing.send(f"INSERT DATA {{ GRAPH <{EX}g> {{ <{EX}ours> <{EX}p> 1 }} }}")
    if status != 200:  # else it was noticed before the change
        assert (status, "nothing of this change" in str(told["detail"])) == (409, True), told
        assert not any("ours" in row[1] for row in writing.held())
    assert becomes(lambda: bool(writing.rows(f"SELECT ?o {{ GRAPH <{EX}g> {{ <{EX}theirs> ?p ?o }} }}")))
    assert writing.send(f"DROP GRAPH <{EX}g>")[0] == 200


def test_random_updates_do_what_they_do_in_memory(writing: Writing) -> None:
    draw, memory = random.Random(13), Engine(())
    writing.send(f"DROP SILENT GRAPH <{EX}0> ; DROP SILENT GRAPH <{EX}1>")
    for _ in range(12):
        s, p, g, other = (draw.randrange(n) for n in (4, 3, 2, 2))
        value = draw.choice(["1", "1.5", "true", '"a"@en', f"<{EX}s0>"])
        triple = f"<{EX}s{s}> <{EX}p{p}> {value}"
        update = draw.choice(
            [
                f"INSERT DATA {{ GRAPH <{EX}{g}> {{ {triple} }} }}",
                f"DELETE WHERE {{ GRAPH <{EX}{g}> {{ ?s <{EX}p{p}> ?o }} }}",
                f"INSERT {{ GRAPH <{EX}{other}> {{ ?s <{EX}p{p}> ?o }} }} WHERE {{ GRAPH <{EX}{g}> {{ ?s ?p ?o }} }}",
            ]
        )
        run(memory, update)
        assert writing.send(update)[0] == 200
        expected = {tuple(map(str, (q.graph_name, q.subject, q.predicate, q.object))) for q in memory.quads()}
        found = writing.rows(f"SELECT ?g ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), '{EX}')) }}")
        assert len(found) == len(expected) == len(writing.held())
    assert {row[:3] for row in writing.held()} == {row[:3] for row in expected}


def test_while_one_publishes_changes_are_told_to_come_later(writing: Writing) -> None:
    """A publication that is stopped in the middle has the lock; killed, it has it no more."""
    change = f"INSERT DATA {{ GRAPH <{EX}late> {{ <{EX}a> <{EX}p> 1 }} }}"
    has_lock = f"SELECT ?who WHERE {{ GRAPH <{LOCK_GRAPH}> {{ ?lock <{LOCK_GRAPH}#holder> ?who }} }}"
    run = subprocess.Popen(
        [*writing.publish, "--overwrite"], env=writing.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert becomes(lambda: bool(connection(writing.engine).select(has_lock)) or run.poll() is not None, 60)
        run.send_signal(signal.SIGSTOP)
        assert run.poll() is None, "it ended before it was stopped"
        headers = {"Authorization": f"Bearer {writing.token}", "Content-Type": "application/sparql-update"}
        status, told, body = send(f"{writing.server}sparql", method="POST", body=change.encode(), headers=headers)
        assert (status, told["Retry-After"], "kelisim publish on" in json.loads(body)["detail"]) == (503, "5", True)
        assert f"<{EX}late>" not in {row[0] for row in writing.held()}
    finally:
        run.kill()
        run.wait()
    assert writing.send(change)[0] == 200
    assert f"<{EX}late>" in {row[0] for row in writing.held()}
    assert writing.send(f"DROP GRAPH <{EX}late>")[0] == 200


def test_publish_tells_of_changes_and_replaces_them_only_when_told(writing: Writing) -> None:
    """The last of this module."""
    assert writing.send(f"INSERT DATA {{ GRAPH <{EX}last> {{ <{EX}a> <{EX}p> 1 }} }}")[0] == 200
    refused = subprocess.run(writing.publish, env=writing.environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "--overwrite" in refused.stderr
    assert writing.held()
    command = [*writing.publish, "--overwrite"]
    done = subprocess.run(command, env=writing.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert writing.held() == set()
    assert becomes(lambda: len(str(get_json(f"{writing.server}ready")["engine"]["data"])) == 64)
