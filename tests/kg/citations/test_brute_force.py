"""Citations against brute force: random claims and queries, and what is left of an answer without some claims."""

import os
from collections import Counter
from collections.abc import Iterable

import pyoxigraph as ox
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from kg.citations.cited import Asked, Cited, Row
from kg.citations.evaluation import cite
from kg.citations.support import spo
from kg.engine.engine import Engine
from ontology.namespaces import CODE, KEL

EXAMPLES = int(os.environ.get("KELISIM_EXAMPLES", "150"))
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking and explaining would take minutes here."""
PREFIX = "PREFIX : <urn:> PREFIX kel: <https://w3id.org/kelisim/ns#>\n"
NODES = [ox.NamedNode(f"urn:n{i}") for i in range(4)]
PROPERTIES = [ox.NamedNode(f"urn:p{i}") for i in range(3)]
MODALITY = ox.NamedNode(str(KEL.modality))

Claims = dict[str, tuple[str, frozenset[ox.Triple]]]

triples = st.builds(ox.Triple, st.sampled_from(NODES), st.sampled_from(PROPERTIES), st.sampled_from(NODES))
claims = st.dictionaries(
    st.sampled_from([f"urn:claim{i}" for i in range(7)]),
    st.tuples(st.sampled_from(["asserted", "reported", "planned", "possible"]), st.frozensets(triples, max_size=4)),
    max_size=7,
)
reference = st.frozensets(triples, max_size=3)

variables = st.sampled_from(["?a", "?b", "?c", "?d"])
nodes = st.one_of(variables, variables, st.sampled_from([":n0", ":n1"]))
links = st.sampled_from([":p0", ":p1", ":p2"])
paths = st.recursive(
    links,
    lambda inner: st.one_of(
        st.builds("^({})".format, inner),
        st.builds("({}/{})".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("({})+".format, inner),
        st.builds("({})?".format, inner),
        st.builds("({})*".format, inner),
        st.just("!(:p0|^:p1)"),
        st.just("!:p2"),
    ),
    max_leaves=3,
)
verbs = st.one_of(links, links, st.sampled_from(["?p"]), paths)
patterns = st.builds("{} {} {} .".format, nodes, verbs, nodes)
blocks = st.lists(patterns, min_size=1, max_size=3).map(" ".join)
filters = st.one_of(
    st.builds("FILTER({} != {})".format, variables, nodes),
    st.builds("FILTER EXISTS {{ {} }}".format, blocks),
    st.builds("FILTER(EXISTS {{ {} }} || {} = :n1)".format, patterns, variables),
    st.builds("FILTER(EXISTS {{ {} }} && ({} = :n1 || EXISTS {{ {} }}))".format, patterns, variables, patterns),
)
negations = st.one_of(
    st.builds("FILTER NOT EXISTS {{ {} }}".format, blocks),
    st.builds("MINUS {{ {} }}".format, blocks),
    st.builds("OPTIONAL {{ {} }}".format, blocks),
    st.builds("OPTIONAL {{ {} OPTIONAL {{ {} }} }}".format, blocks, blocks),
    st.builds("FILTER(!EXISTS {{ {} }} || {} = :n0)".format, patterns, variables),
)


def groups(elements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Patterns that begin with triples."""
    nested = st.recursive(
        elements,
        lambda inner: st.one_of(
            st.builds("{{ {} }} UNION {{ {} }}".format, inner, inner),
            st.builds("{{ {} {} }}".format, blocks, inner),
            st.builds("GRAPH ?g {{ {} }}".format, blocks),
            st.builds("GRAPH :claim1 {{ {} }}".format, blocks),
            st.builds("{{ SELECT ?a ?b {{ {} {} }} }}".format, blocks, inner),
            st.builds("{{ SELECT DISTINCT ?a {{ {} }} }}".format, blocks),
            st.builds("{{ SELECT ?a (COUNT(*) AS ?n) {{ {} }} GROUP BY ?a }}".format, blocks),
            st.builds("VALUES ?a {{ :n0 :n1 UNDEF }} {}".format, blocks),
            st.builds("{} BIND(STR(?a) AS ?text)".format, blocks),
        ),
        max_leaves=4,
    )
    return st.builds("{} {}".format, blocks, st.one_of(st.just(""), nested))


