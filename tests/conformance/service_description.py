"""The tests of the SPARQL 1.1 Service Description, which the suite only names."""

from collections.abc import Callable

import pyoxigraph as ox

from tests.conformance.evaluation import graph
from tests.conformance.target import Client, Failed

SD = "http://www.w3.org/ns/sparql-service-description#"
A = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
CLASSES = {"Service", "Feature", "Language", "Function", "Aggregate", "EntailmentRegime", "EntailmentProfile"}
CLASSES |= {"GraphCollection", "Dataset", "Graph", "NamedGraph"}
RESOURCES = {"endpoint", "feature", "defaultEntailmentRegime", "entailmentRegime", "defaultSupportedEntailmentProfile"}
RESOURCES |= {"supportedEntailmentProfile", "extensionFunction", "extensionAggregate", "languageExtension", "name"}
RESOURCES |= {"supportedLanguage", "propertyFeature", "defaultDataset", "availableGraphs", "resultFormat"}
RESOURCES |= {"inputFormat", "defaultGraph", "namedGraph", "graph"}
INSTANCES = {"SPARQL10Query", "SPARQL11Query", "SPARQL11Update", "DereferencesURIs", "UnionDefaultGraph"}
INSTANCES |= {"RequiresDataset", "EmptyGraphs", "BasicFederatedQuery"}
ONCE = {"defaultDataset", "defaultGraph", "name", "endpoint"}


def run(client: Client, name: str) -> None:
    """Runs the test of that name."""
    url = client.target.query_url
    found = graph(client.send(url, headers={"Accept": "text/turtle"}), url)
    TESTS[name](found, url)


def _returns_rdf(found: list[ox.Triple], _: str) -> None:
    if not found:
        raise Failed("the description is empty")


def _endpoint(found: list[ox.Triple], url: str) -> None:
    named = {
        t.object.value for t in found if t.predicate.value == f"{SD}endpoint" and isinstance(t.object, ox.NamedNode)
    }
    if not {url, url.rstrip("/"), f"{url}/"} & named:
        raise Failed(f"sd:endpoint is {sorted(named) or 'not told'}, not {url}")


def _schema(found: list[ox.Triple], _: str) -> None:
    """Checks terms, ranges and cardinalities against the vocabulary."""
    services = {t.subject for t in found if t.predicate.value == A and _local(t.object) == "Service"}
    told = {t.subject for t in found if _local(t.predicate) == "endpoint"}
    if not services or not told <= services:
        raise Failed("there is no sd:Service, or an sd:endpoint of something else")
    seen: set[tuple[object, str]] = set()
    for triple in found:
        name, value = _local(triple.predicate), _local(triple.object)
        if value and value not in CLASSES | INSTANCES:
            raise Failed(f"sd:{value} is not a term of the vocabulary")
        if not name:
            continue
        if name not in RESOURCES:
            raise Failed(f"sd:{name} is not a property of the vocabulary")
        if isinstance(triple.object, ox.Literal):
            raise Failed(f"sd:{name} has a literal: {triple.object}")
        if name in ONCE and (triple.subject, name) in seen:
            raise Failed(f"sd:{name} has two values")
        seen.add((triple.subject, name))
    graphs = {t.object for t in found if _local(t.predicate) == "namedGraph"}
    if not all((node, "name") in seen for node in graphs):
        raise Failed("an sd:namedGraph has no sd:name")


def _local(term: object) -> str:
    value = term.value if isinstance(term, ox.NamedNode) else ""
    return value.removeprefix(SD) if value.startswith(SD) else ""


TESTS: dict[str, Callable[[list[ox.Triple], str], None]] = {
    "returns-rdf": _returns_rdf,
    "has-endpoint-triple": _endpoint,
    "conforms-to-schema": _schema,
}
