"""Many clients with endless queries hold nobody else up: nothing small is lost, and the long ones are told when."""

import itertools
import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import serving
from tests.http import ask, send
from tests.server.endpoint.test_writes import Client, make_token

CLIENTS = 16
ENDLESS = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != {0}) }}"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def client(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("fair") / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--allow-updates", "--timeout", "5") as running:
        yield Client(running, token)


@contextmanager
def endless(server: str, clients: int, **more: str) -> Iterator[Counter[int]]:
    """So many clients that send distinct endless queries without pause; how they end, by status."""
    over, ends = threading.Event(), Counter[int]()

    def attack() -> None:
        while not over.is_set():
            try:
                ends[send(ask(server, ENDLESS.format(next(NUMBERS)), **more))[0]] += 1
            except (urllib.error.URLError, OSError):
                ends[0] += 1

    threads = [threading.Thread(target=attack, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield ends
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


def rows(server: str, query: str) -> int:
    """The number of a SELECT query's rows; asked again on 503, as a busy machine may take its time slice."""
    for _ in range(3):
        status, _, body = send(ask(server, query))
        if status != 503:
            break
    assert status == 200, body
    return len(json.loads(body)["results"]["bindings"])


@pytest.mark.parametrize("timeout", ["", "0.4"])
def test_small_queries_pages_and_changes_go_on(client: Client, timeout: str) -> None:
    with endless(client.server, CLIENTS, **({"timeout": timeout} if timeout else {})) as ends:
        for number in range(25):
            subject = f"<urn:fair{timeout}:{number}>"
            query = f'SELECT * {{ {subject} ?p ?o FILTER(?o != "{number}") }}'
            assert rows(client.server, query) == 0
            assert send(f"{client.server}ready")[0] == 200
            assert send(f"{client.server}events?year=2023&lang=en&n={timeout}{number}")[0] == 200
            assert client.update(f"INSERT DATA {{ {subject} <urn:p> {number} }}")[0] == 200
            assert rows(client.server, f"SELECT * {{ {subject} <urn:p> ?n FILTER(?n = {number}) }}") == 1
    assert set(ends) == {503}, "the endless ones, and nobody else, are told to come again"
    assert ends[503] >= CLIENTS


def test_a_query_of_middle_length_is_answered_meanwhile(client: Client) -> None:
    middle = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?a ?d ?e . ?f ?b ?e FILTER(?c != {0}) }}"
    with endless(client.server, 4):
        status, _, body = send(ask(client.server, middle.format(next(NUMBERS)), timeout="60"))
        assert (status, int(json.loads(body)["results"]["bindings"][0]["n"]["value"]) > 0) == (200, True)


def test_who_is_refused_hears_when_to_come_again(client: Client) -> None:
    with endless(client.server, CLIENTS):
        url = ask(client.server, ENDLESS.format(next(NUMBERS)), timeout="0.5")
        status, headers, body = send(url)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert json.loads(body)["title"] in {"Busy", "Out of time"}
