"""Serialises the dataset, and writes files."""

import gzip
import io
import shutil
from pathlib import Path

import pyoxigraph as ox

from kg.curation.dataset import Dataset
from kg.rdf.compaction import compact
from kg.rdf.formats import GRAPH_FORMATS, GraphFormat, by_name
from kg.rdf.reification import reified as reify
from kg.rdf.xml import write_rdf_xml
from ontology import PREFIXES, KelisimError


def export(dataset: Dataset, form: GraphFormat, *, reified: bool = False) -> bytes:
    """The dataset in one format; deterministic.

    TriG, N-Quads and JSON-LD hold the whole dataset. Turtle, N-Triples and RDF/XML hold the default
    graph; with `reified`, every statement of a named graph is added as an ``rdf:Statement`` (RDF Schema 1.1, section
    5.3) that names its graph with ``kel:inGraph``, so that the dataset can be restored.
    """
    if form.quads and reified:
        raise KelisimError(f"{form.name} holds named graphs; leave out --reified, it is for turtle, ntriples, rdfxml.")
    if form.name == "nquads":
        return b"".join(line + b"\n" for line in dataset.lines)
    if form.name == "jsonld":
        return compact(sorted(dataset.quads, key=lambda q: str(q.graph_name)))
    if form.quads:
        return ox.serialize(dataset.quads, format=form.engine, prefixes=dict(PREFIXES)) or b""
    triples = list(dataset.default_graph)
    if reified:
        triples += reify(dataset.quads)
    if form.name == "rdfxml":
        buffer = io.BytesIO()
        write_rdf_xml(triples, buffer, PREFIXES)
        return buffer.getvalue()
    prefixes = None if form.name == "ntriples" else dict(PREFIXES)
    return ox.serialize(triples, format=form.engine, prefixes=prefixes) or b""


def write(body: bytes, path: Path, *, compress: bool = False) -> None:
    """Writes a file atomically, with gzip if `compress` (without a time stamp, so that the output is reproducible).

    A path that exists and is no regular file, such as ``/dev/stdout``, is written directly. A symbolic link stays one,
    and a file keeps its permissions. Raises KelisimError if the
    file cannot be written.
    """
    if compress:
        body = gzip.compress(body, mtime=0)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(body)
        else:
            _replace(path.resolve(), body)
    except OSError as error:
        raise KelisimError(
            f"Cannot write {path}: {error.strerror}. Give a file in a folder that exists and is yours."
        ) from error


def _replace(path: Path, body: bytes) -> None:
    part = path.parent / (path.name + ".part")
    try:
        part.write_bytes(body)
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """Creates a folder and its parents unless they exist; raises KelisimError if it cannot be created."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KelisimError(
            f"Cannot make the folder {folder}: {error.strerror}. Give another, in a folder that is yours."
        ) from error


def graph_format(name: str) -> GraphFormat:
    """The graph format of that name; raises KelisimError, with the list of names, if there is none."""
    return by_name(name, GRAPH_FORMATS)
