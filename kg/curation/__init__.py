"""From curated files to one checked dataset: claims, passages, verification against the articles, export.

Begin with `curated` reads the files, `dataset` makes claims into the default graph and the named graphs.

Imports: ontology, shapes, kg.rdf, kg.engine.
"""
