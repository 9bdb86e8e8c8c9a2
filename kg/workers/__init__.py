"""Worker processes that evaluate queries and changes within limits of time, memory and size.

Begin with `pool` (what is asked of it, and the states of queries and workers), `worker` (the processes) and `messages`
(requests and outcomes). The pool is made of layers, each upon the one before: `lanes` (queues and workers), `slices`
(time slices), `outcomes`, `aids` (statistics, columns), `changing` (the writer) and `versions` (patches).

Imports: ontology, shapes, kg.rdf, kg.lenses, kg.engine, kg.inference, kg.citations, kg.changes, kg.history,
kg.columns, kg.optimisation.
"""
