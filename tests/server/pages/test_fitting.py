"""What fits where: pages of things on a phone, cells and targets, charts on paper, footnotes beside their numbers."""

import re
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.server.pages.test_browser import NARROW, PAGES, TIGHT, violations, visit

SCREEN: Final = 844
"""The height of the screen of a phone that is 390 pixels wide."""


def height(page: Page) -> float:
    return float(page.evaluate("document.documentElement.scrollHeight"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_a_state_fits_on_eight_screens_of_a_phone(browser: Browser, server: str, language: str, scripts: bool) -> None:
    """The rest is one click away, and all of it is there."""
    with visit(browser, server, f"page/kazakhstan?lang={language}", width=NARROW, scripts=scripts) as page:
        assert height(page) <= 8 * SCREEN
        hidden = page.locator("#note-1")
        expect(hidden).to_be_hidden()
        page.locator("details.notes > summary").click()
        expect(hidden).to_be_visible()
        assert height(page) > 8 * SCREEN


def test_the_sentence_the_card_and_the_way_come_first(browser: Browser, server: str) -> None:
    with visit(browser, server, "page/kazakhstan", width=NARROW) as page:
        way = page.get_by_role("navigation", name="You are here").get_by_role("link")
        assert way.all_inner_texts() == ["Overview", "States"]
        expect(page.locator("p.lead")).to_have_text(
            re.compile("Kazakhstan is a state; its head.*Kassym-Jomart Tokayev")
        )
        card = page.locator("dl.brief")
        for told in (
            "Who leads",
            "Latest figures",
            "Newest events",
            "Putin's state visit to Kazakhstan, November 2024",
        ):
            expect(card).to_contain_text(told)
        bottom = card.bounding_box()
        assert bottom
        assert bottom["y"] + bottom["height"] < 1.6 * SCREEN
        first = page.locator("#leaders ~ .scroll tbody tr").first
        expect(first).to_contain_text("President of Kazakhstan")


def test_nothing_is_told_in_two_sections(browser: Browser, server: str) -> None:
    with visit(browser, server, "page/kazakhstan") as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        timeline = set(page.locator("ol.timeline li > a").all_inner_texts())
        visits = set(page.locator("#visits ~ .scroll th[scope=row] a").all_inner_texts())
        assert visits
        assert not timeline & visits
        assert page.locator(".facts").get_by_text("Collective Security Treaty Organization").count() == 0


@pytest.mark.parametrize("name", ["leaders", "documents", "events", "trade", "state", "leader", "article"])
def test_targets_have_room_at_any_width(browser: Browser, server: str, name: str) -> None:
    """Also where a page is folded out (WCAG 2.2, 2.5.8)."""
    with visit(browser, server, PAGES[name]) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for width in (320, 768):
            page.set_viewport_size({"width": width, "height": 900})
            assert violations(page, {"type": "rule", "values": ["target-size"]}) == []


@pytest.fixture(scope="module")
def built() -> None:
    if not (ROOT / "server" / "static" / "built" / "vega.js").is_file():
        pytest.skip("the scripts of the pages are not built here (make builds them), so the editor was not tried")


ASKED: Final = (
    "PREFIX kel: <https://w3id.org/kelisim/ns#> SELECT ?value ?speaker { "
    "GRAPH ?claim { ?figure kel:value ?value } ?claim kel:speaker ?speaker } LIMIT 20"
)


@pytest.mark.usefixtures("built")
def test_the_rows_of_an_answer_have_room_and_its_icon_downloads(browser: Browser, server: str) -> None:
    with visit(browser, server, "query") as page:
        page.locator("textarea").first.focus()
        page.locator(".CodeMirror").first.wait_for()
        page.evaluate("text => document.querySelector('.yasqe .CodeMirror').CodeMirror.setValue(text)", ASKED)
        page.locator("form.ask button, .bench button").filter(has_text=re.compile("Ask|Run|Send")).first.click()
        page.locator(".yasr table.dataTable td").first.wait_for()
        assert page.evaluate(TIGHT) == []
        for view in ("Table", "Chart"):
            page.locator(".yasr_btnGroup button").filter(has_text=view).click()
            icon = page.locator(".yasr_downloadIcon")
            if view == "Chart":
                page.locator(".yasr figure.chart svg").wait_for()
            expect(icon).to_be_visible()
            with page.expect_download() as taken:
                icon.click()
            assert taken.value.path().stat().st_size > 200


def test_charts_share_pages_of_paper(browser: Browser, server: str) -> None:
    with visit(browser, server, "trade") as page:
        charts = page.locator("figure.chart").count()
        assert charts > 3
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 673, "height": 986})  # A4 without its margins
        places = page.eval_on_selector_all(
            "figure.chart", "all => all.map(each => each.getBoundingClientRect().bottom)"
        )
        first = page.locator("figure.chart").first.bounding_box()
        assert first
        assert sum(bottom - first["y"] < 986 for bottom in places) >= min(charts, 4)


def test_a_footnote_is_seen_beside_its_number_and_leads_back(browser: Browser, server: str) -> None:
    with visit(browser, server, "page/kazakhstan") as page:
        ref = page.locator(".note-ref a").first
        ref.hover()
        preview = page.locator(".preview")
        expect(preview).to_be_visible()
        note = page.locator(ref.get_attribute("href") or "")
        assert " ".join(preview.inner_text().split()) == " ".join((note.text_content() or "").split())
        page.keyboard.press("Escape")
        expect(preview).to_have_count(0)
        ref.click()
        expect(note).to_be_in_viewport()
        note.get_by_role("link", name="Back to the text").click()
        expect(ref).to_be_in_viewport()


def test_a_link_into_what_is_folded_opens_it(browser: Browser, server: str) -> None:
    for path, place in (("page/kazakhstan#note-40", "#note-40"), ("page/source/izv24#p1", "#p1")):
        with visit(browser, server, path) as page:
            expect(page.locator(place)).to_be_in_viewport()
