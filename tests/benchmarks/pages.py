"""How much a first page weighs, and how long pages take, against a file of the same server.

``make bench`` or ``python -m tests.benchmarks.pages [--tiny]``. Every request is new to the server, so that no cache
helps it.
"""

import math
import re
import statistics
import sys
import time
from http.client import HTTPConnection
from typing import Final

from tests.benchmarks.limits import ANSWER_SECONDS, cell, ratio
from tests.benchmarks.peers import Server, kelisim

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
    "/page/kazakhstan",
    "/page/vladimir-putin",
    "/page/claim/izv24-p32-4",
    "/page/source/izv24",
    "/page/ns",
)
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
        file = statistics.median(visitor.get(f"{FILE}?{n}")[0] for n in range(repeats))
        print(f"\n{'page':28} {'ms':>8} {'times a file':>13} {'kB':>8}", end="")
        print(f"   (medians of {repeats}; a file takes {file * 1000:.2f} ms)")
        for path in pages:
            mark = "&" if "?" in path else "?"
            _, size, _ = visitor.get(path)
            seconds = statistics.median(visitor.get(f"{path}{mark}n={n}")[0] for n in range(repeats))
            print(f"{path:28} {cell(seconds * 1000, 8, 1, ANSWER_SECONDS)} {cell(ratio(seconds, file), 13, 1)}", end="")
            print(f" {size / 1000:8.1f}", flush=True)


def weight(visitor: Visitor, path: str) -> int:
    """Bytes transferred for a page and the style sheets, scripts and pictures that it names."""
    plain = visitor.get(path, **{"Accept-Encoding": "identity"})[2].decode()
    named = re.findall(r'<(?:script|img)[^>]* src="(/[^"]+)"|<link rel="(?:stylesheet|icon)" href="(/[^"]+)"', plain)
    resources = {a or b for a, b in named}
    return sum(visitor.get(each)[1] for each in (path, *sorted(resources)))


if __name__ == "__main__":
    main()
