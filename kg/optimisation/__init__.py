"""Rewrites queries so that the engine has less to do for the same answer, by statistics of the data.

Begin with `optimiser`; `statistics` are of one state of a store and follow its patches; `counts`, `filters` and `joins`
each rewrite one kind of pattern, and `costs` estimates what the engine would do.

Imports: ontology, kg.rdf, kg.engine, kg.citations.
"""
