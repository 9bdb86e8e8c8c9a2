"""Worker processes that evaluate queries and changes within limits of time, memory and size.

Begin with `pool` (scheduling and killing), `worker` (the processes) and `messages` (requests and outcomes).

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine, kg.inference, kg.citations, kg.changes, kg.history,
kg.columns, kg.optimisation.
"""
