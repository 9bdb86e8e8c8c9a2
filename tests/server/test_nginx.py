"""The configuration of nginx before real servers: TLS, the cache, compression, addresses, failures, refusals."""

import gzip
import http.client
import json
import secrets
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.front.logs import query_hash
from tests.conftest import Serving, serving
from tests.http import free_port, get_json, send
from tests.server.endpoint.test_writes import UPDATE, make_token
from tests.server.proxied import NAME, Proxy, need_nginx, proxying
from tests.waiting import becomes

JSON = {"Accept": "application/sparql-results+json"}
EVERYTHING = "SELECT * WHERE { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@dataclass(frozen=True)
class Setting:
    """nginx before a writer and one of two replicas; the other is gone. Their logs; a token for changes."""

    proxy: Proxy
    reader: Serving
    folder: Path
    token: str

    def requests(self, server: str = "reader") -> list[dict[str, object]]:
        """What the server has logged, the latest last."""
        text = (self.folder / f"{server}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def asked(self, text: str) -> int:
        """How often the reader has logged a query, once it has logged a later one, which is sent here."""
        later = "ASK { FILTER('after' = '" + secrets.token_hex(8) + "') }"
        send(f"{self.reader.address}{query(later)[1:]}", headers=JSON)
        log = self.folder / "queries.jsonl"
        found = [""]

        def logged() -> bool:
            found[:] = [json.loads(line)["hash"] for line in log.read_text(encoding="utf-8").splitlines()]
            return query_hash(later) in found

        assert becomes(logged)
        return found.count(query_hash(text))

    def logs(self, path: str, server: str = "reader", **expected: object) -> bool:
        """Whether the latest request for a path comes to be logged so: a line is written after the answer is sent."""

        def latest() -> bool:
            of_path = [line for line in self.requests(server) if line["path"] == path]
            return bool(of_path) and {name: of_path[-1][name] for name in expected} == expected

        return becomes(latest)


@pytest.fixture(scope="module")
def setting(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    need_nginx()
    folder = tmp_path_factory.mktemp("proxied")
    (folder / "nginx").mkdir()
    token = make_token(folder / "store")
    trust = ["--trusted-proxy", "127.0.0.1", "--access-log"]
    queries = ["--query-log", str(folder / "queries.jsonl")]
    with (
        serving(kelisim, *trust, str(folder / "reader.jsonl"), *queries) as reader,
        serving(
            kelisim, *trust, str(folder / "writer.jsonl"), "--store", str(folder / "store"), "--allow-updates"
        ) as writer,
    ):
        servers = {"writer": port_of(writer), "replica-1": port_of(reader), "replica-2": free_port()}
        with proxying(folder / "nginx", servers) as proxy:
            yield Setting(proxy, reader, folder, token)


def port_of(running: Serving) -> int:
    return int(running.address.rstrip("/").rpartition(":")[2])


def query(text: str, **more: str) -> str:
    return "/sparql?" + urllib.parse.urlencode({"query": text, **more})


def test_tls_for_our_name_and_no_other(setting: Setting) -> None:
    status, headers, _ = setting.proxy.ask("/health")
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    with pytest.raises(ssl.SSLError):
        setting.proxy.connect(name="other.example")
    connection = http.client.HTTPConnection("127.0.0.1", setting.proxy.plain, timeout=20)
    connection.request("GET", "/id/astana?a=b", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{NAME}/id/astana?a=b")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Host"]
)
def test_the_address_of_the_client_arrives_and_a_forged_one_does_not(setting: Setting, header: str) -> None:
    forged = {"Forwarded": "for=6.6.6.6;proto=http;host=evil"}.get(header, "6.6.6.6")
    send(f"{setting.reader.address}robots.txt", headers={"X-Forwarded-For": "127.0.0.77"})
    assert setting.logs("/robots.txt", client="127.0.0.77"), "what the trusted address itself sends is believed"
    status, _, body = setting.proxy.ask("/robots.txt", headers={header: forged}, source="127.0.0.5")
    assert status == 200
    assert f"Sitemap: https://{NAME}/sitemap.xml" in body.decode()
    assert setting.logs("/robots.txt", client="127.0.0.5")


def test_an_answer_of_a_fixed_version_is_kept(setting: Setting) -> None:
    text = "SELECT * WHERE { ?s ?p ?o } LIMIT 7"
    (version,) = get_json(f"{setting.reader.address}changes.json")["versions"]
    target = query(text, version=version["digest"])
    found = [setting.proxy.ask(target, headers=JSON) for _ in range(3)]
    assert [headers["Cache-Status"] for _, headers, _ in found] == ["nginx; fwd=miss", "nginx; hit", "nginx; hit"]
    assert len({body for _, _, body in found}) == 1
    assert "immutable" in found[0][1]["Cache-Control"]
    csv = setting.proxy.ask(target, headers={"Accept": "text/csv"})
    assert (csv[1].get_content_type(), csv[1]["Cache-Status"]) == ("text/csv", "nginx; fwd=miss")
    assert setting.proxy.ask(target, headers=JSON)[2] == found[0][2], "Vary keeps formats apart"
    etag = found[0][1]["ETag"]
    status, headers, body = setting.proxy.ask(target, headers=JSON | {"If-None-Match": etag})
    assert (status, headers["ETag"], headers["Cache-Status"], body) == (304, etag, "nginx; hit", b"")
    assert setting.asked(text) == 2
    secret = setting.proxy.ask(target, headers=JSON | {"Authorization": f"Bearer {setting.token}"})
    assert (secret[0], secret[1]["Cache-Status"]) == (200, None)
    numbered = setting.proxy.ask(query(text, version="0"), headers=JSON)[1]
    assert ("no-cache" in numbered["Cache-Control"], numbered["Cache-Status"]) == (True, None)


def test_an_answer_of_today_is_asked_for_each_time(setting: Setting) -> None:
    target = query("SELECT * WHERE { ?s ?p ?o } LIMIT 8")
    status, headers, _ = setting.proxy.ask(target, headers=JSON)
    assert (status, headers["Cache-Status"]) == (200, None)
    again = JSON | {"If-None-Match": headers["ETag"]}
    assert [setting.proxy.ask(target, headers=again)[0] for _ in range(2)] == [304, 304]
    assert becomes(lambda: [line["status"] for line in setting.requests()][-2:] == [304, 304])
    status, headers, part = setting.proxy.ask("/data/dump.nq", headers={"Range": "bytes=10-19"})
    assert (status, len(part)) == (206, 10)


@pytest.mark.parametrize(("accepted", "coding"), [("gzip", "gzip"), ("zstd, gzip", "zstd"), ("identity", None)])
def test_answers_are_compressed_once(setting: Setting, accepted: str, coding: str | None) -> None:
    target = query("SELECT * WHERE { ?s ?p ?o } LIMIT 900")
    headers = JSON | {"Accept-Encoding": accepted}
    _, found, body = setting.proxy.ask(target, headers=headers)
    assert found["Content-Encoding"] == coding
    assert found["ETag"].startswith('"'), "an ETag that is not weakened"
    assert body == send(f"{setting.reader.address}{target[1:]}", headers=headers)[2]
    text = gzip.decompress(body) if coding == "gzip" else body
    assert coding == "zstd" or len(json.loads(text)["results"]["bindings"]) == 900


def test_a_big_answer_is_whole_though_its_reader_is_slow(setting: Setting) -> None:
    target = query(f"SELECT * WHERE {{ {{ {EVERYTHING} }} VALUES ?n {{ 1 2 3 }} }}", format="csv")
    whole = send(f"{setting.reader.address}{target[1:]}")[2]
    assert len(whole) > 10_000_000
    with setting.proxy.connect() as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert setting.logs("/sparql", bytes=len(whole)), "nginx takes it at once, and keeps it"
        parts = []
        while part := connection.recv(1 << 20):
            parts.append(part)
    received = b"".join(parts)
    assert received.partition(b"\r\n\r\n")[2] == whole


def test_a_client_that_sends_no_more_has_a_whole_answer_or_none(setting: Setting) -> None:
    target = query("SELECT * WHERE { ?s ?p ?o } LIMIT 40")
    whole = send(f"{setting.reader.address}{target[1:]}")[2]
    for _ in range(5):
        with setting.proxy.connect() as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
            socket.socket.shutdown(connection, socket.SHUT_WR)
            received = b""
            while part := connection.recv(1 << 20):
                received += part
        assert not received or received.partition(b"\r\n\r\n")[2] == whole


def test_the_query_of_a_client_that_leaves_is_stopped(setting: Setting) -> None:
    target = query(ENDLESS)
    with setting.proxy.connect() as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        status, _, body = setting.proxy.ask("/health")
        assert status == 200, body
    assert setting.logs("/sparql", status=499)


def test_changes_go_to_the_writer_and_are_read_there(setting: Setting) -> None:
    authorized = {"Authorization": f"Bearer {setting.token}"}
    update = b"INSERT DATA { <urn:through> <urn:nginx> 1 }"
    status, _, body = setting.proxy.ask("/sparql", method="POST", body=update, headers=UPDATE | authorized)
    assert status == 200, body
    found = query("ASK { <urn:through> ?p ?o }", format="json")
    assert json.loads(setting.proxy.ask(found, headers=authorized)[2])["boolean"] is True
    assert json.loads(setting.proxy.ask(found)[2])["boolean"] is False, "the reader of this test follows nobody"
    assert setting.proxy.ask("/sparql", method="POST", body=update, headers=UPDATE)[0] in (401, 403)
    turtle = b"<urn:a> <urn:p> 1 .\n" * 100_000
    put = {"Content-Type": "text/turtle", "Expect": "100-continue"} | authorized
    assert setting.proxy.ask("/graphs?graph=urn:big", method="PUT", body=turtle, headers=put)[0] == 201
    assert setting.logs("/graphs", "writer", client="127.0.0.1")


def test_a_replica_that_is_gone_fails_no_query(setting: Setting) -> None:
    found = [setting.proxy.ask(query(f"ASK {{ FILTER({n} = {n}) }}"))[0] for n in range(30)]
    assert found == [200] * 30
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    posted = [setting.proxy.ask("/sparql", method="POST", body=b"query=ASK%7B%7D", headers=form)[0] for _ in range(30)]
    assert posted == [200] * 30


def test_one_address_may_not_ask_without_end(setting: Setting) -> None:
    answers: list[tuple[int, http.client.HTTPMessage, bytes]] = []

    def flood() -> None:
        answers.extend(setting.proxy.ask("/health", source="127.0.0.9") for _ in range(100))

    threads = [threading.Thread(target=flood) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if answer[0] == 429]
    assert {status for status, _, _ in answers} == {200, 429}
    is_problem(refused[0], 429)
    assert refused[0][1]["Retry-After"] == "1"
    assert setting.proxy.ask("/health", source="127.0.0.10")[0] == 200


def test_what_nginx_refuses_is_problem_details(setting: Setting) -> None:
    is_problem(setting.proxy.ask("/metrics"), 404)
    big = {"Content-Type": "text/turtle", "Content-Length": str(1 << 28)}
    is_problem(setting.proxy.ask("/graphs", method="PUT", headers=big), 413)
    answer = setting.proxy.ask(query("SELEKT", format="json"))
    is_problem(answer, 400)
    assert "line" in json.loads(answer[2])["detail"], "the server's own words come through"


def test_where_all_servers_are_gone_it_is_said(tmp_path: Path) -> None:
    with proxying(tmp_path, {name: free_port() for name in ("writer", "replica-1", "replica-2")}) as proxy:
        answer = proxy.ask(query("ASK {}"))
        is_problem(answer, 502)
        assert answer[1]["Retry-After"] == "5"


def is_problem(answer: tuple[int, http.client.HTTPMessage, bytes], status: int) -> None:
    assert answer[0] == status
    assert answer[1].get_content_type() == "application/problem+json"
    assert json.loads(answer[2])["status"] == status
