"""The folder of the columns of one version: its files, and whether they are whole."""

import hashlib
import os
from pathlib import Path
from typing import Final

FORMAT: Final = 1
"""Grows with each change of what the files hold: columns of another format are made anew."""

TABLES: Final = "tables"
TERMS: Final = "terms"
_DIGESTS: Final = "digests"


def seal(folder: Path) -> None:
    """Writes down what the files hold, and has all of them on the disk."""
    (folder / _DIGESTS).write_text(_digests(folder), encoding="ascii")
    for path in (folder / TABLES, folder / TERMS, folder / _DIGESTS, folder):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def is_whole(folder: Path) -> bool:
    """Whether the files are those that were sealed; reads them."""
    try:
        return (folder / _DIGESTS).read_text(encoding="ascii") == _digests(folder)
    except (OSError, UnicodeDecodeError):
        return False


def _digests(folder: Path) -> str:
    lines = []
    for name in (TABLES, TERMS):
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()} {name}\n")
    return "".join(lines)
