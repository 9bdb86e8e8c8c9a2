"""Stages updates and uploads: computes their patch on a copy of the store, and validates the result with SHACL.

Begin with `staging`; `updates` and `staging_graphs` run SPARQL Update in time proportional to the change.

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine.
"""
