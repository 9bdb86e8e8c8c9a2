"""Answers with citations over HTTP: each format, the choices by certainty and sources, and the page."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pyoxigraph as ox
import pytest
from playwright.sync_api import Browser, expect
from SPARQLWrapper import JSON, SPARQLWrapper

from kg.curation.curated import Curation
from kg.curation.dataset import build
from kg.engine.engine import Engine, with_prefixes
from ontology.namespaces import CLAIM
from tests.http import BROWSER, ask, send

VISITS = with_prefixes(
    "SELECT DISTINCT ?visit ?visitor ?level WHERE { ?visit a kel:Visit ; kel:visited id:kazakhstan ; "
    "kel:visitor ?visitor OPTIONAL { ?visit kel:visitLevel ?level } } ORDER BY ?visit"
)
STAGES = with_prefixes(
    "SELECT ?stage (COUNT(?document) AS ?n) WHERE { ?step kel:stageOf ?document ; kel:stage ?stage . "
    "?document a kel:Instrument } GROUP BY ?stage ORDER BY ?stage"
)


def cited(server: str, query: str, **more: str) -> dict[str, Any]:
    status, headers, body = send(ask(server, query, cite="true", format="json", **more))
    assert status == 200, body
    assert headers["Content-Type"].startswith("application/sparql-results+json")
    found: dict[str, Any] = json.loads(body)
    return found


def claims_of(found: dict[str, Any], row: int) -> list[set[str]]:
    """The sets of a row, as the last parts of the claims' IRIs."""
    told = found["citations"]
    names = [c["claim"].removeprefix(str(CLAIM)) for c in told["claims"]]
    return [{names[n] for n in numbers} for numbers in told["rows"][row]["sets"]]


def test_each_row_has_its_claims_and_they_are_whose_passages_say_so(server: str, curation: Curation) -> None:
    found = cited(server, VISITS)
    rows, told = found["results"]["bindings"], found["citations"]
    assert len(rows) == len(told["rows"]) >= 4
    known = {c.iri: c for c in curation.claims}
    for claim in told["claims"]:
        record = known[claim["claim"]]
        assert claim["speaker"] == record.value("speaker")
        assert claim["modality"] == record.value("modality").rpartition("/")[2]
        assert claim["passage"] == record.value("passage")
        assert {"article", "paragraph", "date", "gloss", "speakerLabel"} <= claim.keys()
    planned = next(n for n, r in enumerate(rows) if r["visit"]["value"].endswith("putin-state-visit-kazakhstan-2024"))
    assert told["rows"][planned]["certainty"] == "planned"
    assert all(s & {"izv24-p13-2", "izv24-p11-18"} for s in claims_of(found, planned)), "these tell the level"
    assert "Izvestia" in told["rows"][planned]["citation"]
    unleveled = next(n for n, r in enumerate(rows) if "level" not in r)
    assert [a["kind"] for a in told["rows"][unleveled]["absent"]] == ["optional"]


def test_without_its_claims_a_row_is_gone_and_with_them_alone_it_is_there(server: str, curation: Curation) -> None:
    """Over the dataset as it is built, with what is inferred: not only over triples that claims state."""
    for query in (
        VISITS,
        with_prefixes("SELECT ?figure ?p WHERE { ?figure kel:measure code:measure-trade-turnover ; kel:party ?p }"),
        with_prefixes("SELECT ?who ?o WHERE { ?who kel:hasHeldOffice ?o }"),
        with_prefixes("SELECT ?a WHERE { ?a kel:partOf+ ?b . ?b a kel:Event }"),
    ):
        found = cited(server, query)
        rows, told = found["results"]["bindings"], found["citations"]
        assert rows
        for number in {0, len(rows) - 1}:
            row, told_of = rows[number], told["rows"][number]
            assert told_of["complete"], (query, row)
            names = {told["claims"][n]["claim"] for n in told_of["claims"]}
            values = {n: v["value"] for n, v in row.items()}
            if [] not in told_of["sets"]:
                rest = replace(curation, claims=tuple(c for c in curation.claims if c.iri not in names))
                assert values not in answer(rest, query)
            first = {told["claims"][n]["claim"] for n in told_of["sets"][0]}
            alone = replace(curation, claims=tuple(c for c in curation.claims if c.iri in first))
            assert values in answer(alone, query)


