"""What citations cost: answers with the claims behind each row, against the same answers without, in the same run.

``make bench`` or ``python -m tests.benchmarks.citations [--tiny]``. The questions of the curated graph, and queries
over a million triples, are asked in turn with and without; of the engine in this process (what a worker does) and of a
server over HTTP. No text is asked twice, so that no cache helps.
"""

import http.client
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from kg import Engine, build, read_curation
from kg.citations.answers import cited_answer
from kg.citations.cited import Asked
from kg.engine import diagnosis
from kg.publishing.questions import read_questions
from kg.rdf.formats import RESULT_FORMATS
from tests.benchmarks import data
from tests.benchmarks.limits import mean
from tests.benchmarks.peers import kelisim_with
from tests.benchmarks.workloads import Query, medium, small
from tests.conftest import serving

ROUNDS: Final = 5
JSON: Final = RESULT_FORMATS[0]
Ask = Callable[[str], object]


class RefusedError(Exception):
    """The answer has too many rows to be cited."""


def ratio(query: str, plain: Ask, cited: Ask, rounds: int) -> tuple[float, float]:
    """The medians of both in seconds, asked in turn; each text is another one."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for ask, found in zip((plain, cited), times, strict=True):
            start = time.perf_counter()
            ask(f"{query}\n# {next(_NUMBERS)}")
            found.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


_NUMBERS: Final = count()


def compare(title: str, queries: list[Query], plain: Ask, cited: Ask, rounds: int) -> None:
    """Prints the line of each of the worst, and the geometric mean of all."""
    lines, refused = list[tuple[float, str]](), 0
    for query in queries:
        try:
            first, second = ratio(query.text, plain, cited, rounds)
        except RefusedError:
            refused += 1
            continue
        lines.append(
            (second / first, f"  {query.name:45} {first * 1000:9.2f} {second * 1000:9.2f} {second / first:8.1f}")
        )
    for _, line in sorted(lines, reverse=True)[:5]:
        print(line, flush=True)
    print(f"{title:47} {len(lines):6} queries, geometric mean {mean([r for r, _ in lines]):.1f}", end="")
    print(f" ({refused} more have too many rows to be cited)" if refused else "", flush=True)


def of_engine(engine: Engine) -> tuple[Ask, Ask]:
    """The two ways to ask an engine in this process."""
    return lambda q: engine.query(q).serialize(JSON), lambda q: cited_answer(engine, Asked(q))


def of_server(address: str) -> tuple[Ask, Ask]:
    """The two ways to ask a server, over one connection."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)

    def ask(query: str, **more: str) -> None:
        connection.request("GET", "/sparql?" + urlencode({"query": query, "format": "json", **more}))
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RefusedError(body[:300])

    return ask, lambda q: ask(q, cite="true")


def main() -> None:
    """Prints a table of ratios."""
    tiny = "--tiny" in sys.argv
    rounds = 1 if tiny else ROUNDS
    diagnosis.prepare()
    questions = [Query(q.name, q.query) for q in read_questions()][: 3 if tiny else None]
    print(f"  {'the five that cost most':45} {'plain ms':>9} {'cited ms':>9} {'ratio':>8}", flush=True)
    compare("questions, in a worker", questions, *of_engine(Engine(build(read_curation()).quads)), rounds)
    with serving(str(Path(sys.executable).with_name("kelisim"))) as running:
        compare("questions, over HTTP", questions, *of_server(running.address), rounds)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "million.nq"
        data.write(file, 20_000 if tiny else data.TRIPLES)
        with kelisim_with(file) as running:
            ways = of_server(f"http://{running.address}")
            compare("lookups in a million triples, over HTTP", small(), *ways, rounds)
            compare("joins and groups over these, over HTTP", medium()[: 1 if tiny else None], *ways, min(rounds, 3))


if __name__ == "__main__":
    main()
