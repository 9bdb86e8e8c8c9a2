"""The OpenAPI 3.1 description of all routes.

Begin with `openapi`.

Imports: ontology, kg.rdf, kg.conflicts, kg.explanations, kg.search, kg.publishing, kg.tabular, server.http.
"""
