"""What it costs to ask past versions, beside the current one in the same run, and beside QuitStore.

``python -m tests.benchmarks.versions [--tiny]``. The three kinds of queries are those of BEAR (J. D. Fernández et al.,
Evaluating Query and Storage Strategies for RDF Archives, 2019): Mat asks one version, Diff what differs between two,
Ver many versions. Each query is new to the server; *first* is the first at a version, which makes its state.
"""

import statistics
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.history.history import History
from kg.rdf.patches import Patch, new_header
from tests.benchmarks.limits import cell, ratio
from tests.benchmarks.peers import MissingPeerError, Server, cache_folder, quit_store, running_kelisim

_NUMBER: Final = count()
_PREDICATES: Final = 10
_ADDED: Final = 5
_TAKEN: Final = 2
"""Quads that a change adds, and that it takes back of those that the one before added."""

QUERIES: Final = {
    "one subject": "SELECT ?p ?o WHERE {{ <x:s{n}> ?p ?o }}",
    "join": "SELECT ?o WHERE {{ <x:s{n}> <x:p1> ?o . ?s <x:p1> ?o . ?s <x:p2> ?v }} LIMIT 50",
    "count by predicate": "SELECT ?p (COUNT(*) AS ?n) WHERE {{ ?s ?p ?o FILTER(?p != <x:p{n}>) }} GROUP BY ?p",
}


class Sizes:
    """How much is measured."""

    def __init__(self, *, tiny: bool) -> None:
        self.subjects = 200 if tiny else 10_000
        self.changes = 30 if tiny else 10_000
        self.back = (1, 10) if tiny else (1, 10, 100, 1_000, 10_000)
        self.rounds = 3 if tiny else 15
        self.across = 3 if tiny else 30
        self.peer_subjects, self.peer_changes = (20, 5) if tiny else (200, 60)


