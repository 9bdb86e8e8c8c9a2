"""The errors in which queries and changes end when workers, limits or shapes refuse them."""

from typing import Final

from kg.engine import OperationError, QuerySyntaxError
from kg.guard import OutboundRefusedError
from kg.staging import DocumentError
from kg.worker import Outcome
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


class NotAcceptableError(KelisimError):
    """The query's answer has none of the formats that the client takes."""


class InvalidChangeError(KelisimError):
    """The state after a change would break the shapes; `report` is the SHACL report in Turtle."""

    def __init__(self, message: str, report: bytes) -> None:
        super().__init__(message)
        self.report = report


_PLAIN: Final[dict[str, type[KelisimError]]] = {
    "outbound": OutboundRefusedError,
    "operation": OperationError,
    "document": DocumentError,
    "not-acceptable": NotAcceptableError,
}


def error_of(outcome: Outcome, result_bytes: int, report: bytes = b"") -> KelisimError:
    """The error that a worker's outcome stands for; `report` is the SHACL report of an invalid change."""
    if outcome.kind == "invalid":
        return InvalidChangeError(outcome.message, report)
    if outcome.kind == "syntax":
        return QuerySyntaxError(outcome.message, outcome.line, outcome.column)
    if outcome.kind == "too-large":
        return TooLargeError(f"The answer is larger than {result_bytes} bytes. Ask for less, or use LIMIT and OFFSET.")
    return _PLAIN.get(outcome.kind, KelisimError)(outcome.message)
