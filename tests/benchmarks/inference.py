"""How long a change of one claim takes with what is inferred from it, beside the same change without inference.

``make bench`` or ``python -m tests.benchmarks.inference [--tiny]``. A claim leaves stores of several sizes and comes
again, with its record, until each change is acknowledged: worked out in a fork, checked against the shapes, on disk,
and seen. Medians of both in the same run; and the time that inference alone takes. The larger stores hold the curated
claims many times, of other things but of the same states and people.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from unittest.mock import patch as patched

import pyoxigraph as ox

from kg.changes import staging
from kg.changes.staging import Change, stage
from kg.changes.validation import prepare
from kg.curation.curated import Claim, Curation, read_curation
from kg.curation.dataset import build
from kg.engine.engine import Engine
from kg.inference.maintenance import maintain
from kg.rdf.patches import Patch
from ontology.namespaces import CLAIM, ID, PREFIXES
from tests.benchmarks.updates import acknowledging

COPIES: Final = (0, 17)
CLAIMS: Final = ("izv24-p32-4", "izv24-p7-1", "mp23-p24-1", "izv24-p40-4", "mp23-p15-4")
SOURCE: Final = ox.NamedNode(PREFIXES["dcterms"] + "source")


def store(curation: Curation, copies: int) -> Iterator[ox.Quad]:
    """The curated dataset, and copies of its claims about other things."""
    quads = build(curation).quads
    yield from quads
    described = {q.subject for q in quads if q.predicate == SOURCE}
    for number in range(copies):
        for quad in quads:
            if isinstance(quad.graph_name, ox.NamedNode) or str(quad.subject).startswith((f"<{ID}", f"<{CLAIM}")):
                yield ox.Quad(*(_renamed(term, number, described) for term in quad))  # type: ignore[arg-type]


def _renamed(term: object, number: int, described: set[object]) -> object:
    if isinstance(term, ox.NamedNode) and term.value.startswith(str(CLAIM)):
        name, _, last = term.value.rpartition("-")
        return ox.NamedNode(f"{name}-{int(last) + 1000 * (number + 1)}")
    if isinstance(term, ox.NamedNode) and term.value.startswith(str(ID)) and term not in described:
        return ox.NamedNode(f"{term.value}-{number}")
    return term


def updates(claim: Claim) -> tuple[str, str]:
    """The updates by which a claim goes and comes."""
    record = " ".join(
        f"{t} ." for triples in claim.record.values() for t in triples if str(t.subject) == f"<{claim.iri}>"
    )
    facts = " ".join(f"{t} ." for t in claim.facts)
    return (
        f"DELETE WHERE {{ <{claim.iri}> ?p ?o }} ; DROP GRAPH <{claim.iri}>",
        f"INSERT DATA {{ {record} GRAPH <{claim.iri}> {{ {facts} }} }}",
    )


def unchanged(_: ox.Store, change: Patch) -> Patch:
    """Instead of inference."""
    return change


def acknowledged(engine: Engine, texts: Sequence[str]) -> float:
    """The median seconds until a change lasts and is seen."""
    times = []
    with tempfile.TemporaryDirectory() as folder, acknowledging(engine, Path(folder) / "history") as store:
        for text in texts:
            start = time.perf_counter()
            store.change(Change("update", text))
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def alone(engine: Engine, texts: Iterable[str]) -> float:
    """The median seconds of inference alone."""
    times = []

    def measured(held: ox.Store, change: Patch) -> Patch:
        start = time.perf_counter()
        try:
            return maintain(held, change)
        finally:
            times.append(time.perf_counter() - start)

    with patched.object(staging, "maintain", measured):
        for text in texts:
            stage(engine, Change("update", text))
    return statistics.median(times)


def main() -> None:
    """Prints a table."""
    prepare()
    curation, tiny = read_curation(), "--tiny" in sys.argv
    chosen = [c for c in curation.claims if c.iri.removeprefix(str(CLAIM)) in CLAIMS[: 1 if tiny else None]]
    texts = [text for claim in chosen for text in updates(claim)] * (1 if tiny else 2)
    print(f"{'quads':>10} {'without':>10} {'with':>10} {'ratio':>7} {'inference':>10}  (milliseconds)")
    for copies in COPIES[: 1 if tiny else None]:
        engine = Engine(store(curation, copies))
        inferring = acknowledged(engine, texts)
        with patched.object(staging, "maintain", unchanged):
            plain = acknowledged(engine, texts)
        only = alone(engine, texts)
        columns = f"{plain * 1000:10.0f} {inferring * 1000:10.0f} {inferring / plain:7.2f} {only * 1000:10.1f}"
        print(f"{len(engine):10} {columns}", flush=True)


if __name__ == "__main__":
    main()
