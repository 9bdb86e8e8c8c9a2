"""Tables for people and programs: lists and answers with labels beside IRIs, as CSV, JSON and Excel workbooks.

Begin with `table`, what a table is, then `writing`.

Imports: kg.rdf.
"""
