"""How fast the questions are answered, against rdflib over the same dataset in the same run.

``make bench`` or ``python -m tests.benchmarks.queries [--tiny]``. Both answer each question the same number of times,
the numbers of rows are compared, and the medians are given as a ratio. The peer answers in a forked process, which is
killed at a time limit; then the ratio is a lower bound.
"""

import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

import rdflib

from kg import Engine, build, read_curation
from kg.curation.export import export, graph_format
from kg.publishing.questions import Question, read_questions
from kg.rdf.formats import RESULT_FORMATS
from tests.benchmarks.limits import PEER_SECONDS, cell, forked, mean

ROUNDS: Final = 3
TINY_QUESTIONS: Final = 2
JSON: Final = RESULT_FORMATS[0]


def seconds(answer: Callable[[], object], rounds: int) -> Iterator[float]:
    """How long the same answer takes, so many times."""
    for _ in range(rounds):
        start = time.perf_counter()
        answer()
        yield time.perf_counter() - start


def count(engine: Engine, query: str) -> int:
    """The rows of our answer."""
    results = json.loads(engine.query(query).serialize(JSON))
    return len(results["results"]["bindings"]) if "results" in results else 1


def by_peer(peer: rdflib.Dataset, query: str, rounds: int) -> Iterator[float]:
    """How long the peer's answer takes, so many times; first its number of rows."""
    results: list[rdflib.query.Result] = []

    def answer() -> None:
        results[:] = [peer.query(query)]
        results[0].serialize(format="json")

    times = seconds(answer, rounds)
    first = next(times)
    yield len(results[0])
    yield first
    yield from times


def compare(engine: Engine, peer: rdflib.Dataset, question: Question, rounds: int) -> tuple[str, float, bool]:
    """The line of a question, the ratio (NaN where answers cannot be compared), and whether that is a lower bound."""
    query = question.query
    rows, mine = count(engine, query), statistics.median(seconds(lambda: engine.query(query).serialize(JSON), rounds))
    line = f"{question.name:45} {rows:6} {mine * 1000:9.2f}"
    try:
        answers = forked(lambda: by_peer(peer, query, rounds), PEER_SECONDS)
    except RuntimeError as error:
        return f"{line} rdflib failed: {error}", math.nan, False
    if answers is None:
        least = PEER_SECONDS / mine
        return f"{line} {cell(math.inf, 12, limit=PEER_SECONDS)} {f'over {least:.0f}':>14}", least, True
    other, *times = answers
    if other != rows:
        return f"{line} answers differ: rdflib has {other:.0f} rows", math.nan, False
    theirs = statistics.median(times)
    return f"{line} {theirs * 1000:12.1f} {theirs / mine:14.0f}", theirs / mine, False


def main() -> None:
    """Prints a table of ratios and their geometric mean."""
    tiny = "--tiny" in sys.argv
    start = time.perf_counter()
    dataset = build(read_curation())
    built = time.perf_counter() - start
    engine = Engine(dataset.quads)
    peer = rdflib.Dataset()
    peer.parse(data=export(dataset, graph_format("nquads")), format="nquads")
    print(f"{'question':45} {'rows':>6} {'ms':>9} {'rdflib ms':>12} {'times as fast':>14}", flush=True)
    ratios, bounds = [], 0
    for question in read_questions()[: TINY_QUESTIONS if tiny else None]:
        line, ratio, bounded = compare(engine, peer, question, 1 if tiny else ROUNDS)
        print(line, flush=True)
        ratios.append(ratio)
        bounds += bounded
    measured = sum(map(math.isfinite, ratios))
    print(f"{measured} of {len(ratios)} questions with a ratio, geometric mean {mean(ratios):.0f}", end="")
    print(f" ({bounds} of them lower bounds); dataset built in {built:.2f} s")


if __name__ == "__main__":
    main()