def answer(curation: Curation, query: str) -> list[dict[str, str]]:
    """The rows of an engine over the dataset of these claims."""
    solutions = Engine(build(curation).quads).query(query).solutions
    names = [v.value for v in solutions.variables]
    return [{n: t.value for n, t in zip(names, s, strict=True) if t is not None} for s in solutions]


def test_a_group_lists_the_rows_that_went_in(server: str) -> None:
    found = cited(server, STAGES)
    for binding, row in zip(found["results"]["bindings"], found["citations"]["rows"], strict=True):
        assert row["of"] == len(row["members"]) == int(binding["n"]["value"])
        assert {m["values"]["stage"]["value"] for m in row["members"]} == {binding["stage"]["value"]}
        assert all(m["claims"] for m in row["members"])
        assert str(row["of"]) in row["citation"]


def test_what_rests_on_absence_says_so(server: str) -> None:
    query = with_prefixes("SELECT ?s WHERE { ?s a kel:State FILTER NOT EXISTS { ?s org:memberOf ?o } } LIMIT 2")
    found = cited(server, query)
    assert found["results"]["bindings"]
    for row in found["citations"]["rows"]:
        assert [a["kind"] for a in row["absent"]] == ["not-exists"]
        assert "nothing being told" in row["citation"]
        assert "org:memberOf" in row["citation"]


def test_conflicts_rest_on_the_claims_of_their_sides(server: str) -> None:
    found = cited(server, with_prefixes("SELECT ?c ?kind { ?c a kel:Conflict ; kel:conflictKind ?kind }"))
    assert found["results"]["bindings"]
    for number in range(len(found["results"]["bindings"])):
        assert all(len(s) >= 2 for s in claims_of(found, number))


def test_a_boolean_and_reference_data(server: str) -> None:
    found = cited(server, with_prefixes("ASK { ?v kel:visitor id:emmanuel-macron }"))
    assert found["boolean"] is True
    assert {c["claim"].rpartition("/")[2] for c in found["citations"]["claims"]} >= {"mp23-p10-4"}
    found = cited(server, with_prefixes('ASK { id:kazakhstan kel:isoAlpha2 "KZ" }'))
    assert found["citations"]["rows"][0]["sets"] == [[]]
    found = cited(server, with_prefixes("ASK { id:kazakhstan kel:visitor ?x }"))
    assert (found["boolean"], found["citations"]["rows"]) == (False, [])


@pytest.mark.parametrize("form", ["csv", "tsv", "xml", "csv-excel"])
def test_other_formats_have_columns(server: str, form: str) -> None:
    _, headers, body = send(ask(server, VISITS, cite="true", format=form))
    text = body.decode("utf-8-sig")
    assert "charset=utf-8" in headers["Content-Type"]
    assert all(name in text for name in ("cited_claims", "cited_certainty", "cited_sources", "citation"))
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert all(r["cited_claims"].startswith(str(CLAIM)) and r["citation"] for r in rows)


def test_plain_clients_pass_over_the_citations(server: str) -> None:
    client = SPARQLWrapper(f"{server}sparql", returnFormat=JSON)
    client.setQuery(VISITS)
    client.addParameter("cite", "true")
    with_them = client.query().convert()
    client.clearParameter("cite")
    without = client.query().convert()
    assert isinstance(with_them, dict)
    assert isinstance(without, dict)
    assert with_them["results"] == without["results"]


