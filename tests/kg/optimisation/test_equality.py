"""Rewritten queries have the same solutions, whatever the data, the patches to these, and the query."""

import math
from collections import Counter
from typing import Any

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.engine.engine import Engine
from kg.optimisation.optimiser import Optimiser
from kg.optimisation.statistics import gather
from kg.rdf.patches import Patch
from tests.kg.rdf.test_patches import untimed

E = "http://e.org/"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def iri(name: object) -> ox.NamedNode:
    return ox.NamedNode(f"{E}{name}")


NODES = [iri(n) for n in "abcd"]
VALUES: list[ox.NamedNode | ox.Literal | ox.BlankNode] = [
    *(ox.Literal("x"), ox.Literal("x", language="en"), ox.Literal(1), ox.Literal("1"), ox.BlankNode("n")),
]
GRAPHS = [ox.DefaultGraph()] * 4 + [iri("g"), iri("h")]
LINKS = [TYPE, iri("q")]
"""Predicates whose values are IRIs, for which there are frequencies."""
OTHERS = [iri("p"), iri("r")]


def quads_of(predicates: list[ox.NamedNode], values: list[ox.NamedNode | ox.Literal | ox.BlankNode]) -> Any:
    return st.builds(
        ox.Quad,
        st.sampled_from([*NODES, *NODES, ox.BlankNode("m")]),
        st.sampled_from(predicates),
        st.sampled_from(values),
        st.sampled_from(GRAPHS),
    )


QUAD = st.one_of(quads_of(LINKS, [*NODES]), quads_of(OTHERS, [*NODES, *NODES, *VALUES]))
PATCHED = st.one_of(QUAD, quads_of(LINKS, VALUES))
QUADS = st.lists(QUAD, min_size=5, max_size=24)
VARIABLES = st.sampled_from(["?x", "?y", "?z", "?w"])
CONSTANTS = st.sampled_from(["e:a", "e:b", f"<{E}c>", '"x"', "1", '"x"@en'])
PREDICATE = st.sampled_from(["a", "e:p", "e:p", "e:q", "e:q", f"<{E}r>", "?p"])
BLANKS = st.sampled_from(["_:n", "[]"])
PROLOGUE = f"PREFIX e: <{E}> "


@st.composite
def triples(draw: st.DrawFn, least: int = 1, most: int = 4) -> str:
    """Triple patterns, most of them stars that share variables."""
    found = list[str]()
    for _ in range(draw(st.integers(least, most))):
        subject = draw(st.one_of(VARIABLES, VARIABLES, VARIABLES, BLANKS))
        value = draw(st.one_of(VARIABLES, VARIABLES, CONSTANTS, BLANKS))
        found.append(f"{subject} {draw(PREDICATE)} {value} .")
    return " ".join(found)


@st.composite
def filters(draw: st.DrawFn) -> str:
    name, constant, other = draw(VARIABLES), draw(CONSTANTS), draw(CONSTANTS)
    return draw(
        st.sampled_from([
            f"FILTER({name} = {constant})",
            f"FILTER({constant} = {name})",
            f"FILTER ({name} IN ({constant}, {other}))",
            f"FILTER({name} = {constant} && {draw(VARIABLES)} != {other})",
            f"FILTER(({name} = {constant}) || ({name} = {other}))",
            f"FILTER({draw(VARIABLES)} = {other} || {draw(VARIABLES)} = {other} && {name} = {constant})",
            f"FILTER({name} != {constant})",
            f"FILTER(bound({name}))",
            f"FILTER EXISTS {{ {name} e:p {constant} }}",
            f"FILTER NOT EXISTS {{ {name} e:q ?x FILTER(?x = {constant}) }}",
        ])
    )  # fmt: skip


@st.composite
def patterns(draw: st.DrawFn, depth: int = 2) -> str:
    """The inside of a group."""
    parts = [draw(triples())] if draw(st.integers(0, 5)) else []
    parts += draw(st.lists(filters(), max_size=2))
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        kind = draw(
            st.sampled_from(["OPTIONAL", "MINUS", "UNION", "GRAPH", "BIND", "VALUES", "SELECT", "GROUP", "TRIPLES"])
        )
        inner = draw(patterns(depth - 1))
        match kind:
            case "OPTIONAL" | "MINUS":
                parts.append(f"{kind} {{ {inner} }}")
            case "UNION":
                parts.append(f"{{ {inner} }} UNION {{ {draw(patterns(depth - 1))} }}")
            case "GRAPH":
                parts.append(f"GRAPH {draw(st.sampled_from(['?g', 'e:g']))} {{ {draw(triples(most=3))} }}")
            case "BIND":
                parts.append(f"BIND({draw(st.one_of(VARIABLES, CONSTANTS))} AS ?b{len(parts)}{depth})")
            case "VALUES":
                parts.append(f"VALUES {draw(VARIABLES)} {{ {draw(CONSTANTS)} {draw(CONSTANTS)} }}")
            case "SELECT":
                parts.append(f"{{ {draw(selects(depth - 1))} }}")
            case "GROUP":
                parts.append(f"{{ {inner} }}")
            case _:
                parts.append(draw(triples()))
    return " ".join(parts)


