"""Where the parts of a dataset lie in an engine, as ``kelisim publish`` puts them there.

An engine whose default graph is the union of all graphs has no place for the triples of the dataset's default graph.
They lie in a named graph there, which this server looks into where a query means the default graph.
"""

from typing import Final

from ontology import BASE

DEFAULT_GRAPH: Final = BASE + "graph/default"
"""The named graph of the default graph's triples, in engines whose own default graph is a union."""

PUBLISHED_GRAPH: Final = BASE + "graph/published"
"""The named graph in which is told what was published: a digest, and when."""

STAGED_GRAPH: Final = BASE + "graph/staged"
PROBE_GRAPH: Final = BASE + "graph/probe"
"""Named graphs that ``kelisim publish`` works in, empty otherwise."""

HIDDEN_GRAPHS: Final = (DEFAULT_GRAPH, PUBLISHED_GRAPH, STAGED_GRAPH, PROBE_GRAPH)
"""The named graphs of an engine that are none of the dataset."""
