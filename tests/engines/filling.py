"""Puts a dataset into the empty store of an engine, by the quickest way that it has."""

import base64
import urllib.request
from collections.abc import Iterable

import pyoxigraph as ox

from kg.upload.names import DEFAULT_GRAPH, PUBLISHED_GRAPH
from ontology.namespaces import PREFIXES
from tests.engines.server import EngineServer
from tests.engines.virtuoso import Virtuoso


def fill(server: EngineServer, quads: Iterable[ox.Quad], digest: str) -> None:
    """Puts the quads there, and their digest, where ``kelisim publish`` puts them."""
    place = ox.NamedNode(DEFAULT_GRAPH) if server.union_default_graph else ox.DefaultGraph()
    placed = [
        ox.Quad(q.subject, q.predicate, q.object, place if q.graph_name == ox.DefaultGraph() else q.graph_name)
        for q in quads
    ]
    published = ox.NamedNode(PUBLISHED_GRAPH)
    identifier = ox.NamedNode(PREFIXES["dcterms"] + "identifier")
    placed.append(ox.Quad(published, identifier, ox.Literal(digest), published))
    lines = ox.serialize(placed, format=ox.RdfFormat.N_QUADS)
    assert lines
    if isinstance(server, Virtuoso):
        (server.folder / "data.nq").write_bytes(lines)
        server.sql("log_enable(2);\nDB.DBA.TTLP(file_to_string_output('data.nq'), '', 'urn:x', 512);\ncheckpoint;\n")
        return
    pair = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    headers = {"Content-Type": "application/n-quads", "Authorization": f"Basic {pair}"}
    with urllib.request.urlopen(urllib.request.Request(server.graphs_url, lines, headers), timeout=120) as response:
        assert response.status < 300
