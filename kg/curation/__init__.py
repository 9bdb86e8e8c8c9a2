"""From curated files to one checked dataset: claims, passages, verification against the articles, export.

Begin with `curated`, which reads the files, and `dataset`, which builds the default graph and the named graphs;
`writing` changes the files.

Imports: ontology, shapes, kg.rdf, kg.engine, kg.conflicts.
"""
