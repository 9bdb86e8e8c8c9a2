"""Publication: descriptions of things, dumps, the catalogue, sitemaps, example questions.

Begin with `descriptions` for linked data, `dumps` for files, `questions` for the competency questions.

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine, kg.history, kg.workers, kg.store, kg.curation, kg.language.
"""
