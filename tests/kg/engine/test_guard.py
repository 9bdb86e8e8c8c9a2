"""The lexer that finds SERVICE and LOAD, on chosen and generated queries, compared with rdflib's parser."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.engine.guard import OutboundRefusedError, dataset_graphs, refuse_outbound
from ontology import BASE

HARMLESS = [
    "SELECT ?service { ?service a ?load }",
    "SELECT * { ?s ?p 'SERVICE <x>' }",
    'SELECT * { ?s ?p """ a " SERVICE "" """ }',
    "SELECT * { ?s ?p '''it's SERVICE''' }",
    "SELECT * { ?s ?p 'don\\'t SERVICE' }",
    "SELECT * { ?s <urn:x#y> ?service FILTER(?service<1||?p>2) VALUES ?p { <#a> } }",
    "SELECT * { VALUES (?service ?p) { (<http://x/#a> <http://x/#b>) } }",
    "SELECT * { ?s <http://x/SERVICE> ?o } # SERVICE <http://x/>",
    "PREFIX service: <http://x/> SELECT * { ?s service:load ?o }",
    "PREFIX : <http://x/> SELECT * { ?s :SERVICE ?o }",
    "PREFIX a: <http://x/> SELECT * { ?s a:b.service ?o . _:service a:service 'x'@service }",
]
HARMFUL = [
    "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "SELECT * { service SILENT <http://x/> {} }",
    "SELECT * { ?s ?p 'a' . SeRvIcE ?x { ?s ?p ?o } }",
    "SELECT * { ?s ?p '#' SERVICE <http://x/> {} }",
    "SELECT * { ?s <http://x/#> ?o SERVICE <http://x/> {} }",
    "SELECT * { FILTER(1 <2) SERVICE <http://x/> { FILTER(3> 1) } }",
    "LOAD <http://x/>",
    "INSERT DATA {} ; LOAD SILENT <http://x/> INTO GRAPH <http://g/>",
    "SELECT * { ?s e:it\\'s ?o SERVICE <http://x/> {} } #'",
    "SELECT * { ?s e:a\\#b ?o SERVICE <http://x/> {} }",
    "SELECT * { ?s <http://x/\\u0041#> ?o SERVICE <http://x/> {} }",
    "SELECT * { FILTER(?s<'x>y') SERVICE <http://x/> {} } #'",
    "SELECT * { FILTER(?s<e:a#>) SERVICE <http://x/> {}\n) }",
]


@pytest.mark.parametrize("query", HARMLESS)
def test_the_word_alone_is_harmless(query: str) -> None:
    refuse_outbound(query)
    parseQuery(query)


@pytest.mark.parametrize("query", HARMFUL)
def test_the_keyword_is_found(query: str) -> None:
    with pytest.raises(OutboundRefusedError, match=r"(SERVICE|LOAD) at line 1, column \d+"):
        refuse_outbound(query)


PIECES = st.sampled_from(
    [
        "?s ?p ?o .",
        "?service ?p ?o .",
        "?s :service ?o .",
        "?s <http://x/SERVICE> ?o .",
        "?s ?p 'SERVICE <x>' .",
        '?s ?p "a \\" SERVICE" .',
        "# SERVICE <http://x/> { }\n",
        "?s ?p '''a ' SERVICE ''' .",
        "FILTER(1 < 2)",
        "OPTIONAL { ?s ?p 'x' }",
        "SERVICE <http://x/> { ?s ?p ?o }",
        "service <http://x/> { ?s ?p ?o }",
        "SERVICE ?s { ?s ?p ?o }",
        "{ SERVICE SILENT <http://x/> { ?s ?p 'x' } }",
        '?s ?p """x""y SERVICE""" .',
        "?s ?p 'x'@service .",
    ]
)


def holds_service(tree: object) -> bool:
    if isinstance(tree, CompValue):
        return tree.name == "ServiceGraphPattern" or any(holds_service(v) for v in tree.values())
    return not isinstance(tree, str) and hasattr(tree, "__iter__") and any(holds_service(t) for t in tree)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_the_lexer_agrees_with_a_parser(pieces: list[str]) -> None:
    query = "PREFIX : <http://x/> SELECT * { " + " ".join(pieces) + " }"
    try:
        refuse_outbound(query)
        refused = False
    except OutboundRefusedError:
        refused = True
    assert refused == holds_service(parseQuery(query))


@given(st.text(alphabet="SERVICE<>'\"# \\\n?:{}@._x", max_size=40))
def test_the_lexer_reads_anything_and_misses_no_bare_word(text: str) -> None:
    """It terminates on any text; a text without quoting is refused if and only if it has the keyword as a word."""
    try:
        refuse_outbound(text)
        refused = False
    except OutboundRefusedError:
        refused = True
    if not re.search(r"[<'\"#\\?:@_.]", text):
        assert refused == bool(re.search(r"\bSERVICE\b", text))


@pytest.mark.parametrize(
    ("query", "default", "named"),
    [
        ("SELECT * { ?from ?p 'FROM <no>' } # FROM <no>", [], []),
        ("SELECT * FROM <http://a/b> FROM NAMED <c> { ?s ?p ?o }", ["http://a/b"], [f"{BASE}c"]),
        ("prefix e:<http://e/>select*from e:g{?from ?p ?o}", ["http://e/g"], []),
        (
            "BASE <http://x/> PREFIX e: <http://e/> PREFIX : <u:d/> ASK FROM e:g\\-1 FROM NAMED :x FROM : FROM <z> {}",
            ["http://e/g-1", "u:d/", "http://x/z"],
            ["u:d/x"],
        ),
    ],
)
def test_the_graphs_that_a_query_names(query: str, default: list[str], named: list[str]) -> None:
    assert dataset_graphs(query) == (default, named)
    clauses = parseQuery(query)[1].datasetClause or []
    assert len(clauses) == len(default) + len(named), "rdflib's parser finds as many"
