"""Killable worker processes that evaluate queries and changes within limits of time, memory and size.

Begin with `pool` (who runs what, and when it is killed), `worker` (the processes), `messages` (what they exchange).

Imports: ontology, shapes, kg.rdf, kg.engine, kg.changes.
"""
