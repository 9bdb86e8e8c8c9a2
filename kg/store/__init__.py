"""The store behind a server: queries in workers, durable changes, and queries from Python code.

Begin with `store` for how a change is committed, `reader` for query results as Python values.

Imports: ontology, kg.rdf, kg.engine, kg.inference, kg.changes, kg.history, kg.columns, kg.workers.
"""
