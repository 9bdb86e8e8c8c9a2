"""Changes over HTTP, updates and the Graph Store Protocol: authorized, atomic, durable."""

import json
import os
import signal
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from SPARQLWrapper import POST, SPARQLWrapper

from server.commands.cli import cli
from tests.conftest import Serving, serving
from tests.http import ask, send

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UPDATE = {"Content-Type": "application/sparql-update"}
TURTLE = {"Content-Type": "text/turtle"}


class Client:
    """A client of a server with a store of its own, with a token of scope update."""

    def __init__(self, running: Serving, token: str) -> None:
        self.server = running.address
        self.process = running.process
        self.token = {"Authorization": f"Bearer {token}"}

    def update(self, update: str, **headers: str) -> tuple[int, bytes]:
        status, _, body = send(
            f"{self.server}sparql", method="POST", body=update.encode(), headers=UPDATE | self.token | headers
        )
        return status, body

    def graph(self, method: str, name: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        url = f"{self.server}graphs?" + (urllib.parse.urlencode({"graph": name}) if name else "default")
        status, _, answer = send(url, method=method, body=body, headers=TURTLE | self.token | headers)
        return status, answer

    def rows(self, pattern: str) -> int:
        query = f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}"
        return int(json.loads(send(ask(self.server, query))[2])["results"]["bindings"][0]["n"]["value"])


def make_token(folder: Path, *scopes: str, name: str = "tester") -> str:
    chosen = [word for scope in scopes for word in ("--scope", scope)]
    done = CliRunner().invoke(cli, ["token", "create", name, "--store", str(folder), *chosen])
    assert done.exit_code == 0, done.output
    return done.output.strip()


@pytest.fixture
def client(kelisim: str, tmp_path: Path) -> Iterator[Client]:
    folder = tmp_path / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        yield Client(running, token)


def test_who_may_change(client: Client, tmp_path: Path) -> None:
    update = b"INSERT DATA { <urn:a> <urn:p> 1 }"
    url = f"{client.server}sparql"
    status, headers, _ = send(url, method="POST", body=update, headers=UPDATE)
    challenges = 'Basic realm="kelisim", charset="UTF-8", Bearer realm="kelisim"'
    assert (status, headers["WWW-Authenticate"]) == (401, challenges)
    status, headers, _ = send(url, method="POST", body=update, headers=UPDATE | {"Authorization": "Bearer nonsense"})
    assert status == 401
    assert "invalid_token" in headers["WWW-Authenticate"]
    reader = make_token(tmp_path / "store", "query", name="reader")
    status, headers, _ = send(url, method="POST", body=update, headers=UPDATE | {"Authorization": f"Bearer {reader}"})
    assert status == 403
    assert "insufficient_scope" in headers["WWW-Authenticate"]
    assert client.rows("?s ?p ?o") == 0
    assert client.update(update.decode())[0] == 200
    done = CliRunner().invoke(cli, ["token", "revoke", "tester", "--store", str(tmp_path / "store")])
    assert done.exit_code == 0
    assert client.update(update.decode())[0] == 401


def test_updates_by_every_way(client: Client) -> None:
    assert json.loads(client.update("INSERT DATA { <urn:a> <urn:p> 1 , 2 }")[1]) == {
        "version": 1,
        "added": 2,
        "deleted": 0,
    }
    encoded = urllib.parse.urlencode({"update": "DELETE WHERE { <urn:a> <urn:p> 1 }"}).encode()
    assert send(f"{client.server}sparql", method="POST", body=encoded, headers=FORM | client.token)[0] == 200
    assert client.rows("?s ?p ?o") == 1
    wrapper = SPARQLWrapper(f"{client.server}sparql")
    wrapper.addCustomHttpHeader("Authorization", client.token["Authorization"])
    wrapper.setMethod(POST)
    wrapper.setQuery("INSERT { GRAPH <urn:g> { ?s ?p ?o } } WHERE { ?s ?p ?o }")
    wrapper.query()
    assert client.rows("GRAPH <urn:g> { ?s ?p ?o }") == 1


def test_using_graphs_by_parameter(client: Client) -> None:
    client.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 1 } GRAPH <urn:h> { <urn:b> <urn:p> 1 } }")
    url = f"{client.server}sparql?" + urllib.parse.urlencode({"using-graph-uri": "urn:g"})
    update = b"INSERT { ?s <urn:q> 'WHERE' } WHERE { ?s <urn:p> ?o } ; INSERT { ?s <urn:r> 1 } WHERE { ?s <urn:p> 1 }"
    assert send(url, method="POST", body=update, headers=UPDATE | client.token)[0] == 200
    assert client.rows("<urn:a> ?p ?o") == 2
    assert client.rows("<urn:b> ?p ?o") == 0
    clash = b"INSERT { ?s <urn:q> 1 } USING <urn:h> WHERE { ?s ?p ?o }"
    assert send(url, method="POST", body=clash, headers=UPDATE | client.token)[0] == 400


