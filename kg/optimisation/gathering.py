"""Gathers the statistics of a store in a process beside the one that holds it, which goes on to answer and to change.

The holder forks a process, which has the state of that moment, and remembers all changes until the statistics come.
"""

import os
from typing import Final

import msgspec
import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.engine.optimising import Rewritten
from kg.optimisation.optimiser import Optimiser
from kg.optimisation.statistics import Change, Statistics, changes, gather
from kg.rdf.patches import Patch

LEAST_QUADS: Final = 50_000
"""Stores with fewer quads have no statistics: the engine is fast enough there."""

_NICENESS: Final = 19


MOST_CHANGES: Final = 100_000
"""If more quads changed while statistics were gathered, those are of no use; each takes some 400 bytes until then."""


class Remembering:
    """Remembers what changes while statistics are gathered, at most `MOST_CHANGES` quads, and rewrites nothing."""

    def __init__(self) -> None:
        self._changes: dict[ox.Quad, int] | None = {}

    @property
    def changes(self) -> list[Change] | None:
        """What has changed in all; None if it was too much to remember."""
        return None if self._changes is None else [*self._changes.items()]

    def rewritten(self, query: str) -> Rewritten:
        """The query as it is."""
        return Rewritten(query)

    def follow(self, patch: Patch, store: ox.Store) -> None:
        """Remembers a patch that is about to be applied to the store."""
        if self._changes is None:
            return
        for quad, by in changes(patch, store):
            if self._changes.pop(quad, 0) != -by:  # else it is again as it was
                self._changes[quad] = by
        if len(self._changes) > MOST_CHANGES:
            self._changes = None


def write_statistics(engine: Engine, file: int, least: int) -> None:
    """Writes the statistics of an engine's store to a file, and closes that; nothing for a store that has none.

    For a process of its own: it lowers its priority.
    """
    os.nice(_NICENESS)
    found = None
    if type(engine) is Engine and not engine.on_disk and len(engine) >= least:
        found = gather(engine.store)
    with os.fdopen(file, "wb") as output:
        output.write(msgspec.json.encode(found) if found else b"")


def use_statistics(engine: Engine, written: bytes) -> None:
    """Has the engine rewrite by what `write_statistics` wrote when it began to remember its changes (`Remembering`).

    It rewrites nothing where those are not known, or too many.
    """
    remembered, engine.optimiser = engine.optimiser, None
    changed = remembered.changes if isinstance(remembered, Remembering) else None
    if not written or changed is None:
        return
    try:
        statistics = msgspec.json.decode(written, type=Statistics)
    except msgspec.MsgspecError:  # what wrote it was ended
        return
    statistics.follow(changed)
    engine.optimiser = Optimiser(statistics)
