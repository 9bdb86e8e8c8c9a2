"""The patch of an update is the same as that of comparing the whole store before and after."""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.changes import updates
from kg.changes.staging import Change, DocumentError, stage
from kg.engine.engine import Engine, GraphName, OperationError
from kg.engine.errors import QuerySyntaxError
from kg.rdf.patches import Patch, diff
from ontology import KelisimError

PREFIX = "PREFIX : <http://x/>\n"
NAMES = [ox.NamedNode(f"http://x/{n}") for n in ("a", "b", "c", "g", "h")]
GRAPHS: list[GraphName] = [ox.DefaultGraph(), *NAMES[-2:]]
BLANK = [ox.BlankNode("one"), ox.BlankNode("two")]
VALUES = [ox.Literal(1), ox.Literal("x", language="en"), ox.Literal("x"), ox.Literal("http://x/g")]


def whole(engine: Engine, update: str) -> Patch:
    """The patch by comparing the whole store."""
    before = set(engine.quads())
    engine.update(update)
    return diff(before, set(engine.quads()))


def state(quads: set[ox.Quad], patch: Patch) -> ox.Dataset:
    """The canonicalised store after a patch, with its previous blank nodes as IRIs."""

    def known(term: object) -> object:
        return ox.NamedNode(f"x:{term.value}") if term in BLANK else term  # type: ignore[attr-defined]

    after = (quads - set(patch.deletes)) | set(patch.adds)
    terms = ((q.subject, q.predicate, q.object, q.graph_name) for q in after)
    dataset = ox.Dataset(ox.Quad(*map(known, t)) for t in terms)  # type: ignore[arg-type]
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def compare(given_quads: set[ox.Quad], update: str) -> Patch | None:
    """Raises AssertionError unless both ways give the same patch, which is returned, or the same error."""
    quads = set(Engine(given_quads).quads())
    one, other = Engine(quads), Engine(quads)
    try:
        expected = whole(one, update)
    except KelisimError as error:
        with pytest.raises(type(error)):
            updates.run(other, update)
        return None
    patch = updates.run(other, update)
    assert set(patch.deletes) <= quads
    assert not set(patch.adds) & quads
    assert (quads - set(patch.deletes)) | set(patch.adds) == set(other.quads()), "the staged store is another"
    assert state(quads, patch) == state(quads, expected)
    left = {q.graph_name for q in one.quads() if not isinstance(q.graph_name, ox.DefaultGraph)}
    if not any(isinstance(g, ox.BlankNode) for g in one.graphs()):
        assert left <= set(other.graphs()) <= set(one.graphs()), "of empty graphs no more than the engine keeps"
    return patch


QUADS = st.sets(
    st.builds(
        ox.Quad,
        st.sampled_from([*NAMES[:4], *BLANK]),
        st.sampled_from([ox.NamedNode("http://x/p"), ox.NamedNode("http://x/q")]),
        st.sampled_from([*NAMES, *BLANK, *VALUES]),
        st.sampled_from(GRAPHS),
    ),
    min_size=3,
    max_size=20,
)
PATTERNS = st.lists(
    st.sampled_from(
        [
            "?s ?p ?o .",
            "GRAPH ?g { ?s ?p ?o }",
            "GRAPH ?g { ?s :p ?x OPTIONAL { ?s :q ?o } }",
            "GRAPH :g { ?s :p ?o }",
            "?s :p ?o .",
            "?o ?q ?x .",
            "OPTIONAL { ?s :q ?x }",
            "OPTIONAL { GRAPH ?g { ?x ?p ?s } }",
            "{ ?s :p ?o } UNION { ?o :q ?s }",
            "?s :p/:q ?o .",
            "?s (:p|^:q)+ ?o .",
            "BIND(?o AS ?y)",
            "BIND(IRI(CONCAT('http://x/', STR(?s))) AS ?n)",
            "BIND(IRI('http://[::1]/?a=%20#b') AS ?h)",
            "BIND(BNODE() AS ?fresh)",
            "VALUES (?s ?z) { (:a 1) (:b UNDEF) }",
            "VALUES ?g { :g 'http://x/g' }",
            "FILTER(?o != 1) # a comment, with }\n",
            "FILTER NOT EXISTS { ?s :q '}' }",
            "FILTER(?s<?o||?o>'1')",
            "MINUS { ?s :q ?o }",
            "{ SELECT ?s (COUNT(*) AS ?k) WHERE { ?s ?any ?thing } GROUP BY ?s }",
        ]
    ),
    max_size=4,
).map(" ".join)
NODES = ["?s", "?o", ":a", ":c"]
FRESH = ["?x", "?n", "?y", "?fresh", "_:one", "_:two", "[]", "[ :p ?s ; :q 1 ]", "( ?s 01 )"]
LITERALS = ["1", "01", "1.10", "'x'@EN", "?k", "?z", '"""a " } \\u0041"""']