def test_a_graph_comes_with_claim_graphs(server: str) -> None:
    query = with_prefixes("CONSTRUCT { ?v kel:visitor ?w . ?w <urn:was-in> ?z } { ?v kel:visitor ?w ; kel:visited ?z }")
    _, headers, body = send(ask(server, query, cite="true"))
    assert headers["Content-Type"].startswith("application/trig")
    quads = list(ox.parse(body, format=ox.RdfFormat.TRIG))
    visitor = [q for q in quads if q.predicate.value.endswith("ns#visitor")]
    assert any(q.graph_name.value.startswith(str(CLAIM)) for q in visitor)
    derived = [q.graph_name for q in quads if q.predicate.value == "urn:was-in"]
    assert derived
    sources = {q.subject for q in quads if q.predicate.value.endswith("wasDerivedFrom")}
    assert set(derived) <= sources
    status, _, body = send(ask(server, query, cite="true", format="turtle"))
    assert (status, b"trig" in body) == (406, True)


def test_rows_are_chosen_by_certainty_and_sources_before_the_limit(server: str) -> None:
    everything = cited(server, VISITS)
    sure = cited(server, VISITS, **{"min-certainty": "reported"})
    kept = [r["certainty"] for r in sure["citations"]["rows"]]
    assert set(kept) == {"asserted"}
    assert 0 < len(kept) < len(everything["results"]["bindings"])
    first = cited(server, VISITS + " LIMIT 1", **{"min-certainty": "reported"})
    assert first["results"]["bindings"] == sure["results"]["bindings"][:1]
    members = with_prefixes("SELECT ?s ?o WHERE { ?s org:memberOf ?o }")
    twice = cited(server, members, **{"min-sources": "2"})
    assert twice["results"]["bindings"]
    assert all(r["sources"] >= 2 for r in twice["citations"]["rows"])
    articles = {c["article"] for c in twice["citations"]["claims"]}
    assert len(articles) == 2
    status, _, body = send(ask(server, VISITS, format="csv", **{"min-certainty": "reported"}))
    assert (status, body.splitlines()[0]) == (200, b"visit,visitor,level"), "rows are chosen without citations too"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("cite", "perhaps", "true or false"), ("min-certainty", "sure", "asserted"), ("min-sources", "two", "number")],
)
def test_malformed_parameters(server: str, name: str, value: str, words: str) -> None:
    status, headers, body = send(ask(server, VISITS, **{name: value}))
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert words in json.loads(body)["detail"]


def test_errors_are_those_of_the_query_as_written(server: str) -> None:
    status, _, body = send(ask(server, "SELECT ?x WHERE { ?x ?p }", cite="true"))
    assert (status, json.loads(body)["line"]) == (400, 1)


def test_too_many_rows_are_refused(server: str) -> None:
    status, _, body = send(ask(server, "SELECT * { ?s ?p ?o . ?a ?b ?c }", cite="true"))
    assert status in (413, 503)
    assert b"rows" in body or b"seconds" in body


@pytest.mark.parametrize("code", ["en", "ru", "kk"])
def test_the_page_tells_who_says_so(server: str, browser: Browser, code: str) -> None:
    page = browser.new_page()
    page.goto(f"{server}query?lang={code}")
    page.locator("details.citing summary").click()
    page.locator("#cite").check()
    page.locator("form.ask button:not([formaction])").click()
    expect(page.locator("ol.footnotes li").first).to_be_visible()
    row = page.locator("table tbody tr").first
    expect(row.locator("sup a").first).to_be_visible()
    row.locator("details summary").click()
    expect(row.locator("details p")).to_contain_text("https://w3id.org/kelisim/claim/")
    page.close()


def test_the_page_works_without_scripts(server: str) -> None:
    _, _, body = send(ask(server, VISITS, cite="true"), headers={"Accept": BROWSER})
    assert b'id="note-1"' in body
    assert b"cite=true&amp;" in body or b"cite=true" in body
