"""``kelisim serve --engine`` when the engine fails: what is answered is whole, or an error with the reason."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from typing import cast

import psutil
import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from kg.curation.dataset import Dataset
from kg.remote.audit import Audit
from kg.remote.mark import Mark
from kg.store.store import Store
from kg.upload.connection import Addresses, Connection
from kg.upload.names import PUBLISHED_GRAPH
from server.commands.cli import cli
from server.engines import ConnectedEngine
from tests.conftest import Serving, serving
from tests.engines import fake
from tests.engines.fake import FakeEngine
from tests.http import BROWSER, ask, get_json, send
from tests.waiting import becomes

TOKEN = "a-token-that-nobody-should-see"
ROWS = "SELECT ?s ?o WHERE { ?s <https://w3id.org/kelisim/ns#inState> ?o } ORDER BY ?s ?o LIMIT %d"
IDENTIFIER = ox.NamedNode("http://purl.org/dc/terms/identifier")
PUBLISHED = ox.NamedNode(PUBLISHED_GRAPH)


def publish(store: ox.Store, digest: str) -> None:
    """Writes what ``kelisim publish`` does when it is done."""
    for quad in [*store.quads_for_pattern(PUBLISHED, IDENTIFIER, None, PUBLISHED)]:
        store.remove(quad)
    store.add(ox.Quad(PUBLISHED, IDENTIFIER, ox.Literal(digest), PUBLISHED))


@pytest.fixture(scope="module")
def engine(dataset: Dataset) -> Iterator[FakeEngine]:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    publish(store, "a" * 64)
    with FakeEngine(store, f"Bearer {TOKEN}") as running:
        yield running


@pytest.fixture(scope="module")
def connected(kelisim: str, engine: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    secret = tmp_path_factory.mktemp("secret") / "token"
    secret.write_text(f"{TOKEN}\n", encoding="utf-8")
    options = ("--engine", engine.url, "--engine-auth", f"bearer:file:{secret}", "--engine-poll", "0.2")
    with serving(kelisim, *options, "--timeout", "5") as running:
        yield running


def test_a_store_is_never_named_after_an_earlier_state_than_that_which_was_read() -> None:
    """Else all later changes would be refused, since they rest on that name."""
    found, names = Mark("b" * 64, digest="b" * 64), list[str]()

    class Renewed:
        async def renew(self, identity: str, *_: object) -> None:
            await asyncio.sleep(0)
            names.append(identity)

    engine = ConnectedEngine.__new__(ConnectedEngine)
    engine.mark = Mark("a" * 64, digest="a" * 64)
    engine.audit = Audit(Connection(Addresses("http://engine/", "http://engine/")), ())
    engine._renewing = asyncio.Lock()

    async def both() -> None:
        store = cast("Store", Renewed())
        await asyncio.gather(engine._renew(store, found), engine._renew(store))

    with ThreadPoolExecutor(1) as thread:  # Playwright may have a loop in this one
        thread.submit(asyncio.run, both()).result(60)
    assert names == [found.name, found.name]


@pytest.fixture(autouse=True)
def behaving(engine: FakeEngine, request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    engine.misbehaves = None
    if "connected" in request.fixturenames:
        server = request.getfixturevalue("connected").address
        await_closed(server)


def await_closed(server: str) -> None:
    """Waits until the breaker lets queries through again."""

    def is_closed() -> bool:
        status, _, body = send(f"{server}ready")
        return status == 200 and json.loads(body)["engine"]["breaker"] == "closed"

    assert becomes(is_closed, 30)


def only_rows(misbehave: fake.Misbehaviour) -> fake.Misbehaviour:
    """Misbehaves for the queries of this test alone."""
    return lambda exchange, query: "inState> ?o } ORDER BY" in query and misbehave(exchange, query)


def asked(server: str, query: str) -> tuple[int, Message, dict[str, object]]:
    status, headers, body = send(ask(server, query, format="json"))
    return status, headers, json.loads(body)


FAULTS = {
    "transfer": (fake.cuts_the_transfer, 502, "broke off"),
    "chunk": (fake.cuts_a_chunk, 502, "broke off"),
    "no-length": (fake.cuts_without_length, 502, "broke off"),
    "json": (fake.cuts_the_json, 502, "cut"),
    "error-in-200": (fake.errs_in_200, 502, "no SPARQL result"),
    "columns": (fake.renames_columns, 502, "other columns"),
    "page": (fake.sends_a_page, 502, "text/html"),
    "anytime": (fake.stops_anytime, 504, "part of the answer"),
    "row-limit": (fake.limits_rows, 413, "at most 1 rows"),
    "refusal": (fake.refuses(500, "transitive start not given"), 502, "transitive start not given"),
    "no-login": (fake.refuses(401), 502, "--engine-auth"),
    "moved": (fake.refuses(302), 502, "HTTP 302"),
    "overload": (fake.refuses(503, "too many requests"), 503, "too many requests"),
    "rate": (fake.refuses(429, "slow down"), 503, "slow down"),
    "gateway": (fake.refuses(504), 504, "ran out of its time"),
    "its-time": (fake.refuses(500, "Virtuoso S1T00 Error SR171: Transaction timed out"), 504, "timed out"),
    "late-503": (fake.refuses(503, "Query timed out"), 504, "Query timed out"),
    "late-429": (fake.refuses(429, "Operation timed out. Last operation: Join"), 504, "Operation timed out"),
    "late-500": (fake.refuses(500, "Operation terminated (deadline exceeded)"), 504, "deadline exceeded"),
    "late-in-200": (
        fake.is_late_in_200("The SPARQL operation has been cancelled"),
        504,
        "in the middle of its answer: The SPARQL operation has been cancelled",
    ),
    "jena-in-200": (
        fake.is_late_in_200("\n##  Query cancelled due to a timeout during execution   ##\n"),
        504,
        "due to a timeout",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_whole_is_an_error(connected: Serving, engine: FakeEngine, fault: str) -> None:
    misbehave, expected, reason = FAULTS[fault]
    if fault == "refusal":  # else the copy in memory answers what the engine cannot
        misbehave = fake.refuses(507, "transitive start not given")
    engine.misbehaves = only_rows(misbehave)
    query = ROWS % (5 + [*FAULTS].index(fault))
    status, headers, problem = asked(connected.address, query)
    assert (status, reason in str(problem["detail"])) == (expected, True), problem
    assert headers.get_content_type() == "application/problem+json"
    assert status != 503 or headers["Retry-After"]
    assert TOKEN not in str(problem)
    engine.misbehaves = None
    await_closed(connected.address)
    assert asked(connected.address, query)[0] == 200, "an error is not cached"


def test_what_the_engine_cannot_do_the_copy_answers(connected: Serving, engine: FakeEngine) -> None:
    query = ROWS % 40
    engine.misbehaves = only_rows(fake.refuses(500, "Query contains a transitive derived table"))
    copied = asked(connected.address, query)
    engine.misbehaves = None
    assert copied[0] == 200
    assert copied[2]["results"] == json.loads(engine.answer(query))["results"]


def test_a_query_is_stopped_with_its_connection(connected: Serving, engine: FakeEngine) -> None:
    engine.misbehaves = only_rows(fake.hangs)
    status, _, body = send(ask(connected.address, ROWS % 50, format="json", timeout="1"))
    assert (status, b"longer than 1 seconds" in body) == (503, True)
    assert engine.left.wait(10)


def test_while_the_engine_is_down_the_cache_answers(connected: Serving, engine: FakeEngine) -> None:
    server, kept = connected.address, ROWS % 60
    page = f"{server}states"
    assert asked(server, kept)[0] == 200
    assert send(page, headers={"Accept": BROWSER})[0] == 200
    engine.stop()
    try:
        assert becomes(lambda: asked(server, ROWS % 61)[0] == 503)
        status, headers, problem = asked(server, ROWS % 62)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "in a row" in str(problem["detail"])
        assert asked(server, kept)[0] == 200
        assert send(page, headers={"Accept": BROWSER})[0] == 200
        assert send(f"{server}health")[0] == 200
        assert send(f"{server}ready")[0] == 503
    finally:
        engine.start()
    await_closed(server)
    assert asked(server, ROWS % 62)[0] == 200


def test_an_engine_that_cannot_be_reached_is_told(connected: Serving, engine: FakeEngine) -> None:
    engine.stop()
    try:
        seen = {asked(connected.address, ROWS % (70 + n))[0] for n in range(12)}
    finally:
        engine.start()
    assert seen <= {502, 503}
    assert seen


def test_a_server_whose_engine_fails_at_first_says_that_it_serves(kelisim: str, dataset: Dataset) -> None:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    publish(store, "a" * 64)
    refused: list[str] = []

    def refuses_at_first(exchange: fake.Exchange, query: str) -> bool:
        if query.endswith("(1 AS ?kelisim_one) {} LIMIT 1") and len(refused) < 2:
            refused.append(query)
            return fake.refuses(503, "too many requests")(exchange, query)
        return False

    with FakeEngine(store) as engine:
        engine.misbehaves = refuses_at_first
        with serving(kelisim, "--engine", engine.url) as running:
            assert get_json(ask(running.address, "ASK {}"))["boolean"] is True
    assert len(refused) == 2


def test_changed_data_have_another_version(connected: Serving, engine: FakeEngine) -> None:
    server, query = connected.address, ROWS % 3
    before, headers, rows = asked(server, query)
    assert before == 200
    changed = ox.Quad(
        ox.NamedNode("https://w3id.org/kelisim/id/aa"),
        ox.NamedNode("https://w3id.org/kelisim/ns#inState"),
        ox.NamedNode("https://w3id.org/kelisim/id/bb"),
    )
    engine.store.add(changed)
    publish(engine.store, "b" * 64)
    assert becomes(lambda: get_json(f"{server}ready")["engine"]["data"] == "b" * 64)
    status, later, found = asked(server, query)
    assert (status, found["results"] == rows["results"]) == (200, False)
    assert later["ETag"] != headers["ETag"]
    assert send(ask(server, query, format="json"), headers={"If-None-Match": headers["ETag"]})[0] == 200
    assert send(ask(server, query, format="json"), headers={"If-None-Match": later["ETag"]})[0] == 304
    engine.store.remove(changed)
    publish(engine.store, "a" * 64)
    assert becomes(lambda: get_json(f"{server}ready")["engine"]["data"] == "a" * 64)
    assert asked(server, query)[2]["results"] == rows["results"]


def test_nothing_shows_the_secret(connected: Serving, engine: FakeEngine) -> None:
    processes = [psutil.Process(connected.process.pid)]
    processes += processes[0].children(recursive=True)
    assert TOKEN not in " ".join(word for p in processes for word in p.cmdline())
    assert TOKEN not in connected.printed
    told = json.dumps(get_json(f"{connected.address}ready"))
    assert engine.url in told
    assert TOKEN not in told
    engine.misbehaves = only_rows(fake.refuses(507, f"bad credentials: {TOKEN}"))
    assert TOKEN not in str(asked(connected.address, ROWS % 80))


def test_writes_are_refused(connected: Serving) -> None:
    status, _, body = send(
        f"{connected.address}sparql",
        method="POST",
        body=b"INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        headers={"Content-Type": "application/sparql-update"},
    )
    assert status in (401, 403), body


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "sparql"], "address of a SPARQL endpoint"),
        (["--engine", "http://user:secret@127.0.0.1:1/"], "--engine-auth"),
        (["--engine", "http://127.0.0.1:1/sparql"], "cannot be reached"),
        (["--engine", "http://127.0.0.1:1/sparql", "--engine-auth", "bearer:secret"], "takes no secret"),
        (["--engine", "http://127.0.0.1:1/sparql", "--engine-auth", "basic:env:KELISIM_NONE"], "not set"),
        (["--engine", "http://127.0.0.1:1/sparql", "--allow-updates"], "kelisim token create"),
        (["--engine", "http://127.0.0.1:1/sparql", "--engine-update", "http://127.0.0.1:1/update"], "goes with"),
        (["--engine", "http://127.0.0.1:1/sparql", "--empty"], "do not go with it"),
        (["--engine", "http://127.0.0.1:1/sparql", "--open-log"], "do not go with it"),
        (["--engine", ""], "address of a SPARQL endpoint"),
        (["--engine-auth", "basic:env:KELISIM_NONE", "--empty"], "name it with --engine"),
        (["--engine-poll", "5", "--empty"], "name it with --engine"),
    ],
)
def test_mistakes_on_the_command_line_are_told(options: list[str], words: str) -> None:
    done = CliRunner().invoke(cli, ["serve", "--port", "0", *options])
    assert done.exit_code == 1
    assert words in done.output
    assert "secret@" not in done.output


def serve(kelisim: str, engine: FakeEngine) -> subprocess.CompletedProcess[str]:
    """What becomes of a server that an engine does not suit."""
    command = [kelisim, "serve", "--port", "0", "--engine", engine.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_engine_that_mixes_the_graphs_is_refused(kelisim: str, dataset: Dataset) -> None:
    union = ox.Store()
    union.bulk_extend(dataset.quads)
    union.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in dataset.quads)
    with FakeEngine(union) as engine:
        done = serve(kelisim, engine)
    assert done.returncode == 1
    assert "union of all graphs" in done.stderr
    assert "kelisim publish" in done.stderr


def test_an_engine_without_what_is_needed_is_refused(kelisim: str, dataset: Dataset) -> None:
    with FakeEngine(ox.Store()) as engine:
        engine.misbehaves = lambda exchange, query: (
            "NOT EXISTS" in query and fake.refuses(400, "no EXISTS here")(exchange, query)
        )
        done = serve(kelisim, engine)
    assert done.returncode == 1
    assert "FILTER NOT EXISTS" in done.stderr
