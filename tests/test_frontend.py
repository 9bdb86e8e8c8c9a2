"""The third-party scripts of the pages: their dependencies, and the output of the build."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FRONTEND = ROOT / "server" / "frontend"
BUILT = ROOT / "server" / "static" / "built"


def test_the_lock_file_names_no_host_and_pins_every_package() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: about for path, about in lock["packages"].items() if path}
    assert len(packages) > 100
    for path, about in packages.items():
        assert "resolved" not in about or about["resolved"].startswith("https://registry.npmjs.org/"), path
        assert about["integrity"].startswith("sha512-"), path
        assert re.fullmatch(r"\d+\.\d+\.\d+", about["version"]), path


def test_every_dependency_has_a_documented_purpose() -> None:
    package = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    header = (FRONTEND / "build.mjs").read_text(encoding="utf-8").split("\nimport")[0]
    for name in {**package["dependencies"], **package["devDependencies"]}:
        assert name in header


def test_no_third_party_script_is_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout, so there is nothing to be told of what is committed")
    paths = ["server/static/built", "server/frontend/node_modules"]
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files", *paths], capture_output=True, text=True, check=True)
    assert done.stdout == ""


@pytest.fixture(scope="module")
def built() -> Path:
    if not (BUILT / "yasgui.js").is_file():
        pytest.skip("the scripts of the pages are not built here (make builds them)")
    return BUILT


def test_the_build_makes_what_the_pages_use(built: Path) -> None:
    assert {p.name for p in built.iterdir()} == {"LICENSES.txt", "vega.js", "world.json", "yasgui.css", "yasgui.js"}
    assert (built / "vega.js").stat().st_size < 900_000
    assert (built / "yasgui.js").stat().st_size < 1_000_000
    assert len(json.loads((built / "world.json").read_bytes())["objects"]["countries"]["geometries"]) > 150


def test_the_licences_of_bundled_packages_are_listed(built: Path) -> None:
    text = (built / "LICENSES.txt").read_text(encoding="utf-8")
    for name in ("@zazuko/yasgui", "codemirror", "datatables.net", "vega", "vega-lite", "d3-geo", "world-atlas"):
        assert re.search(rf"^{re.escape(name)} \d", text, re.MULTILINE), name
    assert "Permission is hereby granted, free of charge" in text


def test_the_build_is_reproducible(built: Path, tmp_path: Path) -> None:
    node = Path(sys.executable).with_name("node")
    if not node.exists() or not (FRONTEND / "node_modules").is_dir():
        pytest.skip("no Node, or no packages, here (make brings both)")
    shutil.copytree(FRONTEND, tmp_path / "frontend", symlinks=True, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "frontend" / "node_modules").symlink_to(FRONTEND / "node_modules")
    (tmp_path / "static").mkdir()
    subprocess.run([str(node), "build.mjs"], cwd=tmp_path / "frontend", check=True, capture_output=True, timeout=60)
    for file in built.iterdir():
        assert (tmp_path / "static" / "built" / file.name).read_bytes() == file.read_bytes(), file.name
