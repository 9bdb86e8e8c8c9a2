"""Changes of a dataset as RDF Patch, in its form for quads (https://afs.github.io/rdf-delta/rdf-patch.html)."""

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
"""How deep triple terms may nest; pyoxigraph overflows its stack, and ends the process, at some thousands."""

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
    """Quads that go and quads that come, with a header that tells who changed what, when and why.

    `header` maps names (letters, digits, ``-`` and ``_``) to texts. RDF Patch itself defines ``id`` and ``prev``, the
    patch before; Kelisim adds ``time`` (ISO 8601, UTC), ``author`` and ``message``, see `new_header`. No quad stands
    twice in a patch; KelisimError is raised if one does, or if a header cannot be written.
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
        """The patch that takes this one back where every delete and every add was effective; it has no header."""
        return Patch(deletes=self.adds, adds=self.deletes)

    def apply(self, store: ox.Store) -> None:
        """Deletes, then adds, in the store; whoever reads the store meanwhile may see half of it."""
        for quad in self.deletes:
            store.remove(quad)
        store.extend(self.adds)

    def serialize(self) -> bytes:
        """The patch as RDF Patch in UTF-8, one transaction; `parse` gives back an equal patch.

        Raises KelisimError where a term cannot be written so that it can be read: a blank node with a colon in its
        label, triple terms nested deeper than `MAXIMUM_NESTING`.
        """
        rows = [f"H {name} {_term(name, value)} .\n".encode() for name, value in self.header.items()]
        rows += [b"TX .\n", *_rows(b"D ", self.deletes), *_rows(b"A ", self.adds), b"TC .\n"]
        text = b"".join(rows)
        if _PERHAPS_UNREADABLE.search(text):
            try:
                readable = parse(text) == self
            except KelisimError as error:
                raise KelisimError(f"The change cannot be written as a patch. {error}") from error
            if not readable:
                raise KelisimError("The change cannot be written as a patch: rename its blank nodes, without colons.")
        return text


def new_header(author: str, message: str, previous: str | None = None) -> dict[str, str]:
    """A header with a new ``id`` and the time now; `previous` is the id of the patch before."""
    header = {"id": f"uuid:{uuid4()}"}
    if previous is not None:
        header["prev"] = previous
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return header | {"time": time, "author": author, "message": message}


def diff(before: set[ox.Quad], after: set[ox.Quad], header: dict[str, str] | None = None) -> Patch:
    """The smallest patch that makes `before` into `after`, in the order of the canonical N-Quads lines.

    Blank nodes are the same if their labels are.
    """
    return Patch(_in_order(before - after), _in_order(after - before), header or {})


def parse(text: bytes) -> Patch:
    """Reads one RDF Patch; blank nodes keep their labels.

    Several transactions become one patch: of rows on the same quad the last holds, an aborted transaction (``TA``)
    counts for nothing, and rows outside transactions are one transaction. Rows on prefixes (``PA``, ``PD``) change no
    quad and are passed over. Raises KelisimError, with the line, on anything else that is not RDF Patch.
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
    """Turns the rows of a patch into N-Quads lines at the same places, and keeps what each row does."""

    def __init__(self) -> None:
        self.transaction = 0
        """The line at which the open transaction began; 0 outside."""
        self._actions: list[bytes] = []
        self._kept: list[bool] = []
        self._settled = 0

    def read(self, number: int, line: bytes) -> bytes:
        """The N-Quads line for one row, empty where the row holds no quad and no header."""
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
        """The patch, when all rows are read; `quads` are what the N-Quads lines hold."""
        header: dict[str, str] = {}
        last: dict[ox.Quad, bytes] = {}
        for action, kept, quad in zip(self._actions, self._kept, quads, strict=True):
            if action == b"H":
                name = quad.predicate.value.removeprefix(_HEADER_IRI)
                if name in header:
                    raise KelisimError(f"RDF Patch: the header {name} stands twice; it can stand once.")
                header[name] = quad.object.value if isinstance(quad.object, _PLAIN) else str(quad.object)
            elif kept:
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
        self._kept.append(True)
        return b"  " + rest

    def _header(self, number: int, rest: bytes) -> bytes:
        found = _HEADER_ROW.fullmatch(rest)
        if not found or (b"<<" in rest and b"<<" in _STRING.sub(b"", rest)):
            raise KelisimError(f"RDF Patch, line {number}: a header is a name and one IRI or string, then a full stop.")
        self._actions.append(b"H")
        self._kept.append(True)
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
            self._kept[self._settled :] = [a == b"H" for a in self._actions[self._settled :]]
        self._settled = len(self._actions)
        self.transaction = number if action == b"TX" else 0


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
