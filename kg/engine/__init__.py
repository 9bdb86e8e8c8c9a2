"""What answers a SPARQL query inside one process, with the guard before it and the errors it ends in.

Begin with `engine`; `guard` for what a query must not do; `remote` for other people's endpoints.

Imports: ontology, kg.rdf.
"""
