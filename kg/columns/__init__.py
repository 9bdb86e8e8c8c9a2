"""Columns beside the row engine: aggregates over much of the default graph, answered by DuckDB, else declined.

Begin with `answering`; `reading` recognises the queries, `building` makes the columns of one version of a history.

Imports: ontology, kg.engine, kg.history.
"""