@st.composite
def selects(draw: st.DrawFn, depth: int = 1) -> str:
    """A SELECT of solutions."""
    shown = draw(st.sampled_from(["*", "?x ?y", "?z", "?x ?y ?z ?w ?g"]))
    distinct = draw(st.sampled_from(["", "", "DISTINCT "]))
    return f"SELECT {distinct}{shown} WHERE {{ {draw(patterns(depth))} }}"


@st.composite
def grouped(draw: st.DrawFn) -> str:
    """A SELECT with counts."""
    body = draw(
        st.one_of(
            st.sampled_from([
                "?x ?p ?y", "?x a ?y", "?x e:p ?y", "GRAPH ?g { ?x ?p ?y }", "GRAPH ?g { ?x e:q ?y }", "?x a e:a",
                "?x ?p ?x", "?x ?p ?y FILTER(?p != e:q)", "?x a ?y FILTER(isIRI(?y))", "?x e:never ?y",
                "?x e:p ?y . ?y e:q ?z", "?x a ?y . ?y e:p ?z . ?z e:q ?y",
                "?y e:q ?z OPTIONAL { ?x a ?y . ?y e:q ?z }",
                "?y e:p ?z OPTIONAL { ?x e:q ?z . ?z a ?p FILTER(?y = ?p) }",
                "[] a ?y . ?y e:p ?z . ?x e:q ?y OPTIONAL { ?y e:r ?g }", "?y e:p ?z MINUS { ?y a ?z } ?x e:q ?z",
                "GRAPH e:g { ?x ?p ?y }", '?x e:p "x"', "e:a ?p ?y", "?x a ?y FILTER NOT EXISTS { ?x e:p e:a }",
            ]),
            patterns(1),
        )
    )  # fmt: skip
    keys = draw(st.lists(st.sampled_from(["?p", "?y", "?g", "?x", "(STR(?y) AS ?k)"]), max_size=2, unique=True))
    shown = [key if key[0] == "?" else "?k" for key in keys if draw(st.booleans())]
    counts = st.sampled_from(
        ["COUNT(*)", "COUNT(?x)", "COUNT( ?y )", "COUNT(DISTINCT ?p)", "COUNT(DISTINCT ?x)", "COUNT(DISTINCT *)",
         "COUNT(?p) + 1",
         "MAX(?p)", "SUM(?y)", "COUNT(?never)", "COUNT(*) * COUNT(?x)"]
    )  # fmt: skip
    shown += [f"({draw(counts)} AS ?n{n})" for n in range(draw(st.integers(1, 2)))]
    tail = f" GROUP BY {' '.join(keys)}" if keys else ""
    tail += draw(st.sampled_from(["", "", " HAVING (COUNT(*) > 1)", " HAVING (COUNT(?x) < 3)"]))
    tail += draw(st.sampled_from(["", " ORDER BY DESC(COUNT(*))", " ORDER BY ?n0"]))
    return f"SELECT {' '.join(shown)} WHERE {{ {body} }}{tail}"


@st.composite
def queries(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["SELECT", "JOIN", "JOIN", "COUNT", "COUNT", "ASK", "CONSTRUCT", "INNER", "DISTINCT"]))
    match kind:
        case "SELECT":
            text = draw(selects(2)) + draw(st.sampled_from(["", "", " ORDER BY ?x", " LIMIT 3", " OFFSET 1"]))
        case "JOIN":
            text = f"SELECT * WHERE {{ {draw(triples(least=2))} {' '.join(draw(st.lists(filters(), max_size=2)))} }}"
        case "COUNT":
            text = draw(grouped())
        case "ASK":
            text = f"ASK {{ {draw(patterns())} }}"
        case "CONSTRUCT":
            text = f"CONSTRUCT {{ ?x e:s ?y . ?z e:s [] }} WHERE {{ {draw(patterns())} }}"
        case "INNER":
            text = f"SELECT * WHERE {{ {{ {draw(grouped())} }} {draw(triples(most=2))} }}"
        case _:
            shown = draw(st.sampled_from(["?p", "?y", "?x ?p"]))
            text = f"SELECT DISTINCT {shown} WHERE {{ {draw(st.sampled_from(['?x ?p ?y', '?x a ?y']))} }}"
    return PROLOGUE + text


