"""The benchmarks start and end, each on its smallest input; what they measured last is in RESULTS.md."""

import re
import subprocess
import sys

import pytest

from tests.benchmarks.__main__ import BENCHMARKS, sections
from tests.conftest import ROOT


def test_all_are_registered() -> None:
    mains = {
        file.stem
        for file in (ROOT / "tests/benchmarks").glob("[a-z]*.py")
        if "--tiny" in (text := file.read_text(encoding="utf-8")) and "def main()" in text
    }
    assert mains == set(BENCHMARKS)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_starts_and_ends(name: str) -> None:
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--tiny"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if re.search(r"\d[\d.]* +.*\d", line)]


def test_results_are_kept_of_all() -> None:
    kept = sections()
    assert list(kept) == list(BENCHMARKS)
    for name, text in kept.items():
        assert f"python -m tests.benchmarks.{name}" in text
        assert re.search(r"\d{4}-\d\d-\d\d, commit [0-9a-f]{7,}", text)
        assert "Failed:" not in text
