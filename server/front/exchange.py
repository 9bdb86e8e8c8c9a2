"""What the layers need of an HTTP server: one request, and the way to answer it."""

from collections.abc import AsyncIterator
from typing import Protocol
from wsgiref.types import WSGIEnvironment

from server.front.problems import Answer


class ClientDisconnectedError(Exception):
    """The client of a request disconnected before the response."""


class IncompleteBodyError(Exception):
    """A body that ends before its declared end, or whose chunks are malformed."""


class Cancellable(Protocol):
    """A query or request that runs for a client, such as a future."""

    def cancel(self) -> object:
        """Cancels it."""


class Exchange(Protocol):
    """One request and its response.

    environ: as in PEP 3333, without the keys that only Flask needs. version: of HTTP, such as ``1.1``. server: the host
    and port at which the request arrived.
    """

    environ: WSGIEnvironment
    version: str

    @property
    def server(self) -> tuple[str, int]: ...

    def body(self) -> AsyncIterator[bytes]:
        """The parts of the body as they arrive; asks for it where the client waits for ``100 Continue``.

        The iterator may be left and continued. It raises IncompleteBodyError or ClientDisconnectedError.
        """

    def watch(self, scope: Cancellable | None) -> None:
        """Cancels `scope` if the client disconnects; None ends that."""

    def send(self, answer: Answer) -> int:
        """Starts sending the response; returns the bytes of its body. Raises ClientDisconnectedError."""
