"""Queries without rows over the curated graph: the first finding tells what was wrong, and each mend has its rows."""

import json

import pyoxigraph as ox
import pytest

from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.explanations.explanation import MOST_BRACES, MOST_CHARACTERS, Asked, explain
from kg.explanations.findings import Explanation
from kg.explanations.probing import MOST_ROWS, Budget
from kg.explanations.records import record
from kg.explanations.sources import EngineSource
from kg.rdf.formats import RESULT_FORMATS, by_name
from ontology import PREFIXES
from ontology.namespaces import EVERYTHING

PROLOGUE = "".join(f"PREFIX {prefix}: <{namespace}> " for prefix, namespace in PREFIXES.items())


def explained(engine: Engine, query: str, row: str = "") -> Explanation:
    return explain(EngineSource(engine), Asked(query, row, known=PREFIXES), Budget(seconds=60, each=60))


def rows(engine: Engine, query: str) -> int:
    """The number of rows of a SELECT, or of solutions of an ASK."""
    if query.lstrip().startswith("ASK"):
        query = query.replace("ASK", "SELECT *", 1)
    body = json.loads(engine.query(PROLOGUE + query).serialize(by_name("json", RESULT_FORMATS)))
    return len(body["results"]["bindings"])


MISTAKES = {
    # names
    "a misspelt thing": ("SELECT ?v { ?v kel:visited id:kazakstan }", "unknown name", "id:kazakhstan"),
    "a thing by half its name": ("SELECT ?v { ?v kel:visitor id:putin }", "unknown name", "id:vladimir-putin"),
    "a misspelt class": ("SELECT ?v { ?v a kel:Visits }", "unknown name", "kel:Visit"),
    "a class of another vocabulary": ("SELECT ?x { ?x a kel:Person }", "unknown name", "foaf:Person"),
    "a misspelt property": ("SELECT ?v { ?v kel:visitted ?c }", "unknown name", "kel:visited"),
    "http for https": (
        "SELECT ?v { ?v kel:visited <http://w3id.org/kelisim/id/kazakhstan> }",
        "unknown name",
        "id:kazakhstan",
    ),
    "a thing in the namespace of terms": (
        "SELECT ?v { ?v kel:visited kel:kazakhstan }",
        "unknown name",
        "id:kazakhstan",
    ),
    "two misspelt names": (
        "SELECT ?v { ?v kel:visited id:kazakstan ; kel:visitor id:putin }",
        "unknown name",
        "id:kazakhstan .   ?v kel:visitor id:vladimir-putin",
    ),
    "a misspelt name in a subquery": (
        "SELECT ?v { { SELECT ?v { ?v a kel:Vsit } } ?v kel:visitor ?who }",
        "unknown name",
        "a kel:Visit",
    ),
    "misspelt names in each branch of a union": (
        "SELECT ?x { { ?x a kel:Visitt } UNION { ?x kel:visited id:kazakstan } }",
        "unknown name",
        "a kel:Visit",
    ),
    "a property that there is not": ("SELECT ?p { id:kazakhstan kel:president ?p }", "unknown name", ""),
    # certainty and graphs
    "only expected": ("SELECT ?e { ?e kel:topic id:topic-ukraine-conflict }", "hedged", EVERYTHING),
    "only thought possible": (
        "SELECT ?s { ?s kel:stage code:stage-partner-selection-possible . id:kazakhstan-npp-project ^kel:stageOf ?s }",
        "values",
        "?value",
    ),
    "records of claims inside GRAPH": (
        "SELECT ?s { GRAPH ?claim { ?step kel:stageOf ?x . ?claim kel:speaker ?s } }",
        "default graph",
        "} ?claim kel:speaker",
    ),
    "facts of different claims in one GRAPH": (
        "SELECT ?g { GRAPH ?g { ?v kel:visitor id:vladimir-putin ; kel:plannedEarliest ?d ; kel:visitLevel ?l } }",
        "different graphs",
        "GRAPH ?graph",
    ),
    "a fact of another claim": (
        "SELECT ?l { GRAPH claim:izv24-p6-1 { id:putin-state-visit-kazakhstan-2024 kel:visitLevel ?l } }",
        "other graph",
        "GRAPH ?graph",
    ),
    "names are in no claim": (
        "SELECT ?l { GRAPH ?claim { id:astana rdfs:label ?l } }",
        "default graph",
        "id:astana rdfs:label ?l",
    ),
    "a FROM that has it not": (
        "SELECT ?l FROM <https://w3id.org/kelisim/graph/inferred> { id:kazakhstan rdfs:label ?l }",
        "dataset",
        "SELECT ?l  {",
    ),
    # values in triples
    "a label without its language": ('SELECT ?s { ?s rdfs:label "Kazakhstan" }', "language", '"Kazakhstan"@en'),
    "a label in another language": ('SELECT ?s { ?s rdfs:label "Казахстан"@en }', "language", '"Казахстан"@ru'),
    "a label in small letters": ('SELECT ?s { ?s rdfs:label "kazakhstan"@en }', "case", '"Kazakhstan"@en'),
    "a misspelt label": ('SELECT ?s { ?s rdfs:label "Kazahstan"@en }', "spelling", '"Kazakhstan"@en'),
    "half a label": (
        'SELECT ?s { ?s rdfs:label "Tokayev"@en }',
        "part of a text",
        'CONTAINS(LCASE(STR(?text)), "tokayev")',
    ),
    "a date as text": ('SELECT ?v { ?v kel:plannedEarliest "2024-11-27" }', "datatype", '"2024-11-27"^^xsd:date'),
    "a name for a thing": ('SELECT ?c { ?c kel:speaker "Izvestia" }', "thing for text", "id:izvestia"),
    "half a name for a thing": ('SELECT ?v { ?v kel:visitor "Putin" }', "thing for text", "id:vladimir-putin"),
    "a value that the property never has": ("SELECT ?v { ?v kel:visited id:russia }", "values", "?value"),
    "a name by the wrong property": ('SELECT ?who { ?who dcterms:title "Vladimir Putin" }', "property", "rdfs:label"),
    "names in VALUES without their language": (
        'SELECT ?s { VALUES ?n { "Kazakhstan" "Russia" } ?s a kel:State ; rdfs:label ?n }',
        "listed values",
        '"Kazakhstan"@en',
    ),
    # links
    "the other way round": (
        "SELECT ?v { id:kazakhstan kel:visited ?v . ?v kel:visitor id:vladimir-putin }",
        "swapped",
        "?v kel:visited id:kazakhstan",
    ),
    "past the event": ("SELECT ?c { id:vladimir-putin kel:visited ?c }", "step", "^kel:"),
    "past the tenure": ("SELECT ?o { id:vladimir-putin kel:office ?o }", "step", "/kel:office"),
    "of the wrong variable": (
        "SELECT ?v { ?v a kel:Visit ; kel:visitor ?w . ?w kel:visited id:kazakhstan }",
        "other variable",
        "?v kel:visited",
    ),
    "the property for plans": (
        "SELECT ?v ?d { ?v a kel:Visit ; kel:status code:status-held ; kel:plannedEarliest ?d }",
        "property",
        "kel:earliest",
    ),
    "not of that class": ("SELECT ?x { id:astana a kel:State ; rdfs:label ?x }", "class", "id:astana a "),
    # filters
    "a language that there is not": (
        'SELECT ?n { ?s a kel:State ; rdfs:label ?n FILTER(LANG(?n) = "de") }',
        "language",
        'LANG(?n) = "en"',
    ),
    "a language in capitals": (
        'SELECT ?n { ?s a kel:State ; rdfs:label ?n FILTER(LANG(?n) = "EN") }',
        "language",
        'LANG(?n) = "en"',
    ),
    "a text beside a language": (
        'SELECT ?n { ?t a kel:State ; rdfs:label ?n FILTER(LANG(?n) = "en" && CONTAINS(?n, "nuklear")) }',
        "filter",
        "rdfs:label ?n }",
    ),
    "a language of texts without one": (
        'SELECT ?w { ?f kel:asWritten ?w FILTER(LANGMATCHES(LANG(?w), "en")) }',
        "language",
        "?f kel:asWritten ?w",
    ),
    "a plain text for a tagged one": (
        'SELECT ?s { ?s a kel:State ; rdfs:label ?n FILTER(?n = "Kazakhstan") }',
        "text",
        "STR(?n)",
    ),
    "capitals in CONTAINS": (
        'SELECT ?s { ?s a kel:State ; rdfs:label ?n FILTER(CONTAINS(?n, "KAZAKH")) }',
        "case",
        "LCASE(STR(?n))",
    ),
    "capitals in REGEX": ('SELECT ?s { ?s a kel:State ; rdfs:label ?n FILTER REGEX(?n, "^kaz") }', "case", '"i"'),
    "text functions of things": ('SELECT ?s { ?s a kel:State FILTER(CONTAINS(?s, "kaz")) }', "text", "STR(?s)"),
    "a name for a thing in a filter": (
        'SELECT ?c { ?c kel:speaker ?s FILTER(?s = "Izvestia") }',
        "thing for text",
        "id:izvestia",
    ),
    "a year for a date": ("SELECT ?f { ?f kel:periodStart ?d FILTER(?d = 2023) }", "datatype", "YEAR(?d) = 2023"),
    "a text for a date": (
        'SELECT ?f { ?f kel:periodStart ?d FILTER(?d >= "2023-01-01") }',
        "datatype",
        '"2023-01-01"^^xsd:date',
    ),
    "a text for a year": ('SELECT ?f { ?f kel:periodStart ?d FILTER(YEAR(?d) = "2023") }', "datatype", "= 2023"),
    "a text for a number": (
        'SELECT ?f { ?f kel:measure code:measure-trade-turnover ; kel:value ?v FILTER(?v > "1000") }',
        "datatype",
        "> 1000",
    ),
    "too large a number": (
        "SELECT ?f { ?f kel:measure code:measure-trade-turnover ; kel:value ?v FILTER(?v > 1e12) }",
        "range",
        ">= 28400000000",
    ),
    "too late a date": (
        'SELECT ?v { ?v a kel:Visit ; kel:plannedEarliest ?d FILTER(?d > "2030-01-01"^^xsd:date) }',
        "range",
        "2024-11-27",
    ),
    "a misspelt variable": (
        'SELECT ?s { ?s a kel:State ; rdfs:label ?name FILTER(STR(?nama) = "Russia") }',
        "no value",
        "STR(?name)",
    ),
    "a variable of outer braces": (
        'SELECT ?s { ?s rdfs:label ?n . { ?s a kel:State FILTER(STR(?n) = "Russia") } }',
        "scope",
        'FILTER(STR(?n) = "Russia") }',
    ),
    # exclusions and modifiers
    "MINUS of all": (
        "SELECT ?v { ?v kel:visited id:kazakhstan MINUS { ?v a kel:Visit } }",
        "excluded",
        "kel:visited id:kazakhstan",
    ),
    "NOT EXISTS of all": (
        "SELECT * { ?p kel:inEvent id:csto-summit-astana-2024 ; kel:agent ?w FILTER NOT EXISTS {?p kel:attendance []}}",
        "excluded",
        "kel:agent ?w",
    ),
    "EXISTS of nothing": (
        'SELECT ?o { [] kel:office ?o FILTER EXISTS { ?o rdfs:label "President of Kazakhstan" } }',
        "language",
        '"President of Kazakhstan"@en',
    ),
    "LIMIT 0": ("SELECT ?v { ?v a kel:Visit } LIMIT 0", "limit", "SELECT ?v { ?v a kel:Visit }"),
    "OFFSET beyond the end": ("SELECT ?v { ?v a kel:Visit } OFFSET 100", "limit", "SELECT ?v { ?v a kel:Visit }"),
    "HAVING of nothing": (
        "SELECT ?p (COUNT(*) AS ?n) { ?v kel:visitor ?p } GROUP BY ?p HAVING (COUNT(*) > 10)",
        "having",
        "GROUP BY ?p",
    ),
    "ASK": ("ASK { ?v kel:visited id:kazakstan }", "unknown name", "id:kazakhstan"),
}


