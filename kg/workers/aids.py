"""What makes answers faster and is made beside the workers: statistics of the store, and columns."""

from collections.abc import Callable, Sequence
from typing import Final

from kg.engine.limits import Limits
from kg.optimisation.gathering import LEAST_QUADS
from kg.workers.collecting import collect
from kg.workers.outcomes import Outcomes
from kg.workers.process import ForkServer
from kg.workers.wire import encode_message

_GATHERING_SECONDS: Final = 10.0
"""After that time statistics are gathered again where more changed meanwhile than could be remembered."""


class Aids(Outcomes):
    """Has statistics gathered and columns used, by workers that are forked from then on."""

    def __init__(self, server: ForkServer, limits: Limits, version: int, short_workers: int) -> None:
        super().__init__(server, limits, version, short_workers)
        self.optimises_from: int | None = LEAST_QUADS
        """Queries over stores with so many quads are rewritten by statistics of these; None: over none."""
        self._stop_gathering: Callable[[], None] = lambda: None

    def begin_columns(self) -> int:
        """Columns are about to be made of the version that is returned."""
        self._fork_server.request(encode_message({"kind": "columns", "what": []}), lambda: None)
        return self.forked_version

    def use_columns(self, folder: str, touched: Sequence[str] = ()) -> None:
        """Answers from the columns in that folder, by new workers.

        They are of the version of the latest `begin_columns`, or of one before: `touched` are the predicates of what
        has changed from that to this.
        """
        self._fork_server.request(encode_message({"kind": "columns", "what": [folder, *touched]}), self._renew_workers)

    def _gather(self) -> None:
        """Has statistics gathered of the state of the fork server, beside it; new workers then use them."""
        if self.optimises_from is not None:
            self._stop_gathering()
            self._stop_gathering = collect(self._loop, self._fork_server, self.optimises_from, self._use_statistics)

    def _use_statistics(self, server: ForkServer, used: bool) -> None:
        if server is not self._fork_server or self._stopping:
            return
        if used:
            self._renew_workers()
        else:  # too much changed meanwhile
            self._loop.call_later(_GATHERING_SECONDS, self._gather_of, server)

    def _gather_of(self, server: ForkServer) -> None:
        if server is self._fork_server and not self._stopping:
            self._gather()
