"""The workbench: one curator edits the claims of one article in a browser on the same machine.

Begin with `desk`, the working copy that all pages edit, and `pages` and `claim_pages`, the addresses;
`recipes` tells which fields a claim of each class has, `guard` who may send requests.

Imports: ontology, shapes, kg.rdf, kg.curation, kg.checks, kg.language, kg.drafts, server.http.
"""
