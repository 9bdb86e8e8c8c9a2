"""Whether two servers answer alike; looked at before anything is timed."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.limits import ANSWER_SECONDS
from tests.benchmarks.peers import Server
from tests.benchmarks.transfer import Connection
from tests.benchmarks.workloads import Query


def agree(servers: Sequence[Server], queries: Sequence[Query], number: int = 1_000_000) -> dict[str, int]:
    """The rows of each query's answer. Raises RuntimeError, naming the query, where two servers differ in it.

    A query that a server does not answer in time is left out, which is printed. Rows are compared as a bag: where
    ORDER BY leaves ties, the order is free.
    """
    rows = {}
    connections = [Connection(s) for s in servers]
    try:
        for query in queries:
            bodies = []
            for server, connection in zip(servers, connections, strict=True):
                try:
                    bodies.append(connection.ask(query.numbered(number)))
                except TimeoutError:
                    print(f"{query.name}: {server.name} takes over {ANSWER_SECONDS:g} s; left out", flush=True)
                    break
            if len(bodies) < len(servers):
                continue
            first = _parsed(bodies[0])
            for server, body in zip(servers[1:], bodies[1:], strict=True):
                if body != bodies[0] and _parsed(body) != first:
                    raise RuntimeError(f"{servers[0].name} and {server.name} differ on: {query.text}")
            rows[query.name] = first.total()
    finally:
        for connection in connections:
            connection.close()
    return rows


def _parsed(body: bytes) -> Counter[Any]:
    results = json.loads(body)
    if "boolean" in results:
        return Counter([results["boolean"]])
    return Counter(
        tuple(sorted((name, *sorted(term.items())) for name, term in row.items()))
        for row in results["results"]["bindings"]
    )
