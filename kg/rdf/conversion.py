"""Converts a dataset of any size to another format, by streaming.

``python -m kg.rdf.conversion FORMAT PREFIXES < SOURCE > TARGET``; PREFIXES is JSON, namespaces by prefix.

``nq`` reads all quads as a table (SPARQL 1.1 Query Results TSV, columns s, p, o and g) and writes sorted N-Quads, so
that the same data give the same bytes. All other formats are converted from those N-Quads, read from a file.
"""

import heapq
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import IO, Final

import pyoxigraph as ox

from kg.rdf.formats import GRAPH_FORMATS, NotAcceptableError
from kg.rdf.reification import reified
from kg.rdf.xml import write_rdf_xml
from ontology import PREFIXES, KelisimError

RUN_QUADS: Final = 200_000
"""How many quads are sorted in memory at once."""

NOT_WRITABLE: Final = 3
"""The exit status when the format cannot represent the data; standard error says why."""

_FORMATS: Final = {f.extension: f for f in GRAPH_FORMATS}
_N_QUADS: Final = ox.RdfFormat.N_QUADS


def convert(extension: str, source: IO[bytes], target: IO[bytes], known: Mapping[str, str] = PREFIXES) -> None:
    """Converts to the format with that file extension; formats with prefixes declare the known ones.

    Raises NotAcceptableError if that format cannot represent the data, KelisimError if the source has duplicates.
    """
    form = _FORMATS[extension]
    if extension == "nq":
        target.writelines(_sorted(_table(source), lambda _: b""))
        return
    prefixes = dict(known) if extension != "nt" else None
    if form.quads:  # sorted by graph, so that each graph is written once
        ordered = _lines(_sorted(ox.parse(input=source, format=_N_QUADS), lambda quad: str(quad.graph_name).encode()))
        ox.serialize(ordered, output=target, format=form.engine, prefixes=prefixes)
        return
    plain = (q.triple for q in ox.parse(input=source, format=_N_QUADS) if isinstance(q.graph_name, ox.DefaultGraph))
    triples: Iterator[ox.Triple] = chain(plain, _reified(source))
    if extension == "rdf":
        write_rdf_xml(triples, target, known)
        return
    ox.serialize(triples, output=target, format=form.engine, prefixes=prefixes)


def _table(source: IO[bytes]) -> Iterator[ox.Quad]:
    solutions = ox.parse_query_results(source, format=ox.QueryResultsFormat.TSV)
    assert isinstance(solutions, ox.QuerySolutions)
    for s, p, o, g in solutions:
        yield ox.Quad(s, p, o, g or ox.DefaultGraph())


def _reified(source: IO[bytes]) -> Iterator[ox.Triple]:
    """The quads of the named graphs, reified, in a second pass over the source."""
    source.seek(0)
    yield from reified(ox.parse(input=source, format=_N_QUADS))


def _lines(lines: Iterable[bytes]) -> Iterator[ox.Quad]:
    return (quad for line in lines for quad in ox.parse(input=line, format=_N_QUADS))


def _sorted(quads: Iterable[ox.Quad], key: Callable[[ox.Quad], bytes]) -> Iterator[bytes]:
    """The quads as lines of N-Quads, ordered by key, then by line: an external merge sort. A key contains no tab."""
    quads = iter(quads)
    with ExitStack() as stack:
        runs = []
        while batch := list(islice(quads, RUN_QUADS)):
            lines = (ox.serialize(batch, format=_N_QUADS) or b"").splitlines(keepends=True)
            run = stack.enter_context(TemporaryFile())
            run.writelines(sorted(key(quad) + b"\t" + line for quad, line in zip(batch, lines, strict=True)))
            run.seek(0)
            runs.append(run)
        before = b""
        for keyed in heapq.merge(*runs):
            if keyed == before:
                raise KelisimError("A quad came twice: the order of the store's answers is not the same each time.")
            before = keyed
            yield keyed.partition(b"\t")[2]


if __name__ == "__main__":
    os.nice(10)  # requests to the endpoint have priority
    try:
        convert(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer, json.loads(sys.argv[2]))
    except NotAcceptableError as error:
        sys.stderr.write(str(error))
        sys.exit(NOT_WRITABLE)