@pytest.mark.parametrize(("query", "kind", "mend"), MISTAKES.values(), ids=MISTAKES)
def test_the_first_finding_tells_what_is_wrong(engine: Engine, query: str, kind: str, mend: str) -> None:
    found = explained(engine, query)
    assert found.rows is not None
    assert found.rows.number == 0
    assert found.missed == 0
    first = found.findings[0]
    assert (first.kind, " ".join(first.query.split())) == (kind, " ".join(first.query.split()))
    assert " ".join(mend.split()) in " ".join(first.query.split())
    assert "%(" not in first.message
    for each in found.findings:
        if each.query:
            assert each.rows is not None
            assert min(rows(engine, each.query), MOST_ROWS) == each.rows.number > 0, each
        for line in each.lines:
            beginning = query.splitlines()[line.line - 1][line.column - 1 :]
            assert beginning[:1] in line.text or not line.text, (beginning, line)


def test_what_is_hedged_comes_with_claim_speaker_and_modality(engine: Engine) -> None:
    found = explained(engine, "SELECT ?e { ?e kel:topic id:topic-ukraine-conflict }").findings[0]
    claim = found.claims[0]
    assert (claim["modality"], claim["speaker"]) == (PREFIXES["code"] + "expected", PREFIXES["id"] + "izvestia")
    assert claim["gloss"]
    graph = ox.NamedNode(claim["claim"])
    assert any(q.object.value.endswith("topic-ukraine-conflict") for q in engine.quads(graph))  # type: ignore[union-attr]


