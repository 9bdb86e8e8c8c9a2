"""Checks of curated files that tell file, line, claim, what is wrong and how to mend it.

Begin with `examination`, which runs them all; `collection` holds the files with the line of each statement.

Imports: ontology, shapes, kg.rdf, kg.curation.
"""
