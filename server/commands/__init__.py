"""``kelisim serve`` and the other commands that need a server or its pages.

Begin with `cli`.

Imports: ontology, kg.rdf, kg.engine, kg.remote, kg.history, kg.workers, kg.store, kg.conflicts, kg.curation,
kg.agreement, kg.explanations, kg.views, kg.charts, kg.search, kg.commands, server.http, server.pages,
server.workbench, server.
"""
