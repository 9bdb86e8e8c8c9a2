"""What follows from what is told: why a triple is inferred, and how inferred triples follow every change.

Begin with `derivation`, which tells the ways in which a triple follows; `maintenance` adds it to a change.

Imports: ontology, kg.rdf.
"""
