"""Puts a dataset, or a store's history, into a SPARQL engine elsewhere, and sees that it is there.

Begin with `publication`; `content` divides a dataset into parts with digests, `manifest` is what a run leaves in the
engine for the next, `staging` writes changes so that readers see all of them or none, `checking` reads them back,
`locking` keeps writers apart.

Imports: ontology, kg.rdf, kg.engine, kg.history.
"""
