"""The graphs of an engine that hold what is published, and how a graph is written in SPARQL."""

from collections.abc import Iterable
from typing import Final

from ontology import BASE, KelisimError

DEFAULT_GRAPH: Final = BASE + "graph/default"
"""The named graph of the default graph's triples, in engines whose own default graph is the union of all graphs."""

PUBLISHED_GRAPH: Final = BASE + "graph/published"
"""The named graph that tells what was published: its version, its digest, when, and the digests of its parts."""

STAGED_GRAPH: Final = BASE + "graph/staged"
"""The named graph of changes on their way, each a description of a triple, which no pattern of a fact matches."""

PROBE_GRAPH: Final = BASE + "graph/probe"
"""The named graph by which an engine is tried; empty otherwise."""

LOCK_GRAPH: Final = BASE + "graph/lock"
"""The named graph of who writes just now, with a heartbeat (`kg.upload.locking`)."""

RESERVED: Final = (DEFAULT_GRAPH, PUBLISHED_GRAPH, STAGED_GRAPH, PROBE_GRAPH, LOCK_GRAPH)
"""The named graphs of an engine that are none of the dataset."""


def within(graph: str, pattern: str) -> str:
    """The pattern in a graph of the engine; the empty name is its default graph."""
    return f"GRAPH <{graph}> {{ {pattern} }}" if graph else pattern


def check_unreserved(graphs: Iterable[str]) -> None:
    """Raises KelisimError if a dataset has graphs of names that publishing needs."""
    if taken := {*RESERVED}.intersection(graphs):
        raise KelisimError(f"The dataset has a graph {min(taken)}, a name that publishing needs itself. Rename it.")
