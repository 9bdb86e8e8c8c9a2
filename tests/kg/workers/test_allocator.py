"""The command runs with mimalloc, by executing itself once more, and with the C library's where that cannot be."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import psutil
import pytest

from kg.workers import allocator
from ontology import KelisimError
from tests.conftest import Serving, serving
from tests.http import ask, send

PROGRAM = """
import json, os, subprocess, sys
from kg.workers import allocator

print(os.getpid(), flush=True)
if "embedded" not in sys.argv:
    allocator.is_program()
lacking = allocator.use(sys.argv[1])
child = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
print(json.dumps({
    "lacking": lacking, "in use": allocator.in_use(), "arguments": sys.argv[1:], "input": sys.stdin.read(),
    "environment": json.loads(subprocess.run(child, capture_output=True, check=True).stdout),
}))
"""
"""Tells its number before, then what became of it; runs twice as far as the restart."""

NAMES = ("LD_PRELOAD", "MIMALLOC_ARENA_RESERVE", "KELISIM_RESTARTED")

try:
    allocator.library()
    LACKING = ""
except KelisimError as error:
    LACKING = str(error)
needs_library = pytest.mark.skipif(bool(LACKING), reason=f"mimalloc is not used here: {LACKING}")


def run(*arguments: str, path: Path, **environment: str) -> tuple[list[str], dict[str, Any]]:
    """Runs `PROGRAM`: the process ids that it printed, and what it told last."""
    script = path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        input="what came in",
        capture_output=True,
        text=True,
        check=True,
        env={**kept, **environment},
    )
    *pids, told = done.stdout.splitlines()
    return pids, json.loads(told)


@needs_library
def test_the_same_process_goes_on_with_mimalloc(tmp_path: Path) -> None:
    pids, told = run("mimalloc", "an argument", "", "ә'\"$", path=tmp_path)
    assert len(pids) == 2
    assert pids[0] == pids[1]
    assert re.fullmatch(r"mimalloc \d+\.\d+\.\d+", told["in use"])
    assert told["lacking"] == ""
    assert told["arguments"] == ["mimalloc", "an argument", "", "ә'\"$"]
    assert told["input"] == "what came in"
    assert not {*NAMES} & {*told["environment"]}, "other programs are started as if nothing had happened"


@needs_library
def test_other_programs_see_what_the_operator_set(tmp_path: Path) -> None:
    given = {"LD_PRELOAD": "libc.so.6", "MIMALLOC_ARENA_RESERVE": "64MiB"}
    pids, told = run("mimalloc", path=tmp_path, **given)
    assert len(pids) == 2
    assert told["in use"].startswith("mimalloc")
    assert {name: told["environment"].get(name) for name in NAMES} == {**given, "KELISIM_RESTARTED": None}


@pytest.mark.parametrize(
    ("arguments", "environment", "reason"),
    [
        (["system"], {}, ""),
        (["mimalloc", "embedded"], {}, ""),
        (["mimalloc"], {"KELISIM_RESTARTED": "{}"}, "did not load"),
        (["mimalloc"], {"KELISIM_RESTARTED": "no JSON"}, "did not load"),
        (["mimalloc"], {"LD_PRELOAD": "libtcmalloc-of-nobody.so"}, "LD_PRELOAD=libtcmalloc-of-nobody.so"),
    ],
    ids=["turned off", "only a part of a program", "not loaded", "a mark of others", "chosen by the operator"],
)
def test_nothing_is_executed_again(
    arguments: list[str], environment: dict[str, str], reason: str, tmp_path: Path
) -> None:
    pids, told = run(*arguments, path=tmp_path, **environment)
    assert len(pids) == 1
    assert told["in use"] == "system"
    assert reason in told["lacking"]
    assert bool(reason) == bool(told["lacking"])


def not_installed(_: str) -> list[Any]:
    raise PackageNotFoundError


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("importlib.metadata.files", not_installed, "not installed"),
        ("importlib.metadata.files", lambda _: [], "has no"),
        ("sys.platform", "darwin", "darwin"),
        ("sys.argv", ["-"], "no file"),
        ("ctypes.CDLL", lambda _: (_ for _ in ()).throw(OSError("of another C library")), "another C library"),
    ],
)
def test_where_it_cannot_be_the_reason_is_told(
    name: str, value: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if LACKING and name in ("sys.argv", "ctypes.CDLL"):
        pytest.skip(LACKING)
    monkeypatch.setattr(name, value)
    with pytest.raises(KelisimError, match=reason):
        allocator.library()


@pytest.fixture(scope="module", params=["mimalloc", "system"])
def small(request: pytest.FixtureRequest, kelisim: str) -> Iterator[tuple[str, Serving]]:
    """The allocator, and a server with it whose queries may take 64 MiB."""
    if request.param == "mimalloc" and LACKING:
        pytest.skip(LACKING)
    with serving(kelisim, "--memory", "64", "--timeout", "100", "--allocator", request.param) as running:
        yield request.param, running


def replaced(address: str) -> float:
    _, _, body = send(f"{address}metrics")
    found = re.search(r"^kelisim_workers_replaced_total (\S+)", body.decode(), re.MULTILINE)
    assert found
    return float(found[1])


def test_a_query_over_the_limit_of_memory_is_told_so(small: tuple[str, Serving]) -> None:
    _, running = small
    before = replaced(running.address)
    status, _, body = send(ask(running.address, "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?f", timeout="100"))
    assert status == 413
    assert "needs more than 64 MiB of memory" in json.loads(body)["detail"]
    assert send(ask(running.address, "ASK {}"))[0] == 200
    assert replaced(running.address) > before


def test_the_server_and_its_workers_have_the_allocator_and_tell_it(small: tuple[str, Serving]) -> None:
    name, running = small
    metrics = send(f"{running.address}metrics")[2].decode()
    assert f'kelisim_allocator_info{{name="{name}' in metrics
    assert f"Memory allocator: {name}" in running.printed
    server = psutil.Process(running.process.pid)
    maps = []
    for process in [server, *server.children(recursive=True)]:
        with suppress(OSError):  # a worker that was replaced meanwhile has none
            maps.append(Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8"))
    assert len(maps) > 2
    assert {"libmimalloc" in text for text in maps if text} == {name == "mimalloc"}
