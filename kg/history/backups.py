"""The folder and lock of a history, and backups as compressed archives."""

import fcntl
import io
import os
import tarfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from kg.history.patch_log import DamagedHistoryError, StoreFullError
from kg.history.snapshots import FILE_NAME, FilePrefix, Generation, generations, sync_folder, write_file
from ontology import KelisimError

FORMAT: Final = b"Kelisim history, format 2\n"
"""The content of the file FORMAT, which is written last: a folder without it is not yet a history."""


class HistoryLockedError(KelisimError):
    """Another process, or another object of this one, has the history open for writing."""


def take_lock(folder: Path) -> int:
    """The descriptor of the folder's lock file, locked until it is closed; raises HistoryLockedError, OSError."""
    path = folder / "lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
        os.close(lock)
        raise HistoryLockedError(
            f"{folder} is open for writing already, by process {holder or '(unknown)'}: "
            "end that one first, or open the history read-only."
        ) from error
    except BaseException:
        os.close(lock)
        raise
    with suppress(OSError):  # only informative, so a full disk is no error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def check_format(folder: Path) -> None:
    """Raises KelisimError unless the folder is a history in the supported format."""
    try:
        found = (folder / "FORMAT").read_bytes()
    except OSError as error:
        raise KelisimError(
            f"{folder} holds no history ({error.strerror}: FORMAT): name the folder of one, or create one there."
        ) from error
    if found != FORMAT:
        raise KelisimError(
            f"{folder}/FORMAT says {found[:60].decode(errors='replace').strip()!r}, not {FORMAT.decode().strip()!r}: "
            "use the version of Kelisim that wrote it."
        )


@contextmanager
def new_folder(folder: Path) -> Iterator[int]:
    """Prepares a new or empty folder and yields its lock; on failure the files are removed."""
    with write_errors(folder):
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise KelisimError(f"{folder} is not empty: name a new or an empty folder.")
        lock = take_lock(folder)
        if [path.name for path in folder.iterdir()] != ["lock"]:
            os.close(lock)
            raise KelisimError(f"{folder} is no longer empty: another process has filled it.")
        try:
            yield lock
            write_file(folder / "FORMAT", [FORMAT])
            sync_folder(folder)
            sync_folder(folder.parent)
        except BaseException:
            for path in list(folder.iterdir()):
                if path.name in ("FORMAT", "lock") or FILE_NAME.fullmatch(path.name):
                    path.unlink()
            os.close(lock)
            if is_new:
                with suppress(OSError):  # another process has put files there
                    folder.rmdir()
            raise


def copy(contents: Mapping[str, FilePrefix], folder: Path) -> None:
    """Writes the files of a history; raises OSError."""
    for name, prefix in contents.items():
        write_file(folder / name, prefix.chunks())
        os.utime(folder / name, (prefix.time, prefix.time))


def open_checked(folder: Path) -> Generation:
    """Opens and verifies the files of a restored history; raises DamagedHistoryError or OSError."""
    try:
        generation = Generation.open(folder, generations(folder)[-1], writable=True)
    except FileNotFoundError as error:
        raise DamagedHistoryError(f"{error.filename} is missing. Use another backup.") from error
    generation.check()
    if generation.log.torn:
        raise DamagedHistoryError(
            f"{generation.log.path}: the last {generation.log.torn} bytes are no whole patch. Use another backup."
        )
    return generation


def pack(contents: Mapping[str, FilePrefix], path: Path) -> None:
    """Writes a ``.tar.gz`` file atomically; raises KelisimError if the path exists, StoreFullError."""
    if path.exists():
        raise KelisimError(f"{path} is there already: name a new file for the backup.")
    part = path.with_name(path.name + ".part")
    with write_errors(path):
        try:
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                    _add(archive, "FORMAT", len(FORMAT), io.BytesIO(FORMAT))
                    for name, prefix in contents.items():
                        with Path(prefix.path).open("rb") as content:
                            _add(archive, name, prefix.size, content, prefix.time)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def unpack(path: Path, folder: Path) -> None:
    """Extracts a ``.tar.gz`` backup; raises KelisimError if it is not a complete backup, StoreFullError."""
    found, form = set[str](), b""
    with _backup_errors(path), tarfile.open(path) as archive:
        for member in archive:
            known = FILE_NAME.fullmatch(member.name) and not member.name.endswith(".part")
            file = archive.extractfile(member) if member.isreg() else None
            if not file or not (member.name == "FORMAT" or known):
                raise KelisimError(f"{path} is no backup of a history: it holds {member.name!r}.")
            if member.name == "FORMAT":
                form = file.read(len(FORMAT) + 1)
            else:
                found.add(member.name)
                with write_errors(folder):
                    write_file(folder / member.name, _member_chunks(path, file))
                    os.utime(folder / member.name, (member.mtime, member.mtime))
    if form != FORMAT or len(found) != len(("snapshot", "log")):
        raise KelisimError(f"{path} is no backup of a history in a format that is known here.")


def _add(archive: tarfile.TarFile, name: str, size: int, content: IO[bytes], made: float | None = None) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, int(time.time()) if made is None else made
    archive.addfile(member, content)


def _member_chunks(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """The content of an archive member in chunks; raises KelisimError if it cannot be read."""
    while True:
        with _backup_errors(path):
            part = file.read(1 << 20)
        if not part:
            return
        yield part


@contextmanager
def _backup_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise KelisimError(f"{path} cannot be read as a backup: {error}. Use another one.") from error


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Converts OSError to StoreFullError."""
    try:
        yield
    except OSError as error:
        raise StoreFullError(
            f"{path} could not be written: {error.strerror or error}. What was there before is unchanged; "
            "free some space, or mend the disk, and try again."
        ) from error
