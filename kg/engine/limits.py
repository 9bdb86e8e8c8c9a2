"""Limits on what a query may take."""

import os
from dataclasses import dataclass
from typing import Final

_LEAST_SECONDS: Final = 0.01


@dataclass(frozen=True)
class Limits:
    """What a query may take. Times in seconds, sizes in bytes.

    timeout: for a query that names none; max_timeout: the most that a query may ask for.
    memory: of one worker, above the store that all share. result: of one answer.
    spool: of all large answers together that are being read.
    workers: how many long queries are evaluated at once, beside the short ones, which have workers of their own.
    queue: how many more may wait, short ones and long ones each.
    """

    timeout: float = 30.0
    max_timeout: float = 120.0
    memory: int = 1 << 30
    result: int = 1 << 30
    spool: int = 1 << 32
    workers: int = max(2, os.cpu_count() or 2)
    queue: int = 64

    def seconds(self, asked: float | None) -> float:
        """How long a query may take that asks for so many seconds, or for none."""
        return min(max(asked or self.timeout, _LEAST_SECONDS), self.max_timeout)
