"""Stages updates and uploads: computes their patch, with what is inferred, on a copy, and validates it with SHACL.

Begin with `staging`; `updates` and `staging_graphs` run SPARQL Update in time proportional to the change.

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine, kg.inference, kg.conflicts.
"""
