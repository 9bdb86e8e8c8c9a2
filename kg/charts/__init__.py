"""Charts and maps: Vega-Lite documents, their tables, and their pictures.

Begin with `registry` (every chart by its name), `chart`; `renderer` draws in a process of its own.

Imports: ontology, kg.engine, kg.store, kg.language, kg.views.
"""
