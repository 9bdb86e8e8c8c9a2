"""``/why-not``: the page and its JSON, over HTTP and in a browser with and without scripts."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from ontology import PREFIXES
from ontology.namespaces import EVERYTHING
from server.http.languages import LANGUAGES
from tests.conftest import ROOT
from tests.http import BROWSER, ask, send
from tests.server.pages.test_browser import NARROW, RULES, WIDE, violations, visit

PROLOGUE = f"PREFIX kel: <{PREFIXES['kel']}>\nPREFIX id: <{PREFIXES['id']}>\n"
HEDGED = f"{PROLOGUE}SELECT ?event WHERE {{\n  ?event kel:topic id:topic-ukraine-conflict .\n}}"
MISSPELT = f"{PROLOGUE}SELECT ?v WHERE {{\n  ?v a kel:Visit ; kel:visited id:kazakstan .\n}}"
VISITORS = f"{PROLOGUE}SELECT ?who WHERE {{\n  ?v a kel:Visit ; kel:visitor ?who .\n}}"


def why_not(server: str, query: str, **more: str) -> str:
    return f"{server}why-not?{urlencode({'query': query, 'timeout': 60, **more})}"


def explained(server: str, query: str, **more: str) -> dict[str, object]:
    status, headers, body = send(why_not(server, query, format="json", **more))
    assert status == 200, body
    assert headers["Content-Type"] == "application/json"
    found: dict[str, object] = json.loads(body)
    return found


def first(found: dict[str, object]) -> dict[str, object]:
    findings = found["findings"]
    assert isinstance(findings, list)
    return dict(findings[0])


def test_json_tells_kind_place_mend_and_claims(server: str) -> None:
    found = explained(server, HEDGED)
    hedged = first(found)
    assert (found["rows"], hedged["kind"]) == ({"number": 0, "more": False}, "hedged")
    assert hedged["lines"] == [{"text": "?event kel:topic id:topic-ukraine-conflict", "line": 4, "column": 3}]
    assert EVERYTHING in str(hedged["query"])
    mended = json.loads(send(ask(server, str(hedged["query"]), format="json"))[2])
    assert {"number": len(mended["results"]["bindings"]), "more": False} == hedged["rows"]
    claims = hedged["claims"]
    assert isinstance(claims, list)
    assert {c["speaker"] for c in claims} == {f"{PREFIXES['id']}izvestia"}


def test_the_answer_depends_on_what_is_accepted(server: str) -> None:
    for accept, kind in ((BROWSER, "text/html"), ("application/json", "application/json"), ("*/*", "text/html")):
        headers = send(why_not(server, MISSPELT), headers={"Accept": accept})[1]
        assert headers["Content-Type"].partition(";")[0] == kind
        assert "Accept" in headers["Vary"]


def test_a_query_may_come_by_post(server: str) -> None:
    long = f"{MISSPELT} # {'x' * 8_000}"
    body = urlencode({"query": long, "format": "json", "timeout": "60"}).encode()
    status, _, answer = send(f"{server}why-not", method="POST", body=body)
    assert status == 200
    assert json.loads(answer)["findings"][0]["kind"] == "unknown name"


def test_graphs_of_the_request_stand_for_from(server: str) -> None:
    inferred = f"{PREFIXES['kel'].removesuffix('ns#')}graph/inferred"
    query = f"{PROLOGUE}SELECT ?l WHERE {{ id:kazakhstan <{PREFIXES['rdfs']}label> ?l }}"
    assert first(explained(server, query, **{"default-graph-uri": inferred}))["kind"] == "dataset"
    assert explained(server, query)["findings"] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_words_are_in_the_language_of_the_reader(server: str, code: str) -> None:
    message = str(first(explained(server, MISSPELT, lang=code))["message"])
    assert "id:kazakstan" in message
    assert ("does not occur" in message) == (code == "en")


@pytest.mark.parametrize(
    ("query", "more", "words"),
    [
        ("SELECT ?x { ?x a }", {}, "line 1"),
        ("SELECT ?x { ?x a ?y }", {"row": "?z=1"}, "no variable ?z"),
        ("ASK {" * 200, {}, "braces"),
        ("SELECT ?x { ?x a ?y }", {"default-graph-uri": "http://example.org/none"}, "no graph"),
    ],
)
def test_what_cannot_be_explained(server: str, query: str, more: dict[str, str], words: str) -> None:
    status, headers, body = send(why_not(server, query, format="json", **more))
    assert 400 <= status < 404
    assert headers["Content-Type"] == "application/problem+json"
    assert words in json.loads(body)["detail"]
    page_status, _, page = send(why_not(server, query, **more), headers={"Accept": BROWSER})
    assert page_status == status
    assert words in page.decode()
    assert "<textarea" in page.decode(), "the form with the query is there to go on"


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_an_answer_without_rows_to_one_with_rows(browser: Browser, server: str, width: int, scripts: bool) -> None:
    path = ask(server, MISSPELT, format="html").removeprefix(server)
    with visit(browser, server, path, width=width, scripts=scripts) as page:
        page.get_by_role("link", name="Why no rows?").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Why no rows?")
        reason = page.locator(".reason").first
        expect(reason).to_contain_text("id:kazakstan does not occur in the data; id:kazakhstan does.")
        expect(reason).to_contain_text("line 4, column 20")
        expect(page.locator(".steps tbody tr")).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        reason.get_by_role("link", name="Ask this").click()
        expect(page.get_by_text("4 rows.")).to_be_visible()
        expect(page.get_by_role("link", name="Why no rows?")).to_have_count(0)


def test_a_row_that_is_missed_is_asked_for_in_the_form(browser: Browser, server: str) -> None:
    with visit(browser, server, "why-not", scripts=False) as page:
        page.get_by_label("SPARQL query").fill(VISITORS)
        page.get_by_label("A row that you miss").fill("?who=id:xi-jinping")
        page.get_by_role("button", name="Explain").click()
        expect(page.get_by_text("This row is not there.")).to_be_visible()
        expect(page.locator(".reason").first).to_contain_text("id:vladimir-putin")


def test_the_page_is_accessible(browser: Browser, server: str) -> None:
    for address in (why_not(server, HEDGED), why_not(server, VISITORS), f"{server}why-not"):
        with visit(browser, server, address.removeprefix(server)) as page:
            assert violations(page, {"type": "tag", "values": RULES}) == []
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(why_not(server, "ASK {"))
        assert violations(page, {"type": "tag", "values": RULES}) == []
        expect(page.get_by_role("alert")).to_be_visible()


def test_the_editor_offers_it(browser: Browser, server: str) -> None:
    if not (ROOT / "server" / "static" / "built" / "yasgui.js").is_file():
        pytest.skip("the scripts of the pages are not built here (make builds them), so the editor was not tried")
    with visit(browser, server, f"query?{urlencode({'query': MISSPELT})}") as page:
        link = page.locator("#hints").get_by_role("link", name="Why no rows?")
        expect(link).to_be_visible()
        assert parse_qs(urlsplit(str(link.get_attribute("href"))).query) == {"query": [MISSPELT]}
        page.get_by_role("button", name="Explain").click()
        expect(page.locator(".reason").first).to_contain_text("id:kazakhstan")
