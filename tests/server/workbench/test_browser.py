"""The workbench in a real browser: by keyboard alone, checked as one types, on wide and narrow pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.pages.test_browser import OF_SIGHT, RULES, violations
from tests.server.workbench.conftest import Curating, curating, make_data
from tests.server.workbench.test_editing import FIGURE, TRADE, WRITTEN, keep

PAGES = {
    "home": "/",
    "passage": "/?at=2-1",
    "new claim": TRADE,
    "claim": "/claims/gaz31-p2-1",
    "source": "/claims/gaz31-p2-1/source",
    "new thing": "/things/new?field=thing-0:kel:visitor",
    "findings": "/findings",
}


@contextmanager
def opened(browser: Browser, bench: Curating, path: str = "/", width: int = 1280) -> Iterator[Page]:
    """A page of the workbench; afterwards checks that there was no error, and no request to another address."""
    problems: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", locale="en-GB")
    page = context.new_page()
    page.on("console", lambda m: problems.append(m.text))
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("dialog", lambda d: problems.append(d.message))
    context.on("request", lambda r: None if r.url.startswith((bench.base, "data:")) else problems.append(r.url))
    try:
        page.goto(bench.entry)
        page.goto(bench.base + path)
        yield page
    finally:
        context.close()
    assert problems == []


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the element is reached."""
    for _ in range(120):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} is not reached by Tab")


def choose(page: Page, value: str) -> None:
    """Presses the arrow until the list that has the focus shows a value."""
    for _ in range(200):
        if page.evaluate("document.activeElement.value") == value:
            return
        page.keyboard.press("ArrowDown")
    pytest.fail(f"{value} is not in the list")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_pages_are_accessible_and_fit_narrow_screens(browser: Browser, bench: Curating, path: str) -> None:
    keep(bench, TRADE, FIGURE)
    with opened(browser, bench, path) as page:
        expect(page.locator("h1")).to_have_count(1)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        complaints = violations(page, {"type": "tag", "values": RULES})
        page.emulate_media(color_scheme="dark")
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        complaints += violations(page, {"type": "rule", "values": OF_SIGHT})
        assert complaints == []


def test_from_a_sentence_to_a_saved_claim_by_the_keyboard_alone(browser: Browser, bench: Curating) -> None:
    before = bench.claims()
    with opened(browser, bench) as page:
        keyboard = page.keyboard
        tab_to(page, ".sentence")
        keyboard.press("ArrowDown")
        keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Paragraph 2, sentence 1")).to_be_visible()
        tab_to(page, '.recipe[title="kel:TradeObservation"]')
        keyboard.press("Enter")
        expect(page.get_by_role("heading", name="New claim gaz31-p2-1")).to_be_visible()
        for field, typed in FIGURE.items():
            name = field.partition("@")[0]
            if not typed or name in {"thing-0.class", "record:kel:speaker", "record:kel:modality"}:
                continue
            if name in {"thing-0:kel:figureKind", "thing-0:kel:bound"}:
                expect(page.locator(f'select[name="{name}"]')).to_have_value(typed)
                continue
            tab_to(page, f'[name="{field}"]')
            if name in {"thing-0:kel:measure", "thing-0:kel:dateBasis"}:
                choose(page, typed)
            elif name in {"thing-0:kel:refArea", "thing-0:kel:counterpartArea"}:
                keyboard.type("каз" if name.endswith("refArea") else "russ")
                expect(page.locator(".choice [role=option][aria-selected=true]")).to_contain_text("state")
                keyboard.press("Enter")
                expect(page.locator(f'[name="{name}"]').first).to_have_value(re.compile("^id:"))
            else:
                keyboard.type(typed)
        expect(page.locator("#checked")).to_contain_text("Checks find nothing")
        keyboard.press("Control+Enter")
        expect(page.locator("#message")).to_contain_text("gaz31-p2-1")
        assert bench.claims() == before
        keyboard.press("Control+s")
        expect(page.locator("#message")).to_contain_text("Saved")
        assert bench.claims() == before + WRITTEN
        keyboard.press("Control+z")
        expect(page.locator("#work .claims")).to_have_count(0)
        keyboard.press("Control+Shift+Z")
        expect(page.locator("#work .claims li")).to_have_count(1)


def test_shift_takes_further_sentences_into_the_passage(browser: Browser, bench: Curating) -> None:
    with opened(browser, bench, "/?at=2-1") as page:
        page.locator('.sentence[data-at="2-2"]').click(modifiers=["Shift"])
        expect(page.get_by_role("heading", name="Paragraph 2, sentences 1 to 2")).to_be_visible()
        page.locator('.sentence[data-at="3-1"]').click()
        expect(page.get_by_role("heading", name="Paragraph 3, sentence 1")).to_be_visible()
        page.locator('.sentence[data-at="3-1"]').focus()
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Paragraph 3, sentences 1 to 2")).to_be_visible()


