"""Connections over real sockets: order, framing, flow control, timeouts, and how they end."""

import contextlib
import errno
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from server.connections.delivery import Timeouts
from tests.server.connections.application import LARGE, Served, rest, served
from tests.waiting import becomes

CLOSE = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
KEEP = b" HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK = Timeouts(head=0.6, idle=0.6, unread=1.0, rate=1000, half_closed=1.0, linger=0.5)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A listener whose timeouts no test reaches, but for that of half-closed connections."""
    file = tmp_path_factory.mktemp("connections") / "file"
    file.write_bytes(b"file" * (LARGE // 4))
    with served(Timeouts(60, 60, 60, 1, 30, 60), file=file) as running:
        yield running


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Served]:
    """A listener with short timeouts."""
    (tmp_path / "file").write_bytes(bytes(LARGE))
    with served(QUICK, file=tmp_path / "file") as running:
        yield running


def until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        part = connection.recv(1 << 16)
        assert part, received
        received += part
    return received


def bodies(received: bytes) -> list[bytes]:
    """The bodies of responses one after another, by their lengths."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert length, head
        found.append(received[: int(length[1])])
        received = received[int(length[1]) :]
    return found


def is_refused(running: Served) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", running.port)) == errno.ECONNREFUSED


def reset(connection: socket.socket) -> None:
    """Closes a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_a_response(patient: Served) -> None:
    head, _, body = patient.ask(b"GET /now?a" + CLOSE).partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    named = dict(field.split(": ", 1) for field in fields)
    assert status == "HTTP/1.1 200 OK"
    assert body == b"/now?a"
    assert abs(parsedate_to_datetime(named.pop("Date")).timestamp() - time.time()) < 60
    assert named == {"Content-Type": "text/plain", "Content-Length": "6", "Connection": "close"}


def test_connections_are_kept(patient: Served) -> None:
    with patient.connect() as connection:
        for number in range(3):
            connection.sendall(b"GET /now?%d" % number + KEEP)
            answer = until(connection, b"/now?%d" % number)
            assert b"Connection:" not in answer
        connection.sendall(b"GET /now" + CLOSE)
        assert rest(connection).endswith(b"/now?")
    with patient.connect(b"GET /now?old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") as connection:
        assert b"Connection: keep-alive" in until(connection, b"/now?old")
        connection.sendall(b"GET /now?older HTTP/1.0\r\n\r\n")
        assert b"Connection: close" in rest(connection)


def test_pipelined_requests_are_answered_in_order(patient: Served) -> None:
    asked = [b"later" if n % 3 == 0 else b"now" for n in range(30)]
    requests = [b"GET /%s?%d" % (path, n) + KEEP for n, path in enumerate(asked)]
    post = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    answer = patient.ask(b"".join(requests) + post + b"GET /now?last" + CLOSE)
    assert bodies(answer) == [b"/%s?%d" % (p, n) for n, p in enumerate(asked)] + [b"abc", b"/now?last"]


def test_a_client_that_pipelines_and_does_not_read_is_not_served_ahead(patient: Served) -> None:
    before = len(patient.sample.seen)
    with patient.connect(b"GET /never" + KEEP) as connection:
        connection.setblocking(False)
        request, sent, full = b"GET /now?ahead" + KEEP, 0, 0
        while full < 5 and sent < 50_000_000:
            try:
                sent += connection.send(request * 500)
            except BlockingIOError:
                full += 1
                time.sleep(0.1)
        assert becomes(lambda: len(patient.sample.seen) == before + 1)
        time.sleep(0.3)
        assert len(patient.sample.seen) == before + 1
        assert sent < 50_000_000, "the server reads on and on"
        reset(connection)


@pytest.mark.parametrize("path", ["large", "file"])
def test_a_slow_reader_costs_no_memory_and_gets_all(patient: Served, path: str) -> None:
    expected = bytes(LARGE) if path == "large" else b"file" * (LARGE // 4)
    with patient.connect(b"GET /%s" % path.encode() + KEEP, buffer_size=1 << 16) as connection:
        received = connection.recv(1000)
        time.sleep(0.3)
        connection.sendall(b"GET /now?after" + KEEP)
        while not received.endswith(b"/now?after"):
            received += connection.recv(1 << 20)
    assert bodies(received) == [expected, b"/now?after"]


def test_a_file_that_becomes_shorter_is_never_taken_for_whole(quick: Served) -> None:
    with quick.connect(b"GET /file" + KEEP, buffer_size=4096) as connection:
        received = connection.recv(1000)
        assert quick.sample.file
        quick.sample.file.write_bytes(b"")
        received += rest(connection)
    assert b"Content-Length: %d\r\n" % LARGE in received
    assert len(received) < LARGE


@pytest.mark.parametrize(("method", "path"), [("HEAD", "now"), ("GET", "status/204"), ("GET", "status/304")])
def test_responses_without_a_body(patient: Served, method: str, path: str) -> None:
    answer = patient.ask(f"{method} /{path}".encode() + KEEP + b"GET /now?next" + CLOSE)
    first, _, second = answer.partition(b"\r\n\r\n")
    assert second.startswith(b"HTTP/1.1 200")
    assert second.endswith(b"/now?next")
    assert b"ontent-Length" not in first


def test_a_head_tells_the_length_of_the_body(patient: Served) -> None:
    assert b"Content-Length: 7\r\n" in patient.ask(b"HEAD /status/200" + CLOSE)


EXPECT = b"Host: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"


def test_continue_is_said_when_the_body_is_wanted(patient: Served) -> None:
    with patient.connect(b"POST /echo HTTP/1.1\r\n" + EXPECT) as connection:
        assert until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert until(connection, b"abc").startswith(b"HTTP/1.1 200")
        connection.sendall(b"POST /now?refused HTTP/1.1\r\n" + EXPECT)
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"100 Continue" not in answer
    assert b"Connection: close" in answer, "the client may send its body or not"
    whole = patient.ask(b"POST /echo HTTP/1.1\r\n" + EXPECT + b"abcGET /now" + CLOSE)
    assert b"100" not in whole.partition(b"\r\n\r\n")[0]
    old = patient.ask(b"POST /echo HTTP/1.0\r\n" + EXPECT + b"abc")
    assert old.startswith(b"HTTP/1.1 200")


def test_a_response_before_the_body_can_be_read(patient: Served) -> None:
    """A client that still sends must not lose the response to a reset."""
    with patient.connect(b"POST /now?early HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n") as connection:
        for _ in range(30):
            connection.sendall(bytes(100_000))
            time.sleep(0.01)
        assert rest(connection).endswith(b"/now?early")


def test_long_bodies(patient: Served) -> None:
    for length in (1, 65536, 5_000_000):
        body = b"\xd0" * length
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        assert patient.ask(head + b"Content-Length: %d\r\n\r\n" % length + body).endswith(b"\r\n\r\n" + body)
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (body[i : i + 9999] for i in range(0, length, 9999)))
        answer = patient.ask(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert answer.endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 9\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
@pytest.mark.parametrize("end", ["half-closed", "closed", "reset"])
def test_a_body_that_is_cut_is_never_whole(patient: Served, framing: bytes, end: str) -> None:
    patient.sample.incomplete.clear()
    with patient.connect(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + framing) as connection:
        time.sleep(0.1)
        if end == "half-closed":
            connection.shutdown(socket.SHUT_WR)
            assert rest(connection).startswith(b"HTTP/1.1 400")
        elif end == "reset":
            reset(connection)
    assert becomes(lambda: patient.sample.incomplete == ["gone" if end == "reset" else "cut"])


def test_a_refusal_comes_after_the_answers_before_it_and_has_a_body(patient: Served) -> None:
    answer = patient.ask(b"GET /later?1" + KEEP + b"GET /now?2" + KEEP + b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
    first, second, third = bodies(answer)
    assert (first, second) == (b"/later?1", b"/now?2")
    assert b'"status": 400' in third
    assert patient.sample.refusals[-1][1] == 400


def test_a_half_closed_client_is_answered(patient: Served) -> None:
    for request in (b"GET /later?half" + KEEP, b"GET /now?1" + KEEP + b"GET /later?half" + KEEP):
        with patient.connect(request) as connection:
            connection.shutdown(socket.SHUT_WR)
            assert rest(connection).endswith(b"/later?half")
    with patient.connect(b"GET /large" + KEEP) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert len(rest(connection)) > LARGE


def test_a_reset_cancels_at_once_and_a_close_soon(quick: Served) -> None:
    with quick.connect(b"GET /never" + KEEP) as connection:
        assert becomes(lambda: len(quick.sample.running) == 1)
        reset(connection)
    assert quick.sample.running[0].cancelled.wait(10)
    with quick.connect(b"GET /never" + KEEP):
        assert becomes(lambda: len(quick.sample.running) == 2)
    assert not quick.sample.running[1].cancelled.wait(0.5)
    assert quick.sample.running[1].cancelled.wait(10)


@pytest.mark.parametrize("is_reset", [True, False])
def test_a_client_that_pipelines_much_and_leaves_is_seen(quick: Served, *, is_reset: bool) -> None:
    """While much is unparsed nothing is read, and the transport tells of no end."""
    with quick.connect((b"GET /never" + KEEP) * 1000) as connection:
        assert becomes(lambda: len(quick.sample.running) == 1)
        if is_reset:
            reset(connection)
    assert quick.sample.running[0].cancelled.wait(10)


def test_who_pipelines_lets_others_have_their_turn(patient: Served) -> None:
    before = len(patient.sample.seen)
    with patient.connect() as many, patient.connect() as other:
        asked = threading.Event()

        def ask_both() -> None:
            """On the event loop, so that both are there at once."""
            many.sendall((b"GET /now?many" + KEEP) * 1000)
            other.sendall(b"GET /now?other" + KEEP)
            asked.set()

        patient.loop.call_soon_threadsafe(ask_both)
        assert asked.wait(10)
        assert until(other, b"/now?other")
        assert becomes(lambda: len(patient.sample.seen) == before + 1001)
    assert patient.sample.seen.index("/now?other", before) < before + 100


def test_who_waits_for_a_long_query_is_not_cut(quick: Served) -> None:
    with quick.connect(b"GET /never" + KEEP) as connection:
        time.sleep(3)
        assert not quick.sample.running[0].cancelled.is_set()
        quick.release()
        assert until(connection, b"released").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("start", [b"G", b"GET /now HTTP/1.1\r\nHost: x\r\nX: ", b"GET /now" + KEEP + b"GET /n"])
def test_a_slow_head_is_told_so(quick: Served, start: bytes) -> None:
    with quick.connect(start) as connection:
        answer = rest(connection)
    *_, last = bodies(answer)
    assert b'"status": 408' in last


def test_silent_connections_are_closed(quick: Served) -> None:
    assert quick.ask(b"") == b""
    assert bodies(quick.ask(b"GET /now?idle" + KEEP)) == [b"/now?idle"]


def test_a_head_that_drips_is_cut(quick: Served) -> None:
    """Each byte comes in time, the whole does not."""
    with quick.connect(b"GET /now HTTP/1.1\r\nHost: x\r\nX: ") as connection, contextlib.suppress(ConnectionError):
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.1)
        pytest.fail("it was read for ever")


@pytest.mark.parametrize("path", ["large", "file"])
@pytest.mark.parametrize("last", [KEEP, CLOSE])
def test_a_client_that_does_not_read_is_cut(quick: Served, path: str, last: bytes) -> None:
    with quick.connect(b"GET /%s" % path.encode() + last, buffer_size=4096) as connection:
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        assert becomes(lambda: not quick.listener._connections)
        assert len(rest(connection)) < LARGE


def test_a_client_that_reads_slowly_but_steadily_is_not_cut(quick: Served) -> None:
    with quick.connect(b"GET /large" + KEEP, buffer_size=4096) as connection:
        for _ in range(50):
            assert connection.recv(2000)
            time.sleep(0.1)
        assert quick.listener._connections


def test_connections_beyond_the_limit_wait(tmp_path: Path) -> None:
    with served(Timeouts(head=60, idle=60), limit=5) as running, contextlib.ExitStack() as stack:
        held = [stack.enter_context(running.connect(b"GET /never" + KEEP)) for _ in range(5)]
        assert becomes(lambda: len(running.sample.running) == 5)
        further = [stack.enter_context(running.connect(b"GET /now?further" + KEEP)) for _ in range(3)]
        time.sleep(0.7)
        assert "/now?further" not in running.sample.seen
        reset(held[0])
        for connection in further:  # idle ones make room
            assert until(connection, b"/now?further")
        running.release()
        assert until(held[1], b"released")


def test_slow_heads_make_room() -> None:
    with served(Timeouts(head=60, idle=60, crowded=0.5), limit=5) as running, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(running.connect(start)) for start in (b"GET /n", b"GET /now" + KEEP + b"G") * 3]
        assert until(stack.enter_context(running.connect(b"GET /now?further" + KEEP)), b"/now?further")
        assert b'"status": 408' in rest(slow[0])


def test_what_could_not_accept_tries_again(tmp_path: Path) -> None:
    with served(limit=5) as running:
        accept, failures = running.listener._accept, iter(range(2))

        async def lacking() -> None:
            try:
                next(failures)
            except StopIteration:
                await accept()
            else:
                running.listener._resuming = None
                raise OSError(errno.EMFILE, "Too many open files")

        running.listener._accept = lacking  # type: ignore[method-assign]
        running.loop.call_soon_threadsafe(running.listener._pause)
        assert running.ask(b"GET /now" + CLOSE).endswith(b"/now?")


def test_a_stop_lets_requests_end(patient: Served) -> None:
    with served() as running, contextlib.ExitStack() as stack:
        idle, busy = (stack.enter_context(running.connect(b"GET /now" + KEEP)) for _ in range(2))
        for connection in (idle, busy):
            until(connection, b"/now?")
        busy.sendall(b"GET /never" + KEEP)
        assert becomes(lambda: len(running.sample.running) == 1)
        running.loop.call_soon_threadsafe(lambda: running.loop.create_task(running.listener.stop(20)))
        assert rest(idle) == b""
        assert becomes(lambda: is_refused(running))
        running.release()
        answer = rest(busy)
        assert answer.endswith(b"released")
        assert b"Connection: close" in answer
