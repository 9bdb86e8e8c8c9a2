"""Streams quads from RDF files of any size."""

import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import uuid4

import pyoxigraph as ox

from kg.rdf.files import UNREADABLE, DecompressedFile, opened, without_compression
from kg.rdf.normalization import normalized_lines, normalized_text
from ontology import KelisimError

FORMATS: Final = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}
"""The formats that can be read, by name."""

_ENDINGS: Final = {
    "turtle": ("ttl", "turtle", "shacl"),
    "ntriples": ("nt", "ntriples"),
    "nquads": ("nq", "nquads"),
    "trig": ("trig",),
    "rdfxml": ("rdf", "xml", "rdfxml", "owl"),
    "jsonld": ("jsonld", "json", "json-ld"),
    "n3": ("n3",),
}
_BY_ENDING: Final = {ending: name for name, endings in _ENDINGS.items() for ending in endings}
_EITHER: Final = ("owl", "shacl", "rdf")
"""Endings of files that are RDF/XML or Turtle; their beginning tells which."""

_LINE_BASED: Final = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
_XML: Final = re.compile(rb"\s*<(?:\?xml|!|[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?\s+[\w:.-]+\s*=)")
"""How XML begins: with a declaration, a comment, a document type, or an element that has an attribute."""

_OWL_XML: Final = re.compile(rb"<(?:\w+:)?Ontology\s[^>]*http://www\.w3\.org/2002/07/owl#")
_NO_BASE: Final = "https://no-base.invalid/"
_NO_SCHEME: Final = "No scheme found"
_IRI_IN_MESSAGE: Final = re.compile(r"parsing IRI '([^']*)'")
_BATCH_LINES: Final = 20_000
_BATCH_QUADS: Final = 500_000
_BLOCK_BYTES: Final = 1 << 25
_PROCESSORS: Final = os.cpu_count() or 1
_HEAD_BYTES: Final = 4096
_LISTED: Final = 20


@dataclass
class Skipped:
    """The lines that were left out because they are malformed: how many, and where the first of them stand."""

    count: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        """Counts a line, and keeps its place if it is one of the first."""
        self.count += 1
        if len(self.places) < _LISTED:
            self.places.append(place)

    def in_words(self) -> str:
        """What was left out, a line each; empty if nothing was."""
        if not self.count:
            return ""
        rest = self.count - len(self.places)
        more = [f"  and {rest} more"] if rest else []
        head = f"Skipped {self.count} malformed line{'s' * (self.count != 1)}:"
        return "\n".join([head, *(f"  {place}" for place in self.places), *more])


def read_quads(
    files: Iterable[Path], graph: str = "", *, base: str = "", form: str = "", skipped: Skipped | None = None
) -> Iterator[ox.Quad]:
    """The quads of RDF files; a path ``-`` is standard input.

    The ending gives the format, in letters of any case; one of a compression may follow it (`kg.rdf.files.opened`).
    form: the format of all files instead, a key of `FORMATS`; needed for standard input.
    graph: an IRI; triples of the default graph go there. base: what relative IRIs are relative to; `graph` by default.
    skipped: if given, malformed lines of N-Triples and N-Quads are left out and counted there.
    Blank nodes of different files are distinct. Raises KelisimError, with file and line, if a file cannot be read.
    """
    target, base = _checked(graph, base)
    for file, name in [(file, _format_name(file, form)) for file in files]:  # unknown endings are reported first
        with _readable(file):
            for part in _opened(file, form):
                yield from _in_graph(_parsed(part, name, base, skipped), target)


def read_lines(
    files: Iterable[Path], graph: str = "", *, base: str = "", form: str = "", skipped: Skipped | None = None
) -> Iterator[list[bytes]]:
    """The same as lines of normalised N-Quads, in batches; reads N-Triples and N-Quads on all processors."""
    gathered: list[bytes] = []
    for lines in _batches(files, graph, base, form, skipped):
        gathered += lines
        if len(gathered) >= _BATCH_QUADS // 2:  # files may be small and many
            yield gathered
            gathered = []
    yield gathered


