"""What a replica has on disk: its history, and what is being fetched.

``history`` is a symbolic link to the folder of the history, so that another can take its place at once. A folder in
which ``history`` is a folder itself, such as one of a former writer or of a backup, is taken too. A replica without a
folder of its own has a temporary one.
"""

import logging
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from kg.history.backups import HistoryLockedError, check_format, take_lock
from kg.history.history import DamagedHistoryError, History
from kg.replication.upstream import Snapshot
from ontology import KelisimError

_LINK: Final = "history"
_KEPT: Final = "KEPT"
"""A file in a folder that is never removed: its history has what the writer has not."""

_PREFIX: Final = "kelisim-replica-"
_BEGINNING_SECONDS: Final = 60.0
"""A temporary folder as new as that may be about to be locked."""

_OURS: Final = re.compile(r"history-[0-9a-f]{8}|\.history-[0-9a-f]{8}|snapshot-\d+-[0-9a-f]{16}\.part", re.ASCII)


class ReplicaFolder:
    """The folder of one replica, which is locked."""

    def __init__(self, folder: Path | None) -> None:
        """A temporary folder for None. Raises HistoryLockedError if another process uses it, KelisimError."""
        self._temporary = folder is None
        try:
            if folder is None:
                _remove_abandoned()
            self.path = folder or Path(tempfile.mkdtemp(prefix=_PREFIX))
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(self.path)
        except OSError as error:
            raise KelisimError(f"{folder} cannot be used for a replica: {error.strerror or error}.") from error

    def open(self) -> History | None:
        """The history that is there, for writing; None without one, or if it is damaged, which is logged.

        Raises KelisimError if another process has it open, or if it is none.
        """
        link = self.path / _LINK
        if not link.exists():
            return None
        if not link.is_symlink():
            check_format(link)
            os.close(take_lock(link))  # not from under a writer
            self._link(link.rename(self._new_folder()))
        try:
            return History.open(link.resolve())
        except DamagedHistoryError as error:
            logging.getLogger("kelisim").warning("%s All data are fetched from the writer instead.", error)
            return None

    def part(self, snapshot: Snapshot) -> Path:
        """The file for a snapshot that is being fetched; it may hold a part of that already."""
        return self.path / f"snapshot-{snapshot.version}-{snapshot.sha256[:16]}.part"

    def create(self, snapshot: Snapshot) -> History:
        """A history that begins with a snapshot that has been fetched; raises DamagedHistoryError, which removes it."""
        part = self.part(snapshot)
        try:
            history = History.create_from_snapshot(self._new_folder(), part, snapshot.version, snapshot.time)
        finally:
            part.unlink(missing_ok=True)
        if history.snapshot_sha256 != snapshot.sha256:
            history.close()
            raise DamagedHistoryError("The snapshot is another one than was offered.")
        return history

    def use(self, history: History) -> None:
        """Makes that history the one that the next start finds, at once."""
        self._link(history.folder)

    def keep(self, history: Path) -> Path | None:
        """Has the folder of a history never removed; None where that cannot be, as in a temporary folder."""
        if self._temporary:
            return None
        with suppress(OSError):
            (history / _KEPT).touch()
            return history
        return None

    def _link(self, folder: Path) -> None:
        temporary = self.path / f".history-{secrets.token_hex(4)}"
        temporary.symlink_to(folder.name)
        temporary.replace(self.path / _LINK)

    def _new_folder(self) -> Path:
        return self.path / f"history-{secrets.token_hex(4)}"

    def clean(self, *keep: Path) -> None:
        """Removes what earlier runs left, but for these folders and the history in use."""
        kept = {path.name for path in keep} | {(self.path / _LINK).resolve().name}
        for path in [*self.path.iterdir()]:
            if _OURS.fullmatch(path.name) and path.name not in kept and not (path / _KEPT).exists():
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def close(self) -> None:
        """Removes the folder, if it is temporary."""
        os.close(self._lock)
        if self._temporary:
            shutil.rmtree(self.path, ignore_errors=True)


def _remove_abandoned() -> None:
    """Removes the temporary folders of replicas that were killed: those of this user that nobody has locked."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, HistoryLockedError):
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                if time.time() - found.st_mtime < _BEGINNING_SECONDS:
                    continue
                lock = take_lock(path)
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)