monotone = groups(st.one_of(blocks, st.builds("{} {}".format, blocks, filters)))
any_pattern = groups(st.one_of(blocks, st.builds("{} {}".format, blocks, st.one_of(filters, negations))))
heads = st.sampled_from(["*", "?a ?b", "DISTINCT ?a", "DISTINCT ?a ?c", "?a (STR(?b) AS ?s)"])


def quad(triple: ox.Triple, graph: ox.NamedNode | None = None) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def engine(told: Claims, given_facts: Iterable[ox.Triple]) -> Engine:
    """An engine over the claims and some reference data, as a dataset of Kelisim has them."""
    quads = set[ox.Quad]()
    for triple in given_facts:
        quads.add(quad(triple))
    for name, (modality, facts) in told.items():
        claim = ox.NamedNode(name)
        quads.add(ox.Quad(claim, MODALITY, ox.NamedNode(str(CODE[modality]))))
        for triple in facts:
            quads.add(quad(triple, claim))
            if modality != "possible":
                quads.add(quad(triple))
    return Engine(quads)


def apart(told: Claims, facts: frozenset[ox.Triple]) -> frozenset[ox.Triple]:
    """The reference data without what claims state, as the data have them."""
    return facts - {t for _, of_claim in told.values() for t in of_claim}


def answer(of: Engine, query: str) -> Counter[Row]:
    """The plain answer."""
    return Counter(tuple(row) for row in of.query(query).solutions)


def check_rows(cited: Cited, plain: Counter[Row]) -> None:
    assert Counter(cited.rows) == plain
    assert len(cited.citations) == len(cited.rows)


def check_sets_alone(cited: Cited, told: Claims, facts: frozenset[ox.Triple], query: str) -> None:
    """Each set of claims gives the row, without all others; and none of them is too many."""
    for row, citation in zip(cited.rows, cited.citations, strict=True):
        assert citation.annotation.sets, "every row rests on something, be it the empty set"
        if citation.uncited:  # a filter whose variables have their values elsewhere
            continue
        for claims_of_set in citation.annotation.sets[:4]:
            alone = engine({c: told[c] for c in claims_of_set}, facts)
            assert row in answer(alone, query), (row, claims_of_set)


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(claims, reference, heads, monotone)
def test_monotone_queries(told: Claims, facts: frozenset[ox.Triple], head: str, pattern: str) -> None:
    query = f"{PREFIX}SELECT {head} WHERE {{ {pattern} }}"
    note(f"{query} {sorted(told.items())}")
    facts = apart(told, facts)
    whole = engine(told, facts)
    cited = cite(whole, Asked(query))
    check_rows(cited, answer(whole, query))
    if "COUNT" in pattern:
        return
    check_sets_alone(cited, told, facts, query)
    for row, citation in list(zip(cited.rows, cited.citations, strict=True))[:8]:
        if not citation.annotation.complete or citation.uncited:
            continue
        for claims_of_set in citation.annotation.sets[:4]:
            for claim in claims_of_set:
                fewer = engine({c: told[c] for c in claims_of_set - {claim}}, facts)
                assert row not in answer(fewer, query), "the set is minimal"
        if frozenset() not in citation.annotation.sets:
            rest = engine({c: told[c] for c in told.keys() - citation.annotation.every}, facts)
            assert row not in answer(rest, query), "without all that is cited there is no such row"


def constructed(of: Engine, query: str) -> set[Row]:
    """The triples of the plain answer."""
    return {spo(t) for t in of.query(query).triples}


