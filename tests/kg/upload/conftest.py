"""An engine of each kind, started once for a module, and empty of what tests before have put there."""

from collections.abc import Iterator

import pytest

from tests.engines.registry import ENGINES, running_or_skipped
from tests.engines.server import EngineServer
from tests.kg.upload.samples import wipe


@pytest.fixture(scope="module", params=ENGINES)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineServer]:
    with running_or_skipped(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def server(started: EngineServer) -> EngineServer:
    wipe(started)
    return started
