"""Reads input files, with a clear error if that fails."""

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, cast

import zstandard

from ontology import KelisimError

UNREADABLE: Final = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)
"""What reading a compressed file may raise: damage, an unknown method, a password."""

_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_MAGIC: Final = {
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\xfd7zXZ\x00": ".xz",
    b"(\xb5/\xfd": ".zst",
    b"PK\x03\x04": ".zip",
}
"""How compressed data begin, and the ending that files of them have."""

_CHUNK: Final = 1 << 16


@dataclass(frozen=True)
class DecompressedFile:
    """A file, or one file of an archive, as its bytes are without compression and without a byte order mark.

    name: with the ending that tells the format. place: for messages. path: None for standard input.
    """

    name: str
    place: str
    path: Path | None
    content: io.BufferedReader


def without_compression(name: str) -> str:
    """The file's name without the ending of a compression, whatever its letters' case."""
    return name[: -len(_compression(name))] if _compression(name) else name


def opened(source: Path | IO[bytes], wanted: Callable[[str], bool]) -> Iterator[DecompressedFile]:
    """The file, perhaps compressed with gzip, bzip2, xz or Zstandard, or the files in a ZIP archive, one after another.

    The ending of a path tells the compression, the first bytes that of standard input. Of an archive's files those are
    read of whose names `wanted` is true. Raises KelisimError if there is none, or what is in `UNREADABLE`.
    """
    if not isinstance(source, Path):
        given = io.BufferedReader(cast("Any", source), _CHUNK)
        begin = given.peek(8)
        compression = next((ending for magic, ending in _MAGIC.items() if begin.startswith(magic)), "")
        if compression == ".zip":
            raise KelisimError("Standard input is a ZIP archive, which has to be a file: give its path.")
        yield DecompressedFile("", "Standard input", None, _text(_decompressed(given, compression), "Standard input"))
        return
    compression = _compression(source.name)
    if compression == ".zip":
        yield from _archived(source, wanted)
        return
    with source.open("rb") as file, _decompressed(file, compression) as content:
        yield DecompressedFile(source.name, str(source), source, _text(content, str(source)))


def _archived(path: Path, wanted: Callable[[str], bool]) -> Iterator[DecompressedFile]:
    with zipfile.ZipFile(path) as archive:
        names = [i.filename for i in archive.infolist() if not i.is_dir()]
        chosen = [n for n in names if wanted(n) and not is_left_over(n)]
        if not chosen:
            raise KelisimError(f"{path} holds no file whose ending tells an RDF format.")
        for name in chosen:
            with archive.open(name) as file, _decompressed(file, _compression(name)) as content:
                yield DecompressedFile(name, f"{path}/{name}", path, _text(content, f"{path}/{name}"))


def is_left_over(name: str) -> bool:
    """Whether a path is that of a hidden file, a backup or a lock of an editor, or lies in a hidden folder."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") and part not in {".", ".."} for part in parts)
    last = parts[-1] if parts else ""
    return hidden or last.endswith(("~", ".bak", ".swp", ".orig")) or last.startswith("#") or "__MACOSX" in parts


def _compression(name: str) -> str:
    ending = PurePosixPath(name).suffix.lower()
    return ending if ending in _MAGIC.values() else ""


def _decompressed(file: IO[bytes], compression: str) -> IO[bytes]:
    match compression:
        case ".gz":
            return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
        case ".bz2":
            return cast("IO[bytes]", bz2.BZ2File(file))
        case ".xz":
            return cast("IO[bytes]", lzma.LZMAFile(file))
        case ".zst":
            return cast("IO[bytes]", io.BufferedReader(_Zstandard(file), _CHUNK))
        case _:
            return file


def _text(content: IO[bytes], place: str) -> io.BufferedReader:
    """The stream after a byte order mark, if it has one."""
    reader = io.BufferedReader(cast("Any", content), _CHUNK)
    begin = reader.peek(3)
    if begin.startswith(_UTF_16):
        raise KelisimError(f"{place} is UTF-16: save it as UTF-8.")
    if begin.startswith(_BOM):
        reader.read(len(_BOM))
    return reader


class _Zstandard(io.RawIOBase):
    """Zstandard frames, decompressed; raises EOFError where the last is cut off, which the library's reader passes."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._ready:
            if self._frame.eof:
                given = self._frame.unused_data or self._source.read(_CHUNK)
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._begun = False
            else:
                given = self._source.read(_CHUNK)
            if not given:
                if self._begun:
                    raise EOFError("the compressed data end too early")
                return 0
            self._begun = True
            self._ready = self._frame.decompress(given)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def read_bytes(file: Traversable) -> bytes:
    """The bytes of a file; raises KelisimError if it is missing or not readable."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise KelisimError(f"Cannot read {file}: {error.strerror}. Give a file that is there and yours.") from error


def decode(data: bytes, place: object) -> str:
    """The text in UTF-8, without a byte order mark; raises KelisimError, with `place` and byte, if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KelisimError(f"{place} is not UTF-8 (byte {error.start}): save it as UTF-8.") from error


def read_text(file: Traversable) -> str:
    """The text of a UTF-8 file; raises what `read_bytes` and `decode` raise."""
    return decode(read_bytes(file), file)


def read_file_or_stdin(path: Path) -> str:
    """The text of a file, or of standard input if the path is ``-``; raises what `read_text` raises."""
    return decode(sys.stdin.buffer.read(), "Standard input") if str(path) == "-" else read_text(path)


def list_files(folder: Traversable, ending: str) -> list[Traversable]:
    """The files of a folder whose names have that ending, in any case, sorted by name.

    Hidden files and backups are not among them. Empty if there is no such folder. Raises KelisimError if the folder is
    not readable.
    """
    found = (f for f in _entries(folder) if f.name.lower().endswith(ending) and not is_left_over(f.name))
    return sorted(found, key=lambda f: f.name)


def walk_files(folder: Traversable, ending: str) -> tuple[list[tuple[str, Traversable]], list[str]]:
    """The files in a folder and all folders below with that ending, in any case, and what else is there, both sorted.

    Each file comes with its path below the folder; of the others (hidden files, backups, other endings) only that path
    is returned. Raises KelisimError if a folder is not readable.
    """
    found: list[tuple[str, Traversable]] = []
    others: list[str] = []
    for entry in sorted(_entries(folder), key=lambda f: f.name):
        if is_left_over(entry.name):
            others.append(entry.name)
        elif entry.name.lower().endswith(ending):
            found.append((entry.name, entry))
        elif not entry.is_dir():
            others.append(entry.name)
        elif not _leads_back(folder, entry):
            below, rest = walk_files(entry, ending)
            found += [(f"{entry.name}/{name}", file) for name, file in below]
            others += [f"{entry.name}/{name}" for name in rest]
    return found, others


def _entries(folder: Traversable) -> list[Traversable]:
    try:
        return list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise KelisimError(f"Cannot read {folder}: {error.strerror}. Give a folder that is yours.") from error


def _leads_back(folder: Traversable, entry: Traversable) -> bool:
    """Whether the entry is a symbolic link to a folder that the folder lies in."""
    if not isinstance(folder, Path) or not isinstance(entry, Path) or not entry.is_symlink():
        return False
    return folder.resolve().is_relative_to(entry.resolve())
