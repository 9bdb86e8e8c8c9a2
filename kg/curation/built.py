"""Keeps the packaged dataset on disk once it is built (`kg.curation.kept`), so that commands start soon.

Of the files of earlier versions a few are left for those who still run them.
"""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import pyoxigraph as ox

from kg.curation import kept
from kg.curation.curated import read_curation
from kg.curation.dataset import Dataset, build

_KEPT: Final = 4
"""How many datasets are kept."""


def packaged_dataset() -> Dataset:
    """The dataset of the packaged files: read from the user's cache, or built and kept there if possible."""
    file = kept.kept_file()
    known = kept.read_kept(file)
    if known is not None:
        body, version = known
        return Dataset(tuple(ox.parse(body, format=ox.RdfFormat.N_QUADS)), tuple(body.splitlines()), version)
    dataset = build(read_curation())
    with suppress(OSError):  # a cache that cannot be written costs time only
        _keep(file, dataset)
    return dataset


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
    files = sorted(file.parent.glob("dataset-*.nq"), key=lambda f: f.stat().st_mtime, reverse=True)
    for old in files[_KEPT:]:
        old.unlink(missing_ok=True)
