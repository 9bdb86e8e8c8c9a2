"""What answers the parts of a query: an engine in this process, the workers of a server's store, another endpoint."""

from collections.abc import Mapping, Sequence

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.engine.names import names
from kg.engine.remote import RemoteEndpoint
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, by_name
from kg.store.reader import Row
from kg.store.store import Store
from kg.workers.messages import Task
from ontology import KelisimError

_ANSWER_BYTES = 1 << 22
_PLACES = "{ ?it ?p ?o } UNION { ?s ?it ?o } UNION { ?s ?p ?it }"
_ABSENT = f"FILTER NOT EXISTS {{ {_PLACES} }} FILTER NOT EXISTS {{ GRAPH ?g {{ {_PLACES} }} }}"


class StoreSource:
    """The workers of a store, within the limits of its pool; `client` is whose share of them it takes."""

    def __init__(self, store: Store, client: str = "") -> None:
        self._store = store
        self._client = client

    def rows(self, query: str, seconds: float) -> list[Row]:
        """The solutions of a SELECT query."""
        task = Task(query, bindings="json", result_bytes=_ANSWER_BYTES)
        return _rows(self._store.query(task, seconds, self._client).content)

    def unknown(self, query: str, seconds: float) -> Mapping[str, Sequence[str]]:
        """The names of a query that do not occur in the data."""
        task = Task(query, bindings="json", graph="ntriples", hinted=True)
        return self._store.query(task, seconds, self._client).unknown


class EngineSource:
    """An engine in this process, which cannot stop a query: for tests and small data."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self, query: str, seconds: float) -> list[Row]:
        """The solutions of a SELECT query, however long it takes."""
        return _rows(self._engine.query(query).serialize(by_name("json", RESULT_FORMATS)))

    def unknown(self, query: str, seconds: float) -> Mapping[str, Sequence[str]]:
        """The names of a query that do not occur in the data."""
        answer = self._engine.query(query)
        answer.serialize(by_name("ntriples", GRAPH_FORMATS) if answer.is_graph else by_name("json", RESULT_FORMATS))
        try:
            return self._engine.hints.unknown_names(query)
        except (KelisimError, ValueError):
            return {}


class EndpointSource:
    """Another SPARQL endpoint."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, query: str, seconds: float) -> list[Row]:
        """The solutions of a SELECT query; KelisimError if none come in time."""
        return _rows(RemoteEndpoint(self._url, timeout=seconds).query(query)[0])

    def unknown(self, query: str, seconds: float) -> Mapping[str, Sequence[str]]:
        """The names of a query that do not occur in the data, with similar ones if it is one of Kelisim's."""
        remote = RemoteEndpoint(self._url, timeout=seconds)
        remote.query(query)
        if remote.lacking.unknown:
            return remote.lacking.unknown
        named = " ".join(f"<{name}>" for name in dict.fromkeys(names(query)))
        found = (
            self.rows(f"SELECT DISTINCT ?it WHERE {{ VALUES ?it {{ {named} }} {_ABSENT} }}", seconds) if named else []
        )
        return {row["it"].value: [] for row in found}


def _rows(body: bytes) -> list[Row]:
    solutions = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(solutions, ox.QuerySolutions)
    variables = [v.value for v in solutions.variables]
    kinds = (ox.NamedNode, ox.BlankNode, ox.Literal)
    return [{n: t for n, t in zip(variables, s, strict=True) if isinstance(t, kinds)} for s in solutions]
