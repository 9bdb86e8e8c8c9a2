"""The engines by name, and how a test gets one: running, or a reason why it is skipped."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.engines.jena import Jena
from tests.engines.oxigraph import Oxigraph
from tests.engines.server import EngineServer, MissingEngineError
from tests.engines.virtuoso import Virtuoso

ENGINES: Final[dict[str, type[EngineServer]]] = {kind.name: kind for kind in (Oxigraph, Virtuoso, Jena)}


@contextmanager
def running(name: str, folder: Path, seconds: int = 0) -> Iterator[EngineServer]:
    """The engine of this name, with its data in `folder`, while the block runs; see `EngineServer.seconds`.

    Raises MissingEngineError where its programs are missing.
    """
    engine = ENGINES[name](folder)
    engine.seconds = seconds
    with engine as server:
        yield server


@contextmanager
def running_or_skipped(name: str, folder: Path, seconds: int = 0) -> Iterator[EngineServer]:
    """The same for a fixture: a test that needs an engine that is not here is skipped."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(name, folder, seconds))
        except MissingEngineError as reason:
            pytest.skip(f"no {name}: {reason}")
        yield server
