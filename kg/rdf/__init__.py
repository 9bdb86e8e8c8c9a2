"""RDF as files and lines: formats, patches, and conversion in bounded memory. Nothing here evaluates a query.

Begin with `formats` (what there is), `patches` (how a change is written).

Imports: ontology.
"""
