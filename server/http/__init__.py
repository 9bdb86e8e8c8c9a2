"""What all routes share: errors, negotiation, languages, links, tokens.

Begin with `errors` for the shape of every error, `site` for what pages are made from.

Imports: ontology, kg.rdf, kg.engine, kg.changes, kg.history, kg.store, kg.language, kg.views, kg.search,
kg.publishing.
"""
