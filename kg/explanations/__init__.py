"""Explanations of queries without rows: which elements fail together, why, and what would give rows.

Begin with `explanation`; `reading` splits a query into elements, `failing` finds those that fail, the modules named
``mistaken_…`` propose what may be meant instead, and `probing` runs each proposal.

Imports: kg.engine, kg.language, kg.rdf, kg.store, kg.workers, ontology.
"""
