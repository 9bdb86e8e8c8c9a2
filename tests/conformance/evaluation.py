"""The tests with manifests: evaluation of queries and updates, and syntax tests."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pyoxigraph as ox

from tests.conformance.compare import check, expected, results, same_graphs, shown
from tests.conformance.suite import Case, triples
from tests.conformance.target import Answer, Client, Failed, Queried

GRAPH_FORMATS = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
ACCEPT_GRAPH = "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8"
ACCEPT_TABLE = {".csv": "text/csv", ".tsv": "text/tab-separated-values"}
FROM = re.compile(r"\bFROM\s+(?:NAMED\s+)?<([^>]*)>", re.IGNORECASE)
OWN_BASE = re.compile(r"\bBASE\s+<[A-Za-z][A-Za-z0-9+.-]*:", re.IGNORECASE)
RELATIVE = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]*:)[^<>\s\"{}|^`\\]*>")


def text_of(path: Path) -> str:
    """The text of a query or update. If it uses relative IRIs, the base that the suite intends is prepended (the
    file's own IRI), since a server cannot know it."""
    text = path.read_text(encoding="utf-8")
    needed = RELATIVE.search(text) and not OWN_BASE.search(text)
    return f"BASE <{path.as_uri()}>\n{text}" if needed else text


def _named(graphs: tuple[tuple[str | None, Path], ...]) -> list[tuple[str | None, list[ox.Triple]]]:
    merged: dict[str | None, list[ox.Triple]] = {}
    for name, path in graphs:
        merged.setdefault(name, []).extend(triples(path))
    return list(merged.items())


def evaluate_query(client: Queried, case: Case) -> None:
    """QueryEvaluationTest and CSVResultFormatTest. Files in FROM are loaded as named graphs."""
    assert case.text is not None
    assert case.result is not None
    text = case.text.read_text(encoding="utf-8")
    graphs = dict.fromkeys(case.graphs)
    for name in FROM.findall(text):
        file = case.text.parent / name
        if file.is_file():
            graphs[urljoin(case.text.as_uri(), name), file] = None
    client.load(_named(tuple(graphs)))
    wanted = expected(case.result)
    named = [name for name, _ in graphs if name] if "FROM" not in text else []
    if isinstance(wanted, list):
        check(graph(client.query(text_of(case.text), ACCEPT_GRAPH, named)), wanted)
        return
    suffix = case.result.suffix if case.result.suffix in ACCEPT_TABLE else ".srj"
    accept = ACCEPT_TABLE.get(suffix, "application/sparql-results+json")
    answer = client.query(text_of(case.text), accept, named)
    if answer.status != 200:
        raise Failed(str(answer))
    if answer.media_type != accept:
        raise Failed(f"asked for {accept} and got {answer.media_type}")
    check(results(answer.body, suffix), wanted, lax=case.lax)


def graph(answer: Answer, base: str | None = None) -> list[ox.Triple]:
    """The triples of a response that is a graph."""
    if answer.status != 200:
        raise Failed(str(answer))
    if answer.media_type not in GRAPH_FORMATS:
        raise Failed(f"asked for a graph and got {answer.media_type or 'no content type'}")
    try:
        parsed = ox.parse(input=answer.body, format=GRAPH_FORMATS[answer.media_type], base_iri=base)
        return [quad.triple for quad in parsed]
    except (SyntaxError, ValueError) as error:
        raise Failed(f"the graph is malformed: {error}") from error


def evaluate_update(client: Client, case: Case) -> None:
    """UpdateEvaluationTest: compares the state of the store after the update."""
    assert case.text is not None
    client.load(_named(case.graphs))
    answer = client.update(text_of(case.text))
    if not 200 <= answer.status < 300:
        raise Failed(str(answer))
    state = client.state()
    wanted = [
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(name) if name else ox.DefaultGraph())
        for name, graph in _named(case.expected)
        for t in graph
    ]
    if not same_graphs(state, wanted):
        raise Failed(f"the store differs: holds {shown(state)}, not {shown(wanted)}")


def check_syntax(client: Client, case: Case) -> None:
    """Syntax tests: well-formed text is executed on an empty store, malformed text must be refused with 400.

    Text is also well-formed if the server refuses to execute it with another status than 400: a LOAD or FROM refused
    by policy, DROP of a graph that does not exist, an unknown function.
    """
    assert case.text is not None
    client.load([])
    update, text = "Update" in case.kind, text_of(case.text)
    answer = client.update(text) if update else client.query(text, f"application/sparql-results+json, {ACCEPT_GRAPH}")
    if case.kind.startswith("Negative"):
        if answer.status != 400:
            raise Failed(f"not refused as malformed (400): {answer}")
    elif answer.status == 400:
        raise Failed(f"refused: {answer}")
