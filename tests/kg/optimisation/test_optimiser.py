"""What is rewritten, and what is left alone."""

import json

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from kg.commands.cli import cli
from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.optimisation.optimiser import Optimiser
from kg.optimisation.statistics import MOST_VALUES, gather
from kg.rdf.patches import Patch
from tests.kg.optimisation.test_equality import TYPE, E, assert_same, iri

P = f"PREFIX e: <{E}> "


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Figures of trade between every two of 40 states, in 3 sectors, told by claims of 20 speakers."""
    quads = list[ox.Quad]()
    for n in range(40):
        quads += [ox.Quad(iri(f"s{n}"), TYPE, iri("State")), ox.Quad(iri(f"s{n}"), iri("label"), ox.Literal(f"S{n}"))]
    for n in range(20):
        quads.append(ox.Quad(iri(f"p{n}"), iri("represents"), iri(f"s{n % 7}")))
    for n in range(40 * 39):
        figure, one, other = iri(f"f{n}"), n % 40, (n % 40 + 1 + n // 40) % 40
        quads += [
            ox.Quad(figure, TYPE, iri("Figure")),
            ox.Quad(figure, iri("sector"), iri(f"sector{n % 3}")),
            ox.Quad(figure, iri("from"), iri(f"s{one}")),
            ox.Quad(figure, iri("to"), iri(f"s{other}")),
            ox.Quad(figure, iri("value"), ox.Literal(n)),
            ox.Quad(iri(f"c{n}"), iri("speaker"), iri(f"p{n % 20}")),
            ox.Quad(figure, iri("value"), ox.Literal(n), iri(f"c{n}")),
        ]
    made = Engine(quads)
    statistics = gather(made.store)
    assert statistics
    made.optimiser = Optimiser(statistics, least_triples=100)
    return made


REWRITTEN = {
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }": "counted before",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }": "counted before",
    "SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c } GROUP BY ?c HAVING(COUNT(*) > 99) ORDER BY DESC(?n)": "counted before",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p": "counted before",
    "SELECT DISTINCT ?p { ?s ?p ?o }": "counted before",
    "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }": "counted before",
    "SELECT (COUNT(*) AS ?n) { ?s e:sector e:sector1 }": "counted before",
    "SELECT ?v { ?f a e:Figure ; e:from e:s3 ; e:sector e:sector1 ; e:value ?v }": "other order",
    "SELECT ?v { ?f e:from ?s ; e:value ?v FILTER(?s = e:s3) }": "filters as values",
    "ASK { ?f e:from ?s ; e:value ?v FILTER(?s IN (e:s3, e:s4) && ?v > 7) }": "filters as values",
    "SELECT (COUNT(*) AS ?n) { ?x e:from ?a ; e:to ?b ; e:sector e:sector1 . ?y e:from ?b ; e:to ?c ; "
    "e:sector e:sector1 . ?z e:from ?c ; e:to ?a ; e:sector e:sector1 }": "3 parts by themselves",
    "SELECT ?l (COUNT(*) AS ?n) { ?c e:speaker ?w . ?w e:represents ?s . ?s e:label ?l } GROUP BY ?l": "counted by",
}


@pytest.mark.parametrize("query", REWRITTEN)
def test_it_is_rewritten_to_the_same(engine: Engine, query: str) -> None:
    found = engine.optimised(P + query)
    assert found.reasons
    assert found.reasons[0].startswith(REWRITTEN[query]), found
    assert_same(engine, P + query)
    assert engine.query(P + query).optimised


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?p ?o { e:f1 ?p ?o }",
        "SELECT ?v { ?f e:from e:s3 ; e:sector e:sector1 ; a e:Figure ; e:value ?v }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
        "SELECT (SUM(?v) AS ?n) { ?f e:value ?v }",
        "SELECT (COUNT(*) AS ?n) FROM e:c1 { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { GRAPH e:c1 { ?s ?p ?o } }",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
        "SELECT ?v { ?f e:value ?v . ?f a e:Figure OPTIONAL { ?f e:from ?s } FILTER(?s = e:s3) }",
        "SELECT REDUCED ?p { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o ",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER(RAND() < 0.5) }",
        "SELECT ?k (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY (STRUUID() AS ?k)",
        "SELECT ?k (COUNT(*) AS ?n) { ?c e:speaker ?w . ?w e:represents ?s } GROUP BY (STRUUID() AS ?k)",
        "SELECT ?f { ?f e:from ?s ; e:to ?t FILTER(?s = e:s1 || ?t = e:s2 && ?s = e:s3) }",
        "SELECT ?f { ?f e:from ?s ; e:to ?t FILTER(?s = e:s3 && ?t = e:s2 || ?s = e:s1) }",
        "SELECT (COUNT(*) AS ?n) { ?s a ?_·number }",
    ],
)
def test_it_is_left_as_it_is(engine: Engine, query: str) -> None:
    assert not engine.optimised(P + query).reasons


def test_rows_that_are_wanted_soon_are_not_waited_for(engine: Engine) -> None:
    (cycle,) = (q for q in REWRITTEN if "?z" in q)
    first = P + cycle.replace("(COUNT(*) AS ?n)", "?x ?y ?z") + " LIMIT 5"
    assert not any("parts" in reason for reason in engine.optimised(first).reasons)
    assert len([*engine.query(first).solutions]) == 5


def test_errors_are_those_of_the_query_as_written(engine: Engine) -> None:
    with pytest.raises(QuerySyntaxError, match="line 1, column"):
        engine.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o ")
    with pytest.raises(QuerySyntaxError):
        engine.query(f"{P}SELECT ?v {{ _:f e:from ?s ; e:value ?v FILTER(?s = e:s3) OPTIONAL {{ _:f a ?c }} }}")


def test_shapes_of_which_none_was_rewritten_are_not_read_again(engine: Engine) -> None:
    statistics = gather(engine.store)
    assert statistics
    own = Optimiser(statistics)
    shape = "{ ?f e:from e:s%d ; e:sector e:sector1 ; e:value ?v FILTER(?v %s %d) }"
    for number in range(5):
        assert not own.rewritten(P + "SELECT ?v " + shape % (number, ">", number)).reasons
    statistics.predicates[f"{E}from"].frequencies = {f"<{E}s{n}>": 10**6 for n in range(9)}
    statistics.predicates[f"{E}from"].triples = 9 * 10**6
    assert not own.rewritten(P + "SELECT ?v " + shape % (7, ">", 7)).reasons
    assert own.rewritten(P + "SELECT ?v " + shape % (7, "<", 7)).reasons


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (COUNT(*) AS ?n) { ?s a e:State OPTIONAL { ?s e:none ?w } ?c e:speaker ?w }",
        "SELECT (COUNT(*) AS ?n) { ?s a e:State OPTIONAL { ?s e:first ?w } ?c e:speaker ?w }",
        "SELECT (COUNT(*) AS ?n) { ?s a e:State MINUS { ?w e:represents e:s1 } ?c e:speaker ?w }",
    ],
)
def test_what_stands_before_a_pattern_does_not_see_its_values(engine: Engine, query: str) -> None:
    quads = [*engine.quads(), ox.Quad(iri("s1"), iri("first"), iri("p1"))]
    own = Engine(quads)
    statistics = gather(own.store)
    assert statistics
    own.optimiser = Optimiser(statistics, least_rows=0, least_triples=0, times=0)
    assert_same(own, P + query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?f { ?f e:value ?v ; e:to ?t . ?g e:value ?w ; e:from ?t . ?t e:label ?l FILTER(?v<?w&&?w>?v) }",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING(COUNT(*)<99&&COUNT(?s)>9)",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING(COUNT(*)<(COUNT(?s)>9))",
        "SELECT ?p (IF(COUNT(*)<99,COUNT(?s)>9,0) AS ?n) { ?s ?p ?o } GROUP BY ?p",
        "SELECT ?p { ?s ?p ?o } GROUP BY ?p HAVING(COUNT(*)<99)(COUNT(?s)>9)",
    ],
)
def test_comparisons_without_spaces_are_no_iris(engine: Engine, query: str) -> None:
    statistics = gather(engine.store)
    assert statistics
    own = Engine(engine.store)
    own.optimiser = Optimiser(statistics, least_rows=0, times=0)
    assert own.optimised(P + query).reasons == own.optimised(P + query.replace("<", " < ")).reasons != ()
    assert_same(own, P + query)


def test_predicates_of_many_values_have_no_frequencies() -> None:
    quads = [ox.Quad(iri(n), iri("p"), iri(f"o{n}")) for n in range(MOST_VALUES)]
    engine = Engine(quads)
    statistics = gather(engine.store)
    assert statistics
    engine.optimiser = Optimiser(statistics)
    frequencies = statistics.predicates[f"{E}p"].frequencies
    assert frequencies
    assert len(frequencies) == MOST_VALUES
    engine.apply(Patch((), (ox.Quad(iri("a"), iri("p"), iri("more")),)))
    assert statistics.predicates[f"{E}p"].frequencies is None
    assert statistics.predicates[f"{E}p"].triples == MOST_VALUES + 1


def test_an_update_that_no_patch_tells_ends_it() -> None:
    engine = Engine([ox.Quad(iri("a"), iri("p"), iri("b"))])
    statistics = gather(engine.store)
    assert statistics
    engine.optimiser = Optimiser(statistics, least_triples=0)
    engine.update(f"INSERT DATA {{ <{E}c> <{E}p> <{E}d> }}")
    count = engine.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert [row[0].value for row in count.solutions] == ["2"]
    assert not count.optimised


def test_the_command_tells_what_is_rewritten() -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    shown = CliRunner().invoke(cli, ["query", "--rewritten", "--format", "json", query])
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.output)
    assert found["reasons"]
    assert "VALUES" in found["query"]
    same = CliRunner().invoke(cli, ["query", "--rewritten", "SELECT ?s { ?s a kel:Nothing } LIMIT 1"])
    assert "as it is written" in same.output
    refused = CliRunner().invoke(cli, ["query", "--rewritten", "--lens", "everything", query])
    assert refused.exit_code == 2
    assert "--rewritten" in refused.output
