"""``make clients`` or ``python -m tests.clients [CLIENT ...]``: runs the script through every client that is here."""

import argparse
import socket
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from tests.clients import chromium, in_python, openrefine, programs
from tests.clients.script import STEPS, Access, Client, Missing, Run, run
from tests.conftest import serving

ALL: list[type[Client]] = [*in_python.ALL, *programs.ALL, openrefine.OpenRefine, chromium.Chromium]


def main() -> int:
    """Prints the table on standard output; 1 if a client that is here fails a step."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="beginnings of names; all by default")
    wanted = tuple(parser.parse_args().clients) or ("",)
    socket.setdefaulttimeout(60)  # of clients that set none
    warnings.simplefilter("ignore")  # of clients about themselves
    kelisim = str(Path(sys.executable).with_name("kelisim"))
    runs: list[Run] = []
    missing: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        create = [kelisim, "token", "create", "clients", "--store", folder]
        token = subprocess.run(create, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1]
        with serving(kelisim, "--store", folder, "--allow-updates") as running:
            access = Access(running.address, token)
            for kind in ALL:
                if kind.name.casefold().startswith(tuple(w.casefold() for w in wanted)):
                    try:
                        client = kind(access)
                        runs.append(run(client, kind(Access(access.server, "unknown"))))
                    except Missing as reason:
                        missing.append((kind.name, str(reason)))
                    print(kind.name, file=sys.stderr)
    print(table(runs, missing))
    return int(any(r.failures for r in runs) or not runs)


def table(runs: list[Run], missing: list[tuple[str, str]]) -> str:
    """Markdown, with the failures in full below."""
    lines = [
        "| client | version | " + " | ".join(STEPS) + " | more |",
        "|---|---|" + "---|" * (len(STEPS) + 1),
    ]
    for each in runs:
        more = [cell for name, cell in each.cells.items() if name not in STEPS and cell != "–"]
        good = f"{more.count('ok')} of {len(more)}" if more else "–"
        cells = [each.cells.get(name, "–") for name in STEPS]
        lines.append(f"| {each.name} | {each.version} | {' | '.join(cells)} | {good} |")
    lines += [f"| {name} | not to be had here: {reason} |" + " |" * (len(STEPS) + 1) for name, reason in missing]
    lines += [
        "",
        "–: the client has no way to do this; own: its own parser tells; no text: it shows none of an answer.",
    ]
    for each in runs:
        lines += [f"\n{each.name}, {name}: {' '.join(text.split())[:800]}" for name, text in each.failures]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
