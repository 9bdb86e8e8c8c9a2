"""Charts and maps: Vega-Lite documents, their data tables, and their images.

Begin with `registry` (every chart by its name) and `chart`; `renderer` renders images in a separate process.

Imports: ontology, kg.engine, kg.store, kg.language, kg.views.
"""
