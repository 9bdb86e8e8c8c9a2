"""Conflicts between claims: figures that disagree, plans and outcomes, two holders of one office, said and denied.

Begin with `detection`, which finds all of them, and `model` (a conflict and its sides); each kind has a module of its
own, and `terms` writes conflicts as RDF.

Imports: ontology, kg.rdf, kg.engine, kg.inference.
"""
