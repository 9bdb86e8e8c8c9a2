"""The requests of a replica to the server that it follows: its state, its snapshot, its log."""

import http.client
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

import msgspec

from kg.history.history import StoreFullError
from kg.history.reading import ReadableHistory
from ontology import KelisimError

PATH: Final = "/replication"

WAIT_SECONDS: Final = 10.0
"""How long the server may let a request wait for a new version."""

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+", re.ASCII)
"""What is repeated to others, in a header too."""

_TIMEOUT: Final = 10.0
_PROBLEM_BYTES: Final = 1 << 16
_CHUNK_BYTES: Final = 1 << 20
_LOG_BYTES: Final = 1 << 31
"""A longer part of the log is refused: the server sends some megabytes at once, or one patch."""


class UpstreamError(KelisimError):
    """The server that is followed gave no answer that could be used; `pause` is the time it asks for, in seconds."""

    pause: float = 0.0


class GoneError(UpstreamError):
    """The server has compacted its log beyond the version of the replica."""


class OtherDataError(UpstreamError):
    """At the version of the replica the server has, or had, other data."""


class Snapshot(msgspec.Struct, frozen=True):
    """The snapshot that the server offers: its version, size and time, and the SHA-256 of its first line."""

    version: int
    bytes: int
    sha256: str
    time: str


class Offer(msgspec.Struct, frozen=True):
    """What the server offers: the name of its states, its versions and its snapshot.

    new_graphs: whether everybody may query a graph that is not there as an empty one. origin: where the public asks the
    server that takes changes, empty if its operator does not say.
    """

    identity: str
    oldest: int
    latest: int
    snapshot: Snapshot
    new_graphs: bool = False
    origin: str = ""


class Chunk(msgspec.Struct, frozen=True):
    """A part of the log: frames (`kg.history.patch_log`) of the versions after the one asked for, if there are any.

    chain, digest: what names the last version in it, or the one asked for, as in `Evidence`; a digest is empty if the
    server does not know it yet.
    """

    frames: bytes
    identity: str
    oldest: int
    latest: int
    chain: str
    digest: str


class Evidence(msgspec.Struct, frozen=True):
    """By what two servers see whether they have the same data at a version.

    chain: its name in the chain that begins at the version `base` (`kg.history.chain`), which decides if both begin
    there. digest: of its set of quads, which decides otherwise; empty while it is not known.
    """

    base: int
    chain: str
    digest: str = ""

    @classmethod
    def of(cls, history: ReadableHistory, version: int) -> Self:
        """What a history has to tell of one of its versions."""
        chain = history.chain
        return cls(chain.base, chain.get(version), history.digests.get(version) or "")

    def agrees(self, other: "Evidence") -> bool | None:
        """Whether the data are the same; None while that is not known."""
        if self.base == other.base and self.chain and other.chain:
            return self.chain == other.chain
        return self.digest == other.digest if self.digest and other.digest else None


