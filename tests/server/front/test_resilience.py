"""The server under adverse clients and failures: it releases resources and keeps answering."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

from server.front.cache import ResponseCache
from server.front.problems import Answer
from tests.conftest import Serving, serving
from tests.http import ask, send
from tests.server.endpoint.test_writes import Client, make_token
from tests.waiting import becomes

LARGE = "SELECT ?a ?b ?c ?d ?e ?f {{ ?a ?b ?c . ?d ?e ?f }} LIMIT 60000 # {}"
HEAVY = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} # {}"


@pytest.fixture(scope="module")
def running(kelisim: str) -> Iterator[Serving]:
    with serving(kelisim, "--timeout", "20", "--queue", "80") as served:
        yield served


def workers(running: Serving) -> list[psutil.Process]:
    (fork_server,) = psutil.Process(running.process.pid).children()
    return fork_server.children()


def connect(running: Serving, request: str, *, buffer_size: int = 0) -> socket.socket:
    """A connection that has sent a request; `buffer_size` is that of its receive buffer, 0 for the default."""
    host, port = running.address.removeprefix("http://").rstrip("/").split(":")
    connection = socket.socket()
    if buffer_size:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_size)
    connection.settimeout(20)
    connection.connect((host, int(port)))
    connection.sendall(request.encode())
    return connection


def get(query: str, accept: str = "*/*", **more: str) -> str:
    return f"GET /sparql?{urlencode({'query': query, **more})} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n"


def own_memory(process: psutil.Process) -> int:
    """Bytes of a process's anonymous memory."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))


def test_slow_readers_of_large_answers_cost_files_and_no_memory(running: Serving) -> None:
    served = psutil.Process(running.process.pid)
    assert len(send(ask(running.address, LARGE.format(0), format="json"))[2]) > 20_000_000
    before = own_memory(served)
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            slow = stack.enter_context(connect(running, get(LARGE.format(1)), buffer_size=4096))
            assert slow.recv(15) == b"HTTP/1.1 200 OK"
        time.sleep(1)
        assert own_memory(served) - before < 30_000_000


def test_large_answers_are_released(running: Serving) -> None:
    """Files of answers are closed when they have been sent, not at a later garbage collection."""
    served = psutil.Process(running.process.pid)

    def answers() -> int:
        found = 0
        for file in [*Path(f"/proc/{served.pid}/fd").iterdir()]:
            with contextlib.suppress(OSError):
                found += "memfd:answer" in str(file.readlink())
        return found

    for number in range(5):
        assert send(ask(running.address, LARGE.format(f"held {number}"), format="json"))[0] == 200
    assert becomes(lambda: answers() == 0, seconds=40)


def test_monitoring_is_answered_under_load(running: Serving) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(70):
            stack.enter_context(connect(running, get(HEAVY.format(number), "text/html")))
        time.sleep(1)
        began = time.monotonic()
        assert send(f"{running.address}health")[0] == 200
        waiting = send(f"{running.address}metrics")[2].decode()
        assert send(f"{running.address}about")[0] == 200
        assert time.monotonic() - began < 5
        assert "kelisim_workers_waiting 6" in waiting
    assert becomes(lambda: "kelisim_workers_waiting 0.0" in send(f"{running.address}metrics")[2].decode())
    assert becomes(lambda: "kelisim_workers_busy 0.0" in send(f"{running.address}metrics")[2].decode())


def test_a_killed_worker_is_replaced_and_its_query_retried(running: Serving) -> None:
    assert becomes(lambda: "kelisim_workers_busy 0.0" in send(f"{running.address}metrics")[2].decode())
    full = 3 * max(2, os.cpu_count() or 2)  # the short lane, idle
    assert becomes(lambda: len(workers(running)) == full)
    before = {w.pid for w in workers(running)}
    for worker in workers(running):
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
    assert all(send(ask(running.address, f"ASK {{}} # {n}"))[0] == 200 for n in range(10))
    with connect(running, get("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }", timeout="20")) as waiting:
        time.sleep(0.2)
        for worker in workers(running):
            with contextlib.suppress(psutil.NoSuchProcess):  # it may just have been replaced
                worker.kill()
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.rstrip().endswith(b"}"):
            answer += waiting.recv(4096)
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")), "what is killed from outside is nobody's fault"
    assert becomes(lambda: len(workers(running)) == full)
    assert not before & {w.pid for w in workers(running)}


