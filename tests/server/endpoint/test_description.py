"""The service description of stores with few and many graphs."""

from pathlib import Path

import rdflib

from kg.publishing.lenses import SD
from server.endpoint.description import MOST_GRAPHS
from tests.conftest import serving
from tests.http import send
from tests.server.endpoint.test_writes import Client, make_token

TRIPLES = rdflib.URIRef("http://rdfs.org/ns/void#triples")
NAMED, NAME, GRAPH, DEFAULT = (rdflib.URIRef(SD + name) for name in ("namedGraph", "name", "graph", "defaultGraph"))


def described(client: Client) -> rdflib.Graph:
    status, _, body = send(f"{client.server}sparql", headers={"Accept": "text/turtle"})
    assert status == 200
    return rdflib.Graph().parse(data=body, format="turtle")


def test_named_graphs_are_listed_while_they_are_not_too_many(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    with serving(kelisim, "--store", str(tmp_path / "store"), "--empty", "--allow-updates") as running:
        client = Client(running, token)
        more = "GRAPH <urn:g:0> { <urn:s> <urn:q> 2 }"
        graphs = "".join(f"GRAPH <urn:g:{n}> {{ <urn:s> <urn:p> {n} }}" for n in range(MOST_GRAPHS))
        assert client.update(f"INSERT DATA {{ <urn:s> <urn:p> 1 {graphs} {more} }}")[0] == 200
        graph, dataset = described(client), rdflib.URIRef(running.address)
        sizes = {
            str(graph.value(n, NAME)): graph.value(graph.value(n, GRAPH), TRIPLES)
            for n in graph.objects(dataset, NAMED)
        }
        assert {name: int(str(size)) for name, size in sizes.items()} == {
            f"urn:g:{n}": 2 if n == 0 else 1 for n in range(MOST_GRAPHS)
        }
        assert client.update("INSERT DATA { GRAPH <urn:more> { <urn:s> <urn:p> 1 } }")[0] == 200
        graph = described(client)
        assert list(graph.objects(dataset, NAMED)) == []
        told = " ".join(map(str, graph.objects(dataset, rdflib.RDFS.comment)))
        assert f"has {MOST_GRAPHS + 1:,} named graphs" in told
        assert int(str(graph.value(graph.value(dataset, DEFAULT), TRIPLES))) == 1
