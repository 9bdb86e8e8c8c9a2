"""A small dataset to publish, how it is published to an engine of the tests, and what is in an engine."""

from collections.abc import Iterable

import pyoxigraph as ox

from kg.curation.dataset import from_quads
from kg.upload.connection import Addresses, Connection
from kg.upload.content import Content
from kg.upload.credentials import Credentials
from kg.upload.names import DEFAULT_GRAPH, RESERVED
from kg.upload.publication import Publisher, Report, publishing
from tests.engines.server import EngineServer

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
LITERALS = (
    ox.Literal('a "quoted" line\nand\tanother \\ with \r signs'),
    ox.Literal("келісім", language="kk"),
    ox.Literal("accord", language="en-GB"),
    ox.Literal("28400000000", datatype=ox.NamedNode(XSD + "integer")),
    ox.Literal("28.40", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal("007", datatype=ox.NamedNode(XSD + "integer")),
    ox.Literal("2024-11-27", datatype=ox.NamedNode(XSD + "date")),
    ox.Literal("2024-11-27T10:00:00Z", datatype=ox.NamedNode(XSD + "dateTime")),
    ox.Literal("2023", datatype=ox.NamedNode(XSD + "gYear")),
    ox.Literal("2023-11", datatype=ox.NamedNode("http://id.loc.gov/datatypes/edtf/EDTF")),
    ox.Literal("true", datatype=ox.NamedNode(XSD + "boolean")),
    ox.Literal("1.5E6", datatype=ox.NamedNode(XSD + "double")),
    ox.Literal("ж" * 2500),
)

NAMELESS = frozenset((ox.Quad(ox.BlankNode("b1"), ox.NamedNode(EX + "note"), ox.Literal("of nobody")),))
"""The part of the sample with a blank node."""


def quad(subject: str, predicate: str, value: ox.Literal | str, graph: str = "") -> ox.Quad:
    term = ox.NamedNode(EX + value) if isinstance(value, str) else value
    context = ox.NamedNode(EX + graph) if graph else ox.DefaultGraph()
    return ox.Quad(ox.NamedNode(EX + subject), ox.NamedNode(EX + predicate), term, context)


def sample(things: int = 250) -> set[ox.Quad]:
    """Claims, each in a graph of its own and in the default graph, which has several parts, and a blank node."""
    found = {quad(f"құбыр/{n}", "value", value, f"claim/{n}") for n, value in enumerate(LITERALS)}
    for n in range(things):
        found.add(quad(f"thing/{n}", "near", f"thing/{n + 1}", f"claim/{n % 40}"))
        found.add(quad(f"thing/{n}", "label", ox.Literal(f"Thing {n}", language="en"), f"claim/{n % 40}"))
    found |= {ox.Quad(q.subject, q.predicate, q.object) for q in found}
    return found | NAMELESS


def connection(server: EngineServer, password: str | None = None) -> Connection:
    secret = server.password if password is None else password
    credentials = Credentials(server.authentication, server.user, secret) if server.authentication else None
    return Connection(Addresses(server.query_url, server.update_url), credentials)


def publish(
    server: EngineServer, quads: Iterable[ox.Quad], *, graphs: bool = False, overwrite: bool = False, dry: bool = False
) -> Report:
    """Publishes the quads; with `graphs` also by the engine's graph store."""
    there = connection(server)
    if graphs:
        there.addresses = Addresses(server.query_url, server.update_url, server.graphs_url)
    with publishing(there, lambda *_: None, overwrite=overwrite, dry_run=dry) as publisher:
        return publisher.publish(content_of(quads, publisher))


def content_of(quads: Iterable[ox.Quad], publisher: Publisher) -> Content:
    dataset = from_quads({*quads})
    content = Content(dataset.version, dataset.digest)
    content.fill(dataset.quads, publisher.manifest.lengths if publisher.manifest else {})
    return content


def held(server: EngineServer) -> set[ox.Quad]:
    """All that the engine has of a dataset, read without the code under test; literals in pyoxigraph's form."""
    found = {
        ox.Quad(row["s"], row["p"], row["o"], row["g"])
        for row in connection(server).select("SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }")
        if row["g"] and row["g"].value.startswith((EX, DEFAULT_GRAPH))
    }
    found = {
        ox.Quad(q.subject, q.predicate, q.object) if q.graph_name == ox.NamedNode(DEFAULT_GRAPH) else q for q in found
    }
    if not server.union_default_graph:
        rows = connection(server).select("SELECT ?s ?p ?o WHERE { ?s ?p ?o }")
        found |= {ox.Quad(row["s"], row["p"], row["o"]) for row in rows}
    return canonical(found)


def canonical(quads: Iterable[ox.Quad]) -> set[ox.Quad]:
    """The quads as the engine should have them: literals in canonical form, blank nodes skolemised."""
    store = ox.Store()
    store.extend(quads)
    skolem = ox.NamedNode("https://w3id.org/kelisim/.well-known/genid/b1")
    return {
        ox.Quad(skolem, q.predicate, q.object, q.graph_name) if isinstance(q.subject, ox.BlankNode) else q
        for q in store
    }


def wipe(server: EngineServer) -> None:
    """Empties an engine of what tests have put there."""
    there = connection(server)
    ours = " || ".join(f'STRSTARTS(STR(?g), "{name}")' for name in (EX, *sorted(RESERVED)))
    there.update(f"DELETE {{ GRAPH ?g {{ ?s ?p ?o }} }} WHERE {{ GRAPH ?g {{ ?s ?p ?o }} FILTER({ours}) }}")
    if not server.union_default_graph:
        there.update("DROP SILENT DEFAULT")
