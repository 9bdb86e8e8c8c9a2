"""Cited answers: the claims that each row of an answer rests on, how sure it is, and who tells it independently.

Begin with `evaluation`; `annotations` is the algebra, `plan` how a pattern tells its triples; `answers` gives the JSON.

Imports: ontology, kg.rdf, kg.engine, kg.inference.
"""