def triples(nodes: list[str]) -> st.SearchStrategy[str]:
    objects = st.lists(st.sampled_from(nodes + LITERALS), min_size=1, max_size=2).map(" , ".join)
    facts = st.lists(st.builds("{} {}".format, st.sampled_from([":p", ":q", "?p", "a"]), objects), min_size=1)
    one = st.builds("{} {}".format, st.sampled_from(nodes), facts.map(" ; ".join))
    return st.lists(one, max_size=2).map(" . ".join)


def template(nodes: list[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from([":g", ":new", "?g", "$g", "?o", "?n", "?h", "?fresh", "<g#'>"])
    block = st.builds("GRAPH {} {{ {} }}{}".format, names, triples(nodes), st.sampled_from(["", " .", "# }\n ."]))
    return st.builds("{{ {} {} }}".format, triples(nodes), st.lists(block, max_size=2).map(" ".join)) | st.builds(
        "{{{} {}}}".format, block, triples(nodes)
    )


CONSTANT = st.builds(
    "{} {} {}".format,
    st.sampled_from([":a", ":b", ":c"]),
    st.sampled_from([":p", ":q"]),
    st.sampled_from([":a", ":c", "1", "01", "'x'@en", "'http://x/g'"]),
)
DATA = st.builds(
    "{{ {} {} }}".format,
    st.lists(CONSTANT, max_size=2).map(" . ".join),
    st.lists(st.builds("GRAPH {} {{ {} }}".format, st.sampled_from([":g", ":h", "<new>"]), CONSTANT)).map(" ".join),
)
USING = st.lists(st.sampled_from(["USING :g", "USING :h", "USING NAMED :g", "USING NAMED :h"]), max_size=2).map(
    " ".join
)
WITH = st.sampled_from(["", "", "WITH :g", "WITH :new"])
SILENT = st.sampled_from(["", "SILENT"])
TARGET = st.sampled_from(["DEFAULT", ":g", "GRAPH :h", "default", ":new"])
OPERATIONS = st.one_of(
    DATA.map("INSERT DATA {}".format),
    DATA.map("DELETE DATA {}".format),
    template(NODES).map("DELETE WHERE {}".format),
    st.builds("{} DELETE {} {} WHERE {{ {} }}".format, WITH, template(NODES), USING, PATTERNS),
    st.builds("{} insert {} {} where {{ {} }}".format, WITH, template(NODES + FRESH), USING, PATTERNS),
    st.builds(
        "{} DELETE {} INSERT {} {} WHERE {{ {} }}".format,
        WITH,
        template(NODES),
        template(NODES + FRESH),
        USING,
        PATTERNS,
    ),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["CLEAR", "DROP"]),
        SILENT,
        st.sampled_from(["DEFAULT", "NAMED", "ALL", "GRAPH :g", "graph :new"]),
    ),
    st.builds("CREATE {} GRAPH {}".format, SILENT, st.sampled_from([":g", ":new"])),
    # A source that is not there is refused, where the engine itself would lose the target.
    st.builds("{} {} DEFAULT TO {}".format, st.sampled_from(["COPY", "MOVE", "ADD"]), SILENT, TARGET),
    st.builds(
        "INSERT DATA {{ GRAPH :g {{ :a :b 1 }} }} ; {} {} :g TO {}".format,
        st.sampled_from(["COPY", "MOVE", "ADD"]),
        SILENT,
        TARGET,
    ),
)


@settings(deadline=None, max_examples=300)
@given(QUADS, st.lists(OPERATIONS, min_size=1, max_size=3).map(" ;\n".join))
def test_both_ways_give_the_same(quads: set[ox.Quad], update: str) -> None:
    compare(quads, PREFIX + update)


HELD = {ox.Quad(NAMES[0], NAMES[1], ox.Literal(n), graph) for n in (1, 2) for graph in GRAPHS}


def fail(*_: object) -> None:
    raise AssertionError("the whole store was compared")


