"""Whichever process of the server is killed: it goes on, or all is gone at once; nothing acknowledged is lost.

``KELISIM_KILLS`` is how often each kind of process is killed (`make soak` sets it).
"""

import contextlib
import os
import random
import threading
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.conftest import Serving, serving
from tests.http import ask, send
from tests.server.endpoint.test_writes import Client, make_token

KILLS = int(os.environ.get("KELISIM_KILLS", "1"))
WRITERS, READERS = 6, 2
GONE_SECONDS = 15
"""Long, since tests run side by side; `make soak` prints how long it took."""


def fork_server(running: Serving) -> psutil.Process:
    return next(c for c in psutil.Process(running.process.pid).children() if c.children())


KINDS: dict[str, Callable[[Serving], psutil.Process]] = {
    "serving": lambda running: psutil.Process(running.process.pid),
    "fork server": fork_server,
    "worker": lambda running: random.choice(fork_server(running).children()),
}


def busy(client: Client, over: threading.Event, acknowledged: set[str], name: str) -> list[threading.Thread]:
    def write(writer: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            mark = f"{name}-{writer}-{number}"
            with contextlib.suppress(urllib.error.URLError, OSError):
                if client.update(f"INSERT DATA {{ <urn:{mark}> <urn:written> 1 }}")[0] == 200:
                    acknowledged.add(mark)

    def read(_: int) -> None:
        while not over.is_set():
            with contextlib.suppress(urllib.error.URLError, OSError, ValueError):
                client.rows(f"?s <urn:written> ?o FILTER(?o != {random.random()})")

    threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(WRITERS)]
    threads += [threading.Thread(target=read, args=(n,), daemon=True) for n in range(READERS)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process(kelisim: str, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "store"
    token = make_token(folder)
    acknowledged: set[str] = set()
    for round_ in range(KILLS):
        with serving(kelisim, "--store", str(folder), "--allow-updates", "--empty") as running:
            client, over = Client(running, token), threading.Event()
            threads = busy(client, over, acknowledged, f"{kind.replace(' ', '-')}-{round_}")
            time.sleep(0.2 + random.random() / 2)
            family = psutil.Process(running.process.pid).children(recursive=True)
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker may just have been replaced
                KINDS[kind](running).kill()
            began = time.monotonic()
            if kind == "worker":
                assert send(f"{running.address}ready")[0] == 200
            else:
                status = running.process.wait(GONE_SECONDS)
                assert status == (-9 if kind == "serving" else 1)
                _, left = psutil.wait_procs(family, timeout=GONE_SECONDS)
                assert not left
                print(f"{kind}: gone after {time.monotonic() - began:.2f} s")
            over.set()
            for thread in threads:
                thread.join(60)
    with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
        _, _, body = send(ask(running.address, "SELECT ?s { ?s <urn:written> 1 }", format="csv"))
        found = {line.removeprefix("urn:") for line in body.decode().split()[1:]}
    assert acknowledged
    assert acknowledged <= found
