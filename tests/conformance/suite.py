"""The test suite: downloaded with pip as part of rdflib's source distribution, its manifests read into cases."""

import subprocess
import sys
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

SDIST = "rdflib==7.6.0"
INSIDE = "test/data/suites/w3c"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
DAWGT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-dawg#")

MANIFESTS = (
    "dawg-data-r2/manifest-evaluation.ttl",
    "dawg-data-r2/manifest-syntax.ttl",
    "sparql11/manifest-all.ttl",
)
SKIPPED = {
    "entailment": "needs an RDFS, OWL or RIF entailment regime over foreign data; Kelisim reasons before it publishes",
    "service": "needs other live endpoints; federation is off by default",
    "syntax-fed": "parses SERVICE, and to run it would call out; federation is off by default",
}


class Unreachable(Exception):  # noqa: N818 - a reason to skip, not an error
    """The package registry cannot be reached, so there is no suite to run."""


@dataclass(frozen=True)
class Case:
    """One test. ``graphs`` and ``expected`` are the store before and after, named graphs by IRI."""

    iri: str
    name: str
    category: str
    kind: str
    text: Path | None = None
    graphs: tuple[tuple[str | None, Path], ...] = ()
    result: Path | None = None
    expected: tuple[tuple[str | None, Path], ...] = ()
    lax: bool = False
    skipped: str = ""


def fetch(cache_folder: Path) -> Path:
    """The folder of the suites, below ``cache_folder``; downloaded if it does not exist yet."""
    found = cache_folder / INSIDE
    if not found.is_dir():
        cache_folder.mkdir(parents=True, exist_ok=True)
        if not list(cache_folder.glob("rdflib-*.tar.gz")):
            _download(cache_folder)
        archive = next(iter(cache_folder.glob("rdflib-*.tar.gz")), None)
        if archive is None:
            raise Unreachable(f"pip fetched no source distribution of {SDIST}")
        with tarfile.open(archive) as opened:
            for member in opened.getmembers():
                member.name = member.name.partition("/")[2]
                if member.name.startswith(INSIDE):
                    opened.extract(member, cache_folder, filter="data")
    return found


def _download(folder: Path) -> None:
    """pip calls the build backend for metadata after the download; the archive exists even if that fails."""
    options = ["--no-deps", "--no-binary", ":all:", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", *options, "--dest", str(folder), SDIST]
    said = ""
    for more in ([], ["--no-build-isolation"]):
        try:
            ran = subprocess.run([*command, *more], capture_output=True, text=True, timeout=150, check=False)
        except subprocess.TimeoutExpired as error:
            raise Unreachable(f"pip download {SDIST} took more than {error.timeout:.0f} seconds") from error
        if ran.returncode == 0 or list(folder.glob("rdflib-*.tar.gz")):
            return
        said = ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "no message"
    raise Unreachable(f"pip could not fetch {SDIST}: {said}")


def cases(suites: Path) -> list[Case]:
    """All tests of the manifests, in order."""
    found: list[Case] = []
    for manifest in MANIFESTS:
        found += _manifest(suites / manifest)
    return found


def _manifest(path: Path) -> list[Case]:
    graph = Graph()
    graph.parse(path, format="turtle", publicID=path.as_uri())
    found: list[Case] = []
    for start in graph.objects(None, MF.include):
        for included in Collection(graph, start):
            found += _manifest(_file(included))
    for start in graph.objects(None, MF.entries):
        for entry in Collection(graph, start):
            case = _case(graph, entry, path)
            if case:
                found.append(case)
    return found


def _case(graph: Graph, entry: Node, manifest: Path) -> Case | None:
    kinds = [str(kind).removeprefix(MF) for kind in graph.objects(entry, RDF.type)]
    approval = graph.value(entry, DAWGT.approval)
    if not kinds or approval in {DAWGT.Withdrawn, DAWGT.Obsoleted}:
        return None
    name, kind, folder = str(graph.value(entry, MF.name)), kinds[0], manifest.parent.name
    about = (str(entry), name, _category(manifest, kind), kind)
    action, result = graph.value(entry, MF.action), graph.value(entry, MF.result)
    if folder in SKIPPED:
        return Case(*about, skipped=SKIPPED[folder])
    if action is None:  # tests of the protocol and the service description have no action
        return Case(*about)
    text = action if isinstance(action, URIRef) else graph.value(action, QT.query) or graph.value(action, UT.request)
    assert text is not None, entry
    before = () if isinstance(action, URIRef) else _graphs(graph, action)
    if kind == "UpdateEvaluationTest":
        assert result is not None
        return Case(*about, text=_file(text), graphs=before, expected=_graphs(graph, result))
    lax = (entry, MF.resultCardinality, MF.LaxCardinality) in graph
    return Case(*about, text=_file(text), graphs=before, result=_file(result) if result else None, lax=lax)


def _graphs(graph: Graph, node: Node) -> tuple[tuple[str | None, Path], ...]:
    found: list[tuple[str | None, Path]] = []
    for predicate in (QT.data, UT.data):
        found += [(None, _file(data)) for data in graph.objects(node, predicate)]
    for predicate in (QT.graphData, UT.graphData):
        for data in graph.objects(node, predicate):
            if isinstance(data, URIRef):
                found.append((str(data), _file(data)))
            else:
                file = graph.value(data, UT.graph) or graph.value(data, QT.graph)
                assert file is not None
                found.append((str(graph.value(data, RDFS.label)), _file(file)))
    return tuple(sorted(found, key=lambda pair: (pair[0] or "", pair[1])))


def _category(manifest: Path, kind: str) -> str:
    folder, suite = manifest.parent.name, manifest.parent.parent.name
    if folder in {"csv-tsv-res", "json-res"}:
        return "result formats"
    if folder in SKIPPED:
        return "entailment" if folder == "entailment" else "federation"
    if kind in {"ProtocolTest", "ServiceDescriptionTest"}:
        return "protocol" if kind == "ProtocolTest" else "service description"
    what = ("update" if "Update" in kind else "query") + (" syntax" if "Syntax" in kind else "")
    return f"SPARQL 1.0 {what}" if suite == "dawg-data-r2" else what


def _file(node: Node) -> Path:
    return Path(unquote(urlsplit(str(node)).path))


@cache
def triples(path: Path) -> list[ox.Triple]:
    """The triples of a file, relative IRIs resolved against the file's own."""
    form = {".rdf": ox.RdfFormat.RDF_XML, ".nt": ox.RdfFormat.N_TRIPLES}.get(path.suffix, ox.RdfFormat.TURTLE)
    parsed = ox.parse(path=path, format=form, base_iri=path.as_uri(), rename_blank_nodes=True)
    return [quad.triple for quad in parsed]
