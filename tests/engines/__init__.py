"""SPARQL servers of others, started for tests on free ports of this machine and stopped afterwards.

Begin with `registry`; `server` has what they share. An engine whose programs are not here says so in one sentence
(`MissingEngineError`), with which the tests that need it are skipped.
"""
