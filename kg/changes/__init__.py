"""How an update or an upload becomes a patch: evaluated on a copy of the store, and checked against the shapes.

Begin with `staging`; `updates` and `shadow_graphs` for SPARQL Update at the cost of what it touches.

Imports: ontology, shapes, kg.rdf, kg.engine.
"""
