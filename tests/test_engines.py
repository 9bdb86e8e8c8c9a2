"""Each engine starts, takes data from who may write and from nobody else, and is what its class says."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.engines.registry import ENGINES, running_or_skipped
from tests.engines.server import EngineServer, answers
from tests.http import send

GRAPH = "http://example.org/graph"
TRIPLE = '<http://example.org/s> <http://example.org/p> "o" .'


@pytest.fixture(scope="module", params=ENGINES)
def engine_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineServer]:
    with running_or_skipped(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


def asked(server: EngineServer, query: str) -> bool:
    status, _, body = send(
        f"{server.query_url}?{urlencode({'query': query})}", headers={"Accept": "application/sparql-results+json"}
    )
    assert status == 200, body
    return bool(json.loads(body)["boolean"])


def put(server: EngineServer, password: str) -> int:
    """The status of a PUT of the graph, by the way of proving oneself that the server asks for."""
    url = f"{server.graphs_url}?{urlencode({'graph': GRAPH})}"
    request = urllib.request.Request(
        url, TRIPLE.encode(), {"Content-Type": "application/n-triples", "Accept": "*/*"}, method="PUT"
    )
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, url, server.user, password)
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPDigestAuthHandler(passwords)]
    if server.authentication == "basic":
        pair = base64.b64encode(f"{server.user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {pair}")
        handlers = []
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_who_may_write_writes(engine_server: EngineServer) -> None:
    if engine_server.authentication:
        assert put(engine_server, "wrong") == 401
        assert not asked(engine_server, f"ASK {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")
    assert 200 <= put(engine_server, engine_server.password) < 300
    assert asked(engine_server, f"ASK {{ GRAPH <{GRAPH}> {{ {TRIPLE} }} }}")
    assert asked(engine_server, f"ASK {{ {TRIPLE} }}") == engine_server.union_default_graph


def test_it_is_killed_and_started_again(engine_server: EngineServer) -> None:
    assert answers(engine_server.query_url)
    engine_server.kill()
    assert not answers(engine_server.query_url)
    engine_server.start()
    assert answers(engine_server.query_url)
