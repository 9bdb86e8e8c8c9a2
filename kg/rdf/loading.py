"""Streams quads from RDF files of any size."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from ontology import KelisimError


def read_quads(files: Iterable[Path], graph: str = "") -> Iterator[ox.Quad]:
    """The quads of RDF files. The file extension gives the format; ``.gz`` may follow it.

    Triples of the default graph go into `graph`, an IRI, if one is given. Blank nodes of different files are distinct.
    Raises KelisimError, with file and line, if a file cannot be read.
    """
    try:
        target = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    except ValueError as error:
        raise KelisimError(f"{graph!r} is no IRI of a graph.") from error
    every = [(file, _format(file)) for file in files]  # unknown extensions are reported first
    for file, form in every:
        try:
            with _opened(file) as content:
                for quad in ox.parse(content, form, base_iri=file.resolve().as_uri(), rename_blank_nodes=True):
                    named = not isinstance(quad.graph_name, ox.DefaultGraph)
                    yield quad if named else ox.Quad(quad.subject, quad.predicate, quad.object, target)
        except SyntaxError as error:
            where = f", line {error.lineno}" if error.lineno else ""
            raise KelisimError(f"{file}{where}: {error.msg}. Nothing was loaded.") from error
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise KelisimError(f"{file} cannot be read: {error}. Nothing was loaded.") from error


def _format(file: Path) -> ox.RdfFormat:
    ending = file.name.removesuffix(".gz").rpartition(".")[2]
    form = ox.RdfFormat.from_extension(ending)
    if form is None:
        raise KelisimError(f"{file}: the ending tells no RDF format; name it .nq, .nt, .ttl, .trig, .rdf or .jsonld.")
    return form


def _opened(file: Path) -> AbstractContextManager[IO[bytes]]:
    return cast("IO[bytes]", gzip.open(file)) if file.name.endswith(".gz") else file.open("rb")
