"""Tries how an engine differs from others, with a triple in a graph of its own, which is removed again."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kg.upload.connection import Connection, EngineRefusalError
from kg.upload.names import DEFAULT_GRAPH, PROBE_GRAPH, within

_TESTED: Final = ("virtuoso", "oxigraph", "jena")
"""Products whose readers see one state or the other of a single update operation: our tests read while it happens."""


@dataclass(frozen=True)
class Features:
    """How an engine works."""

    union_default_graph: bool
    """Its default graph is the union of all graphs."""
    takes_quads: bool
    """Its graph store takes N-Quads at its own address, which is faster than updates."""
    atomic: bool
    """Readers are known to see all of an update operation or nothing."""

    @property
    def default(self) -> str:
        """The graph for the triples of the default graph."""
        return DEFAULT_GRAPH if self.union_default_graph else ""


def probe(connection: Connection) -> Features:
    """How the engine works; raises KelisimError if it cannot be written to, or does not keep what is written.

    What it writes is its own, so that two at a time do not take away each other's.
    """
    own = secrets.token_hex(8)
    put, posted = (f'<{PROBE_GRAPH}#{own}> <{PROBE_GRAPH}#is> "{word}"' for word in ("put", "posted"))
    connection.update(f"INSERT DATA {{ {within(PROBE_GRAPH, put)} }}")
    try:
        if not _holds(connection, within(PROBE_GRAPH, put)):
            raise connection.unseen()
        union = _holds(connection, put)
        takes_quads = False
        if connection.addresses.graphs:
            with suppress(EngineRefusalError):
                connection.post_quads(f"{posted} <{PROBE_GRAPH}> .\n".encode())
                takes_quads = _holds(connection, within(PROBE_GRAPH, posted))
    finally:
        both = within(PROBE_GRAPH, f"{put} . {posted}" if connection.addresses.graphs else put)
        connection.update(f"DELETE DATA {{ {both} }}")
    return Features(union, takes_quads, connection.product.lower().startswith(_TESTED))


def guess(connection: Connection) -> Features:
    """How the engine seems to work, without a write: one triple of a named graph is looked for in the default graph."""
    rows = connection.select(
        "SELECT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o FILTER(!ISBLANK(?s) && !ISBLANK(?o)) } } LIMIT 1"
    )
    union = bool(rows) and _holds(connection, f"{rows[0]['s']} {rows[0]['p']} {rows[0]['o']}")
    return Features(union, takes_quads=False, atomic=False)


def _holds(connection: Connection, pattern: str) -> bool:
    """By SELECT, since engines answer it most alike."""
    return bool(connection.select(f"SELECT ?probe WHERE {{ {pattern} BIND(1 AS ?probe) }}"))