@pytest.mark.parametrize(
    ("update", "deleted", "added"),
    [
        ("INSERT DATA { :a :b 1 , 01 , 3 }", 0, 1),
        ("DELETE DATA { :a :b 01 . GRAPH :g { :a :b 1 , 5 } }", 2, 0),
        ("DELETE WHERE { :a ?p 1 . GRAPH ?g { ?s ?p 1 } }", 3, 0),
        ("DELETE { :a :b 1 } INSERT { :a :b 1 } WHERE {}", 0, 0),
        ("DELETE DATA { :a :b 1 } ; INSERT DATA { :a :b 1 }", 0, 0),
        ("DELETE { ?s ?p ?o } INSERT { ?s ?p ?n } WHERE { ?s ?p ?o BIND(?o + 1 AS ?n) }", 1, 1),
        ("WITH :g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o GRAPH :h { ?s ?p ?o } FILTER(?o = 1) }", 1, 0),
        ("WITH :g INSERT { ?s :q ?o GRAPH :n { ?s :q ?o } } USING :h USING NAMED :g WHERE { ?s ?p ?o }", 0, 4),
        ("INSERT { GRAPH ?g { ?s :q _:b } GRAPH :n { _:b :of ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }", 0, 8),
        ("INSERT { GRAPH ?g { :a :n ?n } } WHERE { VALUES (?g ?n) { (:g 1) ('http://x/g' 2) } }", 0, 1),
        ("INSERT { GRAPH ?g { :a :b 9 } } WHERE { BIND(IRI('http://[::1]/?a=%20#b') AS ?g) }", 0, 1),
        ("CLEAR GRAPH :g", 2, 0),
        ("DROP NAMED", 4, 0),
        ("clear silent all", 6, 0),
        ("CREATE GRAPH :n", 0, 0),
        ("COPY DEFAULT TO :g ; DELETE DATA { GRAPH :g { :a :b 1 } }", 1, 0),
        ("move :g to :n", 2, 2),
        ("ADD :g TO DEFAULT ; ADD SILENT GRAPH :none TO GRAPH :n ;", 0, 0),
        ("INSERT DATA { :a :b 3 } ; DELETE { ?s ?p 3 } INSERT { ?s ?p 4 } WHERE { ?s ?p 3 }", 0, 1),
        ("#\n#;\nINSERT{:a :b 3. GRAPH<http://x/g>{:a :b 3}}WHERE{}", 0, 2),
        ("INSERT { :a :it\\'s <#'> ; :b '}' } WHERE { FILTER(1<2) } # '", 0, 2),
    ],
)
def test_usual_updates_never_look_at_the_whole_store(
    monkeypatch: pytest.MonkeyPatch, update: str, deleted: int, added: int
) -> None:
    monkeypatch.setattr(updates, "_compare", fail)
    patch = compare(HELD, PREFIX + update)
    assert patch
    assert (len(patch.deletes), len(patch.adds)) == (deleted, added)


@pytest.mark.parametrize(
    "update",
    [
        "INSERT { :a :b :c {| :p 1 |} } WHERE {}",
        "INSERT { GRAPH ?g { ?s ?p ?o } } WHERE { ?s ?p ?o BIND(BNODE() AS ?g) }",
        "INSERT { :a :q ?o } WHERE { ?s ?p ?o FILTER(?o<:it'}x>' || true) } ; CLEAR ALL",
        "INSERT { :a :q ?o } WHERE { ?s ?p ?o FILTER(?o<:x#}>\n + 1) } ; CLEAR DEFAULT",
        "INSERT { :a :q 1 } WHERE { FILTER('a'<'x>y') } ; INSERT { :a :q 2 } WHERE { #'\n }",
        "INSERTDATA { :a :b 3 } ; CLEARALL",
        "INSERT{:a :b 3.GRAPH:g{:a :b 3}}WHERE{}",
        "",
    ],
)
def test_what_is_unusual_is_right_too(update: str) -> None:
    compare(HELD, PREFIX + update)


