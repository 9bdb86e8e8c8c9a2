"""``make engines``: what a server over each engine answers as the one that has the data itself, as a table for README.

``python -m tests.engines [NAME ...]`` runs the engines named, by default all; columns of others are kept from the run
before (``build/engines.json``). What failed is printed.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from ontology import KelisimError
from tests.conformance import suite
from tests.conformance.suite import Case
from tests.conftest import ROOT, serving
from tests.engines import comparing
from tests.engines import suites as w3c_suites
from tests.engines.comparing import Compare
from tests.engines.registry import ENGINES, running
from tests.engines.server import EngineServer, MissingEngineError
from tests.engines.suites import Connected, Embedded, Outcome

EMBEDDED: Final = "embedded"
SUITES: Final = {
    "protocol, formats, updates refused": (
        "tests/server/endpoint/test_protocol.py",
        "tests/server/endpoint/test_excel.py",
    ),
    "tests of citations and lenses": ("tests/server/endpoint/test_citing.py", "tests/server/endpoint/test_lenses.py"),
    "tests of abuse: endless, deep, huge, outward": (
        "tests/server/endpoint/test_safety.py",
        "-k",
        "heavy_queries or deep or outbound or bodies or idle or regex",  # others time what this server does
    ),
}
"""Tests of a running server that are run over each engine, by what they are of."""

_KELISIM: Final = str(Path(sys.executable).with_name("kelisim"))
_KEPT: Final = ROOT / "build" / "engines.json"
_MARKS: Final = ("<!-- engines: written by make engines -->", "<!-- end of engines -->")
_Results = dict[str, list[int]]
"""How many of how many are alike or passed, by the name of the row."""


def main(names: Iterable[str]) -> None:
    """Runs the engines and writes the table."""
    measure = w3c_measure()
    with serving(_KELISIM) as embedded:
        for name in names:
            began = time.monotonic()
            if name == EMBEDDED:
                found = w3c(measure, measure) | suites("")
            else:
                try:
                    found = w3c([*over_engine(name)] if measure else [], measure, name)
                    with tempfile.TemporaryDirectory() as folder, running(name, Path(folder)) as engine:
                        found |= compared(engine, embedded.address) | suites(name)
                except MissingEngineError as error:
                    print(f"{name} is not here: {error}")
                    continue
                except (OSError, RuntimeError, KelisimError, subprocess.CalledProcessError) as error:
                    print(f"{name} failed, and its column is that of the run before: {error}")
                    continue
            print(f"{name}: {found} in {time.monotonic() - began:.0f} s", flush=True)
            _KEPT.parent.mkdir(exist_ok=True)
            _KEPT.write_text(json.dumps(_kept() | {name: found}), encoding="utf-8")
    write(_kept())


def _kept() -> dict[str, _Results]:
    """The results of engines so far, also of a run beside this one."""
    return json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.exists() else {}


@cache
def w3c_cases() -> list[Case]:
    """The W3C's tests, fetched once and kept; none where the registry cannot be reached, which is told."""
    try:
        return suite.cases(suite.fetch(_KEPT.parent / "w3c"))
    except suite.Unreachable as reason:
        print(f"The W3C's suites are not run: {reason}")
        return []


def w3c_measure() -> list[Outcome]:
    """What the engine in this process makes of them."""
    return [*w3c_suites.outcomes(Embedded(), w3c_cases())]


def over_engine(name: str) -> Iterator[Outcome]:
    """What the engine of this name makes of them, in a store of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        w3c_suites.writable(name, Path(folder)) as engine,
        closing(Connected(engine)) as connected,
    ):
        yield from w3c_suites.outcomes(connected, w3c_cases())


def w3c(found: list[Outcome], measure: list[Outcome], name: str = "") -> _Results:
    """How many answers are right, and how many are right, refused, or wrong in memory too."""
    if not found:
        return {}
    for surprise in w3c_suites.surprises(name, found, measure) if name else ():
        print(f"{name}, W3C: {surprise[:300]}", flush=True)
    alike = {o.case.iri for o in measure if o.became == "wrong"}
    rights = sum(o.became == "right" for o in found)
    worse = sum(o.became == "wrong" and o.case.iri not in alike for o in found)
    rows = {"W3C query evaluation and formats, right": [rights, len(found)]}
    return rows | ({"the same, no answer that is wrong here alone": [len(found) - worse, len(found)]} if name else {})


def compared(engine: EngineServer, embedded: str) -> _Results:
    """Publishes the dataset to an engine, serves it from there, and compares."""
    secret = f"{engine.user}:{engine.password}"
    command = [_KELISIM, "publish", "--engine", engine.query_url, "--engine-update", engine.update_url]
    command += ["--engine-auth", f"{engine.authentication}:env:PUBLISHER"] if engine.authentication else []
    subprocess.run(command, env={**os.environ, "PUBLISHER": secret}, check=True)
    with serving(_KELISIM, "--engine", engine.query_url) as connected:
        checks = {
            "competency questions": comparing.questions(),
            "the same, cited": comparing.cited(),
            "lenses": comparing.lenses(),
            "reasons of inferred triples": comparing.explanations(embedded),
            "abuse: the same refusals": comparing.abuse(),
            "routes: pages, data, errors": comparing.routes(),
        }
        return {row: counted(engine.name, row, each, connected.address, embedded) for row, each in checks.items()}


def counted(name: str, row: str, checks: Iterable[tuple[str, Compare]], connected: str, embedded: str) -> list[int]:
    """How many of how many comparisons find both alike."""
    alike, done = 0, 0
    for what, is_same in checks:
        done += 1
        try:
            same = is_same(connected, embedded)
            reason = "another answer"
        except (AssertionError, OSError) as error:
            same, reason = False, str(error)
        alike += same
        if not same:
            print(f"{name}, {row}, {what}: {reason[:300]}", flush=True)
    return [alike, done]


def suites(name: str) -> _Results:
    """How many of the tests pass over an engine, or with no name over the data in the server itself."""
    found: _Results = {}
    for row, files in SUITES.items():
        with tempfile.NamedTemporaryFile(suffix=".xml") as report:
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--junitxml",
                report.name,
                *files,
            ]
            environment = {**os.environ, "KELISIM_ENGINE": name}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            suite = next(ElementTree.parse(report.name).iter("testsuite"))
        count, bad, skipped = (int(suite.get(key, 0)) for key in ("tests", "failures", "skipped"))
        bad += int(suite.get("errors", 0))
        found[row] = [count - bad - skipped, count - skipped]
        for failed in re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.MULTILINE):
            print(f"{name or EMBEDDED}, {row}: {failed[:300]}", flush=True)
    return found


def write(kept: dict[str, _Results]) -> None:
    """Writes the table into README between its marks."""
    names = [n for n in (EMBEDDED, *ENGINES) if n in kept]
    rows = dict.fromkeys(row for name in (*ENGINES, EMBEDDED) for row in kept.get(name, {}))
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for row in rows:
        cells = []
        for name in names:
            alike, done = kept[name].get(row, (0, 0))
            cells.append(f"{alike} of {done}" if done else "the measure" if name == EMBEDDED else "not run")
        lines.append(f"| {row} | {' | '.join(cells)} |")
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(_MARKS[0])
    after = rest.partition(_MARKS[1])[2]
    table = "\n".join((_MARKS[0], "", *lines, "", _MARKS[1]))
    readme.write_text(before + table + after, encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:] or (EMBEDDED, *ENGINES))
