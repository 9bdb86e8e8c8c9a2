"""Runs the benchmarks and keeps their tables: ``python -m tests.benchmarks [NAME ...]``, or ``make bench``.

Each runs in a process of its own with a time limit. A section of RESULTS.md that was not run this time stays as it was.
"""

import importlib
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
BENCHMARKS: Final = ("queries", "service", "search", "pages", "updates", "fairness")
LIMIT_SECONDS: Final = 2400
PACKAGES: Final = ("pyoxigraph", "rdflib", "granian", "Flask", "uvloop", "rapidfuzz")
HEAD: Final = (
    "# Results of the benchmarks\n\nWritten by `make bench`; each section says when and on what it was measured. "
    "Timings are noisy: the ratios of one run count.\n"
)


def main() -> int:
    """Runs the named benchmarks, or all; returns 1 if one fails."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    if unknown := set(chosen) - set(BENCHMARKS):
        sys.stderr.write(f"There is no benchmark {', '.join(unknown)}; there is: {', '.join(BENCHMARKS)}.\n")
        return 2
    failed = False
    for name in chosen:
        began = time.monotonic()
        table, good = run(name)
        failed = failed or not good
        write(name, section(name, table, time.monotonic() - began))
    return int(failed)


def run(name: str) -> tuple[str, bool]:
    """What a benchmark prints, and whether it ended well; shown as it comes."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    lines, end = list[str](), time.monotonic() + LIMIT_SECONDS
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(line)
        if time.monotonic() > end:
            process.kill()
            lines.append(f"Stopped after {LIMIT_SECONDS} s.\n")
    status = process.wait()
    if status:
        lines = [*lines[-200:], f"Failed: it ended with status {status}.\n"]
    return "".join(lines), status == 0


def section(name: str, table: str, seconds: float) -> str:
    """The section of a benchmark: what it measures, on what, and its table."""
    what = (importlib.import_module(f"tests.benchmarks.{name}").__doc__ or "").partition("\n")[0]
    versions = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    return (
        f"## {name}\n\n{what}\n\n"
        f"`python -m tests.benchmarks.{name}`, {datetime.now(UTC):%Y-%m-%d}, commit {commit.strip() or 'unknown'}, "
        f"{seconds:.0f} s. {machine()}; Python {platform.python_version()}, {versions}.\n\n"
        f"```\n{table.strip()}\n```\n"
    )


def machine() -> str:
    """Processor, cores, memory and kernel."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{cpu[1] if cpu else 'unknown processor'}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"


def sections() -> dict[str, str]:
    """The sections of the file, by name, as they are."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    return {m[1]: m[0] for m in re.finditer(r"^## (\w+)\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)}


def write(name: str, text: str) -> None:
    """Puts a section into the file, which keeps the others."""
    kept = sections() | {name: text}
    body = "\n".join(kept[n].strip() + "\n" for n in BENCHMARKS if n in kept)
    RESULTS.write_text(f"{HEAD}\n{body}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
