"""All claims of a store at once: who says what of whom, how surely, where and when; counted by facets, and cited.

Begin with `reading`, which reads the claims and follows changes, then `facets`; `citing` has the sentences.

Imports: ontology, kg.engine, kg.history, kg.store, kg.language, kg.views, kg.publishing.
"""
