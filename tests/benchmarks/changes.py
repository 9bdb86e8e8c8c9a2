"""How long one-quad changes take over HTTP, beside the oxigraph server, and until search has them, beside a new index.

``make bench`` or ``python -m tests.benchmarks.changes [--tiny] [--large]``. Kelisim validates each change, writes it to
its log and syncs that before it answers; oxigraph in memory does none of these. Changes with shapes add a whole state,
of six triples; all others one or two quads. The peers take the same changes in turns in the same run, and then must
have the same number of quads. ``--large`` adds ten million quads.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from ontology.namespaces import ID, KEL, PREFIXES, RDF_TYPE
from tests.benchmarks.peers import (
    MissingPeerError,
    Server,
    cache_folder,
    oxigraph_binary,
    oxigraph_in_memory,
    running_kelisim,
)

SIZES: Final = (10_000, 100_000, 1_000_000)
LARGE: Final = 10_000_000
TINY: Final = 1_000
ROUNDS: Final = 60
READY_SECONDS: Final = 600
PER_THING: Final = 5
LABEL: Final = PREFIXES["rdfs"] + "label"
SOURCE: Final = PREFIXES["dcterms"] + "source"
COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

Change = Callable[[int], str]
CHANGES: Final[dict[str, Change]] = {
    "other data": lambda n: f'INSERT DATA {{ <http://example.org/new{n}> <http://example.org/p> "{n}" }}',
    "label": lambda n: f'INSERT DATA {{ <http://example.org/thing{n}> <{LABEL}> "Zembla{n}"@en }}',
    "with shapes": lambda n: (
        f"INSERT DATA {{ <{ID}benchmark-{n}> a <{KEL.State}> ; <{SOURCE}> <https://example.org/{n}> ; "
        f'<{LABEL}> "State {n}"@en , "Страна {n}"@ru , "Ел {n}"@kk }}'
    ),
    "pattern": lambda n: (
        f"DELETE {{ ?s <http://example.org/value> ?o }} INSERT {{ ?s <http://example.org/value> ?n }} WHERE "
        f"{{ BIND(<http://example.org/thing{n}> AS ?s) ?s <http://example.org/value> ?o BIND(?o + 1 AS ?n) }}"
    ),
}


def write(file: Path, size: int) -> None:
    """Things with labels, values and links as N-Quads."""
    with file.open("w") as output:
        for n in range(size // PER_THING):
            thing = f"<http://example.org/thing{n}>"
            output.write(f'{thing} <{LABEL}> "Thing number {n} of {n % 97}"@en .\n')
            output.write(f"{thing} <{RDF_TYPE}> <http://example.org/Class{n % 50}> .\n")
            output.write(f"{thing} <http://example.org/in> <http://example.org/place{n % 1000}> .\n")
            output.write(f"{thing} <http://example.org/next> <http://example.org/thing{n + 1}> .\n")
            output.write(f'{thing} <http://example.org/value> "{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n')


class Client:
    """A connection that is kept."""

    def __init__(self, server: Server, update: str, token: str = "") -> None:
        self.name = server.name
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=READY_SECONDS)
        self._query = "/" + server.address.partition("/")[2]
        self._update = update
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        self._connection.request("GET", path, headers=headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def change(self, update: str) -> float:
        """The seconds that it takes."""
        headers = self._headers | {"Content-Type": "application/sparql-update"}
        start = time.perf_counter()
        self._connection.request("POST", self._update, update.encode(), headers)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - start
        if response.status >= 300:
            raise RuntimeError(f"{self.name} refused a change: {response.status} {body.decode()}")
        return seconds

    def count(self) -> int:
        """The number of triples."""
        path = f"{self._query}?{urllib.parse.urlencode({'query': COUNT})}"
        found: Any = json.loads(self.get(path, Accept="application/sparql-results+json")[1])
        return int(found["results"]["bindings"][0]["n"]["value"])

    def search(self, words: str) -> tuple[float, str]:
        """The seconds until search answers from the latest version, and the IRI of the first thing that it finds."""
        start = time.perf_counter()
        while time.perf_counter() < start + READY_SECONDS:
            status, body = self.get("/search?" + urllib.parse.urlencode({"q": words, "format": "json"}))
            found: Any = json.loads(body)
            if status == 200 and found["fresh"]:
                return time.perf_counter() - start, found["results"][0]["iri"] if found["results"] else ""
            time.sleep(0.01)
        raise RuntimeError("search never had the latest version")


def rows(size: int, folder: Path) -> list[str]:
    """The rows of the table for one size."""
    data, store, tool = folder / "data.nq", folder / "store", Path(sys.executable).with_name("kelisim")
    write(data, size)
    subprocess.run([tool, "load", store, data], check=True, capture_output=True)
    made = subprocess.run([tool, "token", "create", "benchmark", "--store", store], check=True, capture_output=True)
    token = made.stdout.decode().split()[-1]
    binary = oxigraph_binary(cache_folder())
    with (
        running_kelisim("--store", str(store), "--allow-updates") as ours,
        oxigraph_in_memory(binary, data) as theirs,
    ):
        one, other = Client(ours, "/sparql", token), Client(theirs, "/update")
        _await_loaded(one)
        found = [_row(size, name, change, one, other) for name, change in CHANGES.items()]
        if one.count() != other.count():
            raise RuntimeError(f"{one.count()} triples here and {other.count()} at the peer after the same changes")
        first, _ = one.search("Zembla1")
        times = []
        for n in range(ROUNDS, ROUNDS + 10):
            one.change(CHANGES["label"](n))
            seconds, thing = one.search(f"Zembla{n}")
            if thing != f"http://example.org/thing{n}":
                raise RuntimeError(f"search finds {thing or 'nothing'} by the new label of thing {n}")
            times.append(seconds)
        after = statistics.median(times)
        found.append(f"{size:10}  {'search has it':14} {after * 1000:10.2f} {first * 1000:10.2f} {after / first:8.4f}")
    return found


def _await_loaded(client: Client) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        status, body = client.get("/ready")
        if status == 200 and not json.loads(body)["loading"]:
            return
        time.sleep(0.1)
    raise RuntimeError("the store was never loaded")


def _row(size: int, name: str, change: Change, one: Client, other: Client) -> str:
    """The medians of a kind of change, made at both in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for n in range(ROUNDS):
        times[0].append(one.change(change(n)))
        times[1].append(other.change(change(n)))
    ours, theirs = map(statistics.median, times)
    return f"{size:10}  {name:14} {ours * 1000:10.2f} {theirs * 1000:10.2f} {ours / theirs:8.2f}"


def main() -> None:
    """Prints a table."""
    sizes = (TINY,) if "--tiny" in sys.argv else (*SIZES, LARGE) if "--large" in sys.argv else SIZES
    print("Medians in milliseconds; of search, the peer is the first index, which is made anew.\n")
    print(f"{'quads':>10}  {'change':14} {'Kelisim':>10} {'peer':>10} {'ratio':>8}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            try:
                print("\n".join(rows(size, Path(folder))), flush=True)
            except MissingPeerError as error:
                print(f"{size:10}  {error}")


if __name__ == "__main__":
    main()
