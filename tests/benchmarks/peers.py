"""Starts the servers that are compared, all on the loopback address, and stops them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from kg.workers.confinement import die_with_parent
from tests.http import free_port

OXIGRAPH: Final = "oxigraph==0.5.13"
"""The peer: the oxigraph server, as PyPI has it."""
START_SECONDS: Final = 120
LOAD_SECONDS: Final = 600


class MissingPeerError(Exception):
    """A peer cannot be had, or takes too long to start."""


@dataclass(frozen=True)
class Server:
    """A server under test: `address` is ``host:port/path`` of its query endpoint."""

    name: str
    address: str

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.address.partition("/")[0].rpartition(":")[2])


def cache_folder() -> Path:
    """Where the peer's environment and the data stay between runs."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kelisim-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def oxigraph_binary(folder: Path) -> Path:
    """The peer's program, installed into an environment of its own if it is not there yet.

    Raises MissingPeerError where it cannot be installed.
    """
    home = folder / OXIGRAPH.replace("==", "-")
    binary = home / "bin" / "oxigraph"
    pip: list[str | Path] = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)  # another run may be at it
        if not binary.exists():
            venv.create(home, with_pip=True, clear=True)
            try:
                subprocess.run([*pip, "--retries=1", OXIGRAPH], check=True, timeout=START_SECONDS)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise MissingPeerError(f"{OXIGRAPH} could not be installed (the network is needed)") from error
    return binary


@contextlib.contextmanager
def kelisim() -> Iterator[Server]:
    """Kelisim with its curated graph."""
    with running_kelisim() as server:
        yield server


@contextlib.contextmanager
def running_kelisim(*options: str) -> Iterator[Server]:
    """Kelisim with the options of ``kelisim serve``."""
    port = free_port()
    program = Path(sys.executable).with_name("kelisim")
    with _running([program, "serve", "--port", str(port), *options], port):
        yield Server("Kelisim", f"127.0.0.1:{port}/sparql")


@contextlib.contextmanager
def kelisim_with(data: Path) -> Iterator[Server]:
    """Kelisim with the quads of an N-Quads file."""
    port = free_port()
    with _running([sys.executable, "-m", "tests.benchmarks.foreign", data, str(port)], port):
        yield Server("Kelisim", f"127.0.0.1:{port}/sparql")


@contextlib.contextmanager
def oxigraph_in_memory(binary: Path, data: Path) -> Iterator[Server]:
    """The peer with the quads of an N-Quads file in memory.

    Raises MissingPeerError where loading them takes too long.
    """
    port = free_port()
    with _running([binary, "serve", "--bind", f"127.0.0.1:{port}"], port):
        connection = HTTPConnection("127.0.0.1", port, timeout=LOAD_SECONDS)
        try:
            with data.open("rb") as body:
                connection.request("POST", "/store", body, {"Content-Type": "application/n-quads"})
            response = connection.getresponse()
            text = response.read().decode()
        except TimeoutError as error:
            raise MissingPeerError(f"oxigraph in memory takes over {LOAD_SECONDS} s to load") from error
        finally:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"oxigraph refused the data: {response.status} {text}")
        yield Server("oxigraph in memory", f"127.0.0.1:{port}/query")


@contextlib.contextmanager
def oxigraph_on_disk(binary: Path, data: Path, store: Path) -> Iterator[Server]:
    """The peer with the quads of an N-Quads file in its disk store, which is made in the empty folder `store`.

    Raises MissingPeerError where loading them takes too long.
    """
    load: list[str | Path] = [binary, "load", "--location", store, "--file", data]
    try:
        subprocess.run(load, check=True, capture_output=True, timeout=LOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise MissingPeerError(f"oxigraph on disk takes over {LOAD_SECONDS} s to load") from error
    port = free_port()
    with _running([binary, "serve", "--location", store, "--bind", f"127.0.0.1:{port}"], port):
        yield Server("oxigraph on disk", f"127.0.0.1:{port}/query")


@contextlib.contextmanager
def _running(command: list[str | Path], port: int) -> Iterator[None]:
    """Runs a server until the block ends, or this thread; enters it when the server takes connections."""
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, with the process that writes to it
    process = subprocess.Popen(
        command,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 - no other threads yet
    )
    try:
        _await_port(process, port)
        yield
    except Exception as error:
        log.seek(0)
        error.add_note(log.read()[-2000:].decode(errors="replace"))
        raise
    finally:
        log.close()
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the group of this one server
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not listen within {START_SECONDS} s")


QUIT_STORE: Final = (
    "quit-store==0.24.0",
    # The newest that it runs with; it does not say so itself.
    *("rdflib==5.0.0", "pyparsing<3", "Jinja2<3.1", "Flask<2.1", "Werkzeug<2.1", "MarkupSafe<2.1", "itsdangerous<2.1"),
    *("Flask-Cors<4", "pygit2==1.11.1", "requests", "setuptools<80"),
)
"""QuitStore (N. Arndt et al., Decentralized Collaborative Knowledge Management Using Git, 2019), as PyPI has it."""


@contextlib.contextmanager
def quit_store(cache: Path, folder: Path, states: Sequence[Any]) -> Iterator[tuple[Server, list[str]]]:
    """QuitStore with a version for each of the states, and the names of their commits.

    The first is a list of quads, the others patches of it (`kg.rdf.patches.Patch`). Its graph is ``<x:g>``, since it
    keeps named graphs alone. Raises MissingPeerError where it cannot be installed.
    """
    home = cache / "quit-store-0.24.0"
    pip: list[str | Path] = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with (cache / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not (home / "complete").exists():
            venv.create(home, with_pip=True, clear=True)
            try:
                subprocess.run([*pip, "--retries=1", *QUIT_STORE], check=True, timeout=START_SECONDS)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise MissingPeerError("quit-store could not be installed (the network is needed)") from error
            packages = next(home.glob("lib/python*/site-packages"))
            (packages / "_pygit2.py").write_text("from pygit2._pygit2 import *\n")  # where pygit2 had it once
            (home / "complete").touch()
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    subprocess.run([*git, "init", "-q", "-b", "master"], check=True)
    commits, held = [], set(states[0])
    (folder / "g.nt.graph").write_text("x:g\n")
    for number, state in enumerate(states):
        held = held if not number else (held - {*state.deletes}) | {*state.adds}
        (folder / "g.nt").write_text("".join(sorted(f"{q.triple} .\n" for q in held)), encoding="utf-8")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", f"version {number}"], check=True)
        found = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        commits.append(found.stdout.strip())
    port = free_port()
    command: list[str | Path] = [home / "bin" / "quit-store", "-t", folder, "-p", str(port), "--host", "127.0.0.1"]
    with _running(command, port):
        yield Server("QuitStore", f"127.0.0.1:{port}/sparql"), commits