REWRITTEN = Counter[str]()


def optimised(quads: list[ox.Quad]) -> Engine:
    engine = Engine(quads)
    statistics = gather(engine.store)
    assert statistics
    engine.optimiser = Optimiser(statistics, least_rows=0, least_triples=0, times=0)
    return engine


def rows(engine: Engine, query: str) -> object:
    """The solutions as a bag; with a LIMIT, how many there are."""
    try:
        answer = engine.query(query)
    except Exception as error:
        return type(error)
    if answer.is_graph:
        return Counter((q.predicate, isinstance(q.subject, ox.BlankNode)) for q in answer.triples)
    if query.startswith(f"{PROLOGUE}ASK"):
        return answer.boolean
    names, found = [v.value for v in answer.solutions.variables], [tuple(row) for row in answer.solutions]
    return names, len(found) if "LIMIT" in query or "OFFSET" in query else Counter(found)


def assert_same(engine: Engine, query: str) -> None:
    rewritten = engine.optimised(query)
    for reason in rewritten.reasons or ("none",):
        REWRITTEN[" ".join(word for word in reason.partition(":")[0].split() if word.isalpha())] += 1
    plain = Engine(engine.store)
    assert rows(engine, query) == rows(plain, query), rewritten


@settings(untimed, max_examples=40)
@given(QUADS, st.lists(queries(), min_size=4, max_size=8))
def test_rewritten_queries_have_the_same_solutions(quads: list[ox.Quad], asked: list[str]) -> None:
    engine = optimised(quads)
    for query in asked:
        assert_same(engine, query)
    assert isinstance(engine.optimiser, Optimiser)
    engine.optimiser = Optimiser(engine.optimiser.statistics, least_rows=math.inf, least_triples=0)  # filters alone
    for query in asked:
        assert_same(engine, query)


def test_many_were_rewritten() -> None:
    """Of the queries of the test above, if that has run in this process."""
    assert not REWRITTEN or sum(n for reason, n in REWRITTEN.items() if reason != "none") > 10, REWRITTEN


@settings(untimed, max_examples=40)
@given(QUADS, st.lists(st.tuples(st.lists(PATCHED, max_size=8), st.lists(PATCHED, max_size=8)), max_size=5), queries())
def test_they_have_after_patches_too(
    quads: list[ox.Quad], patches: list[tuple[list[ox.Quad], list[ox.Quad]]], query: str
) -> None:
    engine = optimised(quads)
    for deletes, adds in patches:
        engine.apply(Patch(tuple({*deletes} - {*adds}), tuple({*adds})))
        again = gather(engine.store)
        own = getattr(engine.optimiser, "statistics")  # noqa: B009 - of this optimiser
        assert again
        for name, predicate in own.predicates.items():
            assert (predicate.triples, predicate.named) == (
                again.predicates[name].triples,
                again.predicates[name].named,
            )
            assert predicate.frequencies in (None, again.predicates[name].frequencies)
        assert own.predicates.keys() == again.predicates.keys()
    assert_same(engine, query)


@settings(untimed, max_examples=30)
@given(QUADS, queries(), st.sampled_from([(["g"], []), (["g", "h"], ["g"]), ([], ["h"])]))
def test_other_datasets_are_answered_as_written(
    quads: list[ox.Quad], query: str, graphs: tuple[list[str], list[str]]
) -> None:
    present = [*quads, *(ox.Quad(iri("a"), iri("p"), iri("b"), iri(n)) for n in "gh")]
    engine, plain = optimised(present), Engine(present)
    default, named = ([f"{E}{n}" for n in names] for names in graphs)

    def answer(asked: Engine) -> object:
        try:
            found = asked.query(query, default_graphs=default, named_graphs=named)
        except Exception as error:
            return type(error)
        if found.is_graph:
            return Counter(t.predicate for t in found.triples)
        if "ASK" in query:
            return found.boolean
        return (
            len([*found.solutions]) if "LIMIT" in query or "OFFSET" in query else Counter(map(tuple, found.solutions))
        )

    assert answer(engine) == answer(plain)
