"""What stands before Flask on one event loop: limits, rates, the cache, plain queries, logs and metrics.

Begin with `front`, then `gateway` for the step into Flask.

Imports: ontology, kg.engine, kg.workers, kg.store, server.http, server.endpoint.
"""
