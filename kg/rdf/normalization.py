"""Quads as lines of canonical N-Quads with literals as the engine stores them (``01`` as ``1``)."""

from collections.abc import Sequence
from typing import Final

import pyoxigraph as ox

from kg.rdf.canonical import canonical_and_other
from kg.rdf.patches import Patch, may_be_unreadable

_TYPED: Final = b'"^^<'
_BLANK_NODE: Final = b"_:"


def normalized_lines(quads: Sequence[ox.Quad]) -> list[bytes]:
    """The lines of the quads; unordered, perhaps with duplicates. Blank nodes keep their labels.

    Raises KelisimError for quads that could not be parsed back, as `Patch.serialize` does.
    """
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    if may_be_unreadable(text):
        Patch(adds=tuple({*quads})).serialize()
    lines = text.splitlines(keepends=True)
    store = ox.Store()
    if _BLANK_NODE in text:
        store.extend(quad for quad, line in zip(quads, lines, strict=True) if _TYPED in line)
    else:  # faster, but gives blank nodes new labels
        store.load(b"".join(line for line in lines if _TYPED in line), ox.RdfFormat.N_QUADS, lenient=True)
    normalized = store.dump(format=ox.RdfFormat.N_QUADS) or b""
    return [line for line in lines if _TYPED not in line] + normalized.splitlines(keepends=True)


def normalized_text(text: bytes, form: ox.RdfFormat) -> list[bytes] | None:
    """The lines of N-Triples or N-Quads without blank nodes and triple terms; None if there may be any.

    Several times as fast as parsing them one by one. There may be duplicates. Raises SyntaxError, with the line.
    """
    if _BLANK_NODE in text or b"<<" in text:
        return None
    canonical, other = canonical_and_other(text, form)
    lines = canonical.splitlines(keepends=True)
    if other:
        store = ox.Store()
        try:
            store.load(other, form)
        except SyntaxError:
            ox.Store().load(text, form)  # tells the line
            raise
        lines += (store.dump(format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    return lines
