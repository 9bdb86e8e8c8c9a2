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


class QueryShapes:
    """Remembers queries by their shape, which is the text without constants: those of one program share it."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()

    def add(self, query: str, now: float) -> None:
        """Remembers the shape of a query, at a time in seconds."""
        shape = _CONSTANT.sub("", query)
        self._seen[shape] = now
        self._seen.move_to_end(shape)
        if len(self._seen) > _MAX_SHAPES:
            self._seen.popitem(last=False)

    def remove(self, query: str) -> None:
        """Forgets the shape of a query."""
        self._seen.pop(_CONSTANT.sub("", query), None)

    def has(self, query: str, now: float) -> bool:
        """Whether a query of that shape was added lately."""
        return bool(self._seen) and self._seen.get(_CONSTANT.sub("", query), -SHAPE_SECONDS) > now - SHAPE_SECONDS