def test_what_is_wrong_is_told_at_its_field_while_one_types(browser: Browser, bench: Curating) -> None:
    keep(bench, TRADE, FIGURE)
    with opened(browser, bench, "/claims/gaz31-p2-1") as page:
        value = page.locator('[name="thing-0:kel:value"]')
        told = page.locator("[id='told-thing-0:kel:value'] li")
        expect(told).to_have_count(0)
        value.fill("17500000")
        expect(told.first).to_contain_text("17500000000")
        expect(value).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#written")).to_contain_text("kel:value 17500000 ;")
        value.fill("17.5 billion")
        expect(told).to_have_count(0)
        expect(page.locator("#written")).to_contain_text("kel:value 17500000000 ;")


def test_half_a_form_is_there_again_when_one_comes_back(browser: Browser, bench: Curating) -> None:
    with opened(browser, bench, TRADE) as page:
        page.locator('[name="record:kel:gloss@en"]').fill("Half a gloss")
        expect(page.locator("#checked")).not_to_be_empty()
        page.goto(bench.base)
        page.get_by_role("link", name="2-1, kel:TradeObservation").click()
        expect(page.locator('[name="record:kel:gloss@en"]')).to_have_value("Half a gloss")
        page.get_by_role("button", name="Discard the entries").click()
        expect(page.get_by_role("heading", name="Paragraph 2, sentence 1")).to_be_visible()


def test_a_thing_that_is_not_there_is_made_on_the_way(browser: Browser, bench: Curating) -> None:
    with opened(browser, bench, "/new?at=2-2&recipe=kel:Visit") as page:
        visitor = page.locator('[name="thing-0:kel:visitor"]').first
        visitor.press_sequentially("Ada Example")
        page.locator(".choice [role=option]", has_text="+ Ada Example").click()
        expect(page.get_by_role("heading", name="A new thing")).to_be_visible()
        expect(page.locator('[name="thing-0:rdfs:label@en"]')).to_have_value("Ada Example")
        page.locator('[name="thing-0:rdfs:label@ru"]').fill("Ада Пример")
        page.locator('[name="thing-0:rdfs:label@kk"]').fill("Ада Мысал")
        page.keyboard.press("Control+Enter")
        expect(page.locator('[name="thing-0:kel:visitor"]').first).to_have_value("id:ada-example")


def test_marks_in_the_article_and_in_names_are_text(browser: Browser, bench: Curating) -> None:
    bad = "<img src=x onerror=alert(1)>"
    labels = {f"thing-0:rdfs:label@{code}": f"{bad} {code}" for code in ("en", "ru", "kk")}
    made = {**labels, "thing-0": "id:bad-name", "thing-0.class": "foaf:Person"}
    bench.post("/things/new", do="keep", back="/", **made)
    figure = {
        **FIGURE,
        "record:kel:speaker": "id:bad-name",
        "record:kel:gloss@en": f"{bad} 17.5 billion dollars in 2019",
    }
    keep(bench, TRADE, figure)
    with opened(browser, bench, "/?at=2-1") as page:
        expect(page.locator("#article")).to_contain_text("<b>bold</b>")
        expect(page.locator("#article")).to_contain_text("<script>")
        assert page.title() == "gaz31 2-1 · Kelisim workbench"
        expect(page.locator("#work")).to_contain_text(bad)
        page.get_by_role("link", name=bad).click()
        speaker = page.locator('[name="record:kel:speaker"]')
        speaker.fill("")
        speaker.press_sequentially("<img")
        expect(page.locator(".choice [role=option]").first).to_contain_text(bad)
        page.keyboard.press("Escape")
        page.locator('[name="record:kel:gloss@en"]').fill(f"{bad} “x”")
        expect(page.locator("#written")).to_contain_text(bad)
        assert page.locator("#article :is(b, script), #work img, #message img").count() == 0


def test_a_page_of_a_large_file_holds_the_claims_of_its_passage_alone(
    browser: Browser, kelisim: str, tmp_path: Path
) -> None:
    text = "\n".join(f"Paragraph {n} says this. It says that." for n in range(1, 101)) + "\n"
    one = WRITTEN.partition("# Paragraph 2")[2].strip()
    claims = "".join(
        f"\n# Paragraph {p}\n"
        + "".join(
            "\n"
            + one.replace("gaz31-p2-1", f"gaz31-p{p}-{n}")
            .replace("p2-s1", f"p{p}-s1")
            .replace("-2019 a", f"-{p}-{n} a")
            + "\n"
            for n in range(1, 6)
        )
        for p in range(1, 101)
    )
    data, articles = make_data(tmp_path, text, claims=claims)
    with curating(kelisim, data, articles) as bench, opened(browser, bench) as page:
        asked: list[str] = []
        page.on("request", lambda r: None if "/static/" in r.url else asked.append(r.url))
        page.locator('.sentence[data-at="50-1"]').click()
        expect(page.locator("#work .claims li")).to_have_count(5)
        assert asked == [f"{bench.base}/?at=50-1"], "one request, no other page"
        size = len(page.content())
        page.get_by_role("link", name="Kazakhstan and Russia traded").first.click()
        value = page.locator('[name="thing-0:kel:value"]')
        value.fill("1")
        expect(page.locator("[id='told-thing-0:kel:value'] li").first).to_be_visible()
        assert [a for a in asked if a.endswith("/check")] == [f"{bench.base}/check"]
        assert size < 120_000
