"""What is told of a thing, as records with their footnotes, for pages and the terminal.

Begin with `facts` and `footnotes` (a fact and who says so), then the module named after what you look for.

Imports: ontology, kg.rdf, kg.engine, kg.store, kg.curation, kg.language.
"""
