"""The wheel: built, installed in a new virtual environment, and used there."""

import os
import subprocess
import sys
import venv
from importlib.metadata import distributions
from pathlib import Path

from kg.curation.dataset import Dataset
from kg.curation.shipped import ELSEWHERE
from tests.conftest import ROOT


def test_the_wheel_works_elsewhere(tmp_path: Path, shipped: Dataset) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("kelisim-*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    commands = tmp_path / "venv" / "bin"
    same = tmp_path / "same.txt"
    same.write_text("".join(f"{d.name}=={d.version}\n" for d in distributions() if d.name != "kelisim"))
    install = [str(commands / "python"), "-m", "pip", "install", "--quiet", "--constraint", str(same), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", ELSEWHERE))}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [commands / "kelisim", *arguments],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    assert f"digest: {shipped.digest}" in run("stats")
    assert "https://w3id.org/kelisim/id/astana" in run(
        "query", "SELECT ?x { BIND(id:astana AS ?x) }", "--format", "csv"
    )
    assert run("questions").count("\n") >= 50
    run("new", "harbour")
    assert run("test", "harbour", "--no-reasoning").startswith("Passed: 4 claims")
