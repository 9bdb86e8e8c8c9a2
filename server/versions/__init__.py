"""The versions of the data on the web: things as of a version (Memento), changes, differences, permalinks, citations.

Begin with `memento`, which lets pages and data be asked with ``version=``; `changes` lists the versions, `differences`
tells two apart, `permalinks` keeps queries with what they answered, and `citations` says how to cite all of it.

Imports: ontology, kg.engine, kg.history, kg.workers, kg.store, kg.language, kg.views, kg.publishing, kg.claims,
server.http, server.endpoint, server.data.
"""
