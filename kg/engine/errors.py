"""The errors in which queries and changes end when workers, limits or shapes refuse them."""

from ontology import KelisimError


class QueryTimeoutError(KelisimError):
    """The query took longer than it may."""


class BusyError(KelisimError):
    """More queries wait than the server lets wait."""


class AbandonedError(KelisimError):
    """Nobody waits for the answer any more."""


class StoppedError(KelisimError):
    """The worker was stopped from outside."""


class TooLargeError(KelisimError):
    """The query needs more memory, or its answer is larger, than the server gives."""


class TooDeepError(KelisimError):
    """The query is nested too deeply for the engine."""


class InvalidChangeError(KelisimError):
    """The state after a change would break the shapes; `report` is the SHACL report in Turtle."""

    def __init__(self, message: str, report: bytes) -> None:
        super().__init__(message)
        self.report = report
