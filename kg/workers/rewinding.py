"""How a process gets the state of another version: by the patches between, which it reads from the log itself."""

from typing import Final, NamedTuple

from kg.history.changes import NetChange
from kg.history.patch_log import frames, read_at
from kg.rdf.patches import Patch

PAST_NICENESS: Final = 5
"""Of the processes that answer for past versions: those who ask of today have three times their share, so that small
queries do not wait though all `kg.workers.past.KEPT` are busy. Long queries get less, as elsewhere."""


class Rewind(NamedTuple):
    """The way from one version to another: where the patches after the earlier one stand in the log, in bytes."""

    offset: int
    length: int
    before: int
    after: int

    def patch(self, log: int) -> Patch:
        """What leads from version `before` to `after`, which may be the earlier one; `log` is the open log.

        Raises DamagedHistoryError.
        """
        return self.patch_of(read_at(log, self.offset, self.length))

    def patch_of(self, data: bytes) -> Patch:
        """The same of that part of the log."""
        change = NetChange.of(frames(data, min(self.before, self.after)))
        return (change if self.before < self.after else change.inverse()).patch()
