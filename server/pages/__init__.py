"""The web pages; each module is named after the path it serves, its templates are in ``templates/pages``.

Begin with `things` for the page of any thing, `home` for the home page.

Imports: ontology, kg.rdf, kg.lenses, kg.engine, kg.citations, kg.conflicts, kg.workers, kg.store, kg.curation,
kg.agreement, kg.language, kg.explanations, kg.views, kg.charts, kg.publishing, kg.tabular, kg.claims, server.http,
server.endpoint, server.data, server.openapi.
"""
