"""What searches and reconciliation cost, over the graph and over made-up names; peers run over the same names.

    python -m tests.benchmarks.search [NAMES | --tiny]

The peer of search is SQL's LIKE over the same texts, that of reconciliation a plain scan by rapidfuzz over all names
(WRatio with its default processor), which is what most small reconciliation services do. Times are those of the
processor, so that other work on the machine does not count. The peers run in a forked process, which is killed where
one answer takes too long; then the ratio is a lower bound.
"""

import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pyoxigraph as ox
from rapidfuzz import fuzz, process, utils

from kg.curation.curated import read_curation
from kg.curation.dataset import build
from kg.engine.engine import Engine
from kg.language.classes import PERSON
from kg.search.index import Index
from kg.search.matching import candidates
from kg.search.reconciliation import Record, reconcile
from kg.search.search import search
from kg.search.texts import read_texts
from kg.store.reader import Reader
from ontology.namespaces import ID, PREFIXES, RDF_TYPE
from tests.benchmarks.limits import PEER_SECONDS, forked

SYLLABLES = [
    "ka",
    "ba",
    "zha",
    "sul",
    "tan",
    "bek",
    "nur",
    "dar",
    "ali",
    "mar",
    "lov",
    "iev",
    "en",
    "ov",
    "ger",
    "ma",
    "ser",
    "gei",
    "ol",
    "ga",
    "ta",
    "ti",
    "ana",
    "kir",
    "ill",
    "ros",
    "tov",
]
CYRILLIC = [
    "ка",
    "ба",
    "жа",
    "сул",
    "тан",
    "бек",
    "нур",
    "дар",
    "али",
    "мар",
    "лов",
    "иев",
    "ен",
    "ов",
    "гер",
    "ма",
    "сер",
    "гей",
    "ол",
    "га",
    "та",
    "ти",
    "ана",
    "кир",
    "илл",
    "рос",
    "тов",
]
REPEATS = 30


def main() -> None:
    """Prints a table in milliseconds: the median, and the peer's median as a ratio."""
    report("the graph", Reader(Engine(build(read_curation()).quads)))
    names = 500 if "--tiny" in sys.argv else int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    store = ox.Store()
    store.bulk_extend(people(names))
    report(f"{names} made-up names", Reader(Engine(store)))


def report(title: str, reader: Reader) -> None:
    """Measures one graph."""
    began = time.process_time()
    index = Index(read_texts(reader))
    made = time.process_time() - began
    with index.reading() as connection:
        count = connection.execute("SELECT count(*) FROM texts").fetchone()[0]
        texts = [row[0] for row in connection.execute("SELECT text FROM texts JOIN names USING (id) WHERE entity")]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"\n{title}: {count} texts, index made in {made:.1f} s, at most {memory} MiB in this process")
    picked = random.Random(7).sample(texts, REPEATS)
    beginnings = [name.split()[0][:6] for name in picked]
    misspelt = [name[:4] + name[5:] for name in picked]
    row(
        "search, one beginning",
        [partial(search, index, w) for w in beginnings],
        [partial(like, index, w) for w in beginnings],
    )
    row("search, a whole name", [partial(search, index, w) for w in picked], [partial(like, index, w) for w in picked])
    scans = [partial(scan, w, texts) for w in misspelt[:5]]
    row("a misspelt name", [partial(candidates, index, w) for w in misspelt], scans)
    batches = [[Record(random.Random(n + 10 * k).choice(misspelt)) for k in range(10)] for n in range(REPEATS)]
    row("a batch of 10 records", [partial(reconcile, index, reader, b, "en") for b in batches], [])


def row(title: str, calls: Sequence[Callable[[], object]], peers: Sequence[Callable[[], object]]) -> None:
    """Prints one line of the table."""
    ours = statistics.median(map(milliseconds, calls))
    print(f"  {title:24} {ours:8.2f} ms{beside(ours, peers)}", flush=True)


def beside(ours: float, peers: Sequence[Callable[[], object]]) -> str:
    """How long the peer takes in comparison."""
    if not peers:
        return ""
    times = forked(lambda: map(milliseconds, peers), PEER_SECONDS)
    if times is None:
        return f", peer over {PEER_SECONDS:g} s, over {PEER_SECONDS * 1000 / ours:.1f} times as long"
    return f", peer {statistics.median(times) / ours:8.1f} times as long"


def milliseconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000


def like(index: Index, word: str) -> object:
    """The same search by LIKE."""
    with index.reading() as connection:
        query = "SELECT count(DISTINCT thing) FROM texts WHERE text LIKE ?"
        return connection.execute(query, (f"%{word}%",)).fetchall()


def scan(name: str, texts: list[str]) -> object:
    """The names that are likest, by looking at all."""
    return process.extract(name, texts, scorer=fuzz.WRatio, processor=utils.default_process, limit=10)


def people(names: int) -> Iterator[ox.Quad]:
    """People with two names each, one in either script, the same whenever it runs."""
    chance = random.Random(1)
    kind, label = ox.NamedNode(RDF_TYPE), ox.NamedNode(PREFIXES["rdfs"] + "label")
    for number in range(names // 2):
        person = ox.NamedNode(f"{ID}person-{number}")
        yield ox.Quad(person, kind, ox.NamedNode(PERSON))
        parts = [[chance.randrange(len(CYRILLIC)) for _ in range(chance.randint(2, 4))] for _ in range(2)]
        for language, table in (("en", SYLLABLES), ("ru", CYRILLIC)):
            words = " ".join("".join(table[n] for n in part).capitalize() for part in parts)
            yield ox.Quad(person, label, ox.Literal(words, language=language))


if __name__ == "__main__":
    main()
