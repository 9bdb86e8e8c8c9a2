"""Runs the benchmarks and keeps their tables in RESULTS.md: ``python -m tests.benchmarks [--tiny] [NAME ...]``.

``make bench`` runs all. Each runs in a process of its own with a time limit. A section that was not run this time stays
as it was. The status is 1 where a benchmark fails or runs out of time.
"""

import argparse
import importlib
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from signal import SIGTERM
from typing import Final

from kg.workers.confinement import die_with_parent
from tests.benchmarks.peers import OXIGRAPH

BENCHMARKS: Final = (
    "queries",
    "citations",
    "service",
    "search",
    "pages",
    "updates",
    "changes",
    "inference",
    "loading",
    "fairness",
    "versions",
    "lenses",
    "conflicts",
    "explanations",
    "analytics",
    "analysts",
    "capacity",
)
HELPERS: Final = ("client", "foreign")
"""Programs that the benchmarks start."""
RESULTS: Final = Path(__file__).with_name("RESULTS.md")
LIMIT_SECONDS: Final = 3600.0
STOP_SECONDS: Final = 30.0
"""For a benchmark to stop its servers."""
PACKAGES: Final = ("pyoxigraph", "rdflib", "httptools", "Flask", "uvloop", "rapidfuzz")


def main() -> int:
    """Runs the named benchmarks, or all; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Runs the benchmarks.")
    parser.add_argument("--tiny", action="store_true", help="with the smallest inputs, to see that all of it runs")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}; else all")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    failed = False
    for name in arguments.names or BENCHMARKS:
        module = [f"tests.benchmarks.{name}", *(["--tiny"] if arguments.tiny else [])]
        print(f"\n{name}", flush=True)
        start, busy = time.monotonic(), os.getloadavg()[0]
        table, failure = run([sys.executable, "-m", *module], LIMIT_SECONDS)
        took = f"took {time.monotonic() - start:.0f} s, load average {busy:.1f} before"
        keep(RESULTS, name, section(name, module, table, failure, took))
        print(failure, flush=True)
        failed = failed or bool(failure)
    return int(failed)


def run(command: Sequence[str], limit: float) -> tuple[str, str]:
    """What a program writes to its output, shown as it comes; and how it failed, or nothing."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=partial(die_with_parent, SIGTERM),  # noqa: PLW1509 - no other threads
    )
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()

    timer = threading.Timer(limit, stop)
    timer.start()
    lines = []
    assert process.stdout
    with process:
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append(line)
            status = process.wait()
        finally:
            timer.cancel()
            process.terminate()
    failure = f"ran out of time, stopped after {limit:g} s" if late.is_set() else f"ended with status {status}"
    return "".join(lines), f"Failed: it {failure}." if late.is_set() or status else ""


def section(name: str, module: Sequence[str], table: str, failure: str, took: str) -> str:
    """The section of a benchmark: what it measures, its command, when, its table, and how it failed."""
    what = (importlib.import_module(f"tests.benchmarks.{name}").__doc__ or "").partition("\n")[0]
    return (
        f"## {name}\n\n{what}\n\n`python -m {' '.join(module)}`, {now()}, {took}; {machine()}.\n\n"
        f"```\n{table.strip()}\n```\n" + (f"\n{failure}\n" if failure else "")
    )


def now() -> str:
    """The date and the commit, and whether files differ from it; our results do not count."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=RESULTS.parent).stdout.strip()

    changes = git("status", "--porcelain", "--untracked-files=no", "--", ":/", f":(exclude){RESULTS.name}")
    commit = git("rev-parse", "--short=7", "HEAD") or "unknown"
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}{' with changes' if changes else ''}"


def machine() -> str:
    """Processor and cores."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores"


def head() -> str:
    """The beginning of the file: what it is, and where the last run was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    versions = ", ".join([f"{p} {version(p)}" for p in PACKAGES] + [f"{OXIGRAPH.replace('==', ' ')} (the peer)"])
    return (
        "# Results of the benchmarks\n\nWritten by `make bench`; each section says when and on what it was measured. "
        "Timings are noisy: what counts is the ratios of one run, "
        "and a load average above 0.5 before it spoils these too. Runs with `--tiny` only show that all works.\n\n"
        f"The last run: {now()}; {machine()}, {memory:.1f} GiB of memory, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {versions}.\n"
    )


def sections(file: Path) -> dict[str, str]:
    """The sections of the file, by name, as they are."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return {m[1]: m[0] for m in re.finditer(r"^## (\w+)\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)}


def keep(file: Path, name: str, text: str) -> None:
    """Puts a section into the file, which keeps those of other benchmarks."""
    kept = sections(file) | {name: text}
    body = "\n".join(kept[n].strip() + "\n" for n in BENCHMARKS if n in kept)
    file.write_text(f"{head()}\n{body}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