@pytest.mark.parametrize(
    ("update", "status"),
    [
        ("INSERT DATA {", 400),
        ("LOAD <http://127.0.0.1:1/>", 403),
        ("LOAD SILENT <http://127.0.0.1:1/>", 403),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 403),
        ("INSERT DATA { <urn:x> a <https://w3id.org/kelisim/ns#Event> }", 422),
        ("INSERT DATA { <urn:y> <urn:p> 1 } ; CREATE GRAPH <urn:g> ; CREATE GRAPH <urn:g>", 409),
    ],
)
def test_what_is_refused_changes_nothing(client: Client, update: str, status: int) -> None:
    client.update("INSERT DATA { <urn:a> <urn:p> 1 }")
    found, body = client.update(update)
    assert (found, json.loads(body)["status"]) == (status, status), body
    assert client.rows("{ ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } }") == 1
    assert client.update("INSERT DATA { <urn:b> <urn:p> 1 }")[0] == 200


def test_validation_reports_are_text_or_rdf(client: Client) -> None:
    bad = "INSERT DATA { <https://w3id.org/kelisim/id/e> a <https://w3id.org/kelisim/ns#Event> }"
    assert "An event needs a kel:kind" in json.loads(client.update(bad)[1])["detail"]
    status, report = client.update(bad, Accept="text/turtle")
    assert status == 422
    assert b"ValidationReport" in report


def test_the_graph_store(client: Client) -> None:
    name = "http://example.org/g"
    assert client.graph("GET", name)[0] == 404
    assert client.graph("PUT", name, b"<a> <p> <b> , [ <q> 1.10 ] .")[0] == 201
    status, body = client.graph("GET", name, Accept="application/n-triples")
    assert status == 200
    assert b"<http://example.org/a> <http://example.org/p> <http://example.org/b> ." in body
    assert client.graph("POST", name, b"<a> <p> <c> .")[0] == 200
    assert client.rows(f"GRAPH <{name}> {{ ?s ?p ?o }}") == 4
    assert client.graph("PUT", name, b"<a> <p> <d> .")[0] == 200
    assert client.rows(f"GRAPH <{name}> {{ ?s ?p ?o }}") == 1
    assert client.graph("DELETE", name)[0] == 200
    assert client.graph("DELETE", name)[0] == 404
    assert client.graph("PUT", "", b"<urn:a> <urn:p> 1 .")[0] == 200
    assert client.rows("?s ?p ?o") == 1


def test_graphs_by_their_own_url_and_new_ones(client: Client) -> None:
    url = f"{client.server}graphs/mine"
    assert send(url, method="PUT", body=b"<> <urn:p> 1 .", headers=TURTLE | client.token)[0] == 201
    assert client.rows(f"GRAPH <{url}> {{ <{url}> ?p ?o }}") == 1
    status, headers, _ = send(
        f"{client.server}graphs", method="POST", body=b"<urn:a> <urn:p> 1 .", headers=TURTLE | client.token
    )
    assert status == 201
    assert client.rows(f"GRAPH <{headers['Location']}> {{ ?s ?p ?o }}") == 1


def test_several_files_in_one_form(client: Client) -> None:
    head = '--x\r\nContent-Disposition: form-data; name="{0}"; filename="{0}"\r\nContent-Type: {1}\r\n\r\n{2}\r\n'
    parts = [
        head.format("a.ttl", "text/turtle", "<urn:a> <urn:p> 1 ."),
        head.format("b.nt", "application/n-triples", "<urn:b> <urn:p> <urn:c> ."),
        "--x--\r\n",
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.graph("POST", "urn:g", "".join(parts).encode(), **headers)[0] == 201
    assert client.rows("GRAPH <urn:g> { ?s ?p ?o }") == 2


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"<urn:a> <urn:p> ", "text/turtle", 400),
        (b"<urn:a> <urn:p> 1 .", "image/png", 415),
        (b"<urn:a> <urn:p> 1 <urn:g> .", "application/n-quads", 400),
        (b"[" * 100_000, "application/ld+json", 400),
        (b'{"@id": "urn:a", "urn:p": ' + b'{"urn:p": ' * 20_000 + b"1" + b"}" * 20_001, "application/ld+json", 400),
        (b"<urn:a> <urn:p> " + b"[ <urn:p> " * 50_000, "text/turtle", 400),
        (b"@prefix : <urn:x> . :a :p " + b"( " * 50_000, "text/turtle", 400),
    ],
)
def test_bad_documents_change_nothing(client: Client, body: bytes, content_type: str, status: int) -> None:
    found, answer = client.graph("PUT", "urn:g", body, **{"Content-Type": content_type})
    assert found in ((400, 413) if status == 400 else (status,)), answer
    assert client.graph("GET", "urn:g")[0] == 404
    assert client.update("INSERT DATA { <urn:b> <urn:p> 1 }")[0] == 200


