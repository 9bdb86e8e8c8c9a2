"""The way to an engine: queries, updates and quads over HTTP (SPARQL 1.1 Protocol, Graph Store HTTP Protocol)."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

from kg.engine.redaction import Redaction, public_address
from kg.engine.remote import is_http_url
from kg.upload.credentials import Credentials
from ontology import KelisimError

RESULTS: Final = "application/sparql-results+json"
_TIMEOUT: Final = 900.0
"""Seconds for one request: the switch of a large change is one."""
_WAITS: Final = (0.5, 1.0, 2.0)
"""Seconds before a request is tried again, if the engine cannot be reached or is overloaded: all are idempotent."""
_READ_OF_ERROR: Final = 10_000
_PASSING: Final = frozenset((429, 502, 503, 504))


class EngineUnreachableError(KelisimError):
    """The engine does not answer, or breaks off."""


class EngineRefusalError(KelisimError):
    """The engine answers with an error."""


@dataclass(frozen=True)
class Addresses:
    """Where an engine is asked, updated, and, if it has one, where its graph store is.

    Raises KelisimError for what is no address.
    """

    query: str
    update: str
    graphs: str = ""

    def __post_init__(self) -> None:
        for url in (self.query, self.update, *((self.graphs,) if self.graphs else ())):
            _check(url)

    @property
    def names(self) -> tuple[str, str]:
        """Where it is asked and updated, as it may be shown."""
        return public_address(self.query), public_address(self.update)


class Connection:
    """An engine that is written to. Every request is tried again while it fails in passing."""

    def __init__(self, addresses: Addresses, credentials: Credentials | None = None, seconds: float = _TIMEOUT) -> None:
        """`seconds` is how long one request may take."""
        self.addresses = addresses
        self.before_write: Callable[[], None] | None = None
        """Called before each write, which is not made if it raises an error."""
        self._credentials = credentials
        self._seconds = seconds
        self.product = ""
        """How the engine names itself in the header Server, once it has answered."""
        self.requests = 0
        """How many were sent."""
        self._headers = {"User-Agent": "Kelisim"}
        secrets = [credentials.password] if credentials else []
        handlers: list[urllib.request.BaseHandler] = [_NoRedirection()]
        if credentials and credentials.authorization:
            self._headers["Authorization"] = credentials.authorization
            secrets.append(credentials.authorization.rpartition(" ")[2])
        elif credentials:
            passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
            for url in (addresses.query, addresses.update, addresses.graphs or addresses.query):
                passwords.add_password(None, url, credentials.user, credentials.password)
            handlers.append(urllib.request.HTTPDigestAuthHandler(passwords))
        told = (addresses.query, addresses.update, addresses.graphs)
        self._redaction = Redaction(*secrets, addresses=told)
        self._opener = urllib.request.build_opener(*handlers)

    def select(self, query: str) -> list[ox.QuerySolution]:
        """The rows of a SELECT, all of them.

        Raises EngineRefusalError also if the engine says that it left rows out.
        """
        body = urlencode({"query": query}).encode()
        answer, headers = self._send(self.addresses.query, body, "application/x-www-form-urlencoded", RESULTS)
        if headers.get("X-SPARQL-MaxRows") or headers.get("X-SQL-State"):
            raise EngineRefusalError(
                f"{self.addresses.names[0]} gave a part of the rows and left the others out. Raise its limits "
                "(in Virtuoso ResultSetMaxRows and MaxQueryExecutionTime in virtuoso.ini)."
            )
        try:
            rows = ox.parse_query_results(input=answer.replace(b'"nodeID://', b'"'), format=ox.QueryResultsFormat.JSON)
        except (SyntaxError, ValueError) as error:
            raise EngineRefusalError(
                f"{self.addresses.names[0]} did not answer with SPARQL results: {error}"
            ) from error
        if not isinstance(rows, ox.QuerySolutions):
            raise EngineRefusalError(f"{self.addresses.names[0]} answered a SELECT with a boolean.")
        return [*rows]

    def another(self, seconds: float) -> "Connection":
        """A way to the same engine for another thread, each request of which may take so long."""
        return Connection(self.addresses, self._credentials, seconds)

    def unseen(self) -> KelisimError:
        """What is written does not come back."""
        return KelisimError(
            f"{self.addresses.names[1]} took a triple, and {self.addresses.names[0]} does not have it. Are they "
            "addresses of one engine, and may the reader see new graphs?"
        )

    def update(self, text: str, *, anyway: bool = False) -> None:
        """Sends a SPARQL 1.1 Update; `anyway`: without `before_write`."""
        before = None if anyway else self.before_write
        self._send(self.addresses.update, text.encode(), "application/sparql-update", "*/*", before)

    def post_quads(self, lines: bytes) -> None:
        """Adds N-Quads by the graph store's own address, which the protocol leaves to engines."""
        self._send(self.addresses.graphs, lines, "application/n-quads", "*/*", self.before_write)

    def _send(
        self, url: str, body: bytes, kind: str, accept: str, before: Callable[[], None] | None = None
    ) -> tuple[bytes, http.client.HTTPMessage]:
        """`before` is called before each attempt: the one before it may have hung for long."""
        for wait in (*_WAITS, None):
            if before:
                before()
            try:
                return self._send_once(url, body, kind, accept)
            except EngineUnreachableError:
                if wait is None:
                    raise
                time.sleep(wait)
        raise AssertionError

    def _send_once(self, url: str, body: bytes, kind: str, accept: str) -> tuple[bytes, http.client.HTTPMessage]:
        self.requests += 1
        name = public_address(url)
        headers = {**self._headers, "Content-Type": kind, "Accept": accept}
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the scheme is checked
        try:
            with self._opener.open(request, timeout=self._seconds) as response:
                self.product = response.headers.get("Server", "").strip()
                return response.read(), response.headers
        except urllib.error.HTTPError as error:
            with error:
                told = self._redaction.excerpt(error.read(_READ_OF_ERROR))
            if error.code in _PASSING:
                raise EngineUnreachableError(f"{name} cannot do it now: HTTP {error.code}. {told}") from None
            if error.code in (401, 403):
                raise EngineRefusalError(
                    f"{name} does not let us write (HTTP {error.code}): see --engine-auth, and whether that user may "
                    "update."
                ) from None
            raise EngineRefusalError(f"{name} refused (HTTP {error.code}): {told}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            what = self._redaction.hide(str(reason).strip()) or type(reason).__name__
            raise EngineUnreachableError(f"{name} does not answer: {what}.") from None


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """A redirection of a write is an error: it would lose the body, or carry the secret elsewhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _check(url: str) -> None:
    if not is_http_url(url) or "#" in url:
        raise KelisimError(
            f"{public_address(url)!r} is no address of an engine; give one such as https://example.org/sparql."
        )
    if "@" in urlsplit(url).netloc:
        raise KelisimError("A password has no place in an address, where others see it: see --engine-auth.")
