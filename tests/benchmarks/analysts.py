"""How fast twelve analysts' queries are answered, against the oxigraph server and Virtuoso with the same data.

``make bench`` or ``python -m tests.benchmarks.analysts [--tiny] [--triples N ...] [--peer NAME ...] [QUERY ...]``.
Answers are compared before they are timed; each request is new to its server. A column tells the same of Kelisim
without its optimiser and its columns. The data are those of `tests.benchmarks.data`; Virtuoso, whose default graph is
the union of all graphs, has those of the default graph alone, in one graph.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import urlopen

from kg.optimisation.gathering import LEAST_QUADS as STATISTICS
from kg.store.columnar import LEAST_QUADS as COLUMNS
from ontology import PREFIXES
from tests.benchmarks import data
from tests.benchmarks.limits import ANSWER_SECONDS, cell, mean, ratio
from tests.benchmarks.peers import (
    MissingPeerError,
    Server,
    cache_folder,
    oxigraph_binary,
    oxigraph_in_memory,
    running_kelisim,
)
from tests.benchmarks.transfer import Connection
from tests.benchmarks.workloads import NUMBER, Query
from tests.engines.server import MissingEngineError
from tests.engines.virtuoso import Virtuoso

_PREFIXES: Final = "".join(f"PREFIX {p}: <{PREFIXES[p]}> " for p in ("code", "id", "kel", "rdfs", "xsd"))
_GRAPH: Final = "urn:default"
_REPEATS: Final = 3
_READY_SECONDS: Final = 240.0
SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
_MOST_AS_WRITTEN: Final = 1_000_000
"""Of more, the memory of a machine does not hold another server."""
PEERS: Final = ("oxigraph", "virtuoso")
OWN: Final = ("Kelisim", "as written")
"""Kelisim, and Kelisim without optimiser and columns."""

QUERIES: Final = {
    "all triples": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    "things by class": "SELECT ?class (COUNT(?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class ORDER BY DESC(?n)",
    "triples by predicate": "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n)",
    "sectors": """
        SELECT ?measure (SUM(?v) AS ?sum) (COUNT(?o) AS ?n) WHERE { ?o a kel:TradeObservation ;
          kel:measure ?measure ; kel:value ?v } GROUP BY ?measure ORDER BY DESC(?sum)""",
    "trade in a triangle": """
        SELECT ?a ?b ?c (COUNT(*) AS ?n) WHERE {
          ?x kel:refArea ?a ; kel:counterpartArea ?b ; kel:measure code:measure-1 ;
            kel:periodStart "2000-01-01"^^xsd:date .
          ?y kel:refArea ?b ; kel:counterpartArea ?c ; kel:measure code:measure-1 ;
            kel:periodStart "2000-01-01"^^xsd:date .
          ?z kel:refArea ?c ; kel:counterpartArea ?a ; kel:measure code:measure-1 ;
            kel:periodStart "2000-01-01"^^xsd:date } GROUP BY ?a ?b ?c""",
    "top partners": """
        SELECT ?partner (SUM(?v) AS ?sum) WHERE { ?o kel:refArea id:state-7 ; kel:counterpartArea ?partner ;
          kel:value ?v } GROUP BY ?partner ORDER BY DESC(?sum) LIMIT 10""",
    "years of a pair": """
        SELECT ?from ?measure ?v WHERE { ?o kel:refArea id:state-3 ; kel:counterpartArea id:state-5 ;
          kel:periodStart ?from ; kel:measure ?measure ; kel:value ?v } ORDER BY ?from ?measure ?v""",
    "large figures since 2015": """
        SELECT ?a (COUNT(?o) AS ?n) (MAX(?v) AS ?most) WHERE { ?o kel:measure code:measure-4 ; kel:refArea ?a ;
          kel:periodStart ?from ; kel:value ?v FILTER(?from >= "2015-01-01"^^xsd:date && ?v > 40000000000) }
        GROUP BY ?a ORDER BY DESC(?n) ?a""",
    "states and their speakers": """
        SELECT ?label (COUNT(?claim) AS ?n) WHERE { ?state a kel:State ; rdfs:label ?label
          OPTIONAL { ?who kel:represents ?state . ?claim kel:speaker ?who } }
        GROUP BY ?label ORDER BY DESC(?n) ?label""",
    "claims by speaker and modality": """
        SELECT ?who ?modality (COUNT(?claim) AS ?n) WHERE { ?claim kel:speaker ?who ; kel:modality ?modality }
        GROUP BY ?who ?modality ORDER BY DESC(?n) ?who ?modality LIMIT 100""",
    "who speaks in the same articles": """
        SELECT ?other (COUNT(*) AS ?n) WHERE { id:person-7 ^kel:speaker/kel:article/^kel:article/kel:speaker ?other }
        GROUP BY ?other ORDER BY DESC(?n) ?other""",
    "words in labels": """
        SELECT ?measure (COUNT(?o) AS ?n) WHERE { ?o rdfs:label ?label ; kel:measure ?measure
          FILTER(CONTAINS(?label, "State 17 ")) } GROUP BY ?measure ORDER BY ?measure""",
}


def queries(names: Sequence[str] = ()) -> list[Query]:
    """The queries, or those whose names have one of the words; each request of them differs in a comment."""
    chosen = {n: t for n, t in QUERIES.items() if not names or any(word in n for word in names)}
    return [Query(n, f"{_PREFIXES}{' '.join(text.split())} # {NUMBER}\n") for n, text in chosen.items()]


@contextmanager
def kelisim(lines: Path, folder: Path, *options: str) -> Iterator[Server]:
    """Kelisim with a store of the quads."""
    program = Path(sys.executable).with_name("kelisim")
    if not folder.exists():
        subprocess.run([program, "load", folder, lines], check=True, capture_output=True)
    with running_kelisim("--store", str(folder), *options) as server:
        yield server


def _await_counted(server: Server, query: Query, metric: str) -> None:
    """Asks a query until a counter among the server's metrics is above 0, or a while has passed."""
    end = time.monotonic() + _READY_SECONDS
    connection = Connection(server)
    try:
        for number in count(3_000_000):
            with suppress(RuntimeError, TimeoutError):  # it is loading still
                connection.ask(query.numbered(number))
            with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as metrics:
                if f"\n{metric} 0" not in metrics.read().decode():
                    return
            if time.monotonic() > end:
                print(f"{server.name} has no {metric} after {_READY_SECONDS:g} s.", flush=True)
                return
            time.sleep(0.2)
    finally:
        connection.close()


