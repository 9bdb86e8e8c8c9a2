"""SPARQL over HTTP: queries, updates, the Graph Store Protocol, the service description.

Begin with `sparql`.

Imports: ontology, kg.rdf, kg.lenses, kg.engine, kg.citations, kg.changes, kg.workers, kg.store, kg.language,
kg.views, kg.publishing, server.http.
"""
