"""The errors in which queries and changes end when workers, limits or shapes refuse them."""

from collections.abc import Mapping

from ontology import KelisimError


class QuerySyntaxError(KelisimError):
    """The query or update is malformed, at a line and column that count from 1, or 0 where the place is not known.

    `template` is the message in English, with ``%(name)s`` for each of `values`, so that it can be translated.
    """

    def __init__(self, template: str, line: int = 0, column: int = 0, values: Mapping[str, str] | None = None) -> None:
        self.template = template
        self.values = dict(values or {})
        self.line = line
        self.column = column
        what = template % self.values if values else template
        super().__init__(f"The text is malformed at line {line}, column {column}: {what}" if line else what)


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
