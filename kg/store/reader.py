"""Query results as Python values, from an engine in this process or from a server's workers."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec
import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.engine.reading import Row, Rows, Term, answers_of, node, nodes, text

if TYPE_CHECKING:  # the command line, which has an engine, need not load what is for servers
    from kg.inference.explanation import Explanation
    from kg.store.store import Store

__all__ = ["Reader", "Row", "Term", "node", "nodes", "text"]


class Lasting:
    """What views remember longer than a page, such as labels: all of one version, or nothing once it is too much."""

    def __init__(self, kinds: Iterable[object], most: int) -> None:
        """Of these keys of `Reader.memory`; at most about so many things."""
        self._kinds, self._most = tuple(kinds), most
        self._held: tuple[str, dict[object, dict[Any, Any]]] = "", {}
        """In one piece: two threads may ask for two versions at a time."""

    def of(self, version: str) -> dict[object, dict[Any, Any]]:
        """What is remembered of the version, to begin a reader's memory with; may be called in any thread."""
        held, memory = self._held
        if version != held or sum(map(len, memory.values())) > self._most:
            memory = {kind: {} for kind in self._kinds}
            self._held = version, memory
        return memory


class Reader(Rows):
    """Runs internal queries for pages and the command line. Every query must have a LIMIT.

    What views have read they keep in `memory`, so that one that needs it again does not ask again: a reader lasts for
    one page, of one version.
    """

    def __init__(self, source: "Engine | Store", answer: Callable[[str, str], bytes] | None = None) -> None:
        """Over an engine in this process, or over a store with its limits and current version.

        `answer` asks the store in another way, see `Rows`.
        """
        usual = answers_of(source) if isinstance(source, Engine) else _answers_of_store(source)
        super().__init__(answer or usual)
        self._source = source
        self.memory: dict[object, dict[Any, Any]] = defaultdict(dict)
        """What is known of things, mostly by IRI, for each of the views that keep something."""
        self._expected: dict[object, set[Any]] = defaultdict(set)

    def expect(self, kind: object, things: Iterable[Any]) -> None:
        """Has what will be asked later read in the same query as what is asked first; `kind` is a key of `memory`."""
        self._expected[kind].update(things)

    def missing(self, kind: object, wanted: Iterable[Any]) -> list[Any]:
        """What must be read, sorted: what of `wanted` is not in the memory, and then what is expected too."""
        known, asked = self.memory[kind], set(wanted)
        if all(each in known for each in asked):
            return []
        return sorted(each for each in asked | self._expected.pop(kind, set()) if each not in known)

    def explanation(self, triple: ox.Triple) -> "Explanation":
        """Why the triple is in the data, or that it is not; raises KelisimError as `Store.query` does."""
        from kg.inference.explanation import Explanation, explain
        from kg.workers.messages import Task

        if isinstance(self._source, Engine):
            return explain(self._source.store, triple)
        reply = self._source.query(Task("", why=f"{triple} .", internal=True))
        return msgspec.json.decode(reply.content, type=Explanation)


def _answers_of_store(store: "Store") -> Callable[[str, str], bytes]:
    from kg.workers.messages import Task

    return lambda query, form: store.query(Task(query, bindings=form, graph="ntriples", internal=True)).content
