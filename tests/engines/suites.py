"""The W3C's tests of query evaluation and result formats over an engine, by the library as workers use it.

Each test's data are put into the engine as ``kelisim publish`` lays them out (the default graph in `DEFAULT_GRAPH`
where the engine has none of its own, a mark in `PUBLISHED_GRAPH`), but for blank nodes, which stay blank. Then the
query is asked of a `RemoteEngine` over it, in this process: its probing, translation, transport and copy are those of a
server, and so is the writing of formats; HTTP in front of it is not run. An error of the library is a refusal: a server
answers it with another status than 200.
"""

import base64
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlencode

import pyoxigraph as ox

from kg.engine.engine import Engine
from kg.rdf.formats import by_name
from kg.rdf.patches import Patch
from kg.remote.breaker import Breaker
from kg.remote.engine import RemoteEngine
from kg.remote.probing import probe
from kg.remote.store import RemoteStore
from kg.remote.transport import Transport
from kg.upload.names import DEFAULT_GRAPH, PUBLISHED_GRAPH
from ontology import KelisimError
from ontology.namespaces import PREFIXES
from tests.conformance.evaluation import evaluate_query
from tests.conformance.suite import Case
from tests.conformance.target import JSON_RESULTS, Answer, Failed, Named, Queried
from tests.engines.registry import ENGINES
from tests.engines.server import EngineServer
from tests.engines.virtuoso import Virtuoso

CATEGORIES: Final = ("query", "result formats", "SPARQL 1.0 query")
_SECONDS: Final = 20.0
_FORMATS: Final = {"text/csv": "csv", "text/tab-separated-values": "tsv", "application/sparql-results+json": "json"}
_REFUSED: Final = 502


@dataclass(frozen=True)
class Outcome:
    """What became of a test: ``right``, ``refused`` or ``wrong``, and what was answered if it is not right."""

    case: Case
    became: str
    told: str = ""


class Embedded:
    """The engine in this process, which is the measure."""

    def __init__(self) -> None:
        self._engine = Engine(ox.Store())

    def load(self, named: Named) -> None:
        """See `Queried`."""
        store = ox.Store()
        store.extend(_quads(named, ox.DefaultGraph()))
        self._engine = Engine(store)

    def query(self, text: str, accept: str = JSON_RESULTS, named: Iterable[str] = ()) -> Answer:
        """See `Queried`."""
        return _answer(self._engine, text, accept)


class Connected:
    """A `RemoteEngine` over the data of a server of an engine."""

    def __init__(self, server: EngineServer) -> None:
        self._server = server
        self._default = ox.NamedNode(DEFAULT_GRAPH) if server.union_default_graph else ox.DefaultGraph()
        self._loaded: Named | None = None
        self._graphs: set[str] = set()
        self._transport = Transport(server.query_url, Breaker(server.name), seconds=_SECONDS)
        self._engine = RemoteEngine(RemoteStore(self._transport, probe(self._transport)))

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()

    def load(self, named: Named) -> None:
        """See `Queried`; consecutive queries on the same data load them once."""
        if self._loaded == named:
            return
        self._loaded = None
        mark = ox.NamedNode(PUBLISHED_GRAPH)
        quads = [*_quads(named, self._default)]
        quads.append(ox.Quad(mark, ox.NamedNode(PREFIXES["dcterms"] + "title"), ox.Literal("suite"), mark))
        groups = _grouped(quads)
        if isinstance(self._server, Virtuoso):  # its updates have no blank nodes
            for name in self._graphs - groups.keys():
                self._send("DELETE", self._graph(name))
            for name, triples in groups.items():
                self._send("PUT", self._graph(name), _lines(triples), "application/n-triples")
        else:
            drops = [f"CLEAR SILENT GRAPH <{name}> ;" for name in sorted(self._graphs)]
            parts = [f"GRAPH <{n}> {{ {_lines(g).decode()} }}" if n else _lines(g).decode() for n, g in groups.items()]
            text = f"CLEAR SILENT DEFAULT ; {' '.join(drops)} INSERT DATA {{ {' '.join(parts)} }}"
            self._send("POST", self._server.update_url, text.encode(), "application/sparql-update")
        self._graphs = {name for name in groups if name}
        self._engine.apply(Patch())
        self._loaded = named

    def query(self, text: str, accept: str = JSON_RESULTS, named: Iterable[str] = ()) -> Answer:
        """See `Queried`."""
        return _answer(self._engine, text, accept)

    def _graph(self, name: str) -> str:
        return f"{self._server.graphs_url}?{urlencode({'graph': name})}"

    def _send(self, method: str, url: str, body: bytes | None = None, kind: str = "") -> None:
        pair = base64.b64encode(f"{self._server.user}:{self._server.password}".encode()).decode()
        headers = {"Content-Type": kind, "Authorization": f"Basic {pair}"}
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise Failed(f"the data could not be loaded: {error.code} {error.read()[:300]!r}") from error


