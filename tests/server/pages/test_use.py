"""The large libraries of the pages, for charts and for the query editor, are loaded when used and not before."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.conftest import ROOT

CHARTS, EDITOR = "vega.js", "yasgui"
BUDGET = 135_000
"""The limit of bytes transferred for a page and its resources, as long as it is only read."""

SHIFTS = """() => {
  window.shifted = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      window.shifted.push([entry.value, ...entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120))]);
  }).observe({ type: "layout-shift", buffered: true });
}"""


@dataclass
class Visit:
    """A page, and the paths of all that it has asked for."""

    page: Page
    asked: list[str] = field(default_factory=list)

    def has_asked(self, name: str) -> bool:
        return any(name in path for path in self.asked)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    if not (ROOT / "server" / "static" / "built" / CHARTS).is_file():
        pytest.skip("the scripts of the pages are not built here (make builds them), so their loading was not watched")


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": getattr(request, "param", 1280), "height": 900}, has_touch=True)
    visited = Visit(context.new_page())
    problems: list[str] = []
    visited.page.on("console", lambda message: problems.append(message.text))
    visited.page.on("pageerror", lambda error: problems.append(str(error)))
    visited.page.on("request", lambda r: visited.asked.append(urlsplit(r.url).path))
    visited.page.add_init_script(f"({SHIFTS})()")
    yield visited
    assert visited.page.evaluate("window.shifted ?? []") == [], "nothing jumps"
    context.close()
    assert problems == []


wide_and_narrow = pytest.mark.parametrize("visit", [1280, 390], indirect=True)


def open_page(visit: Visit, address: str) -> Page:
    visit.page.goto(address)
    visit.page.wait_for_load_state("networkidle")
    return visit.page


@pytest.mark.parametrize("path", ["page/kazakhstan", "trade", "events", "query", "page/putin-visit-kazakhstan-2023"])
def test_who_reads_a_page_loads_no_library(visit: Visit, server: str, path: str) -> None:
    page = open_page(visit, f"{server}{path}")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert not visit.has_asked(CHARTS)
    assert not visit.has_asked(EDITOR)
    sizes = "performance.getEntries().map((entry) => entry.transferSize ?? 0)"
    assert 0 < sum(page.evaluate(sizes)) < BUDGET


@wide_and_narrow
def test_a_chart_that_is_pointed_at_becomes_interactive_in_its_place(visit: Visit, server: str) -> None:
    page = open_page(visit, f"{server}trade")
    figure = page.locator("figure[data-chart]").first
    figure.scroll_into_view_if_needed()
    picture = figure.locator("picture")
    expect(picture).to_be_visible()
    before = figure.bounding_box()
    picture.hover()
    expect(figure.locator(".drawn svg")).to_be_visible()
    expect(picture).to_be_hidden()
    assert visit.has_asked(CHARTS)
    assert figure.bounding_box() == before
    assert page.locator("figure[data-chart] .drawn").count() == 1, "the others stay pictures"
    figure.locator(".drawn svg .mark-rect path[role=graphics-symbol]").first.hover()
    expect(page.locator("#vg-tooltip-element")).to_be_visible()


def test_a_chart_that_is_tapped_becomes_interactive(visit: Visit, server: str) -> None:
    page = open_page(visit, f"{server}trade")
    figure = page.locator("figure[data-chart]").first
    figure.locator("picture").tap()
    expect(figure.locator(".drawn svg")).to_be_visible()


def test_a_chart_is_explored_by_the_keyboard(visit: Visit, server: str) -> None:
    page = open_page(visit, f"{server}trade")
    figure = page.locator("figure[data-chart]").first
    button = figure.get_by_role("button", name="Explore the chart")
    button.focus()
    page.keyboard.press("Enter")
    expect(figure.locator(".drawn")).to_be_focused()
    expect(figure.locator(".drawn svg [role=graphics-symbol]").first).to_be_visible()
    expect(button).to_be_hidden()


def test_pictures_follow_the_theme_that_is_chosen_but_not_on_paper(visit: Visit, server: str) -> None:
    page = open_page(visit, f"{server}trade")
    shown = page.locator("figure[data-chart] img").first
    shown.scroll_into_view_if_needed()

    def wait_for(theme: str) -> None:
        source = "document.querySelector('figure[data-chart] img').currentSrc"
        page.wait_for_function(f"() => {source}.includes('theme={theme}')")

    wait_for("light")
    page.get_by_role("button", name="Dark colours").click()
    wait_for("dark")
    page.emulate_media(media="print")
    wait_for("light")
    assert not visit.has_asked(CHARTS)
    page.evaluate("window.shifted = []")  # paper has another layout


def held(page: Page, pattern: str) -> list[Route]:
    """Holds up the answers to requests for such a path until they are let go."""
    routes: list[Route] = []
    page.route(pattern, lambda route: routes.append(route))  # noqa: PLW0108 - Playwright takes no built-in method
    return routes


@wide_and_narrow
def test_what_is_written_before_the_editor_is_there_is_in_it(visit: Visit, server: str) -> None:
    page = open_page(visit, f"{server}query")
    routes = held(page, "**/yasgui.js")
    area = page.get_by_label("SPARQL query")
    with page.expect_request("**/yasgui.js"):
        area.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("ASK {}")
    page.keyboard.press("ArrowLeft")
    assert area.input_value() == "ASK {}"
    (route,) = routes
    route.continue_()
    expect(page.locator(".CodeMirror-focused")).to_have_count(1)
    page.keyboard.type(" ?s ?p ?o ")
    expect(page.locator(".CodeMirror-code")).to_contain_text("ASK { ?s ?p ?o }")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".booleanResult")).to_be_visible()


def test_asking_without_writing_brings_the_answer_to_the_page(visit: Visit, server: str) -> None:
    page = open_page(visit, f"{server}query")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".yasr tbody tr").first).to_be_visible()
    assert urlsplit(page.url).path == "/query"


def test_an_answer_in_another_format_needs_no_editor(browser: Browser, server: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(f"{server}query")
    page.get_by_label("Answer as").select_option("json")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/sparql?**")
    assert parse_qs(urlsplit(page.url).query)["format"] == ["json"]
    assert not any(EDITOR in url for url in asked)
    page.close()


def test_without_the_editor_the_plain_form_asks(browser: Browser, server: str) -> None:
    def refuse(route: Route, request: Request) -> None:
        route.abort()

    context = browser.new_context()
    page = context.new_page()
    page.route("**/yasgui.js", refuse)
    page.goto(f"{server}query")
    with page.expect_event("requestfailed"):
        page.get_by_label("SPARQL query").focus()
    page.get_by_label("SPARQL query").fill("ASK {}")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/sparql?**")
    assert parse_qs(urlsplit(page.url).query)["query"] == ["ASK {}"]
    context.close()
