"""The named graphs of an engine that are none of the dataset, as ``kelisim publish`` puts it there."""

from typing import Final

from kg.upload.names import DEFAULT_GRAPH, PROBE_GRAPH, PUBLISHED_GRAPH, STAGED_GRAPH

HIDDEN_GRAPHS: Final = (DEFAULT_GRAPH, PUBLISHED_GRAPH, STAGED_GRAPH, PROBE_GRAPH)
"""Among them the triples of the default graph, in engines whose own default graph is a union."""
