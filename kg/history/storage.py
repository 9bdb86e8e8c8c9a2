"""What a history asks of the disk: its folder and lock, backups as one compressed file."""

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
from kg.history.snapshots import FILE_NAME, Generation, Piece, generations, sync_folder, write_file
from ontology import KelisimError

FORMAT: Final = b"Kelisim history, format 2\n"
"""What the file FORMAT holds; it is written last, so a folder without it is no history yet."""


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
    with suppress(OSError):  # only a help to whoever looks for the holder: a full disk must not matter
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def check_format(folder: Path) -> None:
    """Raises KelisimError unless the folder holds a history in a format that is known here."""
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
    """Makes an empty folder ready for a history and gives its lock; on any failure what was put into it goes again."""
    with refusals(folder):
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
                with suppress(OSError):  # somebody else has put something there
                    folder.rmdir()
            raise


def copy(contents: Mapping[str, Piece], folder: Path) -> None:
    """Writes the files of a history; raises OSError."""
    for name, piece in contents.items():
        write_file(folder / name, piece.parts())


def checked(folder: Path) -> Generation:
    """The files of a history that were put there; raises DamagedHistoryError if they do not fit, or OSError."""
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


def pack(contents: Mapping[str, Piece], path: Path) -> None:
    """Writes a ``.tar.gz`` file, whole or not at all; raises KelisimError if the path is taken, StoreFullError."""
    if path.exists():
        raise KelisimError(f"{path} is there already: name a new file for the backup.")
    part = path.with_name(path.name + ".part")
    with refusals(path):
        try:
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                    _add(archive, "FORMAT", len(FORMAT), io.BytesIO(FORMAT))
                    for name, piece in contents.items():
                        with piece.open() as content:
                            _add(archive, name, piece.size, content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def unpack(path: Path, folder: Path) -> None:
    """Writes the files of a packed history; raises KelisimError if the file is no whole backup, or OSError."""
    found, form = set[str](), b""
    with _readable(path), tarfile.open(path) as archive:
        for member in archive:
            known = FILE_NAME.fullmatch(member.name) and not member.name.endswith(".part")
            file = archive.extractfile(member) if member.isreg() else None
            if not file or not (member.name == "FORMAT" or known):
                raise KelisimError(f"{path} is no backup of a history: it holds {member.name!r}.")
            if member.name == "FORMAT":
                form = file.read(len(FORMAT) + 1)
            else:
                found.add(member.name)
                with refusals(folder):
                    write_file(folder / member.name, _parts(path, file))
    if form != FORMAT or len(found) != len(("snapshot", "log")):
        raise KelisimError(f"{path} is no backup of a history in a format that is known here.")


def _add(archive: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, int(time.time())
    archive.addfile(member, content)


def _parts(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """What a file of a backup holds; raises KelisimError where it cannot be read, which is not the disk's refusal."""
    while True:
        with _readable(path):
            part = file.read(1 << 20)
        if not part:
            return
        yield part


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise KelisimError(f"{path} cannot be read as a backup: {error}. Use another one.") from error


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turns the system's refusals to write into StoreFullError."""
    try:
        yield
    except OSError as error:
        raise StoreFullError(
            f"{path} could not be written: {error.strerror}. What was there before is unchanged; "
            "free some space, or mend the disk, and try again."
        ) from error
