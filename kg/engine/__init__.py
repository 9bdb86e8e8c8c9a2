"""The SPARQL engine in one process: evaluation, query checks, error messages, limits, remote endpoints.

Begin with `engine`; `guard` refuses SERVICE and LOAD; `remote` queries other endpoints.

Imports: ontology, kg.rdf, kg.lenses.
"""
