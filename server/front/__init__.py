"""The layers in front of Flask, on one event loop: limits, rates, the cache, plain queries, logs and metrics.

Begin with `front`, then `exchange` for what it needs of the HTTP server and `gateway` for the call of Flask.

Imports: ontology, kg.engine, kg.history, kg.workers, kg.store, kg.replication, server.http, server.endpoint.
"""
