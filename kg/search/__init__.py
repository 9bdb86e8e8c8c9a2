"""Search: full text, names in any script, reconciliation.

Begin with `search` and `index` for full text, `matching` for names.

Imports: ontology, kg.history, kg.workers, kg.store, kg.language, kg.views.
"""
