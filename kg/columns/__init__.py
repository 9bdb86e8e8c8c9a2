"""Columns beside the row engine: queries that read much of the default graph, answered by DuckDB, else declined.

Begin with `answering`; `reading` reads queries into `syntax`, `estimating` tells whether it is worth it, `planning` and
`patterns` make SQL of `values`, and `building` makes the columns of one version of a history.

Imports: ontology, kg.engine, kg.history.
"""
