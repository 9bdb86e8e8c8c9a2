"""``kelisim publish``: what it prints and how it ends; and README's recipe for Virtuoso, followed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.curation.dataset import Dataset
from kg.history.history import History
from kg.rdf.patches import Patch, new_header
from tests.conftest import ROOT
from tests.engines.registry import running_or_skipped
from tests.engines.server import EngineServer, answers
from tests.http import free_port
from tests.kg.upload.samples import NAMELESS, held, quad, sample
from tests.waiting import becomes


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineServer]:
    with running_or_skipped("oxigraph", tmp_path_factory.mktemp("oxigraph")) as server:
        yield server


def run(kelisim: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [kelisim, "publish", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def there(server: EngineServer) -> list[str]:
    options = ["--engine", server.query_url, "--engine-update", server.update_url]
    return [*options, "--engine-graphs", server.graphs_url]


def test_a_file_is_published_and_nothing_the_second_time(kelisim: str, oxigraph: EngineServer, tmp_path: Path) -> None:
    """Also where it has blank nodes, whose labels are others each time it is read."""
    file = tmp_path / "data.ttl"
    file.write_text("@prefix : <http://example.org/> . :a :b [ :c 1.10 ] .", encoding="utf-8")
    first = run(kelisim, *there(oxigraph), "--file", file, "--dry-run")
    assert "would get the dataset" in first.stdout
    assert "2 quads added" in first.stdout
    assert held(oxigraph) == set()
    first = run(kelisim, *there(oxigraph), "--file", file)
    assert "2 quads added and 0 removed" in first.stdout
    assert "readers saw the version before, then this one" in first.stdout
    assert first.stderr == "", "a bar is for terminals"
    again = run(kelisim, *there(oxigraph), "--file", file, "--json")
    document = json.loads(again.stdout)
    assert document["product"].startswith("Oxigraph")
    assert [(v["way"], v["added"], v["quads"]) for v in document["versions"]] == [("nothing", 0, 2)]


def test_a_store_is_published_from_a_version_on(kelisim: str, oxigraph: EngineServer, tmp_path: Path) -> None:
    with History.create(tmp_path / "history", sample() - NAMELESS) as history:
        for n in range(3):
            history.append(Patch(adds=(quad("s", "p", f"o{n}"),), header=new_header("tests", "adds")))
    done = run(kelisim, *there(oxigraph), "--store", tmp_path, "--from-version", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert [v["store_version"] for v in json.loads(done.stdout)["versions"]] == [1, 2, 3]
    assert {quad("s", "p", f"o{n}") for n in range(3)} <= held(oxigraph)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--engine", "no address"], 1, "no address of an engine"),
        (["--engine", "http://user:hidden@127.0.0.1/sparql"], 1, "--engine-auth"),
        (["--engine", "http://127.0.0.1:1/sparql", "--engine-auth", "basic:hidden"], 1, "takes no secret itself"),
        (["--engine", "http://127.0.0.1:1/sparql", "--engine-auth", "basic:env:NOT_SET_HERE"], 1, "NOT_SET_HERE"),
        (["--engine", "http://127.0.0.1:1/sparql"], 1, "does not answer"),
        (["--engine", "http://127.0.0.1:1/sparql", "--from-version", "1"], 2, "--store"),
        (["--engine", "http://127.0.0.1:1/sparql", "--store", "/nowhere"], 1, "holds no store"),
        ([], 2, "--engine"),
    ],
)
def test_what_cannot_be_done_is_told(kelisim: str, arguments: list[str], status: int, words: str) -> None:
    done = run(kelisim, *arguments)
    assert done.returncode == status
    assert words in done.stderr
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_recipe_for_virtuoso(kelisim: str, dataset: Dataset, tmp_path: Path) -> None:
    """README's commands, with other ports."""
    if not shutil.which("virtuoso-t"):
        pytest.skip("there is no virtuoso-t (Debian's virtuoso-opensource-7-bin has it)")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.partition("## Publishing to an engine")[2].partition("\n## ")[0]
    _, start, serve, stop = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    sql, http, own = free_port(), free_port(), free_port()

    def follow(commands: str) -> str:
        here = commands.replace("1111", str(sql)).replace("8890", str(http)).replace("8000", str(own))
        here = here.replace("kelisim ", f"{kelisim} ").replace(
            "--max-timeout 30 &", "--max-timeout 30 > serve.log 2>&1 &"
        )
        done = subprocess.run(["bash", "-e", "-c", here], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        assert f"{len(dataset.quads)} quads added and 0 removed" in follow(start)
        assert "nothing was sent" in follow(start[start.rindex("\nkelisim") :])
        asked = follow(serve)
        assert "id:emmanuel-macron" in asked
        assert "2 rows" in asked
        assert json.loads((tmp_path / "ready.json").read_text(encoding="utf-8"))["status"] == "ready"
    finally:
        follow(stop)
    for port in (http, own):
        assert becomes(lambda port=port: not answers(f"http://127.0.0.1:{port}/"), 30)  # type: ignore[misc]
