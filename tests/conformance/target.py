"""A SPARQL server under test, and its HTTP client."""

import http.client
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Protocol, TypeAlias
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

JSON_RESULTS = "application/sparql-results+json"
GRAPHS = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
STATE = "SELECT ?g ?s ?p ?o WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"

Named: TypeAlias = Sequence[tuple[str | None, list[ox.Triple]]]
"""Graphs with their names, ``None`` for the default graph."""


class Failed(Exception):  # noqa: N818 - the outcome of a test, not an error of the runner
    """The server's behaviour differs from the expected; the message describes it."""


@dataclass(frozen=True)
class Target:
    """The URLs of a server.

    ``default_graph`` is for a server without a default graph of its own (Virtuoso, whose default graph is the union of
    all graphs): the named graph that replaces it, which every request then sets as its default graph.
    """

    name: str
    query_url: str
    update_url: str
    graph_store_url: str | None = None
    token: str | None = None
    default_graph: str | None = None


@dataclass(frozen=True)
class Answer:
    """The server's response."""

    status: int
    headers: Message
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type() if self.headers["Content-Type"] else ""

    def __str__(self) -> str:
        return f"{self.status} {self.body[:160].decode('utf-8', 'replace')}"


class Queried(Protocol):
    """What tests of queries need: a store, or what stands for one."""

    def load(self, named: Named) -> None:
        """Has these graphs and no others."""

    def query(self, text: str, accept: str = JSON_RESULTS, named: Iterable[str] = ()) -> Answer:
        """The answer in a format of `accept`; `named` are the named graphs of the dataset."""


class Client:
    """A client of one target. It keeps connections alive, since the suite sends thousands of small requests."""

    def __init__(self, target: Target, *, timeout: float) -> None:
        self.target = target
        self.timeout = timeout
        urls = (target.query_url, target.update_url, target.graph_store_url or "")
        self._hosts = {urlsplit(url).netloc for url in urls} - {""}
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._loaded: Named | None = None
        self._own_graphs = self.graphs() if target.default_graph else set()

    def close(self) -> None:
        """Closes the connections."""
        for connection in self._connections.values():
            connection.close()

    def send(
        self, url: str, *, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Sends a request with exactly these headers (no default Content-Type) and follows no redirect.

        Redirects are not followed, so that neither requests nor the token are sent to another host.
        """
        parts = urlsplit(url)
        if parts.netloc not in self._hosts:
            raise Failed(f"the server points to another host: {url}")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Accept": "*/*", **(headers or {})}
        if self.target.token:
            headers["Authorization"] = f"Bearer {self.target.token}"
        for attempt in (1, 2):
            connection = self._connections.pop(parts.netloc, None)
            connection = connection or http.client.HTTPConnection(parts.netloc, timeout=self.timeout)
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                answer = Answer(response.status, response.headers, response.read())
            except TimeoutError as error:
                connection.close()
                raise Failed(f"no answer within {self.timeout} seconds") from error
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if attempt == 2:  # the first may be a kept-alive connection that the server had closed
                    raise Failed(f"no answer: {error!r}") from error
            else:
                if response.will_close:
                    connection.close()
                else:
                    self._connections[parts.netloc] = connection
                return answer
        raise AssertionError

    def query(self, text: str, accept: str = JSON_RESULTS, named: Iterable[str] = ()) -> Answer:
        """Sends a query by GET, which all servers support (Virtuoso hangs on a query that is posted directly).

        ``named`` are the named graphs of the dataset for a server without a default graph.
        """
        params = [("query", text)]
        if self.target.default_graph:
            params += [("default-graph-uri", self.target.default_graph)]
            params += [("named-graph-uri", name) for name in named]
        return self.send(f"{self.target.query_url}?{urlencode(params)}", headers={"Accept": accept})

    def update(self, text: str) -> Answer:
        self._loaded = None
        if self.target.default_graph:
            text = f"DEFINE input:default-graph-uri <{self.target.default_graph}>\n{text}"
        headers = {"Content-Type": "application/sparql-update"}
        return self.send(self.target.update_url, method="POST", body=text.encode(), headers=headers)

    def graphs(self) -> set[str]:
        """The names of all non-empty graphs."""
        answer = self.send(f"{self.target.query_url}?{urlencode({'query': GRAPHS})}", headers={"Accept": JSON_RESULTS})
        return {row["g"].value for row in rows(answer) if isinstance(row["g"], ox.NamedNode)}

    def clear(self) -> None:
        """Clears the store; without a default graph, graph by graph (Virtuoso has graphs of its own)."""
        self._loaded = None
        if not self.target.default_graph:
            required(self.update("DROP ALL"))
            return
        for name in self.graphs() - self._own_graphs:
            required(self.send(self._graph_url(name), method="DELETE"), 404)

    def load(self, named: Named) -> None:
        """Replaces the content of the store; consecutive queries on the same data load it once."""
        if self._loaded == named:
            return
        self.clear()
        for name, triples in named:
            text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
            assert text is not None
            if self.target.graph_store_url:
                headers = {"Content-Type": "application/n-triples"}
                required(self.send(self._graph_url(name), method="PUT", body=text, headers=headers))
            else:
                inner = text.decode()
                required(self.update(f"INSERT DATA {{ {f'GRAPH <{name}> {{ {inner} }}' if name else inner} }}"))
        self._loaded = named

    def state(self) -> list[ox.Quad]:
        """All quads of the store, read by one query so that blank nodes keep their identity."""
        default = self.target.default_graph
        hidden = {*self._own_graphs, default}
        found = []
        for row in rows(self.query(STATE, named=self.graphs() - hidden if default else ())):
            graph = row["g"] if isinstance(row["g"], ox.NamedNode) else ox.DefaultGraph()
            if not isinstance(graph, ox.NamedNode) or graph.value not in hidden:
                found.append(ox.Quad(row["s"], row["p"], row["o"], graph))
        return found

    def changed(self) -> None:
        """Marks the store as changed by a test."""
        self._loaded = None

    def _graph_url(self, name: str | None) -> str:
        name = name or self.target.default_graph
        return f"{self.target.graph_store_url}?" + (urlencode({"graph": name}) if name else "default")


def required(answer: Answer, *also: int) -> Answer:
    """The response to a request of a test's set-up; raises `Failed` if it has not succeeded."""
    if not 200 <= answer.status < 300 and answer.status not in also:
        raise Failed(f"the preparation was refused: {answer}")
    return answer


def plain_labels(body: bytes) -> bytes:
    """Rewrites Virtuoso's blank node labels ``nodeID://b1``, which SPARQL's JSON allows and pyoxigraph refuses."""
    return body.replace(b'"nodeID://', b'"')


def rows(answer: Answer) -> list[ox.QuerySolution]:
    """The rows of the response to a SELECT of the runner."""
    required(answer)
    try:
        results = ox.parse_query_results(input=plain_labels(answer.body), format=ox.QueryResultsFormat.JSON)
        if isinstance(results, ox.QuerySolutions):
            return list(results)
    except (SyntaxError, ValueError) as error:
        raise Failed(f"the results are malformed: {error}") from error
    raise Failed(f"the results are no table: {answer}")
