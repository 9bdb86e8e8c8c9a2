"""A query learns how much more is told than it sees, because the rest is expected, thought possible or denied."""

from collections import Counter

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.rdf.formats import RESULT_FORMATS, by_name
from kg.rdf.patches import Patch
from ontology.namespaces import CODE, EVERYTHING, KEL

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
        ("SELECT ?t { GRAPH ?claim { ?x e:topic ?t } e:summit e:topic ?t }", 4),
        ("SELECT ?t FROM e:c1 { e:summit e:topic ?t }", 0),
        ("SELECT ?service { ?service e:topic e:c } # SERVICE, FROM", 1),
    ],
)
def test_hedged_rows_are_counted(engine: Engine, query: str, more: int) -> None:
    assert engine.hints.hedged_rows(P + query) == more


def test_the_count_follows_changes(engine: Engine) -> None:
    topics = f"{P} SELECT ?t {{ e:summit e:topic ?t }}"
    assert engine.hints.hedged_rows(topics) == 3
    engine.apply(Patch(adds=tuple(claim("c5", "possible", "f"))))
    assert engine.hints.hedged_rows(topics) == 4
    surely = claim("c3", "asserted", "c", "d")
    engine.apply(Patch(deletes=tuple(q for q in claim("c3", "possible")), adds=tuple(set(surely) - {*engine.quads()})))
    assert engine.hints.hedged_rows(topics) == 2


@pytest.mark.parametrize("change", [Patch(adds=tuple(claim("c5", "denied", "f"))), Patch(), None])
def test_a_query_that_no_hedged_claim_matches_is_not_evaluated_again(
    engine: Engine, change: Patch | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.hints.prepare()
    if change:
        engine.apply(change)
    asked: list[str] = []
    monkeypatch.setattr("kg.engine.hints._solutions", lambda _, **__: asked.append("") or Counter())  # type: ignore[func-returns-value]
    new = "f" if change and change.adds else "e"
    for query in ("e:c1 ?p ?o", "?s kel:modality ?o", "?s ?p e:a", "?s e:topic ?o . e:c1 e:topic ?o"):
        before = len(asked)
        assert engine.hints.hedged_rows(f"{P} SELECT ?s {{ {query} }}") == 0
        assert len(asked) == before + 2 * query.startswith("?s e:topic")
    engine.hints.hedged_rows(f"{P} SELECT ?s {{ ?s ?p e:{new} }}")
    assert len(asked) == 4


def test_data_without_modalities_have_no_hedged_rows() -> None:
    engine = Engine([ox.Quad(node("s"), node("p"), node("o"), node("g"))])
    assert engine.hints.hedged_rows("SELECT * { ?s ?p ?o }") == 0


def values(engine: Engine, query: str, *default: str) -> list[str]:
    answer = engine.query(P + query, default_graphs=default).serialize(by_name("csv", RESULT_FORMATS)).decode()
    return sorted(value.removeprefix("http://e.org/") for value in answer.split()[1:])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"SELECT ?t FROM <{EVERYTHING}> WHERE {{ e:summit e:topic ?t }}", [*"abcde"]),
        (f"SELECT ?t\n from<{EVERYTHING}>{{ GRAPH ?c {{ e:summit e:topic ?t }} ?c kel:modality ?m }}", [*"abbccde"]),
        (f"SELECT (COUNT(*) AS ?n) FROM <{EVERYTHING}> {{ GRAPH ?c {{ ?s ?p ?o }} }}", ["7"]),
        (f"SELECT ?t FROM <{EVERYTHING}> FROM NAMED e:c4 {{ GRAPH ?c {{ e:summit e:topic ?t }} }}", ["e"]),
        (f"SELECT ?t FROM <{EVERYTHING}> FROM NAMED e:c4 {{ e:summit e:topic ?t }}", [*"abcde"]),
        (f"PREFIX l: <{EVERYTHING[:-5]}> SELECT ?t FROM l:thing {{ e:summit e:topic ?t }}", [*"abcde"]),
        (f"SELECT ?t FROM # FROM\n <{EVERYTHING}> {{ e:summit e:topic ?t FILTER('FROM' != '') }}", [*"abcde"]),
        ("SELECT ?t { e:summit e:topic ?t }", ["a", "b"]),
    ],
)
def test_the_dataset_of_everything(engine: Engine, query: str, found: list[str]) -> None:
    assert values(engine, query) == found


def test_the_dataset_of_everything_by_the_protocol_and_after_changes(engine: Engine) -> None:
    topics = "SELECT ?t { e:summit e:topic ?t }"
    assert values(engine, topics, EVERYTHING) == [*"abcde"]
    engine.apply(Patch(adds=tuple(claim("c5", "denied", "f")), deletes=tuple(claim("c1", "planned", "a"))))
    assert values(engine, topics, EVERYTHING) == [*"bcdef"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["c1", "c4", "c6"]),
            st.sampled_from(["planned", "denied"]),
            st.sampled_from("aef"),
        ),
        max_size=12,
    )
)
def test_hints_and_everything_follow_any_changes(changes: list[tuple[bool, str, str, str]]) -> None:
    engine = Engine([*claim("c1", "planned", "a", "b"), *claim("c4", "denied", "e")])
    engine.hints.prepare()
    for added, name, modality, topic in changes:
        quads = tuple(claim(name, modality, topic))
        engine.apply(Patch(adds=quads) if added else Patch(deletes=quads))
        fresh = Engine(engine.quads())
        for query in ("SELECT ?t { e:summit e:topic ?t }", "SELECT (COUNT(*) AS ?n) { ?s ?p ?t }"):
            assert engine.hints.hedged_rows(P + query) == fresh.hints.hedged_rows(P + query)
            assert values(engine, query, EVERYTHING) == values(fresh, query, EVERYTHING)


def test_everything_is_the_dataset_itself_where_nothing_is_hedged() -> None:
    engine = Engine([*claim("c1", "planned", "a"), ox.Quad(node("summit"), node("topic"), node("b"), node("g"))])
    assert values(engine, "SELECT ?t { e:summit e:topic ?t }", EVERYTHING) == ["a"]


@pytest.mark.parametrize(
    "clauses",
    [f"FROM <{EVERYTHING}> FROM e:c1", f"FROM e:c1 FROM <{EVERYTHING}>", f"FROM NAMED <{EVERYTHING}>"],
)
def test_everything_is_no_graph(engine: Engine, clauses: str) -> None:
    with pytest.raises(QuerySyntaxError, match="dataset and no graph"):
        engine.query(f"{P} SELECT ?t {clauses} WHERE {{ e:summit e:topic ?t }}", new_graphs=True)


def test_what_is_nearly_too_much_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    quads = [*claim("c1", "denied", *"abcdefgh"), *claim("c2", "denied", *"ijklmnop")]
    monkeypatch.setattr("kg.engine.hints.MERGED_QUADS", len(quads))
    monkeypatch.setattr("kg.engine.merging.MERGED_QUADS", len(quads))
    engine = Engine(quads)
    engine.hints.prepare()
    assert engine.hints.hedged_rows(f"{P} SELECT ?t {{ e:summit e:topic ?t }}") == 16
