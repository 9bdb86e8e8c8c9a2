"""What follows from what is told: why a triple is inferred.

Begin with `derivation`, which tells the ways in which a triple follows.

Imports: ontology.
"""
