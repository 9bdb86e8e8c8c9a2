"""Sends queries to an engine and takes only answers that are whole (SPARQL 1.1 Protocol, section 2.1).

One connection of each process is kept open. An answer counts once all of its body is here, by its length or its chunks,
and is of the type asked for, and the engine has not said in a header, or behind the rows, that it left something out.
"""

import http.client
import os
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from kg.engine.errors import EngineBusyError, EngineError, EngineRefusedError, EngineTimeoutError, TooLargeError
from kg.engine.redaction import Redaction, public_address
from kg.engine.remote import is_http_url
from kg.remote.breaker import Breaker
from kg.remote.deadline import Deadline
from ontology import KelisimError

RESULTS: Final = "application/sparql-results+json"

CONNECT_SECONDS: Final = 5.0

ANSWER_BYTES: Final = 1 << 28
"""The most bytes of one answer in JSON; it is checked as a whole, so it is held in memory."""

_CHUNK: Final = 1 << 18
_BUSY: Final = frozenset((429, 503))
_LATE: Final = frozenset((408, 504))
_DOWN: Final = frozenset((502, 503))
"""What tells that the engine is down or overloaded, and not that one query took long."""

_REFUSED: Final = frozenset((400, 422, 500, 501))
_LATE_WORDS: Final = re.compile(
    "S1T00|estimated execution time|timed?[ -]?out|time ?limit|deadline exceeded|took too long"
    "|(query|operation|execution)( has been| was)? cancell?ed|execution time exceeded",
    re.IGNORECASE,
)
"""What engines write where the status does not tell that their time was over, in words of Virtuoso, the oxigraph
server, Jena, RDF4J and what is built on it, QLever, Blazegraph, Neptune, Stardog."""

_TAIL: Final = 2000
_BEHIND: Final = re.compile(r'[}\[\]]([^"{}\[\]]+)\Z')
"""Words behind the last row of an answer in JSON that was begun, and then could not be completed."""


