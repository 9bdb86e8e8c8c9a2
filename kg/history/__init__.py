"""Durable storage: a snapshot on disk and an append-only patch log, with backup, compaction and recovery.

Begin with `history`; `patch_log` is the write-ahead log, synced to disk before a change is acknowledged.

Imports: ontology, kg.rdf.
"""