def test_exponential_entities_are_refused(client: Client) -> None:
    entities = b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(8))
    document = (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "' + b"x" * 1000 + b'">' + entities + b"]>"
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="urn:a">'
        b"<rdf:value>&i;</rdf:value></rdf:Description></rdf:RDF>"
    )
    status, _ = client.graph("PUT", "urn:g", document, **{"Content-Type": "application/rdf+xml"})
    assert status in (400, 413)
    assert client.rows("?s ?p ?o") == 0


def test_increments_at_the_same_time_are_all_counted(client: Client) -> None:
    client.update("INSERT DATA { <urn:counter> <urn:is> 0 }")
    increment = "DELETE { ?c <urn:is> ?n } INSERT { ?c <urn:is> ?m } WHERE { ?c <urn:is> ?n BIND(?n + 1 AS ?m) }"
    statuses: list[int] = []
    seen: set[int] = set()
    stop = threading.Event()

    def write() -> None:
        statuses.extend(client.update(increment)[0] for _ in range(10))

    def read() -> None:
        while not stop.is_set():
            seen.add(client.rows("?s ?p ?o"))

    writers = [threading.Thread(target=write) for _ in range(4)]
    reader = threading.Thread(target=read)
    for thread in [*writers, reader]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert statuses == [200] * 40
    assert seen == {1}, "a reader saw half of a change"
    assert client.rows("<urn:counter> <urn:is> 40") == 1


def test_what_was_acknowledged_survives_a_kill(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    token = make_token(folder)
    options = ("--store", str(folder), "--empty", "--allow-updates")
    with serving(kelisim, *options) as running:
        client = Client(running, token)
        done = [
            client.update(f"INSERT DATA {{ <urn:{i}> <urn:p> 1 }}", **{"Kelisim-Message": f"n {i}"}) for i in range(5)
        ]
        assert [status for status, _ in done] == [200] * 5
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
        for pid in [*map(int, children), running.process.pid]:
            os.kill(pid, signal.SIGKILL)
    with (folder / "history" / "FORMAT").open() as marker:
        assert marker.read()
    with serving(kelisim, *options) as running:
        assert "version 5" in running.printed
        assert Client(running, token).rows("?s ?p ?o") == 5
    printed = CliRunner().invoke(cli, ["log", str(folder)]).output.splitlines()
    assert len(printed) == 5
    assert printed[0].startswith("5\t")
    assert printed[0].endswith("\ttester\t+1 -0\tn 4")


def test_backup_while_serving_and_restore(client: Client, kelisim: str, tmp_path: Path) -> None:
    client.update("INSERT DATA { <urn:a> <urn:p> 1 }")
    run = CliRunner().invoke
    done = run(cli, ["backup", str(tmp_path / "store"), str(tmp_path / "b.tar.gz")])
    assert "version 1" in done.output
    locked = run(cli, ["compact", str(tmp_path / "store")])
    assert locked.exit_code == 1
    client.update("INSERT DATA { <urn:b> <urn:p> 1 }")
    assert "version 1" in run(cli, ["restore", str(tmp_path / "b.tar.gz"), str(tmp_path / "other")]).output
    assert "version 1" in run(cli, ["compact", str(tmp_path / "other")]).output
    with serving(kelisim, "--store", str(tmp_path / "other")) as running:
        assert Client(running, "").rows("?s ?p ?o") == 1


def test_a_store_begins_with_the_curated_graph(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--store", str(tmp_path / "store")) as running:
        assert Client(running, "").rows("?s a <https://w3id.org/kelisim/ns#Visit>") == 4
        status, _, _ = send(f"{running.address}sparql", method="POST", body=b"CLEAR ALL", headers=UPDATE)
        assert status == 403


def test_workers_follow_many_changes(client: Client) -> None:
    """More changes than the backlog for workers holds: each worker still answers from the newest version."""
    for i in range(70):
        assert client.update(f"INSERT DATA {{ <urn:{i}> <urn:p> 1 }}")[0] == 200
    assert client.rows("?s ?p ?o") == 70
    found: set[int] = set()

    def ask_differently(i: int) -> None:
        found.add(client.rows(f"?s ?p ?o FILTER({i} = {i})"))

    threads = [threading.Thread(target=ask_differently, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {70}
