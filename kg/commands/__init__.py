"""The commands of the library: parsing of arguments, calls and output.

Begin with `cli`.

Imports: ontology, shapes, kg.rdf, kg.engine, kg.history, kg.store, kg.curation, kg.language, kg.views, kg.publishing.
"""
