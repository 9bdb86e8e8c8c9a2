"""Reads the files that people give, with a clear error where they cannot be read."""

import sys
from importlib.resources.abc import Traversable
from pathlib import Path

from ontology import KelisimError


def read_bytes(file: Traversable) -> bytes:
    """The bytes of a file; raises KelisimError where it is none or is closed to the reader."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise KelisimError(f"Cannot read {file}: {error.strerror}. Give a file that is there and yours.") from error


def decode(data: bytes, place: object) -> str:
    """The text in UTF-8, without a byte order mark; raises KelisimError, with place and byte, where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KelisimError(f"{place} is not UTF-8 (byte {error.start}): save it as UTF-8.") from error


def read_text(file: Traversable) -> str:
    """The text of a file in UTF-8, as `read_bytes` and `decode` have it."""
    return decode(read_bytes(file), file)


def read_given(path: Path) -> str:
    """The text of a file, or of standard input where the path is ``-``, as `read_text` has it."""
    return decode(sys.stdin.buffer.read(), "Standard input") if str(path) == "-" else read_text(path)


def list_files(folder: Traversable, ending: str) -> list[Traversable]:
    """What lies in a folder under names with that ending, by name; nothing if there is no such folder.

    Raises KelisimError where the folder is closed to the reader.
    """
    try:
        found = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise KelisimError(f"Cannot read {folder}: {error.strerror}. Give a folder that is yours.") from error
    return sorted((f for f in found if f.name.endswith(ending)), key=lambda f: f.name)
