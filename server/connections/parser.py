"""Bytes to requests: the callbacks of llhttp, which is strict, and limits on the head."""

import re
from collections import deque
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

import httptools

from server.connections.heads import KnownHeads
from server.connections.request import Carrier, Request
from server.front.problems import Answer, problem
from server.http.hosts import HOST

TARGET_BYTES: Final = 1 << 16
"""The longest request target; longer ones are refused with 414. `server.front.limits` has a lower limit."""

HEAD_BYTES: Final = 1 << 17
FIELDS: Final = 256
"""The size of a head and the number of its header fields; beyond them 431."""

_SLICE: Final = 1 << 12
"""How much is parsed at once outside of bodies: so few requests can be read ahead."""

_HEADS: Final = KnownHeads()
_OTHER_LETTER: Final = re.compile(rb"[^\x00-\x7f]")
_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")
_LIMITS: Final = "The request has more than {} header fields or {} bytes."


class _RefusedError(Exception):
    """Ends the parsing; the answer is in `RequestParser.refusal`."""


class _Parser(Protocol):
    def feed_data(self, data: bytes) -> None: ...
    def get_http_version(self) -> str: ...
    def get_method(self) -> bytes: ...
    def should_keep_alive(self) -> bool: ...
    def should_upgrade(self) -> bool: ...


