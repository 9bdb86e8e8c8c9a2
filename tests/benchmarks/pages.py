"""How much a first page weighs, and how long pages take, against a file of the same server.

``make bench`` or ``python -m tests.benchmarks.pages [--tiny] [--data QUADS.nq]``. Every request has a cookie of
its own, so that the page cache never helps. The first view of a page is of a server that has shown the other pages
before; the queries are those that it asks then, counted in this process. With ``--data`` pages of a larger dataset.
"""

import math
import re
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.curation.curated import read_curation
from kg.curation.dataset import build
from kg.engine.engine import Engine
from tests.benchmarks.limits import ANSWER_SECONDS, cell, ratio
from tests.benchmarks.peers import Server, kelisim, kelisim_with
from tests.counting import counted

STARTS: Final = 3
REPEATS: Final = 30
FILE: Final = "/static/style.css"
PAGES: Final = (
    "/",
    "/states",
    "/leaders",
    "/documents",
    "/trade",
    "/events",
    "/sources",
    "/questions",
    "/query",
    "/downloads",
    "/about",
    "/search?q=kazakhstan",
    "/page/armenia",
    "/page/russia",
    "/page/kazakhstan",
    "/page/vladimir-putin",
    "/page/csto",
    "/page/joint-statement-2024",
    "/page/claim/izv24-p32-4",
    "/page/source/izv24",
    "/page/ns",
)
OF_DATA: Final = ("/", "/trade", "/page/state-0000", "/page/state-0000-state-0001-2003", "/page/claim/c1000")
"""Pages of the datasets of `tests.benchmarks.trade`."""
BROWSER: Final = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"}


class Visitor:
    """A keep-alive connection that asks as a browser does."""

    def __init__(self, server: Server) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS)

    def get(self, path: str, **headers: str) -> tuple[float, int, bytes]:
        """Seconds to the last byte, bytes of head and body as they were sent, and the body.

        Infinite seconds where it does not come in time. Raises RuntimeError where the answer is no success.
        """
        start = time.perf_counter()
        try:
            self._connection.request("GET", path, headers=BROWSER | headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except TimeoutError:
            self._connection.close()  # the next request opens it again
            return math.inf, 0, b""
        seconds = time.perf_counter() - start
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return seconds, len(str(answer.headers)) + len(body), body


def main() -> None:
    """Prints the weight of the home page, the time of the first page, and the times of all."""
    starts, repeats, pages = (1, 2, PAGES[:2]) if "--tiny" in sys.argv else (STARTS, REPEATS, PAGES)
    firsts = []
    for _ in range(starts):
        with kelisim() as server:
            visitor = Visitor(server)
            visitor.get("/ready")
            file, *_ = visitor.get(FILE)
            home, *_ = visitor.get("/")
            firsts.append((home, file))
    home, file = (statistics.median(times) for times in zip(*firsts, strict=True))
    print(
        f"The first page after a start: {cell(home * 1000, 0, 1, ANSWER_SECONDS)} ms, "
        f"{cell(ratio(home, file), 0, 1)} times the first file ({starts} starts)"
    )
    with kelisim() as server:
        visitor = Visitor(server)
        print(f"The home page with all its resources: {weight(visitor, '/') / 1000:.1f} kB transferred, compressed")
        table(visitor, pages, repeats, queries(build(read_curation()).quads, pages))
    if "--data" in sys.argv:
        data = Path(sys.argv[sys.argv.index("--data") + 1])
        store = ox.Store()
        store.bulk_load(path=str(data), format=ox.RdfFormat.N_QUADS)
        print(f"\n{len(store)} quads")
        asked = queries(store, OF_DATA)
        del store
        with kelisim_with(data) as server:
            table(Visitor(server), OF_DATA, repeats, asked)


def queries(quads: Iterable[ox.Quad] | ox.Store, pages: Sequence[str]) -> list[int]:
    """How many queries each page asks when it is first seen, one after another."""
    client, store = counted(Engine(quads))
    numbers = []
    for path in pages:
        store.asked.clear()
        client.get(path)
        numbers.append(len(store.asked))
    return numbers


def table(visitor: Visitor, pages: Sequence[str], repeats: int, asked: Sequence[int]) -> None:
    """Prints how long each page takes, first and later, with the queries that it asks and what it weighs."""
    file = statistics.median(visitor.get(f"{FILE}?{n}")[0] for n in range(repeats))
    print(f"\n{'page':36} {'queries':>8} {'first ms':>9} {'ms':>8} {'times a file':>13} {'kB':>8}", end="")
    print(f"   (medians of {repeats}; a file takes {file * 1000:.2f} ms)")
    for path, number in zip(pages, asked, strict=True):
        first, size, _ = visitor.get(path, Cookie="first=1")
        seconds = statistics.median(visitor.get(path, Cookie=f"n={n}")[0] for n in range(repeats))
        print(f"{path:36} {number:8} {cell(first * 1000, 9, 1, ANSWER_SECONDS)}", end=" ")
        print(f"{cell(seconds * 1000, 8, 1, ANSWER_SECONDS)} {cell(ratio(seconds, file), 13, 1)}", end=" ")
        print(f"{size / 1000:8.1f}", flush=True)


def weight(visitor: Visitor, path: str) -> int:
    """Bytes transferred for a page and the style sheets, scripts and pictures that it names."""
    plain = visitor.get(path, **{"Accept-Encoding": "identity"})[2].decode()
    named = re.findall(r'<(?:script|img)[^>]* src="(/[^"]+)"|<link rel="(?:stylesheet|icon)" href="(/[^"]+)"', plain)
    resources = {a or b for a, b in named}
    return sum(visitor.get(each)[1] for each in (path, *sorted(resources)))


if __name__ == "__main__":
    main()
