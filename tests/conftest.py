"""What tests share: the dataset, the articles where they are, and a real server."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.curation import Curation, read_curation
from kg.dataset import Dataset, build
from kg.engine import Engine

ROOT = Path(__file__).parent.parent
ARTICLES = ROOT.parent / "shared" / "articles"


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
def articles() -> Path:
    if not ARTICLES.is_dir():
        pytest.skip("the articles are not here (../shared/articles), so nothing was checked against them")
    return ARTICLES


@pytest.fixture(scope="session")
def kelisim() -> str:
    """The command as it is installed beside the interpreter that runs the tests."""
    return str(Path(sys.executable).with_name("kelisim"))


@pytest.fixture(scope="session")
def server(kelisim: str) -> Iterator[str]:
    """The address of a running server, as ``kelisim serve`` prints it."""
    with subprocess.Popen([kelisim, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if match := re.search(r"Serving at (http://\S+)", line):
                break
        else:
            pytest.fail(f"the server did not start: {printed}")
        yield match[1]
        process.terminate()
        assert process.wait(timeout=20) == 0
