"""Operation of a running server: logs, metrics, rates, compaction."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.commands.cli import cli
from tests.conftest import serving
from tests.http import ask, send
from tests.server.endpoint.test_writes import UPDATE, Client, make_token


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_logs_and_metrics(kelisim: str, tmp_path: Path) -> None:
    access, queries = tmp_path / "access.jsonl", tmp_path / "queries.jsonl"
    with serving(kelisim, "--access-log", str(access), "--query-log", str(queries)) as running:
        injected = "ASK { FILTER('''\n{\"status\": 0}''' = 'x') }"
        for query in ("ASK {}", "ASK {}", injected, "SELEKT"):
            send(ask(running.address, query, format="json"), headers={"User-Agent": "tester"})
        _, headers, body = send(f"{running.address}metrics")
    assert headers.get_content_type() == "text/plain"
    text = body.decode()
    assert 'path="/sparql"' in text or 'route="/sparql"' in text
    seen = [line for line in lines(access) if line.get("path") == "/sparql"]
    assert [line["status"] for line in seen] == [200, 200, 200, 400]
    asked = lines(queries)
    assert len(asked) == 4
    assert asked[0]["hash"] == asked[1]["hash"] != asked[2]["hash"], "an answer from the cache is logged like any other"
    assert {"time", "hash", "duration_ms", "bytes", "outcome"} <= set(asked[0])


TRICKY = r"""SELECT * {
  VALUES (?a ?b) { ("}},{" 1) ('''a\n\"b\",\r\n<result>''' 2) ("\"bindings\":[{" UNDEF) }
}"""


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_the_query_log_has_the_rows(kelisim: str, tmp_path: Path, form: str) -> None:
    log = tmp_path / "queries.jsonl"
    with serving(kelisim, "--query-log", str(log)) as running:
        for query in (TRICKY, "SELECT * { ?s ?p ?o } LIMIT 9000", "SELECT * { ?s <urn:none> ?o }", TRICKY):
            assert send(ask(running.address, query, format=form))[0] == 200
        assert send(ask(running.address, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 7", format="ntriples"))[0] == 200
    assert [line["rows"] for line in lines(log)] == [3, 9000, 0, 3, 7]


def test_behind_a_proxy_links_lead_to_the_public_address(kelisim: str) -> None:
    with serving(kelisim, "--origin", "https://example.org") as running:
        assert b"Sitemap: https://example.org/sitemap.xml" in send(f"{running.address}robots.txt")[2]
        assert b"http://127.0.0.1" not in send(f"{running.address}sparql", headers={"Accept": "text/turtle"})[2]
    done = CliRunner().invoke(cli, ["serve", "--origin", "example.org", "--port", "0"])
    assert done.exit_code == 1
    assert "https://example.org" in done.output


def test_addresses_that_are_not_ascii(server: str) -> None:
    host, port = server.removeprefix("http://").rstrip("/").split(":")
    for path in ("/search?q=Қазақстан", "/about?lang=қ", "/page/астана"):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode()
            )
            assert int(connection.recv(4096).split()[1]) in (200, 404, 400)


def test_a_client_beyond_its_rate_gets_retry_after(kelisim: str) -> None:
    with serving(kelisim, "--rate", "2") as running:
        found = [send(ask(running.address, "ASK {}")) for _ in range(12)]
        statuses = [status for status, _, _ in found]
        assert statuses[0] == 200
        refused = next(answer for answer in found if answer[0] == 429)
        assert int(refused[1]["Retry-After"]) >= 1
        assert refused[1].get_content_type() == "application/problem+json"
        assert send(f"{running.address}health")[0] == 200


def test_compaction_by_the_server(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    writer, admin = make_token(folder), make_token(folder, "admin", name="boss")
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        client = Client(running, writer)
        for i in range(3):
            assert client.update(f"INSERT DATA {{ <urn:{i}> <urn:p> 1 }}")[0] == 200
        url = f"{running.address}compact"
        assert send(url, method="POST", body=b"", headers=client.token)[0] == 403
        status, _, body = send(url, method="POST", body=b"", headers={"Authorization": f"Bearer {admin}"})
        assert (status, json.loads(body)) == (200, {"version": 3})
        assert client.update("INSERT DATA { <urn:4> <urn:p> 1 }")[0] == 200
        assert client.rows("?s ?p ?o") == 4
    printed = CliRunner().invoke(cli, ["log", str(folder)]).output.splitlines()
    assert [line.split("\t")[0] for line in printed] == ["4"]
    listed = CliRunner().invoke(cli, ["token", "list", "--store", str(folder)]).output
    assert [line.split("\t")[:2] for line in listed.splitlines()] == [["tester", "update"], ["boss", "admin"]]
    told = json.loads(CliRunner().invoke(cli, ["log", str(folder), "--json"]).output)
    assert [(entry["version"], entry["author"], entry["adds"], entry["deletes"]) for entry in told] == [
        (4, "tester", 1, 0)
    ]
    tokens = json.loads(CliRunner().invoke(cli, ["token", "list", "--store", str(folder), "--json"]).output)
    assert [(token["name"], token["scopes"]) for token in tokens] == [("tester", ["update"]), ("boss", ["admin"])]
    with serving(kelisim, "--store", str(folder)) as running:
        assert Client(running, "").rows("?s ?p ?o") == 4


def test_a_second_server_on_one_store_is_refused(kelisim: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "store")
    with serving(kelisim, "--store", folder, "--empty", "--allow-updates"):
        done = CliRunner().invoke(cli, ["serve", "--store", folder, "--allow-updates", "--port", "0"])
        assert done.exit_code == 1
        assert "open for writing already" in done.output


def test_changes_need_a_store_on_disk() -> None:
    done = CliRunner().invoke(cli, ["serve", "--allow-updates", "--port", "0"])
    assert done.exit_code == 1
    assert "--store" in done.output


def test_a_read_only_server_takes_no_update(server: str) -> None:
    status, _, body = send(f"{server}sparql", method="POST", body=b"INSERT DATA { <urn:a> <urn:p> 1 }", headers=UPDATE)
    assert status == 403
    assert "changes are off" in json.loads(body)["detail"]
