"""The page of two curations side by side: sound and accessible without scripts, in three languages, by itself."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kg.agreement.comparison import Comparison
from server.pages.agreement import agreement_page
from tests.kg.agreement.curations import both, changed, claims_of, without
from tests.server.pages.test_browser import NARROW, OF_SIGHT, RULES, WIDE, violations


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Two curations with a difference of each sort."""
    a = claims_of("izv24")
    b = without(a, ["izv24-p15-2"])
    b = changed(b, "izv24-p29-8", "kel:speaker id:nikita-shatalov", "kel:speaker id:andrei-grozin")
    b = changed(b, "izv24-p32-4", "kel:value 28400000000", "kel:value 24800000000")
    b = changed(b, "izv24-p11-3", "id:vladimir-putin , id:kassym-jomart-tokayev", "id:kassym-jomart-tokayev")
    b += """
claim:izv24-p11-98 { id:putin-tokayev-talks-2024 kel:participant id:vladimir-putin . }
claim:izv24-p11-98 a kel:Claim ;
    kel:passage src:izv24-p11-s1 ; kel:speaker id:izvestia ; kel:modality code:planned ; kel:gloss "<b>&"@en .
claim:izv24-p12-98 { id:csto-summit-astana-2024 kel:participant id:of-nowhere . }
claim:izv24-p12-98 a kel:Claim ;
    kel:passage src:izv24-p12-s1 ; kel:speaker id:izvestia ; kel:modality code:planned .
"""
    return both(tmp_path_factory.mktemp("sides"), a, b.replace("id:obs-kz-ru-trade-2023", "id:trade-2023"))


def opened(browser: Browser, folder: Path, html: str, *, scripts: bool) -> Page:
    """The page from a file, with no network."""
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    context = browser.new_context(java_script_enabled=scripts, offline=True, viewport={"width": WIDE, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_page_is_sound_without_scripts(browser: Browser, tmp_path: Path, found: Comparison, language: str) -> None:
    html = agreement_page(found, language)
    assert "<script" not in html
    page = opened(browser, tmp_path, html, scripts=False)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("article.difference")).to_have_count(len(found.differences))
    for width in (WIDE, NARROW, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_differences_of_one_sort_can_be_shown_alone(browser: Browser, tmp_path: Path, found: Comparison) -> None:
    page = opened(browser, tmp_path, agreement_page(found), scripts=False)
    visible = page.locator("article.difference:visible")
    expect(visible).to_have_count(5)
    page.get_by_label("Told otherwise").check()
    expect(visible).to_have_count(2)
    expect(visible.first).to_contain_text("Andrei Grozin")
    page.get_by_label("One claim in A, several in B").check()
    expect(visible).to_contain_text("<b>&")
    page.get_by_label("All").check()
    expect(visible).to_have_count(5)
    page.context.close()


def test_the_page_is_accessible(browser: Browser, tmp_path: Path, found: Comparison) -> None:
    page = opened(browser, tmp_path, agreement_page(found), scripts=True)
    complaints = violations(page, {"type": "tag", "values": RULES})
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": NARROW, "height": 900})
    complaints += violations(page, {"type": "rule", "values": OF_SIGHT})
    assert complaints == []
    page.context.close()


def test_sentences_are_shown_only_where_the_texts_are_given(tmp_path: Path, found: Comparison, articles: Path) -> None:
    assert "<blockquote>" not in agreement_page(found)
    text = claims_of("izv24")
    with_texts = both(tmp_path, text, without(text, ["izv24-p32-4"]), articles=articles)
    html = agreement_page(with_texts)
    sentence = with_texts.a.collection.text(next(c for c in with_texts.a.claims if c.name == "izv24-p32-4"))
    assert sentence[:20] in html
    assert html.count("<blockquote>") == 1
