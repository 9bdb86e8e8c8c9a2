"""The errors of queries and changes: syntax, limits, workers, shapes."""

from collections.abc import Mapping

from ontology import KelisimError


class QuerySyntaxError(KelisimError):
    """The query or update is malformed, at a line and column counted from 1, or 0 if unknown.

    `template` is the message in English, with ``%(name)s`` for each of `values`, so that it can be translated.
    """

    def __init__(self, template: str, line: int = 0, column: int = 0, values: Mapping[str, str] | None = None) -> None:
        self.template = template
        self.values = dict(values or {})
        self.line = line
        self.column = column
        what = template % self.values if values else template
        super().__init__(f"The text is malformed at line {line}, column {column}: {what}" if line else what)


class UnknownGraphError(KelisimError):
    """The query names a graph that is not here."""


class ServiceError(KelisimError):
    """An endpoint that SERVICE calls failed."""


class ServiceTimeoutError(KelisimError):
    """An endpoint that SERVICE calls took too long."""


class EngineError(KelisimError):
    """The engine elsewhere that evaluates queries cannot be reached, refuses, or its answer is malformed or cut."""


class EngineRefusedError(EngineError):
    """The engine elsewhere cannot evaluate this query, and says why; others it can."""


class EngineTimeoutError(KelisimError):
    """The engine elsewhere ran out of time."""


class EngineBusyError(KelisimError):
    """The engine elsewhere is overloaded, or failed so often that it is not asked for a while."""


class QueryTimeoutError(KelisimError):
    """The query exceeded its time limit."""


class BusyError(KelisimError):
    """The server is overloaded: a queue is full, or nothing became free in time."""


class ClientDisconnectedError(KelisimError):
    """The client disconnected before the response."""


class StoppedError(KelisimError):
    """The worker was killed from outside, or the server is shutting down."""


class TooLargeError(KelisimError):
    """The query exceeded the memory limit, or its result the size limit."""


class TooDeepError(KelisimError):
    """The query is nested too deeply: the engine overflowed its stack."""


class InvalidChangeError(KelisimError):
    """The state after a change would violate the shapes; `report` is the SHACL report in Turtle."""

    def __init__(self, message: str, report: bytes) -> None:
        super().__init__(message)
        self.report = report


class EngineChangedError(KelisimError):
    """Somebody else changed the data of the engine elsewhere meanwhile; nothing of this change was written."""


class OutcomeUnknownError(KelisimError):
    """The engine elsewhere was lost while it made a change: whether it is there is not known."""
