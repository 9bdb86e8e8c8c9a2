"""What every client is asked to do, and what must come of it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import rdflib

from tests.http import ask, send

NAMES = ["Астана", "Қазақстан"]
_WHERE = """WHERE {
  VALUES (?thing ?language) {
    (<https://w3id.org/kelisim/id/astana> "ru") (<https://w3id.org/kelisim/id/kazakhstan> "kk")
  }
  ?thing <http://www.w3.org/2000/01/rdf-schema#label> ?name FILTER(LANG(?name) = ?language)
} ORDER BY ?thing"""
ASK = "ASK { <https://w3id.org/kelisim/id/astana> ?p ?o }"
SELECT = f"SELECT ?name {_WHERE}"
CONSTRUCT = f"CONSTRUCT {{ ?thing <urn:x-clients:name> ?name }} {_WHERE}"
MALFORMED = "SELECT ?name WHERE { ?thing ?p ?name"
TEXT = "Ұлы дала: ә ғ қ ң ө ұ ү һ і, ё — “x” + y & z; 100 %"
"""Inserted by every client: Kazakh letters, and the characters that forms and URLs encode."""


class Missing(Exception):  # noqa: N818 - no error
    """A client is not to be had here."""


class Unable(Exception):  # noqa: N818 - no error
    """A client has no way to do a step."""


@dataclass(frozen=True)
class Access:
    """Where the server is, and a token for updates."""

    server: str
    token: str

    @property
    def endpoint(self) -> str:
        return f"{self.server}sparql"


class Client:
    """A client. What it cannot do raises `Unable`; what the server refuses raises any other exception."""

    name: ClassVar[str]
    told: ClassVar[str] = ""
    """Why the server's words on a malformed query do not reach its user, if they do not."""

    def __init__(self, access: Access) -> None:
        """Raises Missing if the client is not here."""
        self.access = access

    def version(self) -> str:
        raise NotImplementedError

    def ask(self, query: str) -> bool:
        raise Unable

    def select(self, query: str) -> list[str]:
        """The values of the only column."""
        raise Unable

    def construct(self, query: str) -> list[str]:
        """The objects of the triples, sorted; asked for as the client does if its user says nothing of formats."""
        raise Unable

    def update(self, update: str) -> None:
        raise Unable

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        """Steps that only this client has. They leave `graph` empty."""
        yield from ()


STEPS = ["ASK", "SELECT", "CONSTRUCT", "error", "INSERT", "FROM", "DELETE", "gone"]


@dataclass
class Run:
    """What came of the steps of one client: ``ok``, or what the table shows instead; and the failures in full."""

    name: str
    version: str
    cells: dict[str, str] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)


def run(client: Client, stranger: Client) -> Run:
    """Asks a client everything. The stranger is the same client with a token that the server does not know."""
    result = Run(client.name, client.version())
    graph = "urn:x-clients:" + re.sub("[^a-z]+", "-", client.name.casefold())
    access = client.access

    def step(name: str, does: Callable[[], str | None]) -> None:
        try:
            result.cells[name] = does() or "ok"
        except Unable:
            result.cells[name] = "–"
        except Exception as error:
            result.cells[name] = "FAILED"
            result.failures.append((name, f"{type(error).__name__}: {error}"))

    def insert() -> None:
        text = f'INSERT DATA {{ GRAPH <{graph}> {{ <urn:x-clients:a> <urn:x-clients:p> "{TEXT}" }} }}'
        _by_client_or_other(client, text)

    def read_back() -> None:
        equal(client.select(f"SELECT ?text FROM <{graph}> WHERE {{ ?thing ?p ?text }}"), [TEXT])

    def delete() -> None:
        _by_client_or_other(client, f"DELETE WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")

    def gone() -> None:
        try:
            left = client.ask(f"ASK {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        except Unable:
            left = bool(client.select(f"SELECT ?o WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"))
        equal(left, False)

    step("ASK", lambda: equal(client.ask(ASK), True))
    step("SELECT", lambda: equal(client.select(SELECT), NAMES))
    step("CONSTRUCT", lambda: equal(client.construct(CONSTRUCT), NAMES))
    step("error", lambda: _error(client))
    step("INSERT", insert)
    step("FROM", read_back)
    step("DELETE", delete)
    step("gone", gone)
    step("unknown token", lambda: _stranger(stranger))
    for name, does in client.more(f"{graph}:more"):
        step(name, lambda does=does: does())  # type: ignore[misc]
    for each in (graph, f"{graph}:more"):  # whatever a failure left behind
        _post(access, f"DROP SILENT GRAPH <{each}>")
    return result


def equal(found: object, expected: object) -> None:
    """Raises AssertionError, with both, if they differ."""
    if found != expected:
        raise AssertionError(f"{found!r} came, and not {expected!r}")


def objects(text: str, media_type: str) -> list[str]:
    """The objects of the triples in an RDF document, sorted."""
    graph = rdflib.Graph().parse(data=text, format=media_type.partition(";")[0].strip())
    return sorted(str(o) for o in graph.objects())


def _error(client: Client) -> str | None:
    """The line, the column and the reason that the server gives must reach the user of the client."""
    _, _, body = send(ask(client.access.server, MALFORMED))
    problem = json.loads(body)
    try:
        found: object = client.select(MALFORMED)
    except Unable:
        raise
    except Exception as error:
        if client.told:
            return client.told
        shown = str(error)
        for part in (f"line {problem['line']}, column {problem['column']}", problem["detail"].rpartition(": ")[2]):
            if part not in shown:
                raise AssertionError(f"{part!r} is not in what the client says: {shown}") from error
        return None
    raise AssertionError(f"{found!r} came of a malformed query")


def _stranger(client: Client) -> None:
    """A client must notice that it may not change anything."""
    try:
        client.update('INSERT DATA { <urn:x-clients:a> <urn:x-clients:p> "by a stranger" }')
    except Unable:
        raise
    except Exception:
        return
    raise AssertionError("an update with an unknown token raised nothing")


def _by_client_or_other(client: Client, update: str) -> None:
    """Does an update through the client; where that fails, by other means too, so that the next step stands alone."""
    try:
        client.update(update)
    except Exception:
        _post(client.access, update)
        raise


def _post(access: Access, update: str) -> None:
    headers = {"Authorization": f"Bearer {access.token}", "Content-Type": "application/sparql-update"}
    status, _, body = send(access.endpoint, method="POST", body=update.encode(), headers=headers)
    if status >= 300:
        raise AssertionError(f"plain POST: {status} {body.decode()}")
