"""RDF serialisation: formats, RDF Patch, and loading, sorting and conversion in bounded memory, without SPARQL.

Begin with `formats` (result and graph formats) and `patches` (RDF Patch).

Imports: ontology.
"""
