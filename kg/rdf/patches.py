"""RDF Patch for quads: a change to a dataset (https://afs.github.io/rdf-delta/rdf-patch.html)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final
from uuid import uuid4

import pyoxigraph as ox

from ontology import KelisimError

MAXIMUM_NESTING: Final = 64
"""The maximum nesting of triple terms; pyoxigraph overflows its stack, and ends the process, at some thousands."""

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_UUID = re.compile(r"uuid:[0-9A-Za-z-]+")
_ROW = re.compile(rb"[ \t]*([A-Z]+)(?=[ \t])(.*)", re.DOTALL)
_HEADER_ROW = re.compile(rb"[ \t]+([A-Za-z][A-Za-z0-9_-]*)(?=[ \t])(.*)", re.DOTALL)
_END_OF_ROW = re.compile(rb"[ \t]*\.[ \t]*(#.*)?", re.DOTALL)
_QUAD_ROW = re.compile(rb"[ \t]*(<|_:)")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?')
_PERHAPS_UNREADABLE = re.compile(rb"_:[^\s:]*:|<<\([^\n]*<<\(")
_PLAIN = (ox.NamedNode, ox.Literal)
_HEADER_IRI = "x-kelisim-patch-header:"


@dataclass(frozen=True)
class Patch:
    """Quads to delete and quads to add, with a header that records who made the change, when and why.

    `header` maps names (letters, digits, ``-`` and ``_``) to strings. RDF Patch itself defines ``id`` and ``prev``, the
    previous patch; Kelisim adds ``time`` (ISO 8601, UTC), ``author`` and ``message``, see `new_header`. The
    quads are distinct; KelisimError is raised if they are not, or if a header cannot be serialised.
    """

    deletes: tuple[ox.Quad, ...] = ()
    adds: tuple[ox.Quad, ...] = ()
    header: dict[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if len({*self.deletes, *self.adds}) != len(self.deletes) + len(self.adds):
            raise KelisimError("A quad stands twice in a patch: let it be deleted once, or added once, not both.")
        for name, value in self.header.items():
            if not _KEY.fullmatch(name):
                raise KelisimError(f"A patch cannot have the header {name!r}: use letters, digits, hyphens.")
            if any("\ud800" <= c <= "\udfff" for c in value):
                raise KelisimError(f"The header {name} of a patch is not Unicode text: {value!r}.")

    @property
    def is_empty(self) -> bool:
        """Whether the patch changes nothing."""
        return not self.deletes and not self.adds

    def inverse(self) -> "Patch":
        """The patch that undoes this one, if every delete and add had an effect; it has no header."""
        return Patch(deletes=self.adds, adds=self.deletes)

    def apply(self, store: ox.Store) -> None:
        """Applies the deletes, then the adds; not atomic for concurrent readers of the store.

        A graph that is left without quads is removed, since the store would go on listing its name.
        """
        for quad in self.deletes:
            store.remove(quad)
        store.extend(self.adds)
        for graph in {q.graph_name for q in self.deletes}:
            left = next(iter(store.quads_for_pattern(None, None, None, graph)), None)
            if left is None and isinstance(graph, ox.NamedNode | ox.BlankNode):
                store.remove_graph(graph)

    def serialize(self) -> bytes:
        """The patch as RDF Patch in UTF-8, one transaction; `parse` gives back an equal patch.

        Raises KelisimError if a term cannot be parsed back: a blank node with a colon in its label, triple terms nested
        deeper than `MAXIMUM_NESTING`.
        """
        rows = [f"H {name} {_term(name, value)} .\n".encode() for name, value in self.header.items()]
        rows += [b"TX .\n", *_rows(b"D ", self.deletes), *_rows(b"A ", self.adds), b"TC .\n"]
        text = b"".join(rows)
        if may_be_unreadable(text):
            try:
                readable = parse(text) == self
            except KelisimError as error:
                raise KelisimError(f"The change cannot be written as a patch. {error}") from error
            if not readable:
                raise KelisimError("The change cannot be written as a patch: rename its blank nodes, without colons.")
        return text


def new_header(author: str, message: str, previous: str | None = None) -> dict[str, str]:
    """A header with a new ``id`` and the time now; `previous` is the id of the previous patch."""
    header = {"id": f"uuid:{uuid4()}"}
    if previous is not None:
        header["prev"] = previous
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return header | {"time": time, "author": author, "message": message}


def diff(before: set[ox.Quad], after: set[ox.Quad], header: dict[str, str] | None = None) -> Patch:
    """The minimal patch from `before` to `after`, in the order of the canonical N-Quads lines.

    Blank nodes are compared by label.
    """
    return Patch(_in_order(before - after), _in_order(after - before), header or {})


def parse(text: bytes) -> Patch:
    """Parses an RDF Patch; blank nodes keep their labels.

    Several transactions are merged into one patch: for each quad the last row counts, aborted transactions (``TA``) are
    dropped, and rows outside transactions form a transaction of their own. Prefix rows (``PA``, ``PD``) are ignored.
    Raises KelisimError, with the line, if the text is not RDF Patch.
    """
    reader = _Reader()
    lines = text.splitlines()
    quads = b"\n".join([reader.read(number, line) for number, line in enumerate(lines, start=1)])
    if reader.transaction:
        raise KelisimError(
            f"RDF Patch, line {reader.transaction}: the transaction has no end (TC); perhaps the patch was cut off."
        )
    try:
        return reader.patch(ox.parse(input=quads, format=ox.RdfFormat.N_QUADS))
    except SyntaxError as error:
        reason = str(error.msg).partition(": ")[2] or error.msg
        raise KelisimError(f"RDF Patch, line {error.lineno or 1}: {reason}.") from error


class _Reader:
    """Converts the rows of a patch to N-Quads with the same line numbers, and records the action of each row."""

    def __init__(self) -> None:
        self.transaction = 0
        """The line at which the open transaction began; 0 outside."""
        self._actions: list[bytes] = []
        self._effective: list[bool] = []
        self._transaction_start = 0

    def read(self, number: int, line: bytes) -> bytes:
        """The N-Quads line for one row; empty if the row has neither quad nor header."""
        row = _ROW.fullmatch(line)
        if not row:
            if line.strip() and not line.lstrip().startswith(b"#"):
                raise KelisimError(f"RDF Patch, line {number}: a row starts with H, TX, TC, TA, A, D, PA or PD.")
            return b""
        action, rest = row[1], row[2]
        if action in (b"A", b"D"):
            return self._quad(number, action, rest)
        if action == b"H":
            return self._header(number, rest)
        if action in (b"TX", b"TC", b"TA"):
            self._boundary(number, action, rest)
        elif action not in (b"PA", b"PD"):
            raise KelisimError(f"RDF Patch, line {number}: there are no rows {action.decode()} in RDF Patch.")
        return b""

    def patch(self, quads: Iterable[ox.Quad]) -> Patch:
        """The patch, after all rows were read; `quads` are the parsed N-Quads lines."""
        header: dict[str, str] = {}
        last: dict[ox.Quad, bytes] = {}
        for action, effective, quad in zip(self._actions, self._effective, quads, strict=True):
            if action == b"H":
                name = quad.predicate.value.removeprefix(_HEADER_IRI)
                if name in header:
                    raise KelisimError(f"RDF Patch: the header {name} stands twice; it can stand once.")
                header[name] = quad.object.value if isinstance(quad.object, _PLAIN) else str(quad.object)
            elif effective:
                last.pop(quad, None)
                last[quad] = action
        deletes = tuple(quad for quad, action in last.items() if action == b"D")
        return Patch(deletes, tuple(quad for quad, action in last.items() if action == b"A"), header)

    def _quad(self, number: int, action: bytes, rest: bytes) -> bytes:
        if not _QUAD_ROW.match(rest):
            raise KelisimError(f"RDF Patch, line {number}: after {action.decode()} stands no <IRI> and no _:label.")
        if rest.count(b"<<") > MAXIMUM_NESTING and _STRING.sub(b"", rest).count(b"<<") > MAXIMUM_NESTING:
            raise KelisimError(f"RDF Patch, line {number}: more than {MAXIMUM_NESTING} triple terms inside each other.")
        self._actions.append(action)
        self._effective.append(True)
        return b"  " + rest

    def _header(self, number: int, rest: bytes) -> bytes:
        found = _HEADER_ROW.fullmatch(rest)
        if not found or (b"<<" in rest and b"<<" in _STRING.sub(b"", rest)):
            raise KelisimError(f"RDF Patch, line {number}: a header is a name and one IRI or string, then a full stop.")
        self._actions.append(b"H")
        self._effective.append(True)
        name = f"<{_HEADER_IRI}{found[1].decode()}>".encode()
        return name + b" " + name + found[2]

    def _boundary(self, number: int, action: bytes, rest: bytes) -> None:
        if not _END_OF_ROW.fullmatch(rest):
            raise KelisimError(f"RDF Patch, line {number}: after {action.decode()} stands nothing but a full stop.")
        if (action == b"TX") == bool(self.transaction):
            raise KelisimError(
                f"RDF Patch, line {number}: {action.decode()} inside the transaction of line {self.transaction}."
                if self.transaction
                else f"RDF Patch, line {number}: {action.decode()} outside a transaction."
            )
        if action == b"TA":
            self._effective[self._transaction_start :] = [a == b"H" for a in self._actions[self._transaction_start :]]
        self._transaction_start = len(self._actions)
        self.transaction = number if action == b"TX" else 0


def may_be_unreadable(text: bytes) -> bool:
    """Whether N-Quads or a patch hold terms that perhaps cannot be parsed back, see `Patch.serialize`."""
    return (b"_:" in text or b"<<(" in text) and bool(_PERHAPS_UNREADABLE.search(text))  # `in` is many times as fast


def quad_lines(quads: Iterable[ox.Quad]) -> list[bytes]:
    """The canonical N-Quads line of each quad, in UTF-8, with its line end."""
    return (ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)


def _rows(action: bytes, quads: tuple[ox.Quad, ...]) -> list[bytes]:
    return [action + line for line in quad_lines(quads)]


def _in_order(quads: set[ox.Quad]) -> tuple[ox.Quad, ...]:
    unordered = list(quads)
    return tuple(q for _, q in sorted(zip(quad_lines(unordered), unordered, strict=True), key=itemgetter(0)))


def _term(name: str, value: str) -> str:
    if name in ("id", "prev") and _UUID.fullmatch(value):
        return f"<{value}>"
    return str(ox.Literal(value))
