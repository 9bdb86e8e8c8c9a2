"""The pages in a real browser, without JavaScript (they have none), on a desk and on a phone."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = [1280, 390]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium here (make browser installs it), so no page was looked at")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(params=WIDTHS)
def page(browser: Browser, request: pytest.FixtureRequest, server: str) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": request.param, "height": 900}, java_script_enabled=False)
    problems: list[str] = []
    opened.on("console", lambda m: None if "status of 400" in m.text else problems.append(m.text))
    opened.on("request", lambda r: None if r.url.startswith(server) else problems.append(f"leaves: {r.url}"))
    yield opened
    opened.close()
    assert problems == []


def fits(page: Page) -> bool:
    """Whether the page needs no sideways scrolling."""
    main = page.locator("main").bounding_box()
    assert main
    assert page.viewport_size
    return main["x"] >= 0 and main["x"] + main["width"] <= page.viewport_size["width"]


def test_home_tells_what_it_is_and_asks(page: Page, server: str) -> None:
    page.goto(server)
    assert page.title().startswith("Kelisim")
    assert page.locator("h1").inner_text() == "Kelisim"
    assert page.locator("details").count() >= 50
    assert fits(page)
    page.get_by_label("SPARQL query").fill("SELECT ?l { <https://w3id.org/kelisim/id/astana> ?p ?l } LIMIT 3")
    page.get_by_role("button", name="Ask").click()
    assert page.locator("h1").inner_text() == "Answer"
    assert page.locator("tbody tr").count() == 3
    assert page.get_by_label("SPARQL query").input_value().startswith("SELECT ?l")
    assert fits(page)


def test_an_example_question_is_answered(page: Page, server: str) -> None:
    page.goto(server)
    details = page.locator("details", has_text="visited").first
    details.locator("summary").click()
    details.get_by_role("link").click()
    assert page.locator("tbody tr").count() > 0
    assert fits(page)


def test_a_failing_query_says_where(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_label("SPARQL query").fill("SELECT * WHERE { ?s ?p }}")
    page.get_by_role("button", name="Ask").click()
    assert page.locator("h1").inner_text() == "Malformed query"
    assert "line 1" in page.locator("main").inner_text()
    assert fits(page)


def test_graphs_and_truths_have_pages(page: Page, server: str) -> None:
    page.goto(f"{server}sparql?format=html&query=ASK%20%7B%7D")
    assert "Yes" in page.locator("main").inner_text()
    page.goto(f"{server}sparql?format=html&query=DESCRIBE%20%3Chttps%3A%2F%2Fw3id.org%2Fkelisim%2Fid%2Fastana%3E")
    assert "id/astana" in page.locator("pre").inner_text()
    assert fits(page)
