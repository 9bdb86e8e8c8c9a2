"""The pages of lenses: the list, one that is put together in a form, and the choice in the query editor."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from server.http.languages import LANGUAGES
from tests.http import BROWSER, send
from tests.server.pages.test_browser import visit

LENS = "https://w3id.org/kelisim/lens/"


def page(server: str, path: str) -> str:
    status, _, body = send(f"{server}{path}", headers={"Accept": BROWSER})
    assert status == 200
    return unescape(body.decode())


def test_a_lens_tells_its_claims_and_leads_on(server: str) -> None:
    text = page(server, "lenses/as-of/2023-12-31")
    assert "published by 31 December 2023" in text
    assert f"FROM <{LENS}as-of/2023-12-31>" in text
    (claims,) = re.findall(r"This lens selects (\d+) claims", text)
    links = re.findall(r'href="/(lenses/as-of/2023-12-31/[^"]+)"', text)
    assert len(links) > 8
    counts = [int(n) for n in re.findall(r'lenses/as-of/2023-12-31/modality/.*?class="number">(\d+)<', text)]
    assert sum(counts) == int(claims)
    for link in links[:4]:
        page(server, link)
    (asked,) = re.findall(r'href="/(sparql\?[^"]*)">Ask', text)
    assert "rows" in page(server, asked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_puts_a_lens_together_without_scripts(browser: Browser, server: str, language: str) -> None:
    with visit(browser, server, f"lenses?lang={language}", scripts=False) as opened:
        opened.locator("[name=as-of]").fill("2023-12-31")
        opened.locator("[name=speaker]").select_option("vladimir-putin")
        opened.locator("[name=everything]").check()
        opened.locator("form.filters button").click()
        expect(opened.locator("h1")).not_to_have_text("")
        assert opened.url.endswith("/lenses/everything/as-of/2023-12-31/speaker/vladimir-putin")


@pytest.mark.parametrize("scripts", [False, True])
def test_the_editor_asks_through_a_lens(browser: Browser, server: str, *, scripts: bool) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?c <https://w3id.org/kelisim/ns#speaker> ?s }"
    with visit(browser, server, f"query?query={quote(query)}", scripts=scripts) as opened:
        if scripts:
            expect(opened.locator(".yasr .tableWrapper td, .yasr td").first).to_be_visible()
        opened.get_by_label("Look through a lens").select_option(f"{LENS}source/mp23")
        opened.locator("form.ask button:not([formaction])").click()
        where = opened.locator("#results" if scripts else "table")
        expect(where).to_contain_text("311")
        if scripts:
            assert "default-graph-uri" in str(opened.locator("#permalink").get_attribute("href"))
