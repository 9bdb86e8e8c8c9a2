"""Cited answers: for each solution of a query, the claims that it rests on.

Begin with `kg.citations.evaluation`. Imports `ontology`, `kg.rdf` and `kg.engine`.
"""
