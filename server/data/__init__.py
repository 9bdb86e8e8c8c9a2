"""Machine-readable data: linked data, downloads, search, reconciliation.

Begin with `linked_data`.

Imports: ontology, kg.rdf, kg.lenses, kg.store, kg.language, kg.views, kg.search, kg.publishing, server.http.
"""
