"""W3C's SPARQL 1.1 test suite, run over HTTP against any SPARQL server.

``python -m tests.conformance`` runs it against Kelisim and other servers and prints the totals by category;
``tests/test_conformance.py`` runs it against Kelisim and fails on a result that is not in ``deviations.toml``.
"""
