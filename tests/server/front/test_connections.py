"""Connections that do not get on are cut, and others are left alone: real sockets, and a clock of the test's own."""

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from server.front.connections import Patience, SlowClients

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' struct tcp_info")

Pair = tuple[socket.socket, socket.socket, SlowClients]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A client, the server's side of its connection, and who looks at it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as client, listener.accept()[0] as served:
            served.settimeout(10)
            yield client, served, SlowClients(address[1], Patience(slow=30, rate=1000, silent=240))


def arrive(client: socket.socket, served: socket.socket, data: bytes) -> None:
    client.sendall(data)
    while data:
        data = data[len(served.recv(len(data))) :]


def test_a_body_that_trickles_is_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in range(0, 30, 10):
        arrive(client, served, b"x")
        clients.look(float(now))
        assert clients.cut == 0
    arrive(client, served, b"x")
    clients.look(30.0)
    assert clients.cut == 1
    assert client.recv(1) == b""


def test_a_body_at_a_fair_rate_is_not_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in range(0, 300, 10):
        arrive(client, served, b"x" * 20_000)
        clients.look(float(now))
    assert clients.cut == 0


def test_a_client_that_waits_for_a_long_query_is_not_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in (0, 5, 10):  # even if its request came in parts
        arrive(client, served, b"GET /")
        clients.look(float(now))
    for now in range(15, 250, 5):
        clients.look(float(now))
    assert clients.cut == 0
    clients.look(251.0)
    assert clients.cut == 1


def test_a_client_that_asks_again_and_again_is_not_cut(pair: Pair) -> None:
    client, served, clients = pair
    for now in range(0, 1000, 10):
        arrive(client, served, b"GET / HTTP/1.1\r\n\r\n")
        arrive(served, client, b"HTTP/1.1 200 OK\r\n\r\n")
        clients.look(float(now))
    assert clients.cut == 0


def test_a_client_that_does_not_read_is_cut(pair: Pair) -> None:
    client, served, clients = pair
    served.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            served.send(b"x" * 65536)
    clients.look(0.0)
    clients.look(29.0)
    assert clients.cut == 0
    clients.look(30.0)
    assert clients.cut == 1
    assert client.recv(1) == b"x"


def test_a_connection_is_cut_once_and_others_are_left_alone(pair: Pair) -> None:
    client, _, clients = pair
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_connection(other.getsockname()):
        for now in (0, 10_000, 20_000, 30_000):
            clients.look(float(now))
    assert clients.cut == 1
    assert client.recv(1) == b""
