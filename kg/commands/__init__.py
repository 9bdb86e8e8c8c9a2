"""The commands of the library: parsing of arguments, calls and output.

Begin with `cli`.

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine, kg.curation, kg.language, kg.views, kg.publishing.
"""
