"""A subprocess that renders charts, so that rendering does not block the server process.

vl-convert holds the GIL while it renders, 30 ms to half a second, and uses some 150 MB.
"""

import json
import subprocess
import sys
import threading
from multiprocessing.connection import Connection, Pipe
from typing import Final

from kg.charts.chart import ImageFormat, Spec, render
from kg.engine.errors import BusyError, TooLargeError

DRAWING_SECONDS: Final = 20.0
"""The timeout for rendering one image, and for waiting until earlier requests are done."""

IDLE_SECONDS: Final = 600.0
"""The idle timeout of the subprocess; the next request starts another."""


class Renderer:
    """Renders images one at a time, in a subprocess that the first request starts."""

    def __init__(self, drawing_seconds: float = DRAWING_SECONDS) -> None:
        self._seconds = drawing_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def draw(self, document: Spec, form: ImageFormat) -> bytes:
        """The image of a Vega-Lite document, see `kg.charts.chart.render`.

        Raises BusyError if earlier requests take too long or the subprocess fails, TooLargeError on a timeout.
        """
        if not self._lock.acquire(timeout=self._seconds):
            raise BusyError("Many charts are being drawn. Try again in a few seconds.")
        try:
            try:
                return self._render(document, form)
            except (EOFError, OSError):  # the subprocess has exited, idle or killed: start another
                self.close()
                return self._render(document, form)
        except (EOFError, OSError) as error:
            self.close()
            raise BusyError("The chart could not be drawn now. Try again in a few seconds.") from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Kills the subprocess, if it runs."""
        if self._process and self._connection:
            self._connection.close()
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None

    def _render(self, document: Spec, form: ImageFormat) -> bytes:
        connection = self._connection or self._start()
        connection.send_bytes(json.dumps([document, form]).encode())
        if not connection.poll(self._seconds):
            self.close()
            raise TooLargeError(f"The chart took longer than {self._seconds:g} seconds to draw.")
        return connection.recv_bytes()

    def _start(self) -> Connection:
        local, remote = Pipe()
        with remote:
            command = [sys.executable, "-m", "kg.charts.renderer", str(remote.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[remote.fileno()])  # noqa: S603 - our own module
        self._connection = local
        return local


def main(connection: Connection) -> None:
    """The main loop of the subprocess: renders until the idle timeout or the end of the parent."""
    try:
        while connection.poll(IDLE_SECONDS):
            document, form = json.loads(connection.recv_bytes())
            connection.send_bytes(render(document, form))
    except (EOFError, OSError):
        return  # the parent has exited


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
