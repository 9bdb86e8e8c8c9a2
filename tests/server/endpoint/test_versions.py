"""Queries at past versions: each version answers as it was, whatever is written meanwhile."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count as counting
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.workers.rewinding import PAST_NICENESS
from tests.conftest import serving
from tests.http import ask, get_json, send
from tests.server.endpoint.test_writes import FORM, UPDATE, Client, make_token

FRESH = counting()
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def client(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server of a store with 30 versions of which each differs from the one before."""
    folder = tmp_path_factory.mktemp("versions") / "store"
    token = make_token(folder, "update", "admin")
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        client = Client(running, token)
        for number in range(1, 31):
            status, _ = client.update(update(number))
            assert status == 200
        yield client


def update(number: int) -> str:
    """The change that makes a version; some take back what earlier ones did, and some do it again."""
    graph = f"urn:g{number % 3}"
    took = f"DELETE DATA {{ <urn:a> <urn:p> {number - 3} }} ;" if number % 4 == 0 else ""
    again = f"; INSERT DATA {{ GRAPH <{graph}> {{ _:b <urn:q> 'é\\n{number}' }} }}"
    return f"{took} INSERT DATA {{ <urn:a> <urn:p> {number} , {number % 5} }} {again}"


def rows(server: str, query: str, **more: str) -> list[str]:
    status, _, body = send(ask(server, query, format="json", **more))
    assert status == 200, body
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(body)["results"]["bindings"])


def count(server: str, **more: str) -> int:
    return int(json.loads(rows(server, COUNT, **more)[0])["n"]["value"])


def replayed(number: int) -> int:
    """How many triples the default graph has after so many changes, by the changes themselves."""
    held = set[int]()
    for each in range(1, number + 1):
        if each % 4 == 0:
            held.discard(each - 3)
        held |= {each, each % 5}
    return len(held)


def test_every_version_answers_as_it_was_in_any_order(client: Client) -> None:
    for number in (30, 0, 17, 16, 29, 3, 11, 1, 28, 22, 5, 17):
        assert count(client.server, version=str(number)) == replayed(number), number
    assert count(client.server) == replayed(30)


def test_the_answer_names_its_version_and_lasts(client: Client) -> None:
    _, headers, _ = send(ask(client.server, COUNT))
    assert headers["Kelisim-Version"] == "30"
    assert "no-cache" in headers["Cache-Control"]
    for form in ("json", "turtle", "html"):
        query = COUNT if form != "turtle" else "CONSTRUCT WHERE { ?s ?p ?o }"
        versions = get_json(f"{client.server}changes.json?before=13")["versions"]
        for asked in ("12", versions[0]["digest"], versions[0]["time"]):
            status, headers, _ = send(ask(client.server, query, version=asked, format=form))
            assert (status, headers["Kelisim-Version"]) == (200, "12")
            lasts = asked == versions[0]["digest"] and form != "html"
            assert ("immutable" in headers["Cache-Control"], "no-cache" in headers["Cache-Control"]) == (
                lasts,
                not lasts,
            )
    etag = send(ask(client.server, COUNT, version="12"))[1]["ETag"]
    assert send(ask(client.server, COUNT, version="12"), headers={"If-None-Match": etag})[0] == 304
    body = f"query={COUNT}&version=4".encode()
    status, headers, _ = send(f"{client.server}sparql", method="POST", body=body, headers=FORM)
    assert (status, headers["Kelisim-Version"]) == (200, "4")


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ("31", 404, "versions 0 to 30"),
        ("x", 400, "a number (0 to 30)"),
        ("abcdef012345", 404, "digest"),
        ("2019-02-30", 400, "no date"),
        ("2019-02-03", 404, "the first is of"),
        ("1999-01-01T00:00:00Z", 404, "the first is of"),
    ],
)
def test_versions_that_are_none(client: Client, given: str, status: int, words: str) -> None:
    found, headers, body = send(ask(client.server, COUNT, version=given))
    assert (found, headers["Content-Type"]) == (status, "application/problem+json")
    assert words in json.loads(body)["detail"]


