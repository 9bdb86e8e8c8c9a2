"""Bulk analytics: the quads and the tidy tables as Parquet, for DuckDB, Polars, pandas and Spark.

Begin with `export`, which writes the folder, and `quads`, whose schema says what a quad's row holds.

Imports: ontology, kg.rdf, kg.engine, kg.curation.
"""
