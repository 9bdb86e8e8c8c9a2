"""Several messages that are read at once: each comes with its own file, and none after the end."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from kg.workers.wire import Channel, send

Received = list[tuple[int, bytes, int]]
Loops = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop])
def loops(request: pytest.FixtureRequest) -> Loops:
    """Makes event loops of a kind."""
    made: Loops = request.param
    return made


def received(
    loops: Loops,
    write: Callable[[socket.socket], None],
    seen: Callable[[Channel[Any]], None] = lambda _: None,
    unread: bytes = b"",
) -> Received:
    """What a channel receives of what is written before it reads: numbers, bodies, and files; -1 for its end.

    `seen` is called after each message. The peer leaves `unread` what is sent to it.
    """
    found: Received = []

    async def run() -> None:
        own, other = socket.socketpair()
        ended = asyncio.Event()

        def came(what: dict[str, int], body: bytes, file: int) -> None:
            found.append((what["n"], body, file))
            seen(channel)

        def lost() -> None:
            found.append((-1, b"", -1))
            ended.set()

        channel = Channel[Any](asyncio.get_running_loop(), own, dict[str, int], came, lost)
        channel.send(unread)
        write(other)
        other.close()
        try:
            async with asyncio.timeout(5):
                await ended.wait()
        except TimeoutError:
            found.append((-2, b"", -1))

    with asyncio.Runner(loop_factory=loops) as runner:
        runner.run(run())
    return found


def test_a_file_belongs_to_the_message_that_it_came_with(loops: Loops) -> None:
    file = os.memfd_create("test")
    sizes = (10, 100_000, 10, 70_000, 10)

    def write(end: socket.socket) -> None:
        for number, size in enumerate(sizes):
            send(end, {"n": number}, b"x" * size, file if number in {2, 3} else -1)

    found = received(loops, write)
    assert [(number, len(body)) for number, body, _ in found] == [*enumerate(sizes), (-1, 0)]
    assert [n for n, _, other in found if other >= 0 and os.path.samestat(os.fstat(other), os.fstat(file))] == [2, 3]
    for other in (file, *(other for _, _, other in found if other >= 0)):
        os.close(other)


def test_nothing_is_received_after_the_end(loops: Loops) -> None:
    file, before = os.memfd_create("test"), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only the number

    def write(end: socket.socket) -> None:
        for number in range(3):
            send(end, {"n": number}, b"", file if number == 2 else -1)

    def close(channel: Channel[Any]) -> None:
        channel.close()
        asyncio.get_running_loop().call_later(0.1, channel._lost)

    assert received(loops, write, close) == [(0, b"", -1), (-1, b"", -1)]
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
    os.close(file)


@pytest.mark.parametrize("unread", [b"", b"x" * 100])
def test_what_was_sent_before_the_peer_ended_is_received(loops: Loops, unread: bytes) -> None:
    def seen(channel: Channel[Any]) -> None:
        time.sleep(0.05)
        channel.send(b"the peer has gone by now")

    def write(end: socket.socket) -> None:
        for number in range(2):
            send(end, {"n": number}, b"x" * 70_000 if number else b"")

    found = received(loops, write, seen, unread)
    assert [number for number, _, _ in found] == [0, 1, -1]