def writable(name: str, folder: Path) -> AbstractContextManager[EngineServer]:
    """An engine of this name into which the tests' data can be put; raises what `running` raises when it is entered."""
    kind = ENGINES[name]
    return Virtuoso(folder, open_updates=True) if kind is Virtuoso else kind(folder)


def outcomes(library: Queried, cases: Iterable[Case]) -> Iterator[Outcome]:
    """What becomes of the tests of queries; those on the same data follow one another."""
    chosen = [c for c in cases if c.category in CATEGORIES and not c.skipped and "Syntax" not in c.kind]
    for case in sorted(chosen, key=lambda c: str(c.graphs)):
        asked = _Asked(library)
        try:
            evaluate_query(asked, case)
        except Failed as failure:
            became = "wrong" if asked.status == 200 else "refused"
            yield Outcome(case, became, " ".join(str(failure).split()))
        else:
            yield Outcome(case, "right")


class _Asked:
    """Notes the status of the last answer."""

    def __init__(self, library: Queried) -> None:
        self._library = library
        self.status = 0

    def load(self, named: Named) -> None:
        self._library.load(named)

    def query(self, text: str, accept: str = JSON_RESULTS, named: Iterable[str] = ()) -> Answer:
        answer = self._library.query(text, accept, named)
        self.status = answer.status
        return answer


def _answer(engine: Engine, text: str, accept: str) -> Answer:
    headers = Message()
    try:
        answer = engine.query(text)
        form = by_name("ntriples" if answer.is_graph else _FORMATS.get(accept, "json"), answer.formats)
        body = answer.serialize(form)
    except KelisimError as error:
        return Answer(_REFUSED, headers, f"{type(error).__name__}: {error}".encode())
    headers["Content-Type"] = form.media_type
    return Answer(200, headers, body)


def _quads(named: Named, default: ox.NamedNode | ox.DefaultGraph) -> Iterator[ox.Quad]:
    for name, triples in named:
        graph = ox.NamedNode(name) if name else default
        for triple in triples:
            yield ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _grouped(quads: Iterable[ox.Quad]) -> Mapping[str, list[ox.Triple]]:
    found: dict[str, list[ox.Triple]] = {}
    for quad in quads:
        name = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        found.setdefault(name, []).append(quad.triple)
    return found


def _lines(triples: list[ox.Triple]) -> bytes:
    return cast("bytes", ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES))


DEVIATIONS: Final = Path(__file__).with_name("deviations.toml")


def known(name: str) -> dict[str, str]:
    """The tests with a wrong answer over this engine that is not wrong in memory too, each with the reason."""
    with DEVIATIONS.open("rb") as file:
        listed = tomllib.load(file).get(name, {})
    return {fragment: reason for reason, fragments in listed.items() for fragment in fragments}


def surprises(name: str, found: Iterable[Outcome], embedded: Iterable[Outcome]) -> list[str]:
    """Wrong answers that are neither those of the engine in this process nor listed, and listed ones that are right."""
    alike = {o.case.iri for o in embedded if o.became == "wrong"}
    wrong = {o.case.iri.rpartition("#")[2]: o for o in found if o.became == "wrong" and o.case.iri not in alike}
    listed = known(name)
    told = [f"{fragment}: {o.told}" for fragment, o in wrong.items() if fragment not in listed]
    return told + [
        f"{fragment} is not wrong any more: take it off the list" for fragment in listed.keys() - wrong.keys()
    ]
