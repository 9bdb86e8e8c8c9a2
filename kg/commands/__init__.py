"""The commands of the library: parsing of arguments, calls and output.

Begin with `cli`.

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine, kg.inference, kg.citations, kg.history, kg.store,
kg.conflicts, kg.curation, kg.checks, kg.analytics, kg.language, kg.drafts, kg.explanations, kg.views, kg.publishing,
kg.upload, kg.optimisation.
"""
