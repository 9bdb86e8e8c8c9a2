"""Resource limits of queries."""

import os
from dataclasses import dataclass
from typing import Final

_MIN_SECONDS: Final = 0.01


@dataclass(frozen=True)
class Limits:
    """Resource limits. Times in seconds, sizes in bytes.

    timeout: the default for a query; max_timeout: the maximum that a query may ask for.
    memory: of one worker, in addition to the shared store. result: of one result.
    spool: of all large results together while clients read them.
    workers: how many long queries run at once; short queries have workers of their own.
    queue: the maximum length of the queue, for short and for long queries each.
    """

    timeout: float = 30.0
    max_timeout: float = 120.0
    memory: int = 1 << 30
    result: int = 1 << 30
    spool: int = 1 << 32
    workers: int = max(2, os.cpu_count() or 2)
    queue: int = 64

    def seconds(self, asked: float | None) -> float:
        """The time limit of a query that asks for `asked` seconds, or for none."""
        return min(max(asked or self.timeout, _MIN_SECONDS), self.max_timeout)
