"""How long it takes to make a store of a file, and to answer after a start, beside the engine's own store on disk.

``make bench`` or ``python -m tests.benchmarks.loading [--tiny]``. The peer loads the same file, by the same engine's
bulk loader; a start is timed without the copy on disk of the snapshot and with it, after a kill (SIGKILL). The copy,
which ``kelisim load`` writes by itself, is timed apart.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.history.history import History
from tests.benchmarks.data import write

TRIPLES: Final = (1_000_000, 8_000_000)
TINY: Final = 2_000
KELISIM: Final = str(Path(sys.executable).with_name("kelisim"))
START_SECONDS: Final = 600


def seconds_to_answer(folder: Path) -> float:
    """From the start of a server of the store to its first answer to a query; the server is killed then."""
    command = [KELISIM, "serve", "--port", "0", "--store", str(folder), "--allow-updates"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = next(line.split()[2] for line in server.stdout if line.startswith("Serving at "))
            query = "sparql?format=json&query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%201"
            with urllib.request.urlopen(address + query, timeout=START_SECONDS) as answer:
                assert json.load(answer)["results"]["bindings"]
            return time.perf_counter() - start
        finally:
            server.kill()


def main() -> None:
    """Prints a row for each size."""
    loading = f"{'quads':>10} {'load s':>8} {'peer s':>8} {'ratio':>6} {'copy s':>8}"
    print(f"{loading} {'start s':>8} {'with copy':>10} {'ratio':>6}")
    for size in (TINY,) if "--tiny" in sys.argv else TRIPLES:
        with tempfile.TemporaryDirectory() as name:
            file, folder = Path(name) / "data.nq", Path(name) / "store"
            write(file, size)
            begun = time.perf_counter()
            subprocess.run([KELISIM, "load", "--no-copy", str(folder), str(file)], check=True, capture_output=True)
            load = time.perf_counter() - begun
            begun = time.perf_counter()
            ox.Store(str(Path(name) / "peer")).bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS)
            peer = time.perf_counter() - begun
            whole = seconds_to_answer(folder)
            time.sleep(5)  # until the processes of the killed server have gone
            with History.open(folder / "history") as history:
                quads = history.snapshot_quads
                begun = time.perf_counter()
                history.write_disk_copy(0)
                copy = time.perf_counter() - begun
            copied = seconds_to_answer(folder)
            loaded = f"{quads:10} {load:8.1f} {peer:8.1f} {load / peer:6.2f}"
            print(f"{loaded} {copy:8.1f} {whole:8.1f} {copied:10.1f} {copied / whole:6.2f}", flush=True)


if __name__ == "__main__":
    main()