class RequestParser:
    """The requests of one connection, in order.

    arrived: requests whose head has been read, to be taken from the left. incoming: the one whose body is being read.
    refusal: why nothing can be read any more, if that is to be told after the answers to the requests before.
    environ: what is known of the request whose head is being read. in_head: whether one is. ended: nothing follows.

    Ambiguous requests, by which others could be smuggled (RFC 9112, section 11.2), are refused: by llhttp, which is not
    lenient here, or below. An offer to upgrade the connection is declined by an answer in HTTP/1.1.
    """

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._parser: _Parser = httptools.HttpRequestParser(self)
        self.arrived: deque[Request] = deque()
        self.incoming: Request | None = None
        self.refusal: Answer | None = None
        self.environ: WSGIEnvironment = {}
        self.in_head = False
        self.ended = False
        self._in_line = False
        """Whether a request line is being read."""
        self._target = b""
        self._fields = 0
        self._head_size = 0
        self._upgrade: bytes | None = None
        """The framing of the body of a request that offers an upgrade, until that is declined."""

    def feed(self, data: bytes) -> bytes:
        """Parses a part of the data and returns the rest, which is empty if nothing can follow."""
        if self.ended:
            return b""
        start = not (self.in_head or self.incoming)
        if start and not self._head_size and (known := _HEADS.get(data)):
            self.environ = {**known.environ, "REMOTE_ADDR": self._carrier.client}
            self._arrive(known.version, keep_alive=True).complete = True
            return b""
        whole, before = data, len(self.arrived) if start and not self._head_size else -1
        self._in_line = start or self._in_line
        if self._in_line and not data.isascii():
            data = _escaped(data)
        size = max(_SLICE, self.incoming.body_left) if self.incoming else _SLICE
        piece, rest = (data, b"") if len(data) <= size else (data[:size], data[size:])
        self._in_line = self._in_line and b"\n" not in piece
        self._head_size += len(piece)  # a part of a body sets it to 0
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as error:
            rest = data[error.args[0] :]
            self._decline_upgrade()
        except httptools.HttpParserError as error:
            if not self.ended:
                self._refuse(error, piece if start else None)
        if before >= 0 and len(self.arrived) == before + 1 and not rest:
            self._remember(whole, self.arrived[-1])
        if self._head_size > HEAD_BYTES:  # also of empty lines before a request
            self._end_oversized()
        return b"" if self.ended else rest

    def _remember(self, data: bytes, request: Request) -> None:
        """Remembers what the data are, if they are no more than the head of a request without a body."""
        has_body = "CONTENT_LENGTH" in request.environ or "HTTP_TRANSFER_ENCODING" in request.environ
        if not (has_body or self.in_head or self.ended):
            _HEADS.add(data, request.environ, request.version)

    def end_of_input(self) -> None:
        """The client sends no more: an incomplete body stays so, an incomplete head is dropped."""
        self.ended, self.in_head = True, False
        if self.incoming:
            self.incoming.cut()
            self.incoming = None

    def on_message_begin(self) -> None:
        """A head begins."""
        self.in_head = True
        self.environ = {"REQUEST_METHOD": "", "PATH_INFO": "", "QUERY_STRING": "", "REMOTE_ADDR": self._carrier.client}
        self._target, self._fields = b"", 0

    def on_url(self, part: bytes) -> None:
        """A part of the target."""
        self._target += part
        if len(self._target) > TARGET_BYTES:
            raise self._end(_target_too_long())

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field, which is ignored (RFC 9110, section 6.5.1)."""
        if not self.in_head:
            return
        self._fields += 1
        if self._fields > FIELDS:
            raise self._end(_fields_too_large())
        key = _key(name)
        text = value.decode("latin-1").rstrip(" \t")
        if key not in self.environ:
            self.environ[key] = text
        elif key == "HTTP_HOST":
            raise self._end(_malformed("The request names its host twice."))
        else:  # RFC 9110, section 5.3; RFC 9113, section 8.2.3
            self.environ[key] += f"{'; ' if key == 'HTTP_COOKIE' else ', '}{text}"

    def on_headers_complete(self) -> None:
        """The head is complete."""
        parser, environ = self._parser, self.environ
        if self._upgrade is not None:  # the head that was made up for the body
            return
        self.in_head = False
        environ.pop("", None)
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise self._end(problem(505, "HTTP version not supported", "This server speaks HTTP/1.1 and HTTP/1.0."))
        method = environ["REQUEST_METHOD"] = parser.get_method().decode()
        if method == "CONNECT":
            raise self._end(problem(501, "Not implemented", "This server is no proxy."))
        if version == "1.1" and "HTTP_HOST" not in environ:
            raise self._end(_malformed("The request does not name its host, as HTTP/1.1 demands."))
        if not HOST.fullmatch(environ.get("HTTP_HOST", "")):
            raise self._end(_malformed("The header Host names no host."))
        self._read_target(method)
        coding, length = environ.get("HTTP_TRANSFER_ENCODING"), int(environ.get("CONTENT_LENGTH") or 0)
        if coding is not None and (version == "1.0" or coding.lower() != "chunked"):
            detail = "Of transfer codings only chunked is known here, in HTTP/1.1."
            raise self._end(problem(501, "Not implemented", detail))
        expectation = environ.get("HTTP_EXPECT")
        if expectation is not None and expectation.lower() != "100-continue":
            detail = "Of expectations only 100-continue can be met."
            raise self._end(problem(417, "Expectation failed", detail))
        request = self._arrive(version, keep_alive=parser.should_keep_alive())
        request.body_left = length
        if coding is not None or length:
            self.incoming = request
        else:
            request.complete = True
        self.ended = request.complete and not request.keep_alive
        if parser.should_upgrade():
            framing = b"Transfer-Encoding: chunked" if coding else b"Content-Length: %d" % length
            self._upgrade = framing if self.incoming else b""

    def _arrive(self, version: str, *, keep_alive: bool) -> Request:
        """The request of the head that was read."""
        request = Request(self._carrier, self.environ, version, keep_alive=keep_alive)
        self.arrived.append(request)
        return request

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._head_size = 0
        if self.incoming:
            self.incoming.receive(part)

    def on_message_complete(self) -> None:
        """The body is complete, if there is one; that of a request which offers an upgrade is still to be read."""
        self._head_size = 0
        if self.incoming and self._upgrade is None:
            incoming, self.incoming = self.incoming, None
            incoming.receive(b"", last=True)
            self.ended = not incoming.keep_alive

    def _decline_upgrade(self) -> None:
        """Goes on with a parser of its own for the body, since llhttp leaves it to the protocol upgraded to."""
        self._parser = httptools.HttpRequestParser(self)
        if self._upgrade:
            begun, self.environ = self.environ, {}
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % self._upgrade)
            self.environ, self.in_head = begun, False
        self._upgrade = None

    def _read_target(self, method: str) -> None:
        """Sets path and query string; an absolute target names the host too (RFC 9112, section 3.2)."""
        environ, target = self.environ, self._target
        if b"#" in target:
            target = target.partition(b"#")[0]
        if target[:1] == b"/":
            path, _, query = target.partition(b"?")
        elif target == b"*" and method == "OPTIONS":
            path, query = b"/", b""
        else:
            try:
                parsed = httptools.parse_url(target)
            except httptools.HttpParserInvalidURLError:
                raise self._end(_malformed("The address of the request is no path.")) from None
            path, query = parsed.path or b"/", parsed.query or b""
            if parsed.host:
                port = f":{parsed.port}" if parsed.port else ""
                host = parsed.host.decode("latin-1")
                environ["HTTP_HOST"] = (f"[{host}]" if ":" in host else host) + port
        environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")

    def _end_oversized(self) -> None:
        """Ends the parsing of a head, of trailers, of a chunk's extensions or of empty lines that are too large."""
        if self.incoming:
            self.end_of_input()
        elif not self.in_head:
            self._end(_malformed("Where a request should be there are empty lines."))
        else:
            self._end(_fields_too_large() if self._fields else _target_too_long())

    def _end(self, refusal: Answer) -> _RefusedError:
        """Ends the parsing with a refusal, also that of the request whose head has just been read."""
        self.ended, self.in_head, self.refusal = True, False, refusal
        return _RefusedError()

    def _refuse(self, error: httptools.HttpParserError, start: bytes | None) -> None:
        """Ends the parsing at malformed data; `start` is the data if a request begins with it."""
        reason = str(error)
        if self.incoming:
            self.end_of_input()
        elif isinstance(error, httptools.HttpParserInvalidMethodError):
            if start is not None and _METHOD.match(start):
                self._end(problem(501, "Not implemented", "The method of the request is not known here."))
            else:
                self._end(_malformed("This is no request of HTTP/1.1."))
        elif reason == "Invalid HTTP version" or "PRI" in reason:
            self._end(problem(505, "HTTP version not supported", "This server speaks HTTP/1.1 and HTTP/1.0."))
        else:
            self._end(_malformed(f"The head of the request is malformed: {reason}."))


def _malformed(detail: str) -> Answer:
    return problem(400, "Malformed request", detail)


def _target_too_long() -> Answer:
    detail = f"The address is longer than {TARGET_BYTES} bytes. Send the query by POST, where it may be longer."
    return problem(414, "Address too long", detail)


def _fields_too_large() -> Answer:
    return problem(431, "Header fields too large", _LIMITS.format(FIELDS, HEAD_BYTES))


def _escaped(data: bytes) -> bytes:
    """The data with letters of other scripts in the request line percent-encoded: browsers do so, curl does not."""
    line, end, rest = data.partition(b"\r\n")
    return _OTHER_LETTER.sub(lambda found: b"%%%02X" % found[0][0], line) + end + rest


@lru_cache(maxsize=512)
def _key(name: bytes) -> str:
    """The environ key of a header field; empty for a name with an underscore, which could imitate one with a hyphen."""
    if b"_" in name:
        return ""
    key = name.decode("ascii").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
