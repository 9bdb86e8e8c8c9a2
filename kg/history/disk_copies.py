"""A copy of a snapshot in the on-disk format of the engine (RocksDB), from which a server answers while it loads.

Loading ten million quads into memory takes half a minute, opening their copy some milliseconds. A copy may be missing
or be deleted at any time; the snapshot and the log alone are the data.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.history.snapshots import Generation, copy_path, sync, sync_folder, write_file
from kg.rdf.patches import parse

_ORIGIN: Final = "ORIGIN"
"""The file of a copy that tells of which snapshot it is, which version of the engine wrote it, and its other files with
their checksums: the engine itself does not survive damaged files."""

_LONG_LOG: Final = 10
_LONG_LOG_BYTES: Final = 1 << 20
"""A log is long that is longer than this and than that part of the snapshot."""

_SHARED: Final = ".sst"
"""The ending of RocksDB's immutable files, which copies may share by hard links."""


def write_disk_copy(generation: Generation) -> Path:
    """Writes and syncs the copy of a snapshot, replacing one that is there; returns its folder.

    Takes some 4 seconds and 100 MB per million quads. A crash leaves no copy. Raises OSError, or RuntimeError of the
    engine.
    """
    final = copy_path(generation.folder, generation.base)
    part = final.with_name(f"{final.name}.part{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    try:
        store = ox.Store(part)
        generation.load_snapshot_into(store, on_disk=True)
        del store  # closes it
        for path in part.iterdir():
            sync(path)
        write_file(part / _ORIGIN, [_origin(generation), _checksums(part)])
        sync_folder(part)
        shutil.rmtree(final, ignore_errors=True)
        part.replace(final)
        sync_folder(generation.folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return final


def usable_disk_copy(generation: Generation, version: int, *, writable: bool) -> Path | None:
    """The folder of a store that has the state at a version, checked; None if there is none that can be used.

    For a version after the snapshot's the patches are applied to a second copy, made of hard links, in a folder that
    must be `writable`; not if the log is long against the snapshot, since loading both is faster then. A damaged copy
    is removed from a writable folder.
    """
    folder = copy_path(generation.folder, generation.base)
    patched = version > generation.base
    if not has_disk_copy(generation) or (patched and not writable):
        return None
    if generation.log.end > max(generation.size // _LONG_LOG, _LONG_LOG_BYTES):
        return None
    try:
        if (folder / _ORIGIN).read_bytes() == _origin(generation) + _checksums(folder):
            used = _patched(generation, folder, version) if patched else folder
            ox.Store.read_only(str(used))
            return used
    except (OSError, RuntimeError, ValueError):  # the engine cannot open it
        pass
    if writable:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def has_disk_copy(generation: Generation) -> bool:
    """Whether the snapshot has a copy, written by this version of the engine."""
    try:
        return (copy_path(generation.folder, generation.base) / _ORIGIN).read_bytes().startswith(_origin(generation))
    except OSError:
        return False


def _patched(generation: Generation, folder: Path, version: int) -> Path:
    patched = folder.with_name(folder.name + ".patched")
    shutil.rmtree(patched, ignore_errors=True)
    patched.mkdir()
    for path in folder.iterdir():
        if path.suffix == _SHARED:
            os.link(path, patched / path.name)
        else:
            shutil.copyfile(path, patched / path.name)
    store = ox.Store(patched)
    for _, payload in generation.log.payloads(generation.base, version):
        parse(payload).apply(store)
    store.flush()
    return patched


def _origin(generation: Generation) -> bytes:
    return generation.first_line + f"pyoxigraph {ox.__version__}\n".encode()


def _checksums(folder: Path) -> bytes:
    """A line for each file of the copy with its SHA-256, without those that RocksDB writes when it opens a store."""
    lines = []
    for path in sorted(folder.iterdir()):
        if path.name != _ORIGIN and not path.name.startswith("LOG"):
            with path.open("rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()} {path.name}\n".encode())
    return b"".join(lines)