def test_declarations_may_stand_before_each_operation() -> None:
    """SPARQL 1.1 Query, section 19.8, rule 29; pyoxigraph accepts them before the first operation only."""
    engine = Engine(())
    updates.run(
        engine,
        """PREFIX a: <http://a/> BASE <http://x/y/>
        INSERT DATA { <s> a:p a:o } ; # a comment
        PREFIX a: <http://b/> PREFIX c: <../c#>
        INSERT DATA { <s> a:p c:o } ;
        BASE <z/> PREFIX c: <>
        INSERT { <s> ?p c:o } WHERE { ?s ?p c:o } ;
        PREFIX c: <http://x/c#>
        DELETE WHERE { ?s ?p c:o } ; INSERT DATA { <s> a:p c:d }
        """,
    )
    found = {f"{q.subject.value} {q.predicate.value} {q.object.value}" for q in engine.quads()}  # type: ignore[union-attr]
    assert found == {"http://x/y/s http://a/p http://a/o", "http://x/y/z/s http://b/p http://x/c#d"}


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA {",
        "INSERT DATA { :a :b 1 }",
        "CLEAR ALL ; INSERT DATA { <urn:a> <urn:b> 1 } ;\n  INSERT DATA { <urn:a> <urn:b> }",
        "PREFIX : <urn:>\nCREATE GRAPH :a ; CREATE GRAPH :a ;\nDELETE { ?s ?p ?o } WHEN { ?s ?p ?o }",
        "INSERT DATA { <urn:a> <urn:b> 1 } } ;\nCLEAR ALL",
        "INSERT DATA { <urn:a> <urn:b> 1 } ; ; CLEAR ALL",
        "INSERT DATA { _:a <urn:b> 1 } ; INSERT DATA { _:a <urn:b> 2 }",
    ],
)
def test_what_is_malformed_is_located_and_nothing_is_run(update: str) -> None:
    engine = Engine(HELD)
    with pytest.raises(QuerySyntaxError) as expected:
        Engine(()).update(update)
    with pytest.raises(QuerySyntaxError) as caught:
        updates.run(engine, update)
    assert str(caught.value) == str(expected.value)
    assert set(engine.quads()) == HELD


def test_what_is_malformed_is_located_after_later_declarations_too() -> None:
    update = "CLEAR ALL ;\n\nPREFIX : <urn:> INSERT DATA { :a x:b 1 }"
    with pytest.raises(QuerySyntaxError, match="no PREFIX line declares") as caught:
        updates.run(Engine(()), update)
    assert (caught.value.line, caught.value.column) == (3, 34)


def test_operations_that_fail_say_so() -> None:
    with pytest.raises(OperationError, match="already exists"):
        updates.run(Engine(HELD), PREFIX + "CREATE GRAPH :new ; CREATE GRAPH :new")
    with pytest.raises(OperationError, match="urn:f"):
        updates.run(Engine(HELD), "INSERT { ?s ?p ?x } WHERE { ?s ?p ?o BIND(<urn:f>(?o) AS ?x) }")


def test_a_blank_node_is_one_node_in_all_graphs_of_a_template() -> None:
    patch = updates.run(
        Engine(HELD), PREFIX + "INSERT { ?s :q _:b GRAPH :n { _:b :of ?o } GRAPH ?o { :a :b 1 } } WHERE { ?s ?p ?o }"
    )
    objects = {q.object for q in patch.adds if q.graph_name == ox.DefaultGraph()}
    assert len(objects) == 2
    assert objects == {q.subject for q in patch.adds if q.graph_name != ox.DefaultGraph()}


def test_the_pattern_is_evaluated_once() -> None:
    update = "INSERT { :a :id ?u GRAPH :n { :a :id ?u } } WHERE { BIND(UUID() AS ?u) }"
    one, other = updates.run(Engine(()), PREFIX + update).adds
    assert one.object == other.object


def test_nothing_but_the_change_is_left_in_the_store() -> None:
    engine = Engine(HELD)
    updates.run(engine, PREFIX + "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o FILTER(?o = 1) } }")
    assert set(engine.graphs()) == set(GRAPHS[1:])


@pytest.mark.parametrize(("kind", "deleted"), [("add", 0), ("replace", 1)])
def test_a_graph_that_is_sent_changes_only_what_differs(kind: str, deleted: int) -> None:
    """The literals of documents are compared as the store normalises them."""
    engine = Engine(HELD)
    change = Change(kind, graph="http://x/g", syntaxes=("turtle",), base="http://x/")
    patch = stage(engine, change, [b"<a> <b> 01 , 3 ."])
    assert (len(patch.deletes), len(patch.adds)) == (deleted, 1)
    assert set(engine.quads()) == (HELD - set(patch.deletes)) | set(patch.adds)
    with pytest.raises(DocumentError, match="malformed"):
        stage(engine, change, [b"<a> <b>"])
