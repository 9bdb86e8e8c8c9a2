"""How fast the questions are answered, against rdflib over the same dataset in the same run.

``make bench`` or ``python -m tests.benchmarks.queries``. Both answer each question the same number of times, the
answers' row counts are compared first, and the medians are given as a ratio.
"""

import json
import statistics
import time
from collections.abc import Callable

import rdflib

from kg import Engine, build, read_curation
from kg.curation.export import export, graph_format
from kg.publishing.questions import read_questions
from kg.rdf.formats import RESULT_FORMATS

ROUNDS = 3
JSON = RESULT_FORMATS[0]


def median_seconds(run: Callable[[], object]) -> float:
    """The median time of some runs."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Prints a table of ratios and their geometric mean."""
    start = time.perf_counter()
    dataset = build(read_curation())
    built = time.perf_counter() - start
    engine = Engine(dataset.quads)
    peer = rdflib.Dataset()
    peer.parse(data=export(dataset, graph_format("nquads")), format="nquads")
    ratios = []
    for question in read_questions():
        results = json.loads(engine.query(question.query).serialize(JSON))
        rows = [len(results["results"]["bindings"]) if "results" in results else 1, len(peer.query(question.query))]
        if rows[0] != rows[1]:
            print(f"{question.name:45} answers differ: {rows[0]} and {rows[1]} rows; not timed")
            continue
        mine = median_seconds(lambda q=question: engine.query(q.query).serialize(JSON))  # type: ignore[misc]
        other = median_seconds(lambda q=question: peer.query(q.query).serialize(format="json"))  # type: ignore[misc]
        ratios.append(other / mine)
        print(f"{question.name:45} {other / mine:8.0f} times as fast as rdflib")
    mean = statistics.geometric_mean(ratios)
    print(f"{len(ratios)} questions, geometric mean {mean:.0f}; dataset built in {built:.2f} s")


if __name__ == "__main__":
    main()