terms = st.sampled_from(["?a", "?b", "?c", ":n0"])
templates = st.lists(
    st.builds("{} {} {} .".format, terms, st.sampled_from([":q", ":r"]), terms), min_size=1, max_size=3
)


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(claims, reference, templates, monotone)
def test_triples_of_a_template(told: Claims, facts: frozenset[ox.Triple], template: list[str], pattern: str) -> None:
    query = f"{PREFIX}CONSTRUCT {{ {' '.join(template)} }} WHERE {{ {pattern} }}"
    note(f"{query} {sorted(told.items())}")
    facts = apart(told, facts)
    whole = engine(told, facts)
    cited = cite(whole, Asked(query))
    assert set(cited.rows) == constructed(whole, query)
    assert len(cited.citations) == len(cited.rows) == len(set(cited.rows))
    if "COUNT" in pattern:
        return
    for row, citation in list(zip(cited.rows, cited.citations, strict=True))[:8]:
        if not citation.annotation.complete or citation.uncited:
            continue
        assert citation.annotation.sets
        for claims_of_set in citation.annotation.sets[:4]:
            assert row in constructed(engine({c: told[c] for c in claims_of_set}, facts), query), claims_of_set
            for claim in claims_of_set:
                fewer = engine({c: told[c] for c in claims_of_set - {claim}}, facts)
                assert row not in constructed(fewer, query), "the set is minimal"
        if frozenset() not in citation.annotation.sets:
            rest = engine({c: told[c] for c in told.keys() - citation.annotation.every}, facts)
            assert row not in constructed(rest, query), "without all that is cited there is no such triple"


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(claims, reference, monotone)
def test_booleans(told: Claims, facts: frozenset[ox.Triple], pattern: str) -> None:
    query = f"{PREFIX}ASK {{ {pattern} }}"
    note(f"{query} {sorted(told.items())}")
    facts = apart(told, facts)
    whole = engine(told, facts)
    cited = cite(whole, Asked(query))
    assert len(cited.rows) == len(cited.citations) == whole.query(query).boolean
    for citation in cited.citations if "COUNT" not in pattern else ():
        if not citation.annotation.complete or citation.uncited:
            continue
        for claims_of_set in citation.annotation.sets[:4]:
            assert engine({c: told[c] for c in claims_of_set}, facts).query(query).boolean
            for claim in claims_of_set:
                assert not engine({c: told[c] for c in claims_of_set - {claim}}, facts).query(query).boolean
        if frozenset() not in citation.annotation.sets:
            rest = engine({c: told[c] for c in told.keys() - citation.annotation.every}, facts)
            assert not rest.query(query).boolean


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(claims, reference, heads, any_pattern)
def test_queries_with_absence(told: Claims, facts: frozenset[ox.Triple], head: str, pattern: str) -> None:
    query = f"{PREFIX}SELECT {head} WHERE {{ {pattern} }}"
    note(f"{query} {sorted(told.items())}")
    facts = apart(told, facts)
    whole = engine(told, facts)
    cited = cite(whole, Asked(query))
    check_rows(cited, answer(whole, query))
    for citation in cited.citations:
        assert citation.annotation.sets or not citation.annotation.complete


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(
    claims,
    reference,
    st.sampled_from(["?a", "?a ?b", "(STR(?a) AS ?k)", "?d"]),
    st.sampled_from(["COUNT(*)", "COUNT(DISTINCT ?c)", "SAMPLE(?a)", "MAX(STR(?b))"]),
    monotone,
)
def test_groups(told: Claims, facts: frozenset[ox.Triple], key: str, aggregate: str, pattern: str) -> None:
    if "(" not in key and not set(key.split()) <= set(pattern.replace("}", " ").split()):
        return
    shown = "?k" if "(" in key else key
    query = f"{PREFIX}SELECT {shown} ({aggregate} AS ?n) WHERE {{ {pattern} }} GROUP BY {key}"
    note(f"{query} {sorted(told.items())}")
    facts = apart(told, facts)
    whole = engine(told, facts)
    cited = cite(whole, Asked(query))
    if "SAMPLE" not in aggregate:
        check_rows(cited, answer(whole, query))
    if "COUNT" in pattern or "SAMPLE" in aggregate:
        return
    for row, citation in list(zip(cited.rows, cited.citations, strict=True))[:8]:
        assert citation.members is not None
        assert citation.of >= 1
        if citation.uncited:
            continue
        alone = engine({c: told[c] for c in citation.annotation.every}, facts)
        assert row in answer(alone, query), "its claims alone give the group as it is"
