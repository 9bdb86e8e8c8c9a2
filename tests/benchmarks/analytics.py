"""How long the export as Parquet takes, and its memory, beside DuckDB's own way from the same lines to sorted Parquet.

``make bench`` or ``python -m tests.benchmarks.analytics [--tiny]``. The data are made-up claims on trade; they fill
the tables. The export reads a file of N-Quads, and a store of the same. The peer takes the lines for text in
one column,
splits them by the same regular expression, sorts them by predicate and subject, and writes one file with the same
compression: no kinds, no typed values, no check that it is RDF, no tables. Memory is the peak of what is resident,
mapped pages of files included.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.trade import n_quads

STATES: Final = (64, 200)
"""Which make 1.1 and 10.4 million quads."""
TINY: Final = 4
KELISIM: Final = str(Path(sys.executable).with_name("kelisim"))
_MEASURED: Final = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
)
_PEAK: Final = "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
_PEER: Final = r"""
import sys, duckdb
lines, output = sys.argv[1:]
duckdb.execute("SET preserve_insertion_order = false; SET memory_limit = '1GB'; SET threads = 2")
duckdb.execute(f"SET temp_directory = '{output}.tmp'")
quad = r'^(\S+) (\S+) (<[^<>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>]*>)?)(?: (\S+))? \.$'
read = f"read_csv('{lines}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false)"
split = f"SELECT regexp_extract(line, '{quad}', ['subject', 'predicate', 'object', 'graph']) AS quad FROM {read}"
duckdb.execute(f"COPY (SELECT quad.* FROM ({split}) ORDER BY 2, 1) TO '{output}' (FORMAT parquet, COMPRESSION zstd)")
"""


def measured(*command: str) -> tuple[float, int]:
    """The seconds that a command takes, and the MiB of its peak. Raises CalledProcessError if it fails."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED + _PEAK, *command], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - begun, int(done.stdout)


def described(folder: Path) -> dict[str, Any]:
    """What an export tells of itself."""
    found: dict[str, Any] = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Prints a row for each size."""
    head = (
        f"{'quads':>10} {'file s':>8} {'MiB':>6} {'store s':>8} {'MiB':>6} {'peer s':>8} {'MiB':>6} {'file/peer':>10}"
    )
    print(head, flush=True)
    for size in (TINY,) if "--tiny" in sys.argv else STATES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lines, store = folder / "data.nq", folder / "store"
            with lines.open("w", encoding="utf-8") as text:
                text.writelines(n_quads(size))
            subprocess.run([KELISIM, "load", store, lines], check=True, capture_output=True)
            export = [KELISIM, "export", "--format", "parquet"]
            file, of_file = measured(*export, "--output", str(folder / "a"), "--input", str(lines))
            stored, of_store = measured(*export, "--output", str(folder / "b"), "--store", str(store))
            peer, of_peer = measured(sys.executable, "-c", _PEER, str(lines), str(folder / "peer.parquet"))
            quads = sum(file["rows"] for file in described(folder / "b")["resources"][0]["files"])
        ours = f"{quads:10} {file:8.1f} {of_file:6} {stored:8.1f} {of_store:6}"
        print(f"{ours} {peer:8.1f} {of_peer:6} {file / peer:10.2f}", flush=True)


if __name__ == "__main__":
    main()
