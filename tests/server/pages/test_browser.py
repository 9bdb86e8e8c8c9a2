"""Every type of page in a real browser: wide and narrow, with and without JavaScript, light and dark."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from server.http.languages import LANGUAGES
from tests.http import BROWSER, send

WIDE, NARROW, NARROWEST = 1280, 390, 320
PAGES = {
    "home": "",
    "about": "about",
    "states": "states",
    "leaders": "leaders",
    "documents": "documents",
    "trade": "trade",
    "trade of a speaker": "trade?speaker=izvestia",
    "claims": "claims",
    "claims narrowed": "claims?thing=kazakhstan&certainty=planned&certainty=possible&more=topic",
    "events": "events",
    "conflicts": "conflicts",
    "changes": "changes",
    "sources": "sources",
    "questions": "questions",
    "question": "questions/trade-turnover-by-period",
    "query": "query",
    "lenses": "lenses",
    "lens": "lenses/as-of/2023-12-31",
    "answer": "sparql?format=html&query=SELECT%20*%20%7B%3Fs%20a%20%3Fc%7D%20LIMIT%2020",
    "graph": "sparql?format=html&query=DESCRIBE%20%3Chttps%3A%2F%2Fw3id.org%2Fkelisim%2Fid%2Fastana%3E",
    "why no rows": "why-not?query=SELECT%20*%20%7B%3Fs%20a%20%3Chttps%3A%2F%2Fw3id.org%2Fkelisim%2Fns%23Visits%3E%7D",
    "search": "search?q=putin",
    "search without words": "search",
    "downloads": "downloads",
    "state": "page/kazakhstan",
    "leader": "page/vladimir-putin",
    "document": "page/action-plan-2024-2026",
    "event": "page/putin-visit-kazakhstan-2023",
    "place": "page/astana",
    "route": "page/russia-china-gas-route-via-kazakhstan",
    "code": "page/code/asserted",
    "claim": "page/claim/izv24-p32-4",
    "article": "page/source/izv24",
    "passage": "page/source/izv24-p32-s3",
    "terms": "page/ns",
    "nowhere": "nowhere",
}
"""One path of each type of page."""

BUDGET = 60_000
"""The limit of bytes transferred for the home page and its resources."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""The tags of axe-core's rules that pages must pass."""

OF_SIGHT = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
"""The rules that depend on theme and width."""


SPILLING = """[...document.querySelectorAll('header.site :is(input, button, a)')].filter((each) => {
  const { left, right, width } = each.getBoundingClientRect();
  return width > 1 && (left < 0 || right > innerWidth);
}).map((each) => each.outerHTML.slice(0, 120))"""
"""What of the header is cut off by an edge of the window, though the page itself does not scroll."""


TIGHT = """[...document.querySelectorAll('td, th')].filter((cell) => {
  const style = getComputedStyle(cell);
  const sides = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
  return cell.offsetWidth > 1 && style.display === 'table-cell' && cell.textContent.trim() && sides < 8;
}).map((cell) => cell.outerHTML.slice(0, 120))"""
"""The cells that would touch the words of their neighbours."""


@contextmanager
def visit(
    browser: Browser, server: str, path: str, *, width: int = WIDE, scripts: bool = True, colours: str = "light"
) -> Iterator[Page]:
    """An open page; afterwards checks that there was no console error and no request to another host."""
    problems: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        color_scheme="dark" if colours == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.on("console", lambda m: None if is_expected(m.text, path) else problems.append(m.text))
    page.on("pageerror", lambda e: problems.append(str(e)))
    context.on("request", lambda r: None if is_ours(r.url, server) else problems.append(f"leaves for {r.url}"))
    try:
        page.goto(f"{server}{path}", wait_until="load")
        yield page
    finally:
        context.close()
    assert problems == []


def is_expected(complaint: str, path: str) -> bool:
    """Whether a console error is that of an intended error page."""
    return path == PAGES["nowhere"] and "status of 404" in complaint


