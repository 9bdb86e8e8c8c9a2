"""Renews ``requirements.lock``: every package with its version and hashes, for all Pythons and systems that we run on.

``make lock`` runs it. The file has two parts, since ``make serve`` installs the first alone: what Kelisim and the build
of its pages need, and after the line ``# Development`` what only checks and tests need.
"""

import difflib
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

LOCK = Path("requirements.lock")
HEAD = "# Written by `make lock` from pyproject.toml; `make` installs from it. Not to be edited.\n\n"
DIVIDER = "# Development\n\n"


def resolved(extras: list[str], build: list[str], pinned: str = "") -> dict[str, str]:
    """The packages that the project with these extras, and its build, need: each name and its lines for pip.

    `pinned` are lines of packages that are decided already.
    """
    with tempfile.TemporaryDirectory() as folder:
        requires, constraints, output = (Path(folder, n) for n in ("requires.in", "pinned.txt", "lock.txt"))
        requires.write_text("\n".join(build) + "\n", encoding="utf-8")
        constraints.write_text(
            re.sub(r" \\\n.*?(?=^\S|\Z)", "\n", pinned, flags=re.DOTALL | re.MULTILINE), encoding="utf-8"
        )
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--upgrade", "--generate-hashes", "--no-header", "--no-annotate", "--constraints", str(constraints)]
        command += [f"--extra={extra}" for extra in extras] + ["pyproject.toml", str(requires), "-o", str(output)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a tool that the lock file names
        text = output.read_text(encoding="utf-8")
    entries = re.findall(r"^\S.*?(?=^\S|\Z)", text, flags=re.DOTALL | re.MULTILINE)
    return {re.split(r"[\[=<>~! ;]", entry, maxsplit=1)[0] + _marker(entry): entry for entry in entries}


def _marker(entry: str) -> str:
    """The environment marker of an entry, since a package may have a version for each Python."""
    return entry.partition("\n")[0].partition(";")[2].rstrip(" \\")


def main() -> None:
    """Writes the file anew and prints what changed."""
    build = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    runtime = resolved(["frontend"], build)
    whole = resolved(["frontend", "dev"], build, "".join(runtime.values()))
    text = HEAD + "".join(runtime.values()) + DIVIDER
    text += "".join(entry for name, entry in whole.items() if name not in runtime)
    before = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    LOCK.write_text(text, encoding="utf-8")
    versions = [[line.rstrip(" \\") for line in t.splitlines() if "==" in line] for t in (before, text)]
    changed = [line for line in difflib.ndiff(*versions) if line.startswith(("+", "-"))]
    sys.stdout.write("\n".join(changed or ["Nothing has changed."]) + "\n")


if __name__ == "__main__":
    main()
