"""Sorted lines of N-Quads as columns, with the kind of each quad, in blocks that end where a triple's quads end."""

import re
import struct
from collections.abc import Iterable, Iterator
from typing import Final

from kg.analytics.arrow import pa, pc
from ontology import KelisimError
from ontology.namespaces import CLAIM, INFERRED_GRAPH

KINDS: Final = {
    "reference": "in the default graph, told by no claim: the ontology, codes, names, passages, articles, conflicts",
    "record": "in the default graph, of a claim: its passage, speaker, modality, gloss",
    "fact": "in the default graph, told by a claim that is asserted, reported or planned",
    "claim": "in the graph of a claim, whatever its modality",
    "inferred": "in the graph of what follows by the ontology",
    "named": "in any other named graph",
}
"""The kinds of quads and what they are. The first three together are the default graph."""

_BLOCK_BYTES: Final = 1 << 24
_OBJECT: Final = r'(?:<[^<>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>]*>)?|<<.*>>)'
_QUAD: Final = rf"^(?P<subject>\S+) (?P<predicate>\S+) (?P<object>{_OBJECT})(?: (?P<graph>\S+))? \.$"
_CLAIM: Final = f"<{CLAIM}"
_INFERRED: Final = f"<{INFERRED_GRAPH}>"
_TRIPLE: Final = re.compile(rf"\S+ \S+ {_OBJECT} ".encode())
_KEYED: Final = (
    rf"^(?P<kind>\d)(?P<predicate>[^\t]+)\t(?P<subject>\S+) (?P<object>{_OBJECT})(?: (?P<graph>\S+))? \. "
    r"(?P<inferred>[01])$"
)


def whole_triples(blocks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The same sorted lines in blocks of some 16 MiB, each of which ends where the quads of a triple end.

    So the quad in the default graph, which sorts first, and those of the claims that tell it are in one block.
    """
    parts: list[bytes | memoryview] = []
    size = 0
    for block in blocks:
        for start in range(0, len(block), _BLOCK_BYTES):
            parts.append(block[start : start + _BLOCK_BYTES])
            size += len(parts[-1])
            if size >= _BLOCK_BYTES:
                text = b"".join(parts)
                cut = _last_triple(text)
                if cut:
                    yield text[:cut]
                parts, size = [text[cut:]], len(text) - cut
    if rest := b"".join(parts):
        yield rest


def _last_triple(text: bytes) -> int:
    """Where the quads of the last triple begin whose line is there as a whole; 0 if there is none before it."""
    end = text.rfind(b"\n") + 1
    cut = text.rfind(b"\n", 0, max(end - 1, 0)) + 1
    match = _TRIPLE.match(text, cut, end)
    triple = match[0] if match else text[cut:end]  # a malformed line is told of when its block is read
    while cut and text.startswith(triple, before := text.rfind(b"\n", 0, cut - 1) + 1):
        cut = before
    return cut


def as_lines(block: bytes) -> pa.Array:
    """The lines of a block, without their ends."""
    offsets = pa.py_buffer(struct.pack("<ii", 0, len(block)))
    lines = pc.list_flatten(pc.split_pattern(pa.StringArray.from_buffers(1, offsets, pa.py_buffer(block)), "\n"))
    return lines.slice(0, len(lines) - 1) if block.endswith(b"\n") else lines


def keyed_by_predicate(block: bytes) -> list[bytes]:
    """The lines of a block of whole triples as lines that sort by kind, predicate, subject, object and graph.

    ``KIND PREDICATE <tab> SUBJECT OBJECT [GRAPH] . INFERRED``, as `parsed` reads them: the number of the kind, and 1
    where the triple follows by the ontology. Raises KelisimError where a line is no canonical N-Quads.
    """
    subject, predicate, value, graph = columns(as_lines(block), _QUAD)
    triple = pc.binary_join_element_wise(subject, predicate, value, " ")
    default = pc.equal(graph, "")
    told = pc.starts_with(graph, _CLAIM)
    inferred = pc.equal(graph, _INFERRED)
    fact = _is_among(triple, told)
    of_default = pc.if_else(pc.starts_with(subject, _CLAIM), "1", pc.if_else(fact, "2", "0"))
    kind = pc.if_else(default, of_default, pc.if_else(told, "3", pc.if_else(inferred, "4", "5")))
    follows = pc.if_else(_is_among(triple, inferred), "1", "0")
    place = pc.if_else(default, "", pc.binary_join_element_wise(" ", graph, ""))
    keyed = pc.binary_join_element_wise(kind, predicate, "\t", subject, " ", value, place, " . ", follows, "\n", "")
    lines: list[bytes] = pc.cast(keyed, pa.binary()).to_pylist()
    return lines


def keyed_columns(block: bytes) -> list[pa.Array]:
    """Lines of `keyed_by_predicate` as columns: kind's number, predicate, subject, object, graph, inferred."""
    return columns(as_lines(block), _KEYED)


def columns(lines: pa.Array, pattern: str) -> list[pa.Array]:
    """The groups of the pattern as columns; raises KelisimError, with the line, where it does not match."""
    found = pc.extract_regex(lines, pattern=pattern)
    if found.null_count:
        raise KelisimError(f"This is no line of canonical N-Quads: {lines.filter(pc.is_null(found))[0]}")
    return [pc.struct_field(found, n) for n in range(found.type.num_fields)]


def _is_among(triple: pa.Array, chosen: pa.Array) -> pa.Array | pa.Scalar:
    if not pc.any(chosen).as_py():
        return pa.scalar(False)
    return pc.is_in(triple, value_set=triple.filter(chosen))
