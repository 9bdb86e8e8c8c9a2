"""Names, amounts and periods as a reader of English, Russian or Kazakh writes them.

Begin with `labels` for names of things, `amounts` for figures.

Imports: ontology, kg.store.
"""
