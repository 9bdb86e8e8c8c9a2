"""Labels, amounts, periods and spelling in English, Russian and Kazakh.

Begin with `labels` for names of things, `amounts` for figures.

Imports: ontology, kg.store.
"""