def test_what_is_hedged_is_told_where_other_lines_fail_too(engine: Engine) -> None:
    found = explained(engine, "SELECT ?e { ?e kel:topic id:topic-ukraine-conflict ; kel:status code:status-held }")
    hedged = next(f for f in found.findings if f.kind == "hedged")
    assert hedged.claims
    assert not hedged.query
    assert "Even with" in hedged.message


@pytest.mark.parametrize(
    ("row", "kind", "told"),
    [
        ("?who=id:xi-jinping", "row", "id:vladimir-putin"),
        (
            "?who = <https://w3id.org/kelisim/id/xi-jinping> ?v=id:macron-visit-kazakhstan-2023",
            "row",
            "id:emmanuel-macron",
        ),
        ("?who=id:putin", "unknown name", "id:vladimir-putin"),
    ],
)
def test_why_a_row_is_missing(engine: Engine, row: str, kind: str, told: str) -> None:
    query = "SELECT ?who { ?v a kel:Visit ; kel:visitor ?who ; kel:visited id:kazakhstan }"
    found = explained(engine, query, row)
    assert found.rows is not None
    assert found.rows.number == 0
    assert found.findings[0].kind == kind
    assert told in found.findings[0].message


def test_a_row_that_is_hedged(engine: Engine) -> None:
    found = explained(engine, "SELECT ?e ?t { ?e kel:topic ?t }", "?t=id:topic-ukraine-conflict")
    assert found.findings[0].kind == "hedged"


