"""What the server and its workers tell each other: a query to evaluate, and how a query or change ended."""

from typing import Final, NamedTuple

import msgspec

from kg.changes.staging import DocumentError
from kg.engine.engine import OperationError
from kg.engine.errors import InvalidChangeError, QuerySyntaxError, TooLargeError
from kg.engine.guard import OutboundRefusedError
from kg.rdf.formats import NotAcceptableError
from ontology import KelisimError


class Task(NamedTuple):
    """One query and how to answer it.

    `bindings` and `graph` name the formats to use for SELECT and ASK, and for CONSTRUCT and DESCRIBE; empty where the
    client takes none. `result_bytes` bounds the size of the answer. `version` names the state that is asked, so that
    tasks at different states are not taken for the same. `counted` asks for the number of rows. `internal` marks
    queries of our own pages, which come first.
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


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a task or change ended, by `kind`.

    ``ok``: `format` names the answer's format, `rows` the number of its rows or triples, -1 if not known, `size` its
    bytes, in the message or in the file beside. For all others `message` says what happened, `line` and `column` where:
    ``not-acceptable``, ``too-large``, ``syntax``, ``outbound``, ``document`` (it cannot be read), ``operation`` (it
    cannot be done), ``invalid`` (the shapes forbid it), ``error``. `retires` tells that the worker ends (see
    `PrivateMemory`). `template` and `values` are those of a `QuerySyntaxError`.
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
        return QuerySyntaxError(outcome.template, outcome.line, outcome.column, outcome.values)
    if outcome.kind == "too-large":
        return TooLargeError(f"The answer is larger than {result_bytes} bytes. Ask for less, or use LIMIT and OFFSET.")
    return _PLAIN.get(outcome.kind, KelisimError)(outcome.message)
