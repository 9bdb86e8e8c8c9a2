"""The messages between the server and its workers: tasks and outcomes."""

from typing import Final, NamedTuple

import msgspec

from kg.changes.staging import DocumentError
from kg.citations.cited import Citing
from kg.engine.engine import OperationError
from kg.engine.errors import (
    BusyError,
    EngineBusyError,
    EngineError,
    EngineRefusedError,
    EngineTimeoutError,
    InvalidChangeError,
    QuerySyntaxError,
    ServiceError,
    ServiceTimeoutError,
    TooLargeError,
    UnknownGraphError,
)
from kg.engine.guard import OutboundRefusedError
from kg.rdf.formats import NotAcceptableError
from kg.workers.spool import ResultTooLargeError
from ontology import KelisimError

QUICK_SECONDS: Final = 0.002
"""What takes more processor time is slow: others do not wait behind those like it."""


class Task(NamedTuple):
    """One query and how to serialise its result.

    `bindings` and `graph` name the formats to use for SELECT and ASK, and for CONSTRUCT and DESCRIBE; empty if the
    client accepts none. `result_bytes` limits the size of the result. `version` names the state of the store, so that
    tasks at different states are not equal. `counted` asks for the number of rows. `internal` marks queries of the web
    pages, which have priority. `new_graphs` treats graphs that do not exist as empty. `hinted` asks how many rows are
    only told with less certainty, and which of its names are not in the data. `citing` asks for the claims that each
    row rests on, as `kg.citations.answers` gives them. `why` asks, instead of a query, for the
    explanation of a triple, as JSON (`kg.inference.explanation`); it is an N-Triples line. `at` is the number of the
    version to ask, -1 for the latest.
    """

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    bindings: str = ""
    graph: str = ""
    result_bytes: int = 1 << 30
    version: str = ""
    counted: bool = False
    internal: bool = False
    new_graphs: bool = False
    hinted: bool = False
    citing: Citing | None = None
    why: str = ""
    at: int = -1


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a task or change ended, by `kind`.

    ``ok``: `format` names the format of the result, `rows` the number of rows or triples, -1 if not known, `size` the
    size in bytes, in the message or in the attached file. All others are errors with a `message`, and `line` and
    `column` if known: ``not-acceptable``, ``too-large``, ``syntax``, ``outbound``, ``document`` (malformed),
    ``operation`` (failed), ``busy``, ``invalid`` (violates the shapes), ``lens`` (`message` is the path of one that the
    worker lacks, see `kg.lenses.kept`), ``error``. `retires` says that the worker exits
    after this (see `PrivateMemory`). `template` and `values` are those of a `QuerySyntaxError`. `hedged` is the number
    of rows that are only told with less certainty (`kg.engine.hints.Hints.hedged_rows`), `unknown` are names
    of the query that are not in the data, with similar ones (`kg.engine.names`). `scanned`: columns gave the answer.
    `slow`: it took more than `QUICK_SECONDS` of processor time, or may have waited for others.
    `optimised`: the query was rewritten (`kg.optimisation`).
    """

    kind: str
    format: str = ""
    message: str = ""
    line: int = 0
    column: int = 0
    rows: int = -1
    size: int = 0
    retires: bool = False
    template: str = ""
    values: dict[str, str] = {}
    hedged: int = 0
    unknown: dict[str, list[str]] = {}
    scanned: bool = False
    slow: bool = False
    optimised: bool = False


_ERRORS: Final[dict[str, type[KelisimError]]] = {
    "outbound": OutboundRefusedError,
    "unknown-graph": UnknownGraphError,
    "service": ServiceError,
    "service-timeout": ServiceTimeoutError,
    "engine": EngineError,
    "engine-timeout": EngineTimeoutError,
    "engine-busy": EngineBusyError,
    "operation": OperationError,
    "busy": BusyError,
    "document": DocumentError,
    "limit": TooLargeError,
    "not-acceptable": NotAcceptableError,
}


def error_of(outcome: Outcome, result_bytes: int, report: bytes = b"") -> KelisimError:
    """The exception for a worker's outcome; `report` is the SHACL report of an invalid change."""
    if outcome.kind == "invalid":
        return InvalidChangeError(outcome.message, report)
    if outcome.kind == "syntax":
        return QuerySyntaxError(outcome.template, outcome.line, outcome.column, outcome.values)
    if outcome.kind == "too-large":
        return TooLargeError(f"The answer is larger than {result_bytes} bytes. Ask for less, or use LIMIT and OFFSET.")
    return _ERRORS.get(outcome.kind, KelisimError)(outcome.message)


def outcome_of(error: KelisimError) -> Outcome:
    """The outcome that tells of an error: the inverse of `error_of`."""
    if isinstance(error, QuerySyntaxError):
        return Outcome("syntax", line=error.line, column=error.column, template=error.template, values=error.values)
    kinds: dict[type[KelisimError], str] = {
        ResultTooLargeError: "too-large",
        TooLargeError: "limit",
        OutboundRefusedError: "outbound",
        UnknownGraphError: "unknown-graph",
        BusyError: "busy",
        ServiceError: "service",
        ServiceTimeoutError: "service-timeout",
        EngineError: "engine",
        EngineRefusedError: "engine",
        EngineTimeoutError: "engine-timeout",
        EngineBusyError: "engine-busy",
        DocumentError: "document",
        OperationError: "operation",
    }
    return Outcome(kinds.get(type(error), "error"), message=str(error))
