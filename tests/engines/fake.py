"""A small SPARQL server in this process that can be told to misbehave: for faults that real engines seldom show."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs

import pyoxigraph as ox

RESULTS: Final = "application/sparql-results+json"


Misbehaviour = Callable[["Exchange", str], bool]


class FakeEngine(AbstractContextManager["FakeEngine"]):
    """Answers SELECT over a store, unless `misbehaves` answers a query in its way; counts what it is asked."""

    def __init__(self, store: ox.Store, authorization: str = "") -> None:
        """`authorization` is the header that it asks for, if any."""
        self.store = store
        self.asked: list[str] = []
        self.misbehaves: Misbehaviour | None = None
        """Gets each query first; True if it has answered."""
        self.left = threading.Event()
        """Set when a client goes whom `hangs` let wait."""
        self._authorization = authorization
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self._port}/sparql"

    def start(self) -> None:
        """Begins to listen, at the same address as before."""
        fake = self

        class Handler(Exchange):
            engine = fake

        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Refuses connections from now on, and ends those that are open."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, query: str) -> bytes:
        """The right answer."""
        found = self.store.query(query)
        assert isinstance(found, ox.QuerySolutions)
        written = found.serialize(format=ox.QueryResultsFormat.JSON)
        assert written
        return written

    def is_permitted(self, header: str | None) -> bool:
        """Whether a request proves who it is."""
        return not self._authorization or header == self._authorization

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class Exchange(BaseHTTPRequestHandler):
    """One connection. The ways to misbehave are functions of it and the query."""

    protocol_version = "HTTP/1.1"
    engine: FakeEngine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["query"][0]
        if self.engine._server is None:  # a connection from before it was stopped
            self.close_connection = True
            return
        self.engine.asked.append(query)
        if self.engine.misbehaves and self.engine.misbehaves(self, query):
            return
        if not self.engine.is_permitted(self.headers["Authorization"]):
            self.reply(b"Who are you?", 401, "text/plain")
            return
        try:
            self.reply(self.engine.answer(query))
        except SyntaxError as error:
            self.reply(str(error).encode(), 400, "text/plain")

    def reply(
        self,
        body: bytes,
        status: int = 200,
        media_type: str = RESULTS,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Answers; `length` is the Content-Length, by default the true one."""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length > len(body):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing."""


def cuts_the_transfer(exchange: Exchange, query: str) -> bool:
    """Closes the connection in the middle of the body."""
    body = exchange.engine.answer(query)
    exchange.reply(body[: len(body) // 2], length=len(body))
    return True


def cuts_the_json(exchange: Exchange, query: str) -> bool:
    """Sends half of the answer as if it were all."""
    body = exchange.engine.answer(query)
    exchange.reply(body[: len(body) // 2])
    return True


def cuts_without_length(exchange: Exchange, query: str) -> bool:
    """Sends half of the answer, whose end is that of the connection."""
    body = exchange.engine.answer(query)
    exchange.wfile.write(f"HTTP/1.0 200 OK\r\nContent-Type: {RESULTS}\r\n\r\n".encode() + body[: len(body) // 2])
    exchange.close_connection = True
    return True


def cuts_a_chunk(exchange: Exchange, query: str) -> bool:
    """Leaves out the last chunk."""
    body = exchange.engine.answer(query)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {RESULTS}\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n"
    exchange.wfile.write(head.encode() + body + b"\r\n")
    exchange.close_connection = True
    return True


def errs_in_200(exchange: Exchange, query: str) -> bool:
    """Writes an error behind the rows."""
    exchange.reply(exchange.engine.answer(query) + b"\nError: out of memory\n")
    return True


def is_late_in_200(words: str) -> Misbehaviour:
    """Begins to answer, and writes instead of the rest that the time is over."""

    def misbehave(exchange: Exchange, query: str) -> bool:
        answer = exchange.engine.answer(query)
        exchange.reply(answer[: answer.rindex(b"]")] + words.encode())
        return True

    return misbehave


def drips(exchange: Exchange, _: str) -> bool:
    """Sends the head of an answer byte by byte, for as long as it may."""
    exchange.close_connection = True
    return _drip(exchange, b"HTTP/1.1 200 OK\r\nX-Filling: ")


def drips_the_body(exchange: Exchange, _: str) -> bool:
    """Sends the body of an answer byte by byte, for as long as it may."""
    exchange.close_connection = True
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {RESULTS}\r\nTransfer-Encoding: chunked\r\n\r\n{1 << 20:x}\r\n{{"
    return _drip(exchange, head.encode())


def _drip(exchange: Exchange, head: bytes) -> bool:
    exchange.wfile.write(head)
    with suppress(OSError):
        for _ in range(600):
            exchange.wfile.write(b" ")
            time.sleep(0.05)
        return True
    exchange.engine.left.set()
    return True


def sends_a_page(exchange: Exchange, _: str) -> bool:
    """Answers with HTML, as a proxy does."""
    exchange.reply(b"<!DOCTYPE html><p>Please log in</p>", media_type="text/html")
    return True


def stops_anytime(exchange: Exchange, query: str) -> bool:
    """Gives the rows that there were when the time was over, as Virtuoso does."""
    answer = json.loads(exchange.engine.answer(query))
    answer["results"]["bindings"] = answer["results"]["bindings"][:1]
    told = {"X-SQL-State": "S1TAT", "X-SQL-Message": "RC...: Returning incomplete results, query interrupted"}
    exchange.reply(json.dumps(answer).encode(), headers=told)
    return True


def limits_rows(exchange: Exchange, query: str) -> bool:
    """Gives the first rows and says so in a header, as Virtuoso does."""
    answer = json.loads(exchange.engine.answer(query))
    answer["results"]["bindings"] = answer["results"]["bindings"][:1]
    exchange.reply(json.dumps(answer).encode(), headers={"X-SPARQL-MaxRows": "1"})
    return True


def refuses(status: int, words: str = "no") -> Misbehaviour:
    """Answers with a status."""

    def misbehave(exchange: Exchange, _: str) -> bool:
        exchange.reply(words.encode(), status, "text/plain")
        return True

    return misbehave


def hangs(exchange: Exchange, _: str) -> bool:
    """Answers nothing until the client closes the connection, and notes that."""
    exchange.close_connection = True
    with suppress(OSError):
        exchange.connection.settimeout(60)
        if not exchange.connection.recv(1):
            exchange.engine.left.set()
    return True


def renames_columns(exchange: Exchange, query: str) -> bool:
    """Gives another column than was asked for."""
    exchange.reply(exchange.engine.answer(query).replace(b'"vars":["', b'"vars":["odd_'))
    return True
