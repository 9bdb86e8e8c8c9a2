"""An engine elsewhere: any SPARQL 1.1 server beneath the same interface as the engine in this process.

Begin with `engine`; `store` answers what others ask of a store by queries, `translation` makes of a query the SELECT
that is sent, `transport` sends it and sees that the answer is whole, `breaker` refuses at once while the engine is
down, `probing` finds out how the engine differs from others, `distrust` what is not sent to it since it evaluates it
wrongly, `mark` whether its data have changed, `audit` whether others have changed them past the mark.

Imports: ontology, kg.rdf, kg.lenses, kg.engine, kg.upload.
"""
