"""Views of the graph: the facts of things with their footnotes, for pages and the terminal.

Begin with `facts` and `footnotes` (a fact and its claims), then the module named after what you look for.

Imports: ontology, kg.rdf, kg.lenses, kg.engine, kg.inference, kg.citations, kg.history, kg.store, kg.conflicts,
kg.curation, kg.language.
"""
