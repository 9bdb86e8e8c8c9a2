"""A process that draws charts, so that the process that serves never stands still meanwhile.

vl-convert holds Python's global lock for as long as it draws, 30 ms to half a second, and keeps some 150 MB.
"""

import json
import subprocess
import sys
import threading
from multiprocessing.connection import Connection, Pipe
from typing import Final

from kg.charts.chart import Form, Spec, render
from kg.engine.errors import BusyError, TooLargeError

DRAWING_SECONDS: Final = 20.0
"""How long one picture may take, and how long a request waits for its turn."""

IDLE_SECONDS: Final = 600.0
"""After so long without work the process ends; the next picture begins another."""


class Renderer:
    """Draws one picture after the other, in a process that is begun with the first."""

    def __init__(self, drawing_seconds: float = DRAWING_SECONDS) -> None:
        self._seconds = drawing_seconds
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Connection | None = None

    def draw(self, document: Spec, form: Form) -> bytes:
        """The picture of a Vega-Lite document, see `kg.charts.chart.render`.

        Raises BusyError where its turn does not come, TooLargeError where it takes too long.
        """
        if not self._turn.acquire(timeout=self._seconds):
            raise BusyError("Many charts are being drawn. Try again in a few seconds.")
        try:
            try:
                return self._drawn(document, form)
            except (EOFError, OSError):  # it ended, idle or killed: another begins
                self.close()
                return self._drawn(document, form)
        except (EOFError, OSError) as error:
            self.close()
            raise BusyError("The chart could not be drawn now. Try again in a few seconds.") from error
        finally:
            self._turn.release()

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process and self._channel:
            self._channel.close()
            self._process.kill()
            self._process.wait()
        self._process = self._channel = None

    def _drawn(self, document: Spec, form: Form) -> bytes:
        channel = self._channel or self._begin()
        channel.send_bytes(json.dumps([document, form]).encode())
        if not channel.poll(self._seconds):
            self.close()
            raise TooLargeError(f"The chart took longer than {self._seconds:g} seconds to draw.")
        return channel.recv_bytes()

    def _begin(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-m", "kg.charts.renderer", str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own module
        self._channel = ours
        return ours


def work(channel: Connection) -> None:
    """Draws what comes until nobody asks any more."""
    try:
        while channel.poll(IDLE_SECONDS):
            document, form = json.loads(channel.recv_bytes())
            channel.send_bytes(render(document, form))
    except (EOFError, OSError):
        return  # who asked has ended


if __name__ == "__main__":
    work(Connection(int(sys.argv[1])))
