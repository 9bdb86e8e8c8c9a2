"""Commits patches of a server to an engine, all or nothing, and only to the state that the server knows.

The patch is staged beside the data, and made true by one operation together with what the manifest tells; that
operation holds only while the manifest names the state before it and the writer has the lock. The state is
then read back.
"""

import secrets
import time
from contextlib import AbstractContextManager, suppress
from typing import Final

from kg.engine.errors import EngineBusyError, EngineChangedError, EngineError, OutcomeUnknownError
from kg.rdf.patches import Patch
from kg.upload.connection import Connection, EngineRefusalError, EngineUnreachableError
from kg.upload.content import Part, part_of, texts
from kg.upload.locking import PUBLISH, SERVE, Lock, LockLostError, Locks
from kg.upload.manifest import CHANGES, DIGEST, MODIFIED, PART, STATE, TRIPLES, read_manifest
from kg.upload.names import PUBLISHED_GRAPH, check_unreserved, within
from kg.upload.staging import Change, Located, Progress, Writer
from ontology import KelisimError
from ontology.namespaces import PREFIXES

_ABOUT: Final = f"<{PUBLISHED_GRAPH}>"
_XSD: Final = PREFIXES["xsd"]
_SETTLED_SECONDS: Final = 20.0
"""How long the state is asked for after a request whose outcome is not known."""
_PAUSE_SECONDS: Final = 0.2
"""Between two such questions."""
_WAIT_SECONDS: Final = 10.0
"""How long a change waits for those of other servers. A publication takes longer and is not waited for."""


class EngineWriter:
    """Writes patches to one engine, one after another."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._locks = Locks(connection)

    def check(self) -> None:
        """Raises KelisimError if the engine has no published dataset, or cannot be written to."""
        manifest = read_manifest(self._connection)
        if not manifest or not manifest.state:
            raise KelisimError(
                f"The engine {self._connection.addresses.query} has no dataset that kelisim publish put there, so "
                "nothing tells whether others change it. Publish it there first, then allow updates."
            )
        with suppress(EngineBusyError), self._locked(0):  # who publishes or changes just now is told with the changes
            pass

    def _locked(self, wait: float = _WAIT_SECONDS) -> AbstractContextManager[Lock]:
        return self._locks.held(SERVE, wait, yields_to=PUBLISH)

    def commit(self, patch: Patch, before: str) -> str:
        """Writes the patch to the state of that name; returns the name of the state after it, which readers see.

        Raises EngineChangedError if the engine has another state, and EngineError if it refuses: nothing was written.
        EngineBusyError, with who has the lock, if others write. OutcomeUnknownError if the engine is lost, and is not
        there again in time to tell.
        """
        after = secrets.token_hex(32)
        try:
            with self._locked() as lock:
                change, default, guard = self._prepared(patch, before, after)
                run = Progress(after, 0, patch.header["time"])
                writer = Writer(self._connection, quads=False, told=lambda _: None)
                writer.clear()
                writer.stage(change, run)
                try:
                    writer.switch(run, default=default, guard=f"{guard} {lock.pattern}")
                except (EngineUnreachableError, LockLostError) as error:
                    lost: KelisimError | None = error
                else:
                    lost = None
                if lost:
                    with suppress(KelisimError):  # whatever the engine still has to do of it holds no more without this
                        self._connection.update(f"DELETE DATA {{ {lock.pattern} }}", anyway=True)
                self._settle(before, after, lost)
                with suppress(KelisimError):  # the next change removes it too
                    writer.clear()
        except EngineRefusalError as error:
            raise EngineError(f"The engine refused the change, and nothing of it was written: {error}") from error
        except (EngineUnreachableError, LockLostError) as error:
            raise EngineBusyError(
                f"The engine was lost before the change was made; nothing was written: {error}"
            ) from error
        return after

    def _settle(self, before: str, after: str, lost: KelisimError | None) -> None:
        """Finds out which state there is; returns if it is that after the change."""
        until = time.monotonic() + _SETTLED_SECONDS
        while True:
            try:
                manifest = read_manifest(self._connection)
                break
            except (EngineUnreachableError, EngineRefusalError) as error:  # one that starts again may refuse at first
                if time.monotonic() > until:
                    raise OutcomeUnknownError(
                        f"The engine was lost while it made the change, and whether it is there is not known: {error} "
                        f'When it answers again, the change is there if <{STATE}> in <{PUBLISHED_GRAPH}> is "{after}".'
                    ) from error
                time.sleep(_PAUSE_SECONDS)
        found = manifest.state if manifest else ""
        if found == after:
            return
        if found == before and lost:
            raise EngineBusyError(f"The engine was lost, and nothing of the change was written: {lost}")
        if found == before:
            raise EngineError("The engine acknowledged the change and did not make it; nothing was written.")
        raise EngineChangedError(_CHANGED)

    def _prepared(self, patch: Patch, before: str, after: str) -> tuple[Change, bool, str]:
        """What is written with what the manifest tells of it; whether to the own default graph; the guard.

        The parts that it touches keep their size and lose their digest: the next publication compares them.
        """
        manifest = read_manifest(self._connection)
        if not manifest or manifest.state != before:
            raise EngineChangedError(_CHANGED)
        sides, sizes = list[list[Located]](), dict[Part, int]()
        lengths = manifest.lengths
        for quads, sign in ((patch.adds, 1), (patch.deletes, -1)):
            side = list[Located]()
            for graph, triple in texts(quads):
                check_unreserved([graph])
                part = part_of(graph, triple, lengths.get(graph, 0))
                known = manifest.parts.get(part)
                sizes[part] = sizes.get(part, known.size if known else 0) + sign
                side.append((graph or manifest.default, triple))
            sides.append(side)
        adds, removes = sides
        default = any(not graph for graph, _ in (*adds, *removes))
        about = {DIGEST, STATE, CHANGES, MODIFIED, TRIPLES}
        touched = {f'<{p.graph or PUBLISHED_GRAPH}> <{PART}> "{p.prefix} ' for p in sizes}
        old = {t for t in manifest.triples if any(t.startswith(f"{_ABOUT} <{a}> ") for a in about)}
        old |= {t for t in manifest.triples if any(t.startswith(start) for start in touched)}
        count = sum(s.size for s in manifest.parts.values()) + len(adds) - len(removes)
        new = {
            f'{_ABOUT} <{STATE}> "{after}"',
            f'{_ABOUT} <{CHANGES}> "{manifest.changes + 1}"^^<{_XSD}integer>',
            f'{_ABOUT} <{MODIFIED}> "{patch.header["time"]}"^^<{_XSD}dateTime>',
            f'{_ABOUT} <{TRIPLES}> "{count}"^^<{_XSD}integer>',
            *(f'<{p.graph or PUBLISHED_GRAPH}> <{PART}> "{p.prefix} {size} "' for p, size in sizes.items()),
        }
        adds += ((PUBLISHED_GRAPH, t) for t in sorted(new - old))
        removes += ((PUBLISHED_GRAPH, t) for t in sorted(old - new))
        key = DIGEST if manifest.digest else STATE
        return Change(adds, removes), default, within(PUBLISHED_GRAPH, f'{_ABOUT} <{key}> "{before}"')


_CHANGED: Final = (
    "Somebody else has changed the data in the engine since this server read them; nothing of this change was written. "
    "Look at what is there now, and send it again."
)
