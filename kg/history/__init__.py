"""What lasts: a snapshot on disk and an append-only log of patches, with backup, compaction and recovery.

Begin with `history`; `patch_log` for the file that is fsynced before a change is acknowledged.

Imports: ontology, kg.rdf.
"""