@contextmanager
def virtuoso(lines: Path, folder: Path) -> Iterator[Server]:
    """Virtuoso with the default graph of the quads in one graph; raises MissingPeerError where it is not installed."""
    folder.mkdir()
    with lines.open(encoding="utf-8") as quads, (folder / "data.nt").open("w", encoding="utf-8") as triples:
        # In these data claims are subjects or graphs.
        triples.writelines(line for line in quads if "/claim/c-" not in line.rpartition(" <")[2])
    engine = Virtuoso(folder, buffers=170_000)
    try:
        with engine:
            engine.sql(
                f"log_enable(2);\nDB.DBA.TTLP_MT(file_to_string_output('data.nt'), '', '{_GRAPH}', 512, 2);\n"
                "checkpoint;\n"
            )
            place = urlsplit(engine.query_url)
            yield Server("Virtuoso", f"{place.netloc}{place.path}?default-graph-uri={_GRAPH}")
    except MissingEngineError as reason:
        raise MissingPeerError(str(reason)) from reason


def compared(servers: Sequence[Server], asked: Sequence[Query]) -> dict[str, int]:
    """The rows of each answer; raises RuntimeError where one differs from that of the first server."""
    rows = {}
    for query in asked:
        answers = []
        for server in servers:
            connection = Connection(server)
            try:
                answers.append(_rows(connection.ask(query.numbered(1_000_000))))
            except TimeoutError:
                print(f"{query.name}: {server.name} takes over {ANSWER_SECONDS:g} s", flush=True)
                continue
            finally:
                connection.close()
            if answers[-1] != answers[0]:
                raise RuntimeError(f"{server.name} differs from {servers[0].name} on: {query.text}")
        rows[query.name] = answers[0].total() if answers else -1
    return rows


def _rows(body: bytes) -> Counter[Any]:
    """The rows as a bag; numbers by their value, since engines differ in the types of sums."""
    found = json.loads(body)["results"]["bindings"]
    return Counter(tuple(sorted((name, _value(term)) for name, term in row.items())) for row in found)