def test_a_row_that_is_there(engine: Engine) -> None:
    found = explained(engine, "SELECT ?v ?who { ?v kel:visitor ?who }", "?who=id:emmanuel-macron")
    assert found.rows
    assert found.findings == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("who=id:astana", "cannot be read at “who”"),
        ("?who", "cannot be read at “?who”"),
        ("?nobody=id:astana", "no variable ?nobody. It has: ?v, ?who"),
        ("?who=", "no value for ?who"),
        ("?who= ?v=id:astana", "no value for ?who"),
    ],
)
def test_a_row_that_is_none(engine: Engine, row: str, words: str) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        explained(engine, "SELECT ?v ?who { ?v kel:visitor ?who }", row)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT ?x { ?x a }", "line 1"),
        ("SELECT ?x { ?x a undeclared:name }", "undeclared"),
        ("SELECT (?x AS ?y) { ?x a ?z } GROUP BY ?z", "GROUP BY"),
        ("ASK { SERVICE <http://example.org/> { ?s ?p ?o } }", "SERVICE"),
        ("ASK {" * (MOST_BRACES + 1), "braces"),
        ("ASK { } #" + "x" * MOST_CHARACTERS, "characters"),
    ],
)
def test_what_is_not_explained(engine: Engine, query: str, words: str) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        explained(engine, query)
    assert words in str(error.value)


