"""What it costs to tell why a query has no rows: against running that query, over the curated graph in this process.

``make bench`` or ``python -m tests.benchmarks.explanations [--tiny]``. Each is a mistake that people make; the line
tells how many queries were run to find the reason, and the time as a ratio to that of the query itself.
"""

import statistics
import sys
import time
from typing import Final

from kg import Engine, build, read_curation
from kg.engine import diagnosis
from kg.engine.engine import with_prefixes
from kg.explanations.explanation import Asked, explain
from kg.explanations.probing import Budget
from kg.explanations.sources import EngineSource
from kg.rdf.formats import RESULT_FORMATS
from ontology import PREFIXES
from tests.benchmarks.limits import mean

MISTAKES: Final = {
    "a misspelt thing": "SELECT ?v { ?v kel:visited id:kazakstan }",
    "a text for a thing": 'SELECT ?v { ?v kel:visited id:kazakhstan ; kel:visitor "Putin" }',
    "a hedged fact": "SELECT ?e { ?e kel:topic id:topic-ukraine-conflict }",
    "the wrong direction": "SELECT ?v { id:vladimir-putin kel:visitor ?v }",
    "a language that is not there": 'SELECT ?n { ?s a kel:State ; rdfs:label ?n FILTER(LANG(?n) = "de") }',
    "two facts of different claims": "SELECT ?v { GRAPH ?c { ?v kel:visitor ?w ; kel:stage ?s } }",
}


def main() -> None:
    """Prints a line for each mistake, and the geometric mean."""
    diagnosis.prepare()
    engine = Engine(build(read_curation()).quads)
    print(f"  {'mistake':32} {'query ms':>9} {'why ms':>9} {'queries':>8} {'ratio':>8}", flush=True)
    ratios = []
    for name, text in list(MISTAKES.items())[: 2 if "--tiny" in sys.argv else None]:
        query, plain, whole = with_prefixes(text), list[float](), list[float]()
        runs = 0
        for _ in range(3):
            start = time.perf_counter()
            engine.query(query).serialize(RESULT_FORMATS[0])
            plain.append(time.perf_counter() - start)
            start = time.perf_counter()
            runs = explain(EngineSource(engine), Asked(query, "", known=PREFIXES), Budget(seconds=60, each=60)).run
            whole.append(time.perf_counter() - start)
        first, second = statistics.median(plain), statistics.median(whole)
        ratios.append(second / first)
        print(f"  {name:32} {first * 1000:9.2f} {second * 1000:9.1f} {runs:8} {ratios[-1]:8.0f}", flush=True)
    print(f"  geometric mean {mean(ratios):.0f}")


if __name__ == "__main__":
    main()
