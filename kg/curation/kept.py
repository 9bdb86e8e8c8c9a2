"""The file in the user's cache that holds the packaged dataset, and what is read from it while a command still starts.

The file is named after all that the dataset is made of, code and data alike, so it is never out of date; its first line
has the SHA-256 of the rest. What imports little is here: reading begins before the command has loaded what it needs.
"""

import hashlib
import threading
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import platformdirs
import pyoxigraph as ox

from kg.curation.shipped import frozen

_APART: Final = frozenset({"__pycache__", "answers"})
"""The folders of which no dataset is built: compiled code, and what is expected of questions."""


def kept_file() -> Path:
    """The path of the file, which may not be there."""
    return platformdirs.user_cache_path("kelisim", appauthor=False) / f"dataset-{name()}.nq"


def name() -> str:
    """A digest of the code and the data from which the dataset is built."""
    digest = hashlib.sha256(ox.__version__.encode())
    folders: list[tuple[str, Traversable]] = [(name, resources.files(name)) for name in ("ontology", "kg")]
    folders += [("shipped", folder) for folder in [frozen()] if folder]
    for name, folder in folders:
        for path, file in _files(folder, name):
            content = file.read_bytes()
            digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda f: f.name):
        if each.is_dir() and each.name not in _APART:
            yield from _files(each, f"{path}/{each.name}")
        elif each.is_file():
            yield f"{path}/{each.name}", each


def read_kept(file: Path) -> tuple[bytes, str] | None:
    """The N-Quads in a file, and the version that it tells; None if it is not there, or not whole."""
    try:
        head, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    digest, _, version = head.decode("ascii", "replace").partition(" ")
    if hashlib.sha256(body).hexdigest() != digest:
        return None
    return body, version


class KeptStore:
    """A store of the dataset that is kept, read beside what the process does meanwhile (without Python's lock)."""

    def __init__(self) -> None:
        """Begins to read."""
        self._store: ox.Store | None = None
        self._thread = threading.Thread(target=self._load, name="kelisim-kept", daemon=True)
        self._thread.start()

    def store(self) -> ox.Store | None:
        """The store, once it is read; None if nothing is kept."""
        self._thread.join()
        return self._store

    def _load(self) -> None:
        if kept := read_kept(kept_file()):
            self._store = _loaded(kept[0])


def _loaded(lines: bytes) -> ox.Store:
    store = ox.Store()
    store.load(lines, ox.RdfFormat.N_QUADS, lenient=True)  # their checksum is that of what was valid when written
    return store