def test_uploads_need_a_token(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as served:
        head = (
            "PUT /graphs?default HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\nContent-Length: 100000000\r\n\r\n"
        )
        body = b"#" * 60_000_000
        with connect(served, head) as stranger:
            stranger.settimeout(60)
            with contextlib.suppress(OSError):
                stranger.sendall(body)
            with contextlib.suppress(OSError):
                assert b"401" in stranger.recv(20)
        done = Client(served, token).update("INSERT DATA { <urn:a> <urn:p> 1 }")
        assert done[0] == 200
        status, _, said = send(f"{served.address}graphs?default", method="PUT", body=b"<urn:a> <urn:p> 2 .")
        assert (status, json.loads(said)["status"]) == (401, 401)


def test_no_server_is_left_when_the_first_process_is_killed(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--store", str(tmp_path / "store"), "--empty", "--allow-updates") as served:
        first = psutil.Process(served.process.pid)
        assert becomes(lambda: len(first.children(recursive=True)) >= 2)
        family = first.children(recursive=True)
        served.process.send_signal(signal.SIGKILL)
        _, left = psutil.wait_procs(family, timeout=15)
        assert not left
    with serving(kelisim, "--store", str(tmp_path / "store"), "--allow-updates") as again:
        assert send(f"{again.address}health")[0] == 200


def test_without_file_descriptors_no_answer_is_truncated(kelisim: str) -> None:
    """The limit of file descriptors is so low that the files of large answers cannot all be opened."""
    port = socket.create_server(("127.0.0.1", 0))
    number = port.getsockname()[1]
    port.close()
    command = f'ulimit -n 150; exec "{kelisim}" serve --port {number} --timeout 5'
    process = subprocess.Popen(["/bin/bash", "-c", command], stdout=subprocess.PIPE, text=True)
    try:
        served = Serving(process, f"http://127.0.0.1:{number}/", "")
        assert process.stdout
        assert any("Serving" in line for line in process.stdout)
        with contextlib.ExitStack() as stack:
            asking = stack.enter_context(connect(served, get("ASK {}")))
            assert asking.recv(4096)
            for _ in range(140):
                stack.enter_context(connect(served, ""))
            time.sleep(0.5)
            asking.sendall(get(LARGE.format("files"), "text/csv").encode())
            answer = asking.recv(65536)
            assert answer.startswith(b"HTTP/1.1 503") or b"ontent-length: 0\r\n" not in answer
        assert becomes(lambda: len(send(ask(served.address, LARGE.format("files"), format="csv"))[2]) > 5_000_000)
        assert becomes(lambda: send(ask(served.address, "ASK {} # after"))[0] == 200)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_the_cache_counts_its_keys() -> None:
    cache = ResponseCache(lambda: "1", capacity=100_000)
    answer = Answer(200, [("Cache-Control", "public"), ("ETag", '"x"')], b"{}")
    kept = []
    for number in range(100):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/sparql", "QUERY_STRING": f"{number}" + "q" * 2000}
        key = cache.key(environ)
        assert key
        cache.put(key, environ, answer)
        kept.append((key, environ))
    found = sum(cache.find(key, environ) is not None for key, environ in kept)
    assert 10 < found < 30, "as many as fit, with their keys"


def test_a_stopping_server_answers_waiting_clients(kelisim: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    token = make_token(store, "update")
    with serving(kelisim, "--store", str(store), "--allow-updates", "--timeout", "60") as running:
        change = f"INSERT {{ <x:a> <x:b> ?n }} WHERE {{ {{ {HEAVY.format('').rstrip('# ')} }} }}"
        headers = f"Authorization: Bearer {token}\r\nContent-Type: application/sparql-update\r\n"
        update = f"POST /sparql HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(change)}\r\n\r\n{change}"
        with contextlib.ExitStack() as stack:
            asked = [stack.enter_context(connect(running, get(HEAVY.format(n)))) for n in range(3)]
            asked.append(stack.enter_context(connect(running, get(HEAVY.format("page"), "text/html"))))
            asked.append(stack.enter_context(connect(running, update)))
            time.sleep(1)
            processes = psutil.Process(running.process.pid).children(recursive=True)
            running.process.send_signal(signal.SIGTERM)
            answers = [connection.recv(1 << 16).decode() for connection in asked]
        rest, _ = running.process.communicate(timeout=15)
    assert [answer.split(" ", 2)[1] for answer in answers] == ["503"] * 5
    assert sum("The server is being stopped" in answer for answer in answers) == 5
    assert ("Stopped." in rest, running.process.returncode) == (True, 0)
    assert becomes(lambda: not any(process.is_running() for process in processes))
