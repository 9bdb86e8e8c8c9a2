"""What a query through a lens costs beside the plain one, over the curated claims and over many copies of them.

    python -m tests.benchmarks.lenses [CLAIMS | --tiny]

The copies are the curated claims with their articles and things under names of their own, so that each is as many quads
as a curated one. Both queries run in one process, by turns: milliseconds plain, through the lens, and their ratio.
``first s`` is what the first query through a lens takes, which makes it. All times are those of the processor. ``MiB``
is what this process has more with the lens than before, garbage of the making included.
"""

import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.curation.curated import read_curation
from kg.curation.dataset import Dataset, build
from kg.engine.engine import Engine
from kg.lenses.names import LENSES
from kg.rdf.formats import RESULT_FORMATS, by_name

CLAIMS: Final = 100_000
LENSES_MEASURED: Final = ("as-of/2024-12-31", "as-of/2023-12-31", "speaker/vladimir-putin", "everything")
QUERIES: Final = {
    "one thing": "SELECT ?p ?o { id:kazakhstan{n} ?p ?o }",
    "visits": "SELECT * { ?v a kel:Visit ; kel:visitor ?who OPTIONAL { ?v kel:visitLevel ?how } } LIMIT 2000",
    "who says": "SELECT ?c ?s ?o { GRAPH ?c { ?s kel:stage ?o } ?c kel:modality code:planned } LIMIT 2000",
    "counts": "SELECT ?m (COUNT(*) AS ?n) { ?c kel:modality ?m ; kel:speaker ?s } GROUP BY ?m",
}
PREFIXES: Final = (
    "PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX id: <https://w3id.org/kelisim/id/> "
    "PREFIX code: <https://w3id.org/kelisim/code/> "
)
REPEATS: Final = 9
_OWN: Final = re.compile(rb"<https://w3id.org/kelisim/(claim|id|source)/([^>]*)>")


def main() -> None:
    """Prints a table for each size."""
    dataset = build(read_curation())
    copies = [0]
    if "--tiny" not in sys.argv:
        claims = int(sys.argv[1]) if len(sys.argv) > 1 else CLAIMS
        copies.append(claims // len(dataset.named_graphs))
    for number in copies:
        report(dataset, number)


def copied(dataset: Dataset, copies: int) -> ox.Store:
    """The curated dataset, and so many copies of its claims; speakers and codes are the same in all."""
    store = ox.Store()
    store.bulk_load(input=b"\n".join(dataset.lines), format=ox.RdfFormat.N_QUADS)
    own = [line for line in dataset.lines if _OWN.search(line)]
    for copy in range(copies):
        name = rb"<https://w3id.org/kelisim/\1/\2-%d>" % copy
        lines = b"\n".join(_OWN.sub(name, line) for line in own)
        lines = re.sub(rb"/id/vladimir-putin-\d+>", b"/id/vladimir-putin>", lines)
        store.bulk_load(input=lines, format=ox.RdfFormat.N_QUADS)
    return store


def report(dataset: Dataset, copies: int) -> None:
    """Measures one size."""
    began = resident()
    engine = Engine(copied(dataset, copies))
    claims = engine.query("SELECT (COUNT(*) AS ?n) { ?c <https://w3id.org/kelisim/ns#modality> ?m }")
    count = int(claims.serialize(by_name("csv", RESULT_FORMATS)).split()[1])
    print(f"\n{count} claims, {len(engine)} quads, {resident() - began} MiB")
    print(f"  {'lens':24} {'first s':>8} {'MiB':>6} " + " ".join(f"{name:>20}" for name in QUERIES))
    for lens in LENSES_MEASURED:
        engine.lenses.clear()
        before, start = resident(), time.process_time()
        ask(engine, "ASK {}", lens)
        first = time.process_time() - start
        cells = [
            beside(engine, text.replace("{n}", "" if not copies else f"-{copies // 2}"), lens)
            for text in QUERIES.values()
        ]
        print(f"  {lens:24} {first:8.2f} {max(0, resident() - before):6} " + " ".join(cells), flush=True)


def beside(engine: Engine, query: str, lens: str) -> str:
    """The medians of the plain query and of that through the lens, in milliseconds, and their ratio."""
    plain, through = [], []
    for _ in range(REPEATS):
        plain.append(milliseconds(lambda: ask(engine, query, "")))
        through.append(milliseconds(lambda: ask(engine, query, lens)))
    ours, theirs = statistics.median(through), statistics.median(plain)
    return f"{theirs:6.2f} {ours:6.2f} ({ours / theirs:4.2f})"


def ask(engine: Engine, query: str, lens: str) -> bytes:
    """The answer of a query, plain where no lens is given."""
    graphs = [LENSES + lens] if lens else []
    return engine.query(PREFIXES + query, default_graphs=graphs).serialize(by_name("json", RESULT_FORMATS))


def milliseconds(call: Callable[[], object]) -> float:
    """How long one call takes, of processor time."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000


def resident() -> int:
    """The memory that this process has, in MiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 >> 20


if __name__ == "__main__":
    main()
