"""Functions that all routes share: errors, negotiation, languages, links, tokens.

Begin with `errors` for the format of every error, `site` for the data sources of the pages.

Imports: ontology, kg.rdf, kg.lenses, kg.engine, kg.changes, kg.history, kg.store, kg.language, kg.views, kg.search,
kg.publishing, kg.tabular, kg.claims.
"""
