"""Query results as Python values, from an engine in this process or from a server's workers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.engine.reading import Row, Rows, Term, answers_of, node, nodes, text

if TYPE_CHECKING:  # the command line, which has an engine, need not load what is for servers
    from kg.inference.explanation import Explanation
    from kg.store.store import Store

__all__ = ["Reader", "Row", "Term", "node", "nodes", "text"]


class Reader(Rows):
    """Runs internal queries for pages and the command line. Every query must have a LIMIT."""

    def __init__(self, source: "Engine | Store", answer: Callable[[str], bytes] | None = None) -> None:
        """Over an engine in this process, or over a store with its limits and current version.

        `answer` asks the store in another way, see `Rows`.
        """
        usual = answers_of(source) if isinstance(source, Engine) else _answers_of_store(source)
        super().__init__(answer or usual)
        self._source = source

    def explanation(self, triple: ox.Triple) -> "Explanation":
        """Why the triple is in the data, or that it is not; raises KelisimError as `Store.query` does."""
        from kg.inference.explanation import Explanation, explain
        from kg.workers.messages import Task

        if isinstance(self._source, Engine):
            return explain(self._source.store, triple)
        reply = self._source.query(Task("", why=f"{triple} .", internal=True))
        return msgspec.json.decode(reply.content, type=Explanation)


def _answers_of_store(store: "Store") -> Callable[[str], bytes]:
    from kg.workers.messages import Task

    return lambda query: store.query(Task(query, bindings="json", graph="ntriples", internal=True)).content
