"""The oxigraph server, from PyPI (a development dependency): RocksDB on disk, default graph apart, no users."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.engines.server import EngineServer, MissingEngineError


class Oxigraph(EngineServer):
    """The oxigraph server on a disk store."""

    name = "oxigraph"

    @property
    def query_url(self) -> str:
        return f"{self.address}query"

    @property
    def update_url(self) -> str:
        return f"{self.address}update"

    @property
    def graphs_url(self) -> str:
        return f"{self.address}store"

    @property
    def version(self) -> str:
        """Its name and version, such as Oxigraph 0.5.13."""
        said = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True)
        return said.stdout.strip().capitalize()

    def _command(self) -> Sequence[str | Path]:
        limit = ["--timeout-s", str(self.seconds)] if self.seconds else []
        return [_program(), "serve", "--location", self.folder / "data", "--bind", f"127.0.0.1:{self._port}", *limit]


def _program() -> Path:
    program = Path(sys.executable).with_name("oxigraph")
    if not program.exists():
        raise MissingEngineError("the oxigraph server is not installed (pip install oxigraph)")
    return program
