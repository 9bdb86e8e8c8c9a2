"""A query learns how much more is told than it sees, because the rest is expected, thought possible or denied."""

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.rdf.patches import Patch
from ontology.namespaces import CODE, KEL

P = "PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX e: <http://e.org/> "


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"http://e.org/{name}")


def claim(name: str, modality: str, *topics: str) -> list[ox.Quad]:
    """A claim that the summit has these topics; told as surely, they are in the default graph too."""
    facts = [ox.Triple(node("summit"), node("topic"), node(topic)) for topic in topics]
    graphs = [node(name)] + [ox.DefaultGraph()] * (modality in ("asserted", "planned"))
    quads = [ox.Quad(t.subject, t.predicate, t.object, graph) for t in facts for graph in graphs]
    return [*quads, ox.Quad(node(name), ox.NamedNode(str(KEL.modality)), ox.NamedNode(str(CODE[modality])))]


@pytest.fixture
def engine() -> Engine:
    return Engine(
        [
            *claim("c1", "planned", "a", "b"),
            *claim("c2", "expected", "b", "c"),
            *claim("c3", "possible", "c", "d"),
            *claim("c4", "denied", "e"),
        ]
    )


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("SELECT ?t { e:summit e:topic ?t }", 3),
        ("SELECT ?t { e:summit e:topic ?t FILTER(?t = e:c) }", 1),
        ("SELECT ?t { e:summit e:topic ?t FILTER(?t = e:a) }", 0),
        ("SELECT ?t { e:summit e:topic ?t } LIMIT 2", 0),
        ("SELECT ?t { e:summit e:topic ?t } LIMIT 4", 2),
        ("SELECT (COUNT(*) AS ?n) { e:summit e:topic ?t }", 1),
        ("SELECT (COUNT(*) AS ?n) { e:summit e:nothing ?t }", 0),
        ("ASK { e:summit e:topic e:d }", 1),
        ("ASK { e:summit e:topic e:a }", 0),
        ("CONSTRUCT { ?t e:of ?s } { ?s e:topic ?t }", 3),
        ("SELECT ?t { GRAPH ?claim { e:summit e:topic ?t } }", 0),
        ("SELECT ?t FROM e:c1 { e:summit e:topic ?t }", 0),
    ],
)
def test_hedged_rows_are_counted(engine: Engine, query: str, more: int) -> None:
    assert engine.hedged_rows(P + query) == more


def test_the_count_follows_changes(engine: Engine) -> None:
    topics = f"{P} SELECT ?t {{ e:summit e:topic ?t }}"
    assert engine.hedged_rows(topics) == 3
    engine.apply(Patch(adds=tuple(claim("c5", "possible", "f"))))
    assert engine.hedged_rows(topics) == 4
    surely = claim("c3", "asserted", "c", "d")
    engine.apply(Patch(deletes=tuple(q for q in claim("c3", "possible")), adds=tuple(set(surely) - {*engine.quads()})))
    assert engine.hedged_rows(topics) == 2


def test_data_without_modalities_have_no_hedged_rows() -> None:
    engine = Engine([ox.Quad(node("s"), node("p"), node("o"), node("g"))])
    assert engine.hedged_rows("SELECT * { ?s ?p ?o }") == 0