def _batches(files: Iterable[Path], graph: str, base: str, form: str, skipped: Skipped | None) -> Iterator[list[bytes]]:
    target, base = _checked(graph, base)
    for file, name in [(file, _format_name(file, form)) for file in files]:
        with _readable(file):
            for part in _opened(file, form):
                syntax = FORMATS.get(name or format_by_ending(part.name))
                if syntax in _LINE_BASED and not graph and skipped is None:
                    yield from _lines(part, syntax)
                    continue
                quads = _in_graph(_parsed(part, name, base, skipped), target)
                while batch := list(islice(quads, _BATCH_QUADS)):
                    yield normalized_lines(batch)


def _checked(graph: str, base: str) -> tuple[ox.NamedNode | ox.DefaultGraph, str]:
    """The graph of triples, and the base of relative IRIs."""
    try:
        target = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    except ValueError as error:
        raise KelisimError(f"{graph!r} is no IRI of a graph.") from error
    base = base or graph
    try:
        ox.NamedNode(base or _NO_BASE)
    except ValueError as error:
        raise KelisimError(f"{base!r} is no absolute IRI; give --base one such as https://example.org/.") from error
    return target, base


def _in_graph(quads: Iterator[ox.Quad], target: ox.NamedNode | ox.DefaultGraph) -> Iterator[ox.Quad]:
    if isinstance(target, ox.DefaultGraph):
        yield from quads
        return
    for quad in quads:
        named = not isinstance(quad.graph_name, ox.DefaultGraph)
        yield quad if named else ox.Quad(quad.subject, quad.predicate, quad.object, target)


def _lines(part: DecompressedFile, syntax: ox.RdfFormat) -> Iterator[list[bytes]]:
    prefix = f"f{uuid4().hex}x"  # makes the blank nodes those of this file, since it is parsed in parts
    first, reading = 1, deque[Future[list[bytes]]]()
    with ThreadPoolExecutor(_PROCESSORS) as threads:
        while text := part.content.read(_BLOCK_BYTES) + part.content.readline():
            reading.append(threads.submit(_normalized, text, syntax, prefix, part.place, first))
            first += text.count(b"\n")
            if len(reading) > _PROCESSORS:
                yield reading.popleft().result()
        while reading:
            yield reading.popleft().result()


def _normalized(text: bytes, syntax: ox.RdfFormat, prefix: str, place: str, first: int) -> list[bytes]:
    try:
        lines = normalized_text(text, syntax)
        if lines is None:
            lines = normalized_lines([_renamed(quad, prefix) for quad in ox.parse(text, syntax)])
    except SyntaxError as error:
        where = f", line {first + error.lineno - 1}" if error.lineno else ""
        # The parser's message begins with the line in the block.
        what = str(error.msg).partition(": ")[2] or error.msg
        raise KelisimError(f"{place}{where}: {what}. Nothing was loaded.") from error
    return lines


def format_by_ending(name: str) -> str:
    """The format's name (a key of `FORMATS`) that a file's name tells, whatever its letters' case; empty if none."""
    return _BY_ENDING.get(without_compression(name).rpartition(".")[2].lower(), "")


def format_of(name: str, head: bytes) -> ox.RdfFormat | None:
    """The same as the engine's format, by the file's first bytes too where the name leaves a choice."""
    found = format_by_ending(name)
    if without_compression(name).rpartition(".")[2].lower() in _EITHER:
        found = "rdfxml" if _XML.match(head.removeprefix(b"\xef\xbb\xbf")) else "turtle"
    return FORMATS.get(found)


def _format_name(file: Path, form: str) -> str:
    if form and form not in FORMATS:
        raise KelisimError(f"There is no format {form!r}; choose one of: {', '.join(FORMATS)}.")
    found = form or format_by_ending(file.name)
    if found or file.suffix.lower() == ".zip":
        return form
    if str(file) == "-":
        raise KelisimError(f"Say with --format what standard input is: {', '.join(FORMATS)}.")
    raise KelisimError(
        f"{file}: the ending tells no RDF format; name it .nq, .nt, .ttl, .trig, .rdf or .jsonld, or give --format."
    )


def _opened(file: Path, form: str) -> Iterator[DecompressedFile]:
    source = sys.stdin.buffer if str(file) == "-" else file
    return opened(source, lambda name: bool(form or format_by_ending(name)))


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise KelisimError(f"{file} cannot be read: {error}. Nothing was loaded.") from error


