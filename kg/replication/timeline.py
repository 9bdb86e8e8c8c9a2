"""The versions that a replica has; of others it says that they may come, unless it is known to be level."""

from collections.abc import Callable

from kg.engine.errors import BusyError
from kg.history.history import History
from kg.history.timeline import HistoryTimeline, UnknownVersionError, Version


class ReplicaTimeline(HistoryTimeline):
    """The timeline of a replica's history."""

    def __init__(self, history: History, visible: Callable[[], int], level: Callable[[], bool]) -> None:
        """`level` tells whether the replica is known to have all that its writer has; `visible` as there."""
        super().__init__(history, visible)
        self._level = level

    def get(self, number: int) -> Version:
        """See `Timeline`; raises BusyError where the version may be at the writer."""
        try:
            return super().get(number)
        except UnknownVersionError as error:
            raise self._unknown(error) from None

    def resolve(self, given: str) -> int:
        """See `Timeline`; raises BusyError where the version may be at the writer."""
        try:
            return super().resolve(given)
        except UnknownVersionError as error:
            raise self._unknown(error) from None

    def _unknown(self, error: UnknownVersionError) -> Exception:
        return (
            error if self._level() else BusyError(f"{error} This replica may not have it yet: try again in a second.")
        )
