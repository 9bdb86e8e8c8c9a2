"""A writer and two replicas behind nginx, with the settings that README.md gives, under load: no request fails.

``KELISIM_KILLS`` is how often a replica is killed and both are restarted (`make soak` sets it).
"""

import http.client
import itertools
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT, Serving
from tests.http import ask, free_port, send
from tests.server.endpoint.test_writes import UPDATE, Client, make_token
from tests.server.front.cluster import follows, port_of, replicating, state, writing
from tests.server.proxied import NGINX
from tests.waiting import becomes

ROUNDS = int(os.environ.get("KELISIM_KILLS", "1"))
READERS = 6
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
COUNT = "SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o }"
SUMMARY = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"


@contextmanager
def nginx(folder: Path, port: str, servers: dict[str, str]) -> Iterator[str]:
    """Runs nginx with the settings of README.md, in which the names of servers stand for these ports."""
    assert NGINX
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"^```nginx\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    for name, of in servers.items():
        settings = settings.replace(f"{name}:8000", f"127.0.0.1:{of}")
    settings = settings.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nworker_processes 2;\nerror_log {folder}/error.log warn;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{temporary}{settings}}}\n"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command)
    try:
        address = f"http://127.0.0.1:{port}/"
        assert becomes(lambda: _answers(port), 20), (folder / "error.log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


class Load:
    """Readers that ask all the time, by every way, and a writer; what was not answered as it should be."""

    def __init__(self, server: str, token: dict[str, str]) -> None:
        self.server, self.token = server, token
        self.host = urllib.parse.urlsplit(server).netloc
        self.failures: list[str] = []
        self.answered: Counter[str] = Counter()
        self.written = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(n,), daemon=True) for n in range(READERS)]
        self._threads.append(threading.Thread(target=self._write, daemon=True))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _requests(self, reader: int, number: int) -> tuple[str, str, bytes | None, dict[str, str]]:
        """A query that no cache knows, as GET, as a form and as a body; pages and linked data."""
        query = f"{COUNT} # {reader}-{number}"
        form = urllib.parse.urlencode({"query": query}).encode()
        ways: list[tuple[str, str, bytes | None, dict[str, str]]] = [
            ("GET", f"/sparql?{form.decode()}", None, {}),
            ("POST", "/sparql", form, FORM),
            ("POST", "/sparql", query.encode(), {"Content-Type": "application/sparql-query"}),
            ("GET", "/graphs?default&format=ntriples", None, {}),
            ("GET", f"/sparql?{urllib.parse.urlencode({'query': SUMMARY})}", None, {}),
            ("GET", "/changes", None, {"Accept": "text/html"}),
        ]
        return ways[number % len(ways)]

    def _read(self, reader: int) -> None:
        with closing(http.client.HTTPConnection(self.host, timeout=60)) as connection:
            self._read_on(reader, connection)

    def _read_on(self, reader: int, connection: http.client.HTTPConnection) -> None:
        for number in itertools.count():
            if self._over.is_set():
                return
            method, path, body, headers = self._requests(reader, number)
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.failures.append(f"{method} {path}: {error!r}")
                continue
            self.answered[method] += 1
            if response.status != 200:
                self.failures.append(f"{method} {path}: {response.status} {text[:300]!r}")

    def _write(self) -> None:
        while not self._over.is_set():
            update = f"INSERT DATA {{ <urn:{self.written}> <urn:p> {self.written} }}".encode()
            status, headers, body = send(
                f"{self.server}sparql", method="POST", body=update, headers=UPDATE | self.token
            )
            if status != 200:
                self.failures.append(f"update: {status} {body[:300]!r}")
                continue
            self.written += 1
            self._read_back(headers["Kelisim-Version"])
            time.sleep(0.05)

    def _read_back(self, version: str) -> None:
        """What was written is there at any replica that answers for the version; one may say that it is not yet."""
        for _ in range(10):
            status, _, body = send(ask(self.server, COUNT, version=version, format="json"))
            if status == 503:
                continue
            found = int(json.loads(body)["results"]["bindings"][0]["n"]["value"]) if status == 200 else -1
            if found != self.written:
                self.failures.append(f"version {version}: {status}, {found} of {self.written}")
            return
        self.failures.append(f"version {version} did not come")


class Replicas:
    """Two replicas with folders and ports of their own."""

    def __init__(self, kelisim: str, writer: Client, token_file: Path, folder: Path) -> None:
        self._start: Callable[[int, str], AbstractContextManager[Serving]] = lambda number, port: replicating(
            kelisim,
            writer.server,
            *("--replica-token-file", str(token_file)),
            *("--store", str(folder / f"replica-{number}"), "--port", port),
        )
        self._writer = writer
        self.ports = [str(free_port()), str(free_port())]
        self._stacks = [ExitStack(), ExitStack()]
        self.running: list[Serving] = []
        for number, port in enumerate(self.ports):
            self.running.append(self._stacks[number].enter_context(self._start(number, port)))

    def start(self, number: int) -> None:
        """Starts one again, and waits until it is level."""
        self.running[number] = self._stacks[number].enter_context(self._start(number, self.ports[number]))
        self.await_level(number)

    def await_level(self, number: int) -> None:
        address = self.running[number].address
        assert becomes(lambda: send(f"{address}ready")[0] == 200, 60)
        seen = state(self._writer.server)[0]
        assert becomes(lambda: state(address)[0] >= seen, 60)

    def close(self) -> None:
        for stack in self._stacks:
            stack.close()


@pytest.mark.skipif(not NGINX, reason="no nginx here (make proxy installs it), so nothing was balanced")
def test_replicas_come_and_go_behind_nginx_and_no_request_fails(kelisim: str, tmp_path: Path) -> None:
    proxy = tmp_path / "nginx"
    proxy.mkdir()
    token_file = tmp_path / "replica.token"
    token_file.write_text(make_token(tmp_path / "writer", "replicate", name="replicas"))
    with ExitStack() as stack:
        writer = stack.enter_context(writing(kelisim, tmp_path / "writer"))
        assert writer.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:q> 1 } }")[0] == 200
        replicas = Replicas(kelisim, writer, token_file, tmp_path)
        stack.callback(replicas.close)
        for number in (0, 1):
            replicas.await_level(number)
        names = {"writer": port_of(writer), "replica-1": replicas.ports[0], "replica-2": replicas.ports[1]}
        address = stack.enter_context(nginx(proxy, str(free_port()), names))
        load = Load(address, writer.token)
        for round_ in range(ROUNDS):
            time.sleep(0.5)
            lost = round_ % 2
            replicas.running[lost].process.kill()
            replicas.running[lost].process.wait()
            time.sleep(1)
            replicas.start(lost)
            for number in (0, 1):
                replicas.running[number].process.terminate()
                assert replicas.running[number].process.wait(20) == 0
                replicas.start(number)
        load.end()
        assert not load.failures, f"{len(load.failures)} of {load.answered.total()}: {load.failures[:5]}"
        assert min(load.answered["GET"], load.answered["POST"], load.written) >= 10
        for running in replicas.running:
            assert follows(running.address, writer.server)
        replicas.close()
        assert send(ask(address, COUNT))[0] == 200, "with no replica left the writer answers"
        print(f"{load.answered.total()} requests answered, {load.written} versions written, {ROUNDS} rounds")