def is_ours(url: str, server: str) -> bool:
    return url.startswith((server, "data:", f"blob:{server}"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_pages_are_sound(browser: Browser, server: str, path: str, scripts: bool) -> None:
    with visit(browser, server, path, scripts=scripts) as page:
        expect(page.locator("h1")).to_have_count(1)
        assert page.locator("h1").inner_text().strip()
        assert re.fullmatch(r"Kelisim: .+|.+ · Kelisim", page.title())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for width in (WIDE, NARROW, NARROWEST):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(SPILLING) == []
            assert page.evaluate(TIGHT) == []


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_pages_are_accessible(browser: Browser, server: str, path: str) -> None:
    with visit(browser, server, path) as page:
        page.wait_for_load_state("networkidle")
        complaints = violations(page, {"type": "tag", "values": RULES})
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": NARROW, "height": 900})
        complaints += violations(page, {"type": "rule", "values": OF_SIGHT})
        assert complaints == []


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """The violations that axe-core finds: rule, elements and reason."""
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def test_every_page_type_is_visited(server: str) -> None:
    """The main navigation and the home page link to no type of page that is not tested here."""
    _, _, body = send(server, headers={"Accept": BROWSER})
    linked = set(re.findall(r'href="/([a-z]+)"', body.decode()))
    assert len(linked) > 8
    assert linked <= {path.partition("?")[0] for path in PAGES.values()} | {"openapi"}


def test_the_home_page_is_light(browser: Browser, server: str) -> None:
    with visit(browser, server, "") as page:
        page.wait_for_load_state("networkidle")
        entries = page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map(entry => [entry.name, entry.transferSize])"
        )
        assert len(entries) >= 3
        assert all(size for _, size in entries)
        assert sum(size for _, size in entries) < BUDGET


def test_the_keyboard_reaches_content_and_menu(browser: Browser, server: str) -> None:
    with visit(browser, server, "") as page:
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator("main input[type=search]")).to_be_focused()
    with visit(browser, server, "about") as page:
        states = page.get_by_role("navigation", name="Main").get_by_role("link", name="States")
        for _ in range(12):
            page.keyboard.press("Tab")
            if states.evaluate("link => link === document.activeElement"):
                break
        expect(states).to_be_focused()
        assert states.evaluate("link => getComputedStyle(link).outlineStyle") != "none"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_menu_of_a_phone_opens(browser: Browser, server: str, scripts: bool) -> None:
    with visit(browser, server, "about", width=NARROW, scripts=scripts) as page:
        link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Sources")
        expect(link).to_be_hidden()
        page.get_by_text("Menu", exact=True).click()
        link.click()
        expect(page.locator("h1")).to_have_text("Sources")
        expect(page.locator("nav [aria-current=page]")).to_have_text("Sources")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_language_switch_stays(browser: Browser, server: str, width: int) -> None:
    with visit(browser, server, "sources", width=width, scripts=False) as page:
        english = page.locator("h1").inner_text()
        page.get_by_role("link", name=LANGUAGES["kk"]).click()
        expect(page.locator("html")).to_have_attribute("lang", "kk")
        assert page.url.startswith(f"{server}sources?")
        assert page.locator("h1").inner_text() != english
        page.locator("footer a[href='/about']").click()
        expect(page.locator("html")).to_have_attribute("lang", "kk")


def test_the_colours_can_be_chosen(browser: Browser, server: str) -> None:
    def paper(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    with visit(browser, server, "about") as page:
        light = paper(page)
        button = page.get_by_role("button", name="Dark colours")
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        dark = paper(page)
        assert dark != light
        page.goto(f"{server}sources")
        assert paper(page) == dark
    with visit(browser, server, "about", colours="dark", scripts=False) as page:
        assert paper(page) == dark
        expect(page.get_by_role("button", name="Dark colours")).to_be_hidden()


def test_a_fragment_that_escapes_nothing_stops_no_script(browser: Browser, server: str) -> None:
    with visit(browser, server, "about#%") as page:
        page.get_by_role("button", name="Dark colours").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_what_is_folded_is_accessible_when_it_is_open(browser: Browser, server: str) -> None:
    for path in ("sources", "page/kazakhstan", "page/vladimir-putin"):
        with visit(browser, server, path) as page:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            rules = ["heading-order", "landmark-unique"]
            assert violations(page, {"type": "rule", "values": rules}) == [], path


def test_pages_print_without_their_frame(browser: Browser, server: str) -> None:
    with visit(browser, server, "about") as page:
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator("header nav")).to_be_hidden()
        expect(page.locator("header form")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