def _value(term: dict[str, str]) -> str:
    kind = term.get("datatype", "").rpartition("#")[2]
    return f"{float(term['value']):.12g}" if kind in ("integer", "decimal", "double") else term["value"]


def milliseconds(server: Server, query: Query, numbers: Iterator[int], repeats: int) -> float:
    """The median of some answers from request to last byte; infinite where one takes too long."""
    connection, taken = Connection(server), []
    try:
        for _ in range(repeats):
            begun = time.perf_counter()
            connection.ask(query.numbered(next(numbers)))
            taken.append((time.perf_counter() - begun) * 1000)
    except TimeoutError:
        return float("inf")
    finally:
        connection.close()
    return statistics.median(taken)


def main() -> None:
    """Prints a row for each query."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="5000 triples, to see that all of it runs")
    parser.add_argument(
        "--triples", type=int, action="append", help="of the default graph; more than once for several sizes"
    )
    parser.add_argument("--peer", action="append", choices=PEERS, help="one of the peers; else all")
    parser.add_argument("--option", action="append", default=[], help="an option of kelisim serve, such as=--columns")
    parser.add_argument("names", nargs="*", metavar="QUERY", help="words of the names of queries; else all")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    sizes = [5000] if arguments.tiny else arguments.triples or SIZES
    means = [_measured(size, arguments) for size in sizes]
    print("\n   triples  geometric mean of the times the best peer takes")
    for size, found in zip(sizes, means, strict=True):
        print(f"{size:10}  {found:.2f}")


def _measured(triples: int, arguments: argparse.Namespace) -> float:
    """Prints the table of one size; returns the geometric mean of its ratios."""
    print(
        f"\n{triples} triples of the default graph, load average {os.getloadavg()[0]:.1f} before; ms, medians.",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        lines = folder / "data.nq" if arguments.tiny else cache_folder() / f"analysts-{triples}.nq"
        data.write(lines, triples)
        servers = [stack.enter_context(kelisim(lines, folder / "store", *arguments.option))]
        if triples >= STATISTICS and "--no-optimiser" not in arguments.option:
            _await_counted(servers[0], queries(["by class"])[0], "kelisim_optimised_queries_total")
        if triples >= COLUMNS and find_spec("duckdb") and not any("--columns" in o for o in arguments.option):
            _await_counted(servers[0], queries(["sectors"])[0], "kelisim_columns_answers_total")
        if not arguments.tiny and triples <= _MOST_AS_WRITTEN:
            written = stack.enter_context(kelisim(lines, folder / "store", "--no-optimiser", "--columns=off"))
            servers.append(Server("as written", written.address))
        for peer in arguments.peer or PEERS:
            try:
                if peer == "oxigraph":
                    started = stack.enter_context(oxigraph_in_memory(oxigraph_binary(cache_folder()), lines))
                else:
                    started = stack.enter_context(virtuoso(lines, folder / "virtuoso"))
                servers.append(started)
            except MissingPeerError as reason:
                print(f"A peer is left out: {reason}.", flush=True)
        return _table(servers, queries(arguments.names), 1 if arguments.tiny else _REPEATS)


def _table(servers: Sequence[Server], asked: Sequence[Query], repeats: int) -> float:
    rows = compared(servers, asked)
    names = "".join(f"{s.name:>20}" for s in servers)
    print(f"{'query':<34}{'rows':>7}{names}{'times the best peer':>21}", flush=True)
    numbers, ratios = iter(range(2_000_000, 1 << 31)), []
    for query in asked:
        taken = [milliseconds(s, query, numbers, repeats) for s in servers]
        peers = [t for t, s in zip(taken, servers, strict=True) if s.name not in OWN]
        ratios.append(ratio(taken[0], min(peers, default=float("nan"))))
        cells = "".join(cell(t, 20, limit=ANSWER_SECONDS) for t in taken)
        print(f"{query.name:<34}{rows[query.name]:7}{cells}{cell(ratios[-1], 21)}", flush=True)
    print(f"Geometric mean of the times the best peer takes: {mean(ratios):.2f} ({len(asked)} queries)", flush=True)
    return mean(ratios)


if __name__ == "__main__":
    main()
