"""Replicas: a store that follows the log of another server over HTTP, and answers from its own memory.

Begin with `follower` (the thread that fetches and applies), then `upstream` (the requests), `folder` (what is on disk)
and `replica` (the store).

Imports: ontology, kg.rdf, kg.engine, kg.history, kg.workers, kg.store.
"""
