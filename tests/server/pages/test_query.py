"""The query page, with and without a browser: editor, results, links, programs, and the questions in RDF."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pyoxigraph as ox
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from rdflib import Graph, URIRef
from rdflib.namespace import SH

from kg.publishing.examples import QUESTION, QUESTIONS, SCHEMA, examples, query_form
from kg.publishing.questions import read_questions
from server.endpoint.snippets import snippets
from tests.conftest import ROOT
from tests.http import BROWSER, send

CITIES = """PREFIX geo: <http://www.w3.org/2003/01/geo/wgs84_pos#>
SELECT ?place ?lat ?long WHERE { ?place geo:lat ?lat ; geo:long ?long } ORDER BY ?place"""
AWKWARD = "SELECT ?x WHERE { BIND('''it's \"\"\" a `${quoted}` \\\\ )--- text''' AS ?x) }"
"""A query with the string delimiters of all languages of the programs."""


@pytest.fixture(scope="module")
def editor() -> None:
    if not (ROOT / "server" / "static" / "built" / "yasgui.js").is_file():
        pytest.skip("the scripts of the pages are not built here (make builds them), so the editor was not tried")


DESK, PHONE = (1280, False), (390, True)
"""Widths in pixels, and whether the theme is dark."""

on_desk_and_phone = pytest.mark.parametrize("page", [DESK, PHONE], ids=["desk", "phone"], indirect=True)


@pytest.fixture
def page(browser: Browser, editor: None, request: pytest.FixtureRequest, server: str) -> Iterator[Page]:
    width, dark = getattr(request, "param", DESK)
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    problems: list[str] = []
    opened.on("console", lambda m: None if "status of 400" in m.text else problems.append(m.text))
    opened.on("pageerror", lambda e: problems.append(str(e)))
    opened.on("request", lambda r: None if r.url.startswith((server, "data:")) else problems.append(f"leaves: {r.url}"))
    yield opened
    assert opened.evaluate("Object.keys(localStorage)") == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert problems == []


def is_accessible(page: Page) -> bool:
    found = Axe().run(page).response["violations"]
    print([(v["id"], [n["html"] for n in v["nodes"]]) for v in found])  # pytest shows it with a failure
    return not found


def permalink(server: str, query: str) -> str:
    return f"{server}query?{urlencode({'query': query})}"


def write(page: Page, text: str) -> None:
    """Types into the empty editor."""
    if page.locator("#query").is_visible():
        page.locator("#query").focus()
    page.locator(".CodeMirror-code").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


@on_desk_and_phone
def test_an_example_is_found_chosen_and_answered(page: Page, server: str) -> None:
    page.goto(f"{server}query")
    page.get_by_label("Filter the questions").fill("visited level")
    link = page.locator(".examples li:visible a")
    expect(link).to_have_count(1)
    link.click()
    expect(page.locator(".yasr tbody tr")).to_have_count(4)
    kazakhstan = page.locator(".yasr tbody").get_by_role("link", name="Kazakhstan", exact=True).first
    assert kazakhstan.get_attribute("href") == "/page/kazakhstan"
    assert is_accessible(page)
    page.get_by_label("Filter the rows").press_sequentially("macron")
    expect(page.locator(".yasr tbody tr")).to_have_count(1)


@on_desk_and_phone
def test_a_failing_query_shows_where(page: Page, server: str) -> None:
    page.goto(permalink(server, "SELECT * WHERE {\n  ?s ?p ?o .\n  ?s ?p }}"))
    problem = page.locator(".problem")
    expect(problem).to_contain_text("line 3")
    expect(page.locator(".failing")).to_have_count(1)
    assert is_accessible(page)
    problem.get_by_role("button", name="Go to line 3").click()
    expect(page.locator(".CodeMirror-focused")).to_have_count(1)


def test_the_address_keeps_the_query(page: Page, server: str) -> None:
    page.goto(f"{server}query")
    write(page, "ASK {}")
    link = page.get_by_role("link", name="Link to this query").get_attribute("href")
    assert link
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".booleanResult")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {"query": ["ASK {}"]}
    page.goto(f"{server.rstrip('/')}{link}")
    expect(page.locator(".booleanResult")).to_be_visible()
    assert "ASK {}" in page.locator(".CodeMirror-code").inner_text()


def test_names_of_ours_are_completed_and_declared(page: Page, server: str) -> None:
    page.goto(f"{server}query")
    write(page, "ASK { ?visit a Visi")
    hints = page.locator(".CodeMirror-hint")
    expect(hints.filter(has_text="kel:Visit").first).to_be_visible()
    hints.filter(has_text="kel:Visit").first.click()
    text = page.locator(".CodeMirror-code").inner_text()
    assert "?visit a kel:Visit" in text
    assert "PREFIX kel: <https://w3id.org/kelisim/ns#>" in text
    page.keyboard.type(" . ?visit kel:status code:status-pl")
    expect(hints.filter(has_text="code:status-planned").first).to_be_visible()
    assert is_accessible(page)


def test_the_keyboard_asks_and_is_not_trapped(page: Page, server: str) -> None:
    page.goto(f"{server}query")
    write(page, "ASK {}")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".booleanResult")).to_be_visible()
    page.locator(".CodeMirror-code").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.CodeMirror')") is None
    assert page.locator("#keys").is_visible()


@pytest.mark.parametrize("key", ["Control+Enter", "Meta+Enter"])
@pytest.mark.parametrize(
    ("label", "chosen", "asked"), [("Answer as", "JSON", "format=json"), ("At least as sure as", 1, "min-certainty=")]
)
def test_the_keyboard_asks_as_the_form_says(
    page: Page, server: str, label: str, chosen: str | int, asked: str, key: str
) -> None:
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # browsers ask for it where JSON names none
    page.goto(f"{server}query")
    write(page, "SELECT ?s WHERE { ?s a kel:Claim } LIMIT 7")
    page.locator(".citing summary").click()
    if isinstance(chosen, int):
        page.get_by_label(label).select_option(index=chosen)
    else:
        page.get_by_label(label).select_option(chosen)
    page.locator(".CodeMirror-code").click()
    page.keyboard.press(key)
    page.wait_for_url(lambda url: urlsplit(url).path == "/sparql" and asked in url)
    assert "LIMIT 7" in parse_qs(urlsplit(page.url).query)["query"][0]


@on_desk_and_phone
def test_numbers_are_drawn_and_places_are_mapped(page: Page, server: str) -> None:
    page.goto(permalink(server, CITIES))
    page.get_by_role("button", name="Map").click()
    points = page.locator("figure.chart svg .mark-symbol path")
    expect(points.first).to_be_visible()
    assert points.count() == page.evaluate(
        """async (url) => (await (await fetch(url)).json()).results.bindings.length""",
        f"{server}sparql?format=json&query={quote(CITIES)}",
    )
    assert is_accessible(page)
    page.get_by_role("button", name="Chart").click()
    expect(page.locator("figure.chart svg .mark-rect path").first).to_be_visible()
    page.get_by_label("Drawn as").select_option("point")
    expect(page.locator("figure.chart svg .mark-symbol path").first).to_be_visible()


def test_graphs_are_shown_raw(page: Page, server: str) -> None:
    page.goto(permalink(server, "CONSTRUCT WHERE { <https://w3id.org/kelisim/id/astana> ?p ?o }"))
    expect(page.locator(".yasr tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Raw").click()
    expect(page.locator("#results .CodeMirror-code")).to_contain_text("id/astana")
    assert is_accessible(page)


def test_programs_follow_the_editor(page: Page, server: str) -> None:
    page.goto(f"{server}query")
    write(page, "ASK {}")
    page.locator("summary", has_text="curl").click()
    expect(page.locator("[data-snippet=curl]")).to_contain_text("query=ASK {}")
    assert server in page.locator("[data-snippet=curl]").inner_text()


def test_the_plain_form_works_without_javascript(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}query?question=visits-by-level")
    page.get_by_role("button", name="Ask").click()
    assert page.locator("h1").inner_text() == "Answer"
    assert page.locator("tbody tr").count() == 4
    assert page.get_by_role("link", name="Kazakhstan", exact=True).first.get_attribute("href") == "/page/kazakhstan"
    assert page.get_by_role("link", name="csv", exact=True).count() == 1
    assert page.get_by_role("link", name="Open in the editor").count() == 1
    page.locator("summary", has_text="Python").click()
    assert "SPARQLWrapper" in page.locator("[data-snippet=Python]").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_pages_of_answers_are_in_the_language_of_their_reader(server: str) -> None:
    url = f"{server}sparql?query={quote('SELECT ?x { BIND(<https://w3id.org/kelisim/id/kazakhstan> AS ?x) }')}"
    for code, name in (("en", "Kazakhstan"), ("ru", "Казахстан"), ("kk", "Қазақстан"), ("en", "Kazakhstan")):
        status, _, body = send(url, headers={"Accept": BROWSER, "Accept-Language": code})
        assert status == 200
        assert f">{name}</a>" in body.decode()


def test_only_this_page_allows_styles_in_its_text(server: str) -> None:
    policies = [
        send(server + path)[1]["Content-Security-Policy"] for path in ("query", "sparql?format=html&query=ASK{}")
    ]
    assert ["unsafe-inline" in policy for policy in policies] == [True, False]
    assert all("unsafe-eval" not in policy and "script-src 'self'" in policy for policy in policies)


def test_browsers_come_here_from_the_endpoint(server: str) -> None:
    _, headers, body = send(f"{server}sparql", headers={"Accept": BROWSER})
    assert headers.get_content_type() == "text/html"
    assert "<h1>Query</h1>" in body.decode()


@pytest.mark.parametrize("query", ["SELECT ?x WHERE { BIND(1 AS ?x) }", "ASK {}", AWKWARD, CITIES])
def test_the_programs_run(server: str, query: str, tmp_path: Path) -> None:
    programs = {s.name: s.code for s in snippets(f"{server}sparql", query)}
    asked = send(f"{server}sparql?format=csv&query={quote(query)}")[2].decode()
    curl = subprocess.run(["sh", "-c", programs["curl"]], capture_output=True, text=True, check=True)
    assert curl.stdout.replace("\r\n", "\n") == asked.replace("\r\n", "\n")
    python = subprocess.run([sys.executable, "-c", programs["Python"]], capture_output=True, text=True, check=True)
    assert python.stdout.count("\n") == (1 if "ASK" in query else asked.count("\r\n") - 1)
    node = Path(sys.executable).with_name("node")
    if node.exists():
        (tmp_path / "ask.mjs").write_text(programs["JavaScript"], encoding="utf-8")
        told = subprocess.run([str(node), str(tmp_path / "ask.mjs")], capture_output=True, text=True, check=True)
        assert told.stdout.strip()


def test_a_program_takes_a_graph(server: str) -> None:
    query = "CONSTRUCT WHERE { <https://w3id.org/kelisim/id/astana> a ?class }"
    programs = {s.name: s.code for s in snippets(f"{server}sparql", query)}
    python = subprocess.run([sys.executable, "-c", programs["Python"]], capture_output=True, text=True, check=True)
    assert "id/astana" in python.stdout
    curl = subprocess.run(["sh", "-c", programs["curl"]], capture_output=True, text=True, check=True)
    assert len(Graph().parse(data=curl.stdout, format="turtle")) > 0


def test_the_questions_are_executables_in_every_format(server: str) -> None:
    questions = read_questions()
    expected = {QUESTION + q.name for q in questions}
    for suffix in ("nt", "rdf", "jsonld", "trig", "ttl"):
        body = send(f"{server}data/questions.{suffix}")[2]
        quads = ox.parse(body, format=ox.RdfFormat.from_extension(suffix))
        assert {q.subject.value for q in quads if q.object.value == f"{SH}SPARQLExecutable"} == expected
    graph = Graph().parse(data=body, format="turtle")
    target = {str(o) for o in graph.objects(None, URIRef(SCHEMA + "target"))}
    assert target == {f"{server}sparql"}
    for question in questions:
        property_ = {"SELECT": SH.select, "ASK": SH.ask}[query_form(question.query)]
        assert graph.value(URIRef(QUESTION + question.name), property_) is not None


def test_a_published_query_answers_as_it_is(server: str) -> None:
    (text,) = Graph().parse(f"{server}data/question/visits-by-level.ttl").objects(None, SH.select)
    assert send(f"{server}sparql?format=csv&query={quote(str(text))}")[2].count(b"\r\n") == 5


def test_the_service_leads_to_the_questions(server: str) -> None:
    service = Graph().parse(data=send(f"{server}sparql", headers={"Accept": "text/turtle"})[2], format="turtle")
    assert URIRef(QUESTIONS) in set(service.objects())
    for path in ("question", "question/visits-by-level"):
        status, headers, body = send(server + path, headers={"Accept": "application/ld+json"})
        assert (status, headers.get_content_type()) == (200, "application/ld+json")
        assert f"https://w3id.org/kelisim/{path}" in {
            q.subject.value for q in ox.parse(body, format=ox.RdfFormat.JSON_LD)
        }
        assert send(server + path, headers={"Accept": BROWSER})[1].get_content_type() == "text/html"
    assert send(f"{server}question/none-such")[0] == 404


def test_forms_of_queries_are_told_apart() -> None:
    assert query_form("# SELECT\nPREFIX ask: <urn:ask>\nconstruct { ?s ?p 'ASK' } WHERE { ?s ?p ask:x }") == "CONSTRUCT"
    assert query_form("DESCRIBE <urn:select>") == "DESCRIBE"
    assert query_form("INSERT DATA { <urn:a> <urn:b> 'SELECT' }") == ""


def test_examples_hold_whole_queries() -> None:
    said = {t.object.value for t in examples(read_questions(), "http://localhost/sparql") if hasattr(t.object, "value")}
    assert all(q.bare in said and "# title" not in q.bare for q in read_questions())


def test_long_queries_have_programs_too(server: str) -> None:
    query = "ASK {} # " + "long " * 5000
    told = json.loads(send(f"{server}query/snippets.json", method="POST", body=urlencode({"query": query}).encode())[2])
    assert all(query in each["code"] for each in told)


def test_the_terms_are_those_of_the_graph(server: str) -> None:
    told = json.loads(send(f"{server}query/terms.json?lang=ru")[2])
    assert ["id:kazakhstan", "Казахстан", "thing"] in told["terms"]
    assert {kind for _, _, kind in told["terms"]} == {"class", "property", "code", "thing"}
    assert told["prefixes"]["kel"] == "https://w3id.org/kelisim/ns#"


def test_an_answer_is_taken_to_excel_as_it_was_asked(page: Page, server: str) -> None:
    page.goto(permalink(server, CITIES))
    link = page.get_by_role("link", name="CSV for Excel")
    expect(link).to_be_visible()
    write(page, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1")
    assert parse_qs(urlsplit(link.get_attribute("href") or "").query) == {"query": [CITIES], "format": ["csv-excel"]}
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "answer.csv"
    assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbfplace,lat,long\r\n")
    page.locator("form.ask button").first.click()
    expect(page.locator("#status")).to_have_text(re.compile("Answered"))
    expect(link).to_be_hidden()
