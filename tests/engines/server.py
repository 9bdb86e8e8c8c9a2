"""A server of a SPARQL engine as a process of the test run: started, waited for, paused, killed, started again."""

import contextlib
import http.client
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self
from urllib.parse import urlsplit

from kg.workers.confinement import die_with_parent
from tests.http import free_port

START_SECONDS: Final = 60
STOP_SECONDS: Final = 20


class MissingEngineError(Exception):
    """An engine cannot be had here; the message says why, and what brings it."""


class EngineServer(ABC):
    """A server with a folder of its own for its data. As a context manager it runs while the block does.

    It keeps its ports and its folder, so that it can be killed and started again. Raises MissingEngineError where its
    programs are missing, and RuntimeError with the end of its log if it does not start.
    """

    name: ClassVar[str]
    """As in the registry: one word."""
    union_default_graph: ClassVar[bool] = False
    """Whether a query without FROM sees the triples of all graphs, and there is no default graph apart from them."""
    authentication: ClassVar[str] = ""
    """How those who write prove who they are: ``basic``, ``digest``, or nothing."""

    def __init__(self, folder: Path) -> None:
        """`folder` may be empty or missing, or hold what a server of this kind left there."""
        self.folder = folder
        self.user, self.password = ("", "")
        self.seconds = 0
        """How long a query may take in it, where it has such a setting; 0 for as long as it likes."""
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()

    @property
    def address(self) -> str:
        """The base URL, with a slash at its end."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    @abstractmethod
    def query_url(self) -> str:
        """Where anybody may ask."""

    @property
    @abstractmethod
    def update_url(self) -> str:
        """Where `user` may update."""

    @property
    @abstractmethod
    def graphs_url(self) -> str:
        """The graph store (SPARQL 1.1 Graph Store HTTP Protocol), where `user` may write."""

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process, "it is not running"
        return self._process.pid

    def start(self) -> None:
        """Starts it and waits until it answers a query."""
        command, environment = self._command(), {**os.environ, **self._environment()}
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with_parent, signal.SIGKILL),  # noqa: PLW1509 - it only sets a flag
            )
        try:
            self._await()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ends it in order; its data stays in the folder. Nothing if it does not run."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """Ends it as a loss of power would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """From now on it takes connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Ends a pause."""
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error and self._process and self._process.poll() is not None:
            error.add_note(f"{self.name} has ended by itself: {self._tail()}")
        with contextlib.suppress(ProcessLookupError, AssertionError):
            self.resume()  # a paused process does not end
        self.stop()

    @abstractmethod
    def _command(self) -> Sequence[str | Path]:
        """The command that runs it in the foreground; what it needs in its folder is written first."""

    def _environment(self) -> Mapping[str, str]:
        return {}

    def _prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """What is to be done at its first start, as soon as it answers, such as users."""

    @property
    def _log(self) -> Path:
        return self.folder / "output.log"

    def _tail(self) -> str:
        return self._log.read_bytes()[-1500:].decode(errors="replace")

    def _await(self) -> None:
        assert self._process
        until = time.monotonic() + START_SECONDS
        while not answers(self.query_url):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not start: {self._tail()}")
            time.sleep(0.05)
        prepared = self.folder / "prepared"
        if not prepared.exists():
            self._prepare()
            prepared.touch()


def answers(query_url: str) -> bool:
    """Whether a SPARQL endpoint answers at all."""
    parts = urlsplit(query_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?query=ASK%7B%7D", headers={"Accept": "application/json"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
