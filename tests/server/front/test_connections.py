"""Slow connections are shut down, and others are not: with real sockets and a simulated clock."""

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from server.front.connections import ConnectionTimeouts, SlowClients

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' struct tcp_info")

Pair = tuple[socket.socket, socket.socket, SlowClients]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A client's socket, the server's socket of the same connection, and the checker."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as client, listener.accept()[0] as served:
            served.settimeout(10)
            yield client, served, SlowClients(address[1], ConnectionTimeouts(slow=30, rate=1000, silent=240))


def arrive(client: socket.socket, served: socket.socket, data: bytes) -> None:
    client.sendall(data)
    while data:
        data = data[len(served.recv(len(data))) :]


def test_a_slow_body_is_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in range(0, 30, 10):
        arrive(client, served, b"x")
        clients.check(float(now))
        assert clients.cut == 0
    arrive(client, served, b"x")
    clients.check(30.0)
    assert clients.cut == 1
    assert client.recv(1) == b""


def test_a_body_at_a_fair_rate_is_not_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in range(0, 300, 10):
        arrive(client, served, b"x" * 20_000)
        clients.check(float(now))
    assert clients.cut == 0


def test_a_client_that_waits_for_a_long_query_is_not_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in (0, 5, 10):  # even if its request arrived in parts
        arrive(client, served, b"GET /")
        clients.check(float(now))
    for now in range(15, 250, 5):
        clients.check(float(now))
    assert clients.cut == 0
    clients.check(251.0)
    assert clients.cut == 1


def test_a_client_of_repeated_requests_is_not_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in range(0, 1000, 10):
        arrive(client, served, b"GET / HTTP/1.1\r\n\r\n")
        arrive(served, client, b"HTTP/1.1 200 OK\r\n\r\n")
        clients.check(float(now))
    assert clients.cut == 0


def test_a_client_that_does_not_read_is_cut(pair: Pair) -> None:
    client, served, clients = pair
    served.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            served.send(b"x" * 65536)
    clients.check(0.0)
    clients.check(29.0)
    assert clients.cut == 0
    clients.check(30.0)
    assert clients.cut == 1
    assert client.recv(1) == b"x"


def test_a_connection_is_cut_once_and_others_are_left_alone(pair: Pair) -> None:
    client, _, clients = pair
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_connection(other.getsockname()):
        for now in (0, 10_000, 20_000, 30_000):
            clients.check(float(now))
    assert clients.cut == 1
    assert client.recv(1) == b""
