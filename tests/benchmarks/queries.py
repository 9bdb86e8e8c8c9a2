"""How fast the questions are answered, against rdflib over the same dataset in the same run.

``make bench`` or ``python -m tests.benchmarks.queries [--tiny]``. Both answer each question the same number of times,
the numbers of rows are compared first, and the medians are given as a ratio. The peer has a time limit for each
question, past which the ratio is a lower bound.
"""

import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

import rdflib

from kg import Engine, build, read_curation
from kg.curation.export import export, graph_format
from kg.publishing.questions import read_questions
from kg.rdf.formats import RESULT_FORMATS

ROUNDS: Final = 3
PEER_SECONDS: Final = 20.0
TINY_QUESTIONS: Final = 3
JSON: Final = RESULT_FORMATS[0]


def median_seconds(run: Callable[[], object]) -> float:
    """The median time of some runs."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peer_seconds(peer: rdflib.Dataset, query: str) -> tuple[int, float] | None:
    """The rows of the peer's answer and its median time; None where all runs together take longer than the limit.

    It runs in a forked process, which is killed at the limit.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(peer, query, theirs), daemon=True)
    process.start()
    try:
        return ours.recv() if ours.poll(PEER_SECONDS * ROUNDS) else None
    except EOFError as error:
        raise RuntimeError(f"The peer failed on: {query}") from error
    finally:
        process.kill()
        process.join()
        ours.close()
        theirs.close()


def _answer(peer: rdflib.Dataset, query: str, channel: Connection) -> None:
    seconds = median_seconds(lambda: peer.query(query).serialize(format="json"))
    channel.send((len(peer.query(query)), seconds))


def main() -> None:
    """Prints a table of ratios and their geometric mean."""
    start = time.perf_counter()
    dataset = build(read_curation())
    built = time.perf_counter() - start
    engine = Engine(dataset.quads)
    peer = rdflib.Dataset()
    peer.parse(data=export(dataset, graph_format("nquads")), format="nquads")
    questions = read_questions()[: TINY_QUESTIONS if "--tiny" in sys.argv else None]
    ratios, bounds = [], 0
    for question in questions:
        results = json.loads(engine.query(question.query).serialize(JSON))
        rows = len(results["results"]["bindings"]) if "results" in results else 1
        mine = median_seconds(lambda q=question: engine.query(q.query).serialize(JSON))  # type: ignore[misc]
        other = peer_seconds(peer, question.query)
        if other is None:
            bounds += 1
            ratios.append(PEER_SECONDS / mine)
            print(f"{question.name:45} {PEER_SECONDS / mine:8.0f} times or more: rdflib takes over {PEER_SECONDS:g} s")
        elif other[0] != rows:
            print(f"{question.name:45} answers differ: {rows} and {other[0]} rows; not timed")
        else:
            ratios.append(other[1] / mine)
            print(f"{question.name:45} {other[1] / mine:8.0f} times as fast as rdflib", flush=True)
    mean = statistics.geometric_mean(ratios)
    print(f"{len(ratios)} questions, geometric mean {mean:.0f}, {bounds} of them lower bounds; ", end="")
    print(f"dataset built in {built:.2f} s")


if __name__ == "__main__":
    main()
