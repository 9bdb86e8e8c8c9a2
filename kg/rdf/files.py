"""Reads input files, with a clear error if that fails."""

import sys
from importlib.resources.abc import Traversable
from pathlib import Path

from ontology import KelisimError


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
    """The files of a folder whose names have that ending, sorted by name; empty if there is no such folder.

    Raises KelisimError if the folder is not readable.
    """
    try:
        found = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise KelisimError(f"Cannot read {folder}: {error.strerror}. Give a folder that is yours.") from error
    return sorted((f for f in found if f.name.endswith(ending)), key=lambda f: f.name)