def test_a_change_has_no_version_but_makes_one(client: Client) -> None:
    headers = UPDATE | client.token
    nothing = send(f"{client.server}sparql", method="POST", body=b"DELETE DATA { <urn:no> <urn:p> 1 }", headers=headers)
    assert (nothing[0], nothing[1]["Kelisim-Version"]) == (200, "30")
    url = f"{client.server}sparql?version=3"
    assert send(url, method="POST", body=b"INSERT DATA { <urn:z> <urn:p> 1 }", headers=headers)[0] == 400


def test_past_versions_while_others_are_written(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    token = make_token(folder, "update", "admin")
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        client = Client(running, token)
        wrong: list[str] = []
        done = threading.Event()

        def write() -> None:
            for number in range(1, 41):
                client.update(f"INSERT DATA {{ <urn:a> <urn:p> {number} }}")
            done.set()

        def read(step: int) -> None:
            asked = 0
            while not done.is_set() or asked < 5:
                latest = int(send(ask(client.server, f"{COUNT} #{asked}"))[1]["Kelisim-Version"])
                number = max(0, latest - (asked * step) % 17)
                found = count(client.server, version=str(number))
                if found != number:
                    wrong.append(f"{number}: {found}")
                asked += 1

        threads = [threading.Thread(target=write), *(threading.Thread(target=read, args=(n,)) for n in (1, 3, 5))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert send(f"{client.server}compact", method="POST", headers=client.token)[0] == 200
        status, _, body = send(ask(client.server, COUNT, version="39"))
        assert status == 410
        assert "compacted" in json.loads(body)["detail"]
        assert count(client.server, version="40") == 40
        client.update("DELETE DATA { <urn:a> <urn:p> 1 }")
        assert (count(client.server, version="40"), count(client.server)) == (40, 39)


def test_a_build_has_one_version(server: str) -> None:
    status, headers, _ = send(ask(server, COUNT, version="0"))
    assert (status, headers["Kelisim-Version"]) == (200, "0")
    assert send(ask(server, COUNT, version="1"))[0] == 404
    assert send(ask(server, COUNT, version="2020-01-01"))[0] == 404
    assert send(ask(server, COUNT, version="2999-01-01"))[0] == 200


def test_killed_processes_of_a_past_version_are_replaced(client: Client) -> None:
    assert count(client.server, version="9") == replayed(9)
    server = psutil.Process(client.process.pid)
    past = [p for p in server.children(recursive=True) if p.nice() == server.nice() + PAST_NICENESS]
    assert past
    for process in past:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert count(client.server) == replayed(30), "who asks of today notices nothing"
    end = time.monotonic() + 20
    while (status := send(ask(client.server, COUNT + " # again", version="9"))[0]) == 503:
        assert time.monotonic() < end
    assert status == 200
    assert count(client.server, version="8") == replayed(8)
    assert client.process.poll() is None


def test_many_versions_at_once(client: Client) -> None:
    found: dict[int, int] = {}

    def read(number: int) -> None:
        found[number] = count(client.server, version=str(number))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(31)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: replayed(number) for number in range(31)}


@given(st.lists(st.sets(st.integers(0, 8), max_size=6), min_size=1, max_size=5), st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_changes_and_every_version_since(client: Client, states: list[set[int]], data: st.DataObject) -> None:
    """Each state replaces a graph; what every version answers is that state."""
    graph = f"urn:random:{next(FRESH)}"
    query = f"SELECT ?v WHERE {{ GRAPH <{graph}> {{ <urn:a> <urn:p> ?v }} }}"
    expected: dict[int, set[int]] = {}
    for state in states:
        body = "".join(f"<urn:a> <urn:p> {value} . " for value in state).encode()
        _, answer = client.graph("PUT", graph, body)
        expected[json.loads(answer)["version"]] = state
    for number in data.draw(st.permutations(sorted(expected))):
        values = {int(json.loads(row)["v"]["value"]) for row in rows(client.server, query, version=str(number))}
        assert values == expected[number]
