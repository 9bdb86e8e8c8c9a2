"""Lenses: virtual datasets, each of the claims that its name selects and of what follows from these.

Begin with `names` (what a lens is called) and `selection` (which claims it selects, in SPARQL, for any engine);
`building` makes its dataset in a store of its own, `consequences` what follows, and `kept` holds those asked for last.

Imports: ontology.
"""
