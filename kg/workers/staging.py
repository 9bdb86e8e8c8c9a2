"""Stages changes in a worker process, one after another, each on the state that the last committed one left.

What is staged is undone by the inverse of its patch, in time that depends on the patch; so the process can be kept,
and no change needs a fork of the whole store, whose page tables alone take tens of milliseconds to copy where it is
large. Where a change may leave something that its patch does not tell, the process has to be replaced.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
import pyoxigraph as ox

from kg.changes.operations import operations
from kg.changes.staging import Change, stage
from kg.changes.validation import validate_change
from kg.engine.engine import Engine
from kg.rdf.patches import Patch
from kg.workers.confinement import PrivateMemory, allow_new_files
from kg.workers.messages import Outcome, outcome_of
from ontology import KelisimError
from shapes import in_words

_KEPT_SHARE: Final = 8
"""A process is replaced once its private memory exceeds that part of what a change may take."""

_UNDONE_QUADS: Final = 10_000
"""Patches of more quads are not undone, nor applied again: a fork is faster."""

_UNDONE: Final = frozenset({"INSERT", "DELETE", "WITH", "DROP"})
"""The first words of operations that change nothing but quads; the others may leave empty graphs."""


class Stager:
    """Stages changes on this process's copy of the store."""

    def __init__(self, engine: Engine, memory_bytes: int) -> None:
        """`memory_bytes` is what a change may take."""
        self._engine = engine
        self._memory = PrivateMemory(memory_bytes // _KEPT_SHARE)
        self._staged: Patch | None = None

    def stage(self, change: Change, documents: Iterable[bytes]) -> tuple[Outcome, bytes]:
        """The outcome, which tells whether the process `retires`, and the patch or the SHACL report.

        `undo` must be called before another change, unless the process retires.
        """
        self._staged, written = None, None
        self._engine.optimiser = None  # this process answers no queries
        try:
            engine = self._engine.for_change()
            if engine is self._engine:
                engine = written = _Written(engine.store, prefixes=engine.prefixes)
                written.lasting = self._engine.lasting
            outcome, body = self._stage(engine, change, documents)
        except KelisimError as error:
            outcome, body = outcome_of(error), b""
        if written and written.lasting is not self._engine.lasting:  # it was told of a part of the change only
            self._engine.lasting = {}
        undone = _is_undone(change, self._staged) or (written is not None and not written.changed)
        if written is None or not undone or self._memory.is_exceeded():
            return msgspec.structs.replace(outcome, retires=True), body
        return outcome, body

    def _stage(self, engine: Engine, change: Change, documents: Iterable[bytes]) -> tuple[Outcome, bytes]:
        patch = engine.storable(stage(engine, change, documents))
        self._staged = patch
        with allow_new_files():  # for shapes and modules that are loaded lazily
            report = validate_change(engine, patch)
            if report and not report.conforms:
                return Outcome("invalid", message=in_words(report)), report.to_turtle().encode()
        return Outcome("ok"), patch.serialize()

    def undo(self) -> None:
        """Brings the store back to the state before the change."""
        if self._staged:
            inverse = self._staged.inverse()
            inverse.apply(self._engine.store)
            for each in self._engine.lasting.values():
                each.apply(inverse)
            self._staged = None


class _Written(Engine):
    """An engine that knows whether its store was written to."""

    changed = False

    def apply(self, patch: Patch) -> None:
        """See `Engine`."""
        self.changed = True
        super().apply(patch)

    def update(self, update: str) -> None:
        """See `Engine`."""
        self.changed = True
        super().update(update)

    def remove_graph(self, graph: ox.NamedNode) -> None:
        """See `Engine`."""
        self.changed = True
        super().remove_graph(graph)


def _is_undone(change: Change, patch: Patch | None) -> bool:
    """Whether the inverse of its patch undoes a change, and soon."""
    if patch is None or len(patch.adds) + len(patch.deletes) > _UNDONE_QUADS:
        return False
    return change.kind != "update" or all(o.shape.partition(" ")[0] in _UNDONE for o in operations(change.text))