def test_comments_change_nothing(engine: Engine) -> None:
    query = "# one\nSELECT ?v # two\nWHERE { # three\n ?v kel:visited id:kazakstan # four\n} # five"
    found = explained(engine, query)
    assert (found.findings[0].kind, found.findings[0].lines[0].line) == ("unknown name", 4)
    assert rows(engine, found.findings[0].query) == 4


def test_a_query_with_rows_tells_what_each_line_leaves(engine: Engine) -> None:
    query = """SELECT ?v ?who {
      ?v a kel:Visit ; kel:visitor ?who .
      OPTIONAL { ?v kel:visitLevel ?level }
      FILTER(?who = id:vladimir-putin) }"""
    found = explained(engine, query)
    assert found.rows is not None
    assert found.rows.number == 3
    assert found.findings == []
    steps = [(s.at.line, s.at.column, s.alone and s.alone.number, s.through and s.through.number) for s in found.steps]
    assert steps == [(2, 7, 4, 4), (2, 24, 5, 4), (3, 7, None, 4), (4, 7, None, 3)]


def test_an_explanation_out_of_time_says_so(engine: Engine) -> None:
    budget = Budget(seconds=1e-9, each=1)
    found = explain(EngineSource(engine), Asked("SELECT ?x { ?x a kel:Vsit }", known=PREFIXES), budget)
    assert found.rows is None
    assert found.missed > 0
    assert found.findings == []


def test_the_record_has_all_of_it(engine: Engine) -> None:
    found = record(explained(engine, 'SELECT ?s { ?s rdfs:label "Kazakhstan" }'), str)
    assert json.loads(json.dumps(found)) == found
    first = found["findings"][0]
    assert first["rows"] == {"number": 1, "more": False}
    assert first["examples"] == [{"s": {"type": "uri", "value": PREFIXES["id"] + "kazakhstan"}}]
    assert first["lines"][0]["column"] == 13


def test_other_peoples_names_are_found_without_labels() -> None:
    lake, kind = ox.NamedNode("https://hydro.example/balkhash"), ox.NamedNode(PREFIXES["rdf"] + "type")
    engine = Engine([ox.Quad(lake, kind, ox.NamedNode("https://hydro.example/Lake"))])
    query = "PREFIX h: <https://hydro.example/> SELECT ?lake { ?lake a h:Lakes }"
    found = explain(EngineSource(engine), Asked(query), Budget(seconds=60, each=60))
    assert found.findings[0].message == "h:Lakes does not occur in the data; h:Lake does."


def test_other_peoples_data_in_named_graphs() -> None:
    lake, name, area = (ox.NamedNode(f"https://hydro.example/{n}") for n in ("balkhash", "name", "area"))
    engine = Engine([
        ox.Quad(lake, name, ox.Literal("Balkhash"), ox.NamedNode("https://hydro.example/names")),
        ox.Quad(lake, area, ox.Literal(16400), ox.NamedNode("https://hydro.example/areas")),
    ])  # fmt: skip
    query = "PREFIX h: <https://hydro.example/> SELECT ?area { ?lake h:name ?name ; h:area ?area }"
    found = explain(EngineSource(engine), Asked(query), Budget(seconds=60, each=60))
    assert found.findings[0].kind == "named graph"
    assert found.findings[0].rows is not None
    assert found.findings[0].rows.number == 1