class Client:
    """A keep-alive connection, for one request after another."""

    def __init__(self, server: Server) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=120)

    def seconds(self, path: str) -> float:
        """How long the answer takes. Raises RuntimeError where it is no success."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers={"Accept": "application/sparql-results+json"})
        response = self._connection.getresponse()
        body = response.read()
        took = time.perf_counter() - begun
        if response.status != 200:
            raise RuntimeError(f"{response.status} {body[:300]!r} for {path}")
        return took

    def ask(self, query: str, path: str = "/sparql", version: int | None = None) -> float:
        """The same for a query, made new by a comment."""
        of_version = "" if version is None else f"&version={version}"
        given = urllib.parse.quote(f"{query.format(n=next(_NUMBER) % _PREDICATES)} #{next(_NUMBER)}")
        return self.seconds(f"{path}?query={given}{of_version}")


def first_state(subjects: int) -> Iterator[ox.Quad]:
    """Ten quads to a subject."""
    for n in range(subjects):
        for p in range(_PREDICATES):
            yield _quad(n, p, n * 7 % 1000)


def patches(changes: int, subjects: int) -> Iterator[Patch]:
    """The changes: each adds some quads and takes back a part of those of the one before."""
    before: tuple[ox.Quad, ...] = ()
    for number in range(changes):
        adds = tuple(_quad((number * 31 + n) % subjects, n, f"change {number}") for n in range(_ADDED))
        yield Patch(before[:_TAKEN], adds)
        before = adds


def _quad(subject: int, predicate: int, value: int | str) -> ox.Quad:
    return ox.Quad(ox.NamedNode(f"x:s{subject}"), ox.NamedNode(f"x:p{predicate}"), ox.Literal(value))


def make_store(folder: Path, sizes: Sizes) -> None:
    """A store with all versions."""
    with History.create(folder / "history", first_state(sizes.subjects)) as history:
        for patch in patches(sizes.changes, sizes.subjects):
            history.append(replace(patch, header=new_header("benchmark", "a change")))


def median(measure: Callable[[], float], rounds: int) -> float:
    """The median seconds."""
    return statistics.median(measure() for _ in range(rounds))


def mat(client: Client, sizes: Sizes) -> None:
    """Each query at versions so many changes back, in turn with the current one."""
    print(f"\nMat: {sizes.subjects * _PREDICATES} quads, {sizes.changes} changes; milliseconds, medians")
    print(f"{'query':20} {'back':>7} {'first':>9} {'then':>9} {'now':>9} {'ratio':>7}")
    for name, query in QUERIES.items():
        for back in sizes.back:
            version = sizes.changes - back
            # Another query has made the state of that version unless it was given up since.
            for other in range(8):
                client.ask("ASK {{}}", version=max(0, sizes.changes - 11 * back - 13 * other - 20))
            first = client.ask(query, version=version)
            pairs = [(client.ask(query, version=version), client.ask(query)) for _ in range(sizes.rounds)]
            then, now = (statistics.median(each) for each in zip(*pairs, strict=True))
            cells = (cell(seconds * 1000, 9) for seconds in (first, then, now))
            print(f"{name:20} {back:7}", *cells, cell(ratio(then, now), 7), flush=True)


def difference(client: Client, sizes: Sizes) -> None:
    """What differs between two versions, as RDF Patch and in words."""
    print("\nDiff: milliseconds, medians")
    print(f"{'between':20} {'back':>7} {'patch':>9} {'in words':>9}")
    for back in sizes.back:
        pair = f"/diff/{sizes.changes - back}/{sizes.changes}"
        patch = median(lambda pair=pair: client.seconds(f"{pair}?format=rdf-patch&n={next(_NUMBER)}"), 3)  # type: ignore[misc]
        words = median(lambda pair=pair: client.seconds(f"{pair}?format=json&n={next(_NUMBER)}"), 3)  # type: ignore[misc]
        print(f"{'now and before':20} {back:7} {cell(patch * 1000, 9)} {cell(words * 1000, 9)}", flush=True)


def across(client: Client, sizes: Sizes) -> None:
    """A query at many versions, each of which is asked for the first time."""
    print(f"\nVer: {sizes.across} versions, one after the other; milliseconds for each, medians")
    print(f"{'query':20} {'every':>7} {'each':>9} {'now':>9} {'ratio':>7}")
    for step in (1, max(1, sizes.changes // (sizes.across * 4))):
        for name, query in QUERIES.items():
            numbers = [sizes.changes - 5 - step * n for n in range(sizes.across)]
            each = statistics.median(client.ask(query, version=n) for n in numbers)
            now = median(lambda query=query: client.ask(query), sizes.rounds)  # type: ignore[misc]
            print(
                f"{name:20} {step:7} {cell(each * 1000, 9)} {cell(now * 1000, 9)} {cell(ratio(each, now), 7)}",
                flush=True,
            )


def beside_quit_store(sizes: Sizes, folder: Path) -> None:
    """Mat beside QuitStore, which keeps versions in Git, on a small dataset."""
    small = Sizes(tiny=True)
    small.subjects, small.changes = sizes.peer_subjects, sizes.peer_changes
    make_store(folder / "small", small)
    states = [list(first_state(small.subjects)), *(p for p in patches(small.changes, small.subjects))]
    try:
        with (
            running_kelisim("--store", str(folder / "small")) as ours,
            quit_store(cache_folder(), folder / "git", states) as (its, commits),
        ):
            print(
                f"\nMat beside QuitStore: {small.subjects * _PREDICATES} quads, {small.changes} changes; milliseconds"
            )
            print(f"{'query':20} {'back':>7} {'Kelisim':>9} {'QuitStore':>10} {'ratio':>7}")
            mine, other = Client(ours), Client(its)
            for name in ("one subject", "count by predicate"):
                query = QUERIES[name]
                for back in (1, small.changes - 1):
                    commit = f"/sparql/{commits[small.changes - back]}"
                    in_graph = query.replace("WHERE {{", "WHERE {{ GRAPH <x:g> {{").replace(" }}", " }} }}", 1)
                    pairs = [
                        (mine.ask(query, version=small.changes - back), other.ask(in_graph, commit))
                        for _ in range(sizes.rounds // 5 + 2)
                    ]
                    both = [statistics.median(each) for each in zip(*pairs, strict=True)]
                    cells = cell(both[0] * 1000, 9), cell(both[1] * 1000, 10), cell(ratio(*both), 7, 3)
                    print(f"{name:20} {back:7}", *cells, flush=True)
    except MissingPeerError as reason:
        print(f"QuitStore is left out: {reason}.")


def main(arguments: Sequence[str] = sys.argv) -> None:
    """Prints the tables."""
    sizes = Sizes(tiny="--tiny" in arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_store(folder / "store", sizes)
        with running_kelisim("--store", str(folder / "store")) as server:
            client = Client(server)
            mat(client, sizes)
            difference(client, sizes)
            across(client, sizes)
        beside_quit_store(sizes, folder)


if __name__ == "__main__":
    main()
