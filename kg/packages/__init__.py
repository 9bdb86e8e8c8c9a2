"""Packages: graphs of one's own, each in its folder with its own articles, entities and questions, and their tests.

Begin with `testing`, which runs all tests of a package; `scaffold` makes a new one. What a package is stands in
`kg.curation.manifest`.

Imports: ontology, shapes, kg.rdf, kg.engine, kg.curation, kg.checks, kg.publishing.
"""