class _Received(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Transport:
    """The way to one endpoint; after a fork each process has connections of its own."""

    def __init__(
        self, url: str, breaker: Breaker, *, authorization: str = "", seconds: float | None = None, secret: str = ""
    ) -> None:
        """`seconds` is how long an exchange may take as a whole, None for ever, where another process watches the time.

        `secret` is the password that `authorization` has in another form: neither is in any error.

        Raises KelisimError if the address is not that of an endpoint.
        """
        self.name = public_address(checked_url(url))
        """The address as it may be shown."""
        self.breaker = breaker
        self.seconds = seconds
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None  # before files are forbidden
        self._headers = {"Accept": RESULTS, "User-Agent": "Kelisim"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._redaction = Redaction(secret, authorization.rpartition(" ")[2], addresses=(url,))
        self._connection: http.client.HTTPConnection | None = None
        self._process = 0

    def select(self, query: str) -> bytes:
        """The answer of a SELECT in JSON, complete as far as HTTP tells it.

        Raises EngineError if the engine cannot be reached, refuses, or breaks off; EngineTimeoutError if its time or
        ours is over; EngineBusyError if it is overloaded or the breaker is open; TooLargeError if it leaves rows out.
        """
        self.breaker.admit()
        received = self._failing(lambda: self._send(query))
        if received.status in _DOWN and not _LATE_WORDS.search(self._redaction.excerpt(received.body)):
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        return self._checked(received)

    def _failing(self, send: Callable[[], _Received]) -> _Received:
        """What is received; a failure is told to the breaker."""
        try:
            return send()
        except TimeoutError as error:
            self.breaker.failed()
            raise EngineTimeoutError(f"The engine {self.name} did not answer in time.") from error
        except http.client.IncompleteRead as error:
            self.breaker.failed()
            raise EngineError(f"The engine {self.name} broke off in the middle of its answer.") from error
        except (OSError, http.client.HTTPException) as error:
            self.breaker.failed()
            what = self._redaction.hide(str(error).strip()) or type(error).__name__
            raise EngineError(f"The engine {self.name} cannot be reached: {what}.") from error

    def _send(self, query: str) -> _Received:
        body = urlencode({"query": query}).encode()
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        deadline = Deadline(self.seconds)
        connection, reused = self._open(deadline)
        try:
            return self._exchange(connection, body, headers, deadline)
        except (ConnectionError, http.client.BadStatusLine):
            if not reused:
                raise
        connection, _ = self._open(deadline)  # the engine had closed the connection meanwhile
        return self._exchange(connection, body, headers, deadline)

    def _exchange(
        self, connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> _Received:
        whole = False
        try:
            connection.sock.settimeout(deadline.left())
            connection.response_class = deadline.response  # type: ignore[assignment]
            connection.request("POST", self._target, body, headers)
            response = connection.getresponse()
            framed = response.chunked or response.length is not None
            content = _read(response)
            whole = not response.will_close
        finally:
            if not whole:
                self.close()
        if not framed and response.status == 200 and not content.rstrip().endswith(b"}"):
            raise http.client.IncompleteRead(content)
        return _Received(response.status, response.headers, content)

    def _open(self, deadline: Deadline) -> tuple[http.client.HTTPConnection, bool]:
        """A connection, and whether it was used before."""
        if self._process != os.getpid():  # that of the parent is not ours
            self._connection, self._process = None, os.getpid()
        if self._connection is not None:
            return self._connection, True
        seconds = min(CONNECT_SECONDS, deadline.left() or CONNECT_SECONDS)
        if self._tls:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=seconds, context=self._tls
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        made.connect()
        self._connection = made
        return made, False

    def close(self) -> None:
        """Ends the connection, and with it what the engine does for us, if it notices."""
        if self._connection is not None and self._process == os.getpid():
            with suppress(OSError):
                self._connection.close()
        self._connection = None

    def _checked(self, received: _Received) -> bytes:
        """The body of an answer that is complete; raises the errors of `select`."""
        status, headers, body = received
        if status != 200:
            raise self._refused(status, self._redaction.excerpt(body))
        if state := headers.get(
            "X-SQL-State"
        ):  # Virtuoso's anytime queries: 200 with what there was when time was over
            raise EngineTimeoutError(
                f"The engine {self.name} ran out of its time and gave a part of the answer ({state}: "
                f"{self._redaction.excerpt(headers.get('X-SQL-Message', '').encode())}), which is none. Ask for less."
            )
        if rows := headers.get("X-SPARQL-MaxRows"):
            raise TooLargeError(
                f"The engine {self.name} gives at most {rows} rows (ResultSetMaxRows), and the answer has more. "
                "Ask for less, or use LIMIT and OFFSET."
            )
        if headers.get_content_type() not in (RESULTS, "application/json"):
            raise EngineError(
                f"The engine {self.name} answered with {headers.get_content_type()}, not with SPARQL results: "
                f"{self._redaction.excerpt(body)}"
            )
        if words := _behind(body):
            told = self._redaction.excerpt(words)
            if _LATE_WORDS.search(told):
                raise EngineTimeoutError(
                    f"The engine {self.name} ran out of its time in the middle of its answer: {told}"
                )
        return body

    def _refused(self, status: int, words: str) -> KelisimError:
        told = f"HTTP {status}. {words}".strip()
        if status in (401, 403):
            return EngineError(
                f"The engine {self.name} does not let this server in (HTTP {status}): see --engine-auth."
            )
        if status in _LATE or _LATE_WORDS.search(words):  # before the next: Jena says 503, QLever 429
            return EngineTimeoutError(f"The engine {self.name} ran out of its time: {told}")
        if status in _BUSY:
            return EngineBusyError(f"The engine {self.name} is overloaded: {told}")
        kind = EngineRefusedError if status in _REFUSED else EngineError
        return kind(f"The engine {self.name} cannot answer this query: {told}")


def _behind(body: bytes) -> bytes:
    """What stands behind an answer that is not whole; empty behind one that may be."""
    found = _BEHIND.search(body[-_TAIL:].decode("utf-8", errors="replace").rstrip())
    return found[1].encode() if found else b""


def _read(response: http.client.HTTPResponse) -> bytes:
    """The whole body; raises TooLargeError beyond `ANSWER_BYTES`, and http.client.IncompleteRead if it breaks off."""
    parts, size = list[bytes](), 0
    while part := response.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > ANSWER_BYTES:
            raise TooLargeError(
                f"The engine's answer has more rows than fit into {ANSWER_BYTES >> 20} MiB. Ask for less, or use LIMIT."
            )
    if response.length:  # with a size read() tells of no body that is too short
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def checked_url(url: str) -> str:
    """The address; raises KelisimError if it is none of an endpoint, or has a password in it."""
    if not is_http_url(url) or "#" in url:
        raise KelisimError("--engine takes the address of a SPARQL endpoint, such as https://example.org/sparql.")
    if "@" in urlsplit(url).netloc:
        raise KelisimError("A password has no place in an address, where others see it: see --engine-auth.")
    return url
