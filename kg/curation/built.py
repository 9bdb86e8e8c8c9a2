"""Keeps the packaged dataset on disk once it is built, so that commands that need it start soon.

The file is named after all that the dataset is made of, code and data alike, so it is never out of date; its first line
has the SHA-256 of the rest. Of the files of earlier versions a few are left for those who still run them.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import platformdirs
import pyoxigraph as ox

from kg.curation.curated import read_curation
from kg.curation.dataset import Dataset, build

_KEPT: Final = 4
"""How many datasets are kept."""


def packaged_dataset() -> Dataset:
    """The dataset of the packaged files: read from the user's cache, or built and kept there if possible."""
    file = platformdirs.user_cache_path("kelisim", appauthor=False) / f"dataset-{_name()}.nq"
    known = _read(file)
    if known is not None:
        return known
    dataset = build(read_curation())
    with suppress(OSError):  # a cache that cannot be written costs time only
        _keep(file, dataset)
    return dataset


def _name() -> str:
    """A digest of the code and the data from which the dataset is built."""
    digest = hashlib.sha256(ox.__version__.encode())
    for package in ("ontology", "kg"):
        for path, file in _files(resources.files(package), package):
            content = file.read_bytes()
            digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda f: f.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from _files(each, f"{path}/{each.name}")
        elif each.is_file():
            yield f"{path}/{each.name}", each


def _read(file: Path) -> Dataset | None:
    """The dataset in a file; None if it is not there, or not whole."""
    try:
        head, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    digest, _, version = head.decode("ascii", "replace").partition(" ")
    if hashlib.sha256(body).hexdigest() != digest:
        return None
    return Dataset(tuple(ox.parse(body, format=ox.RdfFormat.N_QUADS)), tuple(body.splitlines()), version)


def _keep(file: Path, dataset: Dataset) -> None:
    """Writes the file, whole or not at all, and removes the oldest of others."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=".dataset-", delete=False) as part:
        try:
            part.write(f"{dataset.digest} {dataset.version}\n".encode())
            part.writelines(line + b"\n" for line in dataset.lines)
            part.close()
            os.replace(part.name, file)  # noqa: PTH105 - `part` has a name, not a path
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise
    kept = sorted(file.parent.glob("dataset-*.nq"), key=lambda f: f.stat().st_mtime, reverse=True)
    for old in kept[_KEPT:]:
        old.unlink(missing_ok=True)
