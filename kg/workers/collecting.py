"""Collects the statistics that a process beside a fork server gathers (`kg.optimisation`), and gives them to that."""

import asyncio
import os
from collections.abc import Callable

from kg.workers.process import ForkServer
from kg.workers.wire import encode_message

_BLOCK = 1 << 16


def collect(
    loop: asyncio.AbstractEventLoop, server: ForkServer, least: int, done: Callable[[ForkServer, bool], None]
) -> Callable[[], None]:
    """Has statistics gathered of the state of a fork server, if its store has so many quads; returns what ends that.

    Calls `done` when the workers that it forks have them, or with False where they were of no use any more. On the
    event loop; where no files are left, nothing is done.
    """
    try:
        end, other = os.pipe()
    except OSError:
        return lambda: None
    os.set_blocking(end, False)
    written = bytearray()

    def read() -> None:
        try:
            block = os.read(end, _BLOCK)
        except BlockingIOError:
            return
        if block:
            written.extend(block)
            return
        stop()
        message = encode_message({"kind": "statistics"}, bytes(written))
        server.ask(message, lambda used: done(server, bool(used)) if written else None)

    def stop() -> None:
        nonlocal end
        if end >= 0:
            loop.remove_reader(end)
            os.close(end)
            end = -1

    loop.add_reader(end, read)
    server.request(encode_message({"kind": "gather", "what": least}), lambda: None, (other,))
    return stop
