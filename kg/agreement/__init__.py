"""Two curations of one text: what both tell, what differs, how well they agree, and the file that is accepted.

Begin with `comparison`, which compares two sides; `alignment` says what counts as the same claim.

Imports: ontology, kg.rdf, kg.curation, kg.checks.
"""