def _parsed(part: DecompressedFile, form: str, base: str, skipped: Skipped | None) -> Iterator[ox.Quad]:
    head = part.content.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    syntax = FORMATS[form] if form else format_of(part.name, head)
    assert syntax is not None
    if syntax == ox.RdfFormat.RDF_XML and _OWL_XML.search(head):
        raise KelisimError(f"{part.place} is OWL/XML, which is no RDF: save it as RDF/XML or Turtle.")
    if skipped is not None and syntax in _LINE_BASED:
        yield from _good_lines(part, syntax, skipped)
        return
    json = syntax == ox.RdfFormat.JSON_LD
    try:
        # A JSON-LD processor drops relative IRIs where there is no base.
        known = base or (_NO_BASE if json else None)
        quads = ox.parse(part.content, syntax, base_iri=known, rename_blank_nodes=True)
        if not json or base:
            yield from quads
            return
        for quad in quads:
            _check_absolute(quad, part.place)
            yield quad
    except SyntaxError as error:
        line = error.lineno or _line_of(part, str(error.msg))
        where = f", line {line}" if line else ""
        advice = " It is relative: say with --base to which IRI." if not base and _NO_SCHEME in str(error.msg) else ""
        raise KelisimError(f"{part.place}{where}: {error.msg}.{advice} Nothing was loaded.") from error


def _check_absolute(quad: ox.Quad, place: str) -> None:
    for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
        if isinstance(term, ox.NamedNode) and term.value.startswith(_NO_BASE):
            raise KelisimError(
                f"{place}: the IRI {term.value.removeprefix(_NO_BASE)!r} is relative: say with --base to which IRI. "
                "Nothing was loaded."
            )


def _line_of(part: DecompressedFile, message: str) -> int:
    """The line of the IRI that the message is about, where the parser (of RDF/XML) does not tell it; 0 if unknown."""
    match = _IRI_IN_MESSAGE.search(message)
    if not match or part.path is None:
        return 0
    wanted = re.compile(rb"[\"']" + re.escape(match[1].encode()) + rb"[\"']")
    for again in opened(part.path, lambda _: True):
        if again.name == part.name:
            return next((n for n, line in enumerate(again.content, 1) if wanted.search(line)), 0)
    return 0


def _good_lines(part: DecompressedFile, syntax: ox.RdfFormat, skipped: Skipped) -> Iterator[ox.Quad]:
    """The quads of the lines that can be read; the others are counted."""
    prefix = f"f{uuid4().hex}x"  # makes the blank nodes those of this file, since it is parsed in parts
    first = 1
    while lines := list(islice(part.content, _BATCH_LINES)):
        yield from (_renamed(quad, prefix) for quad in _good_quads(lines, syntax, part.place, first, skipped))
        first += len(lines)


def _good_quads(lines: list[bytes], syntax: ox.RdfFormat, place: str, first: int, skipped: Skipped) -> list[ox.Quad]:
    try:
        return list(ox.parse(b"".join(lines), syntax))
    except SyntaxError as error:
        if len(lines) == 1:
            skipped.add(f"{place}, line {first}: {str(error.msg).partition(': ')[2] or error.msg}")
            return []
    half = len(lines) // 2
    before = _good_quads(lines[:half], syntax, place, first, skipped)
    return before + _good_quads(lines[half:], syntax, place, first + half, skipped)


def _renamed(quad: ox.Quad, prefix: str) -> ox.Quad:
    graph = quad.graph_name
    if not any(isinstance(t, ox.BlankNode | ox.Triple) for t in (quad.subject, quad.object, graph)):
        return quad
    if isinstance(graph, ox.BlankNode):
        graph = ox.BlankNode(prefix + graph.value)
    triple = _renamed_triple(quad.triple, prefix)
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _renamed_triple(triple: ox.Triple, prefix: str) -> ox.Triple:
    subject, value = triple.subject, triple.object
    if isinstance(subject, ox.BlankNode):
        subject = ox.BlankNode(prefix + subject.value)
    if isinstance(value, ox.BlankNode):
        value = ox.BlankNode(prefix + value.value)
    elif isinstance(value, ox.Triple):
        value = _renamed_triple(value, prefix)
    return ox.Triple(subject, triple.predicate, value)
