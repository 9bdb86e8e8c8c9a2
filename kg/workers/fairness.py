"""Which query comes next, and which are known to be long."""

import re
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from typing import Final

from kg.workers.process import PendingQuery, WorkerProcess

SHAPE_SECONDS: Final = 60.0
"""How long a shape is remembered."""

_MAX_SHAPES: Final = 1000
_CONSTANT: Final = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|<[^<>\s]*>|\d+|#.*')


def pop_fairest(queue: deque[PendingQuery], workers: Iterable[WorkerProcess]) -> PendingQuery:
    """Removes the next query from a queue: an internal one, else of the client with the fewest busy workers."""
    if len(queue) == 1:
        return queue.popleft()
    busy = Counter(w.pending.client for w in workers if w.pending)
    chosen = min(queue, key=lambda p: (not p.task.internal, busy[p.client]))  # the oldest of equals
    queue.remove(chosen)
    return chosen


def shape_of(query: str) -> str:
    """The text of a query without constants: queries of one program share it."""
    return _CONSTANT.sub("", query)


class QueryShapes:
    """Remembers queries by their shape."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()

    def add(self, query: str, now: float) -> None:
        """Remembers the shape of a query, at a time in seconds."""
        shape = shape_of(query)
        self._seen[shape] = now
        self._seen.move_to_end(shape)
        if len(self._seen) > _MAX_SHAPES:
            self._seen.popitem(last=False)

    def remove(self, query: str) -> None:
        """Forgets the shape of a query."""
        self._seen.pop(shape_of(query), None)

    def has(self, query: str, now: float) -> bool:
        """Whether a query of that shape was added lately."""
        return bool(self._seen) and self._seen.get(shape_of(query), -SHAPE_SECONDS) > now - SHAPE_SECONDS
