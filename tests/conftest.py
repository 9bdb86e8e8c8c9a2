"""Shared fixtures: the dataset, the articles if they are available, a running server, a browser."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from kg.curation.curated import Curation, read_curation
from kg.curation.dataset import Dataset, build
from kg.curation.shipped import ELSEWHERE
from kg.engine.engine import Engine
from tests.engines.filling import fill
from tests.engines.registry import running_or_skipped

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "kg" / "data"
"""The curated files that are shipped; `tests/kg/packages/test_shipped.py` tests these, all others the frozen copy."""
FROZEN = ROOT / "tests" / "fixtures" / "two-articles"
"""A copy of the curated files of two articles: what tests tell of the graph stays true when it grows."""
os.environ[ELSEWHERE] = str(FROZEN)  # for the servers and commands that tests start, too
expect.set_options(timeout=20_000)  # tests run in parallel, on slow machines too
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # a busy machine makes no test fail
ARTICLES = Path(os.environ.get("KELISIM_ARTICLES") or ROOT.parent / "shared" / "articles")


@pytest.fixture(scope="session")
def curation() -> Curation:
    return read_curation()


@pytest.fixture(scope="session")
def dataset(curation: Curation) -> Dataset:
    return build(curation)


@pytest.fixture(scope="session")
def engine(dataset: Dataset) -> Engine:
    return Engine(dataset.quads)


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """The dataset as it is shipped, for what is to be true of it however many articles it has."""
    return build(read_curation(SHIPPED))


@pytest.fixture(scope="session")
def shipped_engine(shipped: Dataset) -> Engine:
    return Engine(shipped.quads)


@pytest.fixture(scope="session")
def articles() -> Path:
    if not ARTICLES.is_dir():
        pytest.skip(f"the articles are not in {ARTICLES} (set KELISIM_ARTICLES), so nothing was checked against them")
    return ARTICLES


@pytest.fixture(scope="session")
def kelisim() -> str:
    """The path of the command, installed beside the interpreter that runs the tests."""
    return str(Path(sys.executable).with_name("kelisim"))


@dataclass(frozen=True)
class Serving:
    """A running server: its process, its base URL, and its output until it answered."""

    process: subprocess.Popen[str]
    address: str
    printed: str


@contextmanager
def serving(kelisim: str, *options: str, data: Path | None = None) -> Iterator[Serving]:
    """Runs ``kelisim serve`` on a free port, with the curated files in `data` if given; terminates it afterwards."""
    command = [kelisim, *(("--data", str(data)) if data else ()), "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if match := re.search(r"Serving at (http://\S+)", line):
                break
        else:
            pytest.fail(f"the server did not start: {printed}")
        yield Serving(process, match[1], printed)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


_ENGINE_SECONDS: Final = 15
"""What goes on in an engine after a query was stopped here ends then, as README says to set it."""


@pytest.fixture(scope="session")
def engine_options(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[str]]:
    """The options of a server over the engine that KELISIM_ENGINE names, running with the dataset; none without it."""
    name = os.environ.get("KELISIM_ENGINE")
    if not name:
        yield ()
        return
    with running_or_skipped(name, tmp_path_factory.mktemp(name), _ENGINE_SECONDS) as engine:
        dataset = request.getfixturevalue("dataset")
        fill(engine, dataset.quads, dataset.digest)
        yield ("--engine", engine.query_url)


@pytest.fixture(scope="session")
def server(kelisim: str, engine_options: Sequence[str]) -> Iterator[str]:
    """The base URL of a running server; of one over the engine that KELISIM_ENGINE names, if it does."""
    with serving(kelisim, *engine_options) as running:
        yield running.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; each test opens its own context or page in it."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium here (make browser installs it), so no page was looked at")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With KELISIM_ENGINE, which may be empty for no engine, only tests that ask a server over it are run."""
    if "KELISIM_ENGINE" in os.environ:
        others = [item for item in items if "engine_options" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in {*others}]
