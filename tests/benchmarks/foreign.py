"""Serves an N-Quads file with Kelisim's server: ``python -m tests.benchmarks.foreign FILE PORT``.

The file takes the place of the curated graph; everything else is as in ``kelisim serve``.
"""

import sys
from pathlib import Path

import pyoxigraph as ox

from kg.curation.dataset import Dataset
from ontology import version
from server.serving import serve
from server.settings import Settings


def main() -> None:
    """Serves until SIGTERM."""
    serve(Settings(port=int(sys.argv[2])), lambda: _dataset(Path(sys.argv[1])), print)


def _dataset(file: Path) -> Dataset:
    lines = tuple(sorted(file.read_bytes().splitlines()))
    return Dataset(tuple(ox.parse(b"\n".join(lines), format=ox.RdfFormat.N_QUADS)), lines, version())


if __name__ == "__main__":
    main()
