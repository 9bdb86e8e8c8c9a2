"""The benchmarks start and end, each on its smallest input; what they measured last is in RESULTS.md."""

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks.__main__ import BENCHMARKS, HELPERS, RESULTS, keep, run, sections
from tests.benchmarks.limits import forked
from tests.conftest import ROOT

ROW = re.compile(r"^\s*\S.*?\s\d[\d.]*\s+.*\d", re.MULTILINE)
DYING = """
import os, signal, sys, time
from tests.benchmarks.limits import forked
def work():
    yield print(os.getpid(), flush=True)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
forked(work, 60)
"""


def test_all_are_registered() -> None:
    files = (ROOT / "tests/benchmarks").glob("[a-z]*.py")
    assert {f.stem for f in files if "\ndef main(" in f.read_text(encoding="utf-8")} == {*BENCHMARKS, *HELPERS}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_starts_and_ends(name: str) -> None:
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--tiny"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert ROW.search(done.stdout), done.stdout


def test_results_are_kept_of_all() -> None:
    kept = sections(RESULTS)
    assert list(kept) == list(BENCHMARKS)
    for name, text in kept.items():
        assert f"`python -m tests.benchmarks.{name}" in text
        assert re.search(r"\d{4}-\d\d-\d\d, commit [0-9a-f]{7,}", text)
        assert ROW.search(text)
        assert "Failed:" not in text


def test_results_tell_nothing_of_the_machine_but_its_kind() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    assert not re.search(rf"\b{re.escape(platform.node())}\b", text)
    assert not [path for path in (f"{ROOT}/", f"{Path.home()}/", "/tmp/", "/home/") if path in text]


def test_a_section_is_replaced_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    for name, table in (("updates", "1 1"), ("queries", "2 2"), ("updates", "3 3")):
        keep(file, name, f"## {name}\n\n```\n{table}\n```\n")
    assert {name: text.split()[3] for name, text in sections(file).items()} == {"queries": "2", "updates": "3"}
    assert list(sections(file)) == ["queries", "updates"]


def test_a_benchmark_that_fails_is_told() -> None:
    assert run([sys.executable, "-c", "print(1); exit(3)"], 20) == ("1\n", "Failed: it ended with status 3.")
    endless = [sys.executable, "-c", "import time; print(1); time.sleep(60)"]
    assert run(endless, 0.5) == ("1\n", "Failed: it ran out of time, stopped after 0.5 s.")


def test_the_others_go_on_when_one_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(benchmarks, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(benchmarks, "run", lambda command, _: ("1 1", "Failed: x." if "queries" in command[2] else ""))
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert benchmarks.main() == 1
    kept = sections(tmp_path / "RESULTS.md")
    assert list(kept) == list(BENCHMARKS)
    assert [name for name, text in kept.items() if "Failed" in text] == ["queries"]


def test_a_peer_that_takes_too_long_is_killed() -> None:
    def work() -> Iterator[int]:
        yield os.getpid()
        time.sleep(60)

    start = time.monotonic()
    assert forked(work, 0.3) is None
    assert time.monotonic() - start < 10
    assert forked(lambda: range(3), 20) == [0, 1, 2]


def test_a_peer_dies_with_us() -> None:
    command = [sys.executable, "-c", DYING]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode < 0
    peer, end = Path(f"/proc/{int(done.stdout)}/stat"), time.monotonic() + 10
    while peer.exists() and " Z " not in peer.read_text(encoding="utf-8"):
        assert time.monotonic() < end, "the peer lives on"
        time.sleep(0.05)
