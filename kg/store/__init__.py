"""The store that a server serves: workers that answer, a history that lasts; and how our own code asks it.

Begin with `store` for the way of a change, `reader` for queries with Python values.

Imports: ontology, kg.rdf, kg.engine, kg.changes, kg.workers.
"""