class Upstream:
    """A server that is followed. For one thread."""

    def __init__(self, address: str, token: Callable[[], str] = str) -> None:
        """`token` gives the token to send, empty for none. Raises KelisimError if the address is no HTTP URL."""
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError as error:
            raise KelisimError(f"{address!r} has no valid port.") from error
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise KelisimError(f"{address!r} is no address of a server; give one such as https://example.org/.")
        if parts.username or parts.password:
            raise KelisimError("The address of the writer holds a password. Put a token into a file instead.")
        self.address = address.rstrip("/") + "/"
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, port
        self._path = parts.path.rstrip("/")
        self._token = token
        self._connection: http.client.HTTPConnection | None = None

    def offer(self) -> Offer:
        """What the server offers; raises UpstreamError."""
        response = self._get("")
        try:
            offer = msgspec.json.decode(response.read(_PROBLEM_BYTES), type=Offer)
        except (msgspec.MsgspecError, OSError, http.client.HTTPException) as error:
            raise self._failed("Its offer cannot be read") from error
        return offer if _ORIGIN.fullmatch(offer.origin) else msgspec.structs.replace(offer, origin="")

    def fetch(self, snapshot: Snapshot, file: Path, fetched: Callable[[], None]) -> None:
        """Fetches the rest of a snapshot to the end of a file; `fetched` is called after each part.

        Memory is bounded. What has come stays in the file if it is cut. Raises UpstreamError, GoneError if there is
        another snapshot now, and StoreFullError.
        """
        start = file.stat().st_size if file.exists() else 0
        if start == snapshot.bytes:
            return
        part = {"Range": f"bytes={start}-", "If-Range": f'"{snapshot.sha256}"'} if start else {}
        response = self._get(f"/snapshot/{snapshot.version}", headers=part)
        if response.headers.get("ETag") != f'"{snapshot.sha256}"':
            raise self._failed("It has another snapshot now", GoneError)
        size = start if response.status == 206 else 0
        try:
            with file.open("r+b" if size else "wb") as output:
                output.seek(size)
                while size < snapshot.bytes:
                    data = self._read(response, min(_CHUNK_BYTES, snapshot.bytes - size))
                    if not data:
                        raise self._failed(f"The snapshot ended after {size} of {snapshot.bytes} bytes")
                    output.write(data)
                    size += len(data)
                    fetched()
        except OSError as error:
            raise StoreFullError(f"{file} could not be written: {error.strerror or error}.") from error
        self.close()  # nothing of an answer may be left

    def log(self, after: int, evidence: Evidence, wait: float = 0.0) -> Chunk:
        """The log after a version, of which the replica has that evidence; waits so many seconds for the next version.

        Raises UpstreamError, OtherDataError and GoneError.
        """
        known = {name: value for name, value in msgspec.structs.asdict(evidence).items() if value != ""}
        parameters = {"after": after, "wait": f"{wait:g}", **known}
        response = self._get(f"/log?{urlencode(parameters)}", timeout=_TIMEOUT + wait)
        try:
            length = int(response.headers.get("Content-Length") or 0)
            oldest, latest = (int(response.headers[f"Kelisim-{name}"]) for name in ("Oldest", "Latest"))
        except (ValueError, TypeError) as error:
            raise self._failed("It answers as no server that can be followed") from error
        if not 0 <= length <= _LOG_BYTES:
            raise self._failed(f"It sends a part of its log of {length} bytes")
        frames = b""
        if response.status == 200:
            frames = self._read(response, length)
            if len(frames) < length:
                raise self._failed(f"Its log was cut after {len(frames)} of {length} bytes")
        response.read()  # nothing, but it ends the answer
        chain, digest, identity = (response.headers.get(f"Kelisim-{name}", "") for name in ("Chain", "Digest", "State"))
        return Chunk(frames, identity, oldest, latest, chain, digest)

    def close(self) -> None:
        """Ends the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def interrupt(self) -> None:
        """Has the request under way fail; may be called by any thread."""
        connection = self._connection
        if connection and connection.sock:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _get(
        self, path: str, *, headers: dict[str, str] | None = None, timeout: float = _TIMEOUT
    ) -> http.client.HTTPResponse:
        """The response of status 200, 204 or 206; raises UpstreamError."""
        token = self._token()
        sent = {"Accept": "*/*", **(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            connection = self._connected(timeout)
            connection.request("GET", f"{self._path}{PATH}{path}", headers=sent)
            response = connection.getresponse()
            if response.status in (200, 204, 206):
                return response
            problem = response.read(_PROBLEM_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failed(f"It cannot be reached: {error}") from error
        kinds = {409: OtherDataError, 410: GoneError}
        failed = self._failed(f"It answers {response.status}: {_detail(problem)}", kinds.get(response.status))
        given = response.headers.get("Retry-After", "")
        failed.pause = float(given) if given.isascii() and given.isdecimal() and len(given) < 4 else 0.0
        raise failed

    def _connected(self, timeout: float) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._secure:
                context = ssl.create_default_context()
                self._connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
            else:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        if self._connection.sock:
            self._connection.sock.settimeout(timeout)
        self._connection.timeout = timeout
        return self._connection

    def _read(self, response: http.client.HTTPResponse, size: int) -> bytes:
        """So many bytes, less at the end; raises UpstreamError."""
        try:
            return response.read(size)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failed(f"The connection was cut: {error}") from error

    def _failed(self, what: str, kind: type[UpstreamError] | None = None) -> UpstreamError:
        self.close()
        return (kind or UpstreamError)(f"The server {self.address} that this replica follows: {what.rstrip('.')}.")


def _detail(problem: bytes) -> str:
    """The detail of problem details, or nothing."""
    try:
        return str(msgspec.json.decode(problem, type=dict)["detail"])[:500]
    except (msgspec.MsgspecError, KeyError):
        return "no reason given"


def token_reader(file: Path | None) -> Callable[[], str]:
    """Reads the token from a file, at each request, so that it can be replaced; empty without a file.

    The reader raises UpstreamError if the file cannot be read or holds no token; so does this, now.
    """

    def read() -> str:
        if file is None:
            return ""
        try:
            token = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UpstreamError(f"The token cannot be read from {file}: {error}.") from error
        if not token or not token.isprintable() or " " in token:
            raise UpstreamError(f"{file} holds no token: one line of letters, digits and - . _ ~ + / is expected.")
        return token

    read()
    return read
