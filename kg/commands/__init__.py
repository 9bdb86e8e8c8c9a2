"""The command line over the library: it parses, calls and prints.

Begin with `cli`.

Imports: ontology, shapes, kg.rdf, kg.engine, kg.curation, kg.language, kg.views, kg.publishing.
"""
