"""A lock in the engine: one writer at a time, on engines whose updates do not wait for one another.

Neither oxigraph's server nor Virtuoso has the condition of an update hold until it is committed: of two at once each
may see the state before the other. So a writer first says in a graph that it is there, then looks who else is. Of two
that do so at once at least one sees the other; who sees another goes back and tries again (as in Dekker's algorithm).
"""

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import pyoxigraph as ox

from kg.engine.errors import EngineBusyError
from kg.upload.connection import Connection
from kg.upload.names import LOCK_GRAPH, within
from ontology import KelisimError

LEASE_SECONDS: Final = 120.0
"""After so long a lock counts as left by a writer that was killed; clocks are taken to agree within a minute."""
_WAIT_SECONDS: Final = 10.0
_UNTIL: Final = f"<{LOCK_GRAPH}#until>"


@contextmanager
def locked(connection: Connection) -> Iterator[str]:
    """Holds the lock while the block runs, and gives the pattern that matches as long as it is held.

    Raises EngineBusyError if others hold it for long.
    """
    own = f"<{LOCK_GRAPH}#{secrets.token_hex(16)}>"
    waited = time.monotonic() + _WAIT_SECONDS
    while True:
        until = (datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)).isoformat(timespec="seconds")
        held = within(LOCK_GRAPH, f'{own} {_UNTIL} "{until}"')
        connection.update(f"INSERT DATA {{ {held} }}")
        others = _others(connection, own)
        if not others:
            break
        connection.update(f"DELETE DATA {{ {held} }}")
        if time.monotonic() > waited:
            raise EngineBusyError(
                f"Another writes to the engine (its lock lasts until {max(others)}). Try again later."
            )
        time.sleep(random.uniform(0.05, 0.4))  # noqa: S311 - so that two do not meet again
    try:
        yield held
    finally:
        with suppress(KelisimError):  # an engine that is gone: the lock ends with its lease
            connection.update(f"DELETE DATA {{ {held} }}")


def _others(connection: Connection, own: str) -> list[str]:
    """Until when others hold it; what is over is removed."""
    found, now = [], datetime.now(UTC).isoformat(timespec="seconds")
    for row in connection.select(f"SELECT ?lock ?until WHERE {{ {within(LOCK_GRAPH, f'?lock {_UNTIL} ?until')} }}"):
        until = row["until"]
        assert isinstance(until, ox.Literal)
        if str(row["lock"]) == own:
            continue
        if until.value < now:
            left = within(LOCK_GRAPH, f'{row["lock"]} {_UNTIL} "{until.value}"')
            connection.update(f"DELETE DATA {{ {left} }}")
        else:
            found.append(until.value)
    return found
