"""The pages of things, codes, claims, passages and terms, as a browser gets them."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kg.views.vocabulary import ontology_terms
from tests.conftest import serving
from tests.http import BROWSER, send
from tests.server.endpoint.test_writes import UPDATE, make_token
from tests.wording import between, month, on, spaced

VISIT = "page/putin-state-visit-kazakhstan-2024"
PAGES = (
    VISIT,
    "page/kazakhstan",
    "page/vladimir-putin",
    "page/joint-statement-2024",
    "page/obs-kz-ru-trade-2023",
    "page/russia-china-gas-route-via-kazakhstan",
    "page/code/planned",
    "page/claim/izv24-p25-7",
    "page/source/izv24",
    "page/source/izv24-p32-s3",
    "page/ns",
)


def test_sentences_end_with_one_full_stop(server: str) -> None:
    for path in ("page/russia-central-asia-gas-pipeline-opening-2023", "page/kazakhstan", "downloads"):
        for code in ("en", "ru", "kk"):
            html = send(f"{server}{path}?lang={code}", headers={"Accept": BROWSER})[2].decode()
            said = re.findall(r'<p class="(?:lead|quiet)">(.*?)</p>', html)
            assert said
            assert not [words for words in said if ".." in words], (path, code)


class Page(HTMLParser):
    """A page's headings, links, ids and languages."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.headings: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "h1":
            self.headings.append("")
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if found.get("id"):
            self.ids.append(found["id"] or "")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "h1":
            self.headings[-1] += data.strip()

    def words(self) -> str:
        """What is read, without tags, blanks run together."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def row(self, heading: str) -> str:
        """What stands beside a heading in a table of facts."""
        found = re.search(rf'<th scope="row"[^>]*>{heading}</th><td>(.*?)</td></tr>', self.text, re.DOTALL)
        assert found, heading
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


def get(server: str, path: str, **headers: str) -> Page:
    status, received, body = send(server + path, headers={"Accept": BROWSER, **headers})
    assert (status, received.get_content_type()) == (200, "text/html"), path
    return Page(body.decode())


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_whole(server: str, path: str) -> None:
    page = get(server, path)
    assert len(page.headings) == 1
    assert page.headings[0]
    assert len(page.ids) == len(set(page.ids)), "an id stands twice"
    anchors = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids)
    assert f"<title>{page.headings[0]} · Kelisim</title>".replace("'", "&#39;") in page.text


def test_facts_lead_to_their_footnotes(server: str) -> None:
    page = get(server, VISIT)
    assert page.row("visitor").startswith("Vladimir Putin")
    assert "gasification denied" in page.row("topic")
    number = re.search(r'topic-gasification".*?href="#note-(\d+)"', page.text, re.DOTALL)
    assert number
    note = re.search(rf'<li id="note-{number[1]}">(.*?)</li>', page.text, re.DOTALL)
    assert note
    assert "/page/claim/izv24-p25-7" in note[1]
    assert "Andrei Grozin" in note[1]
    assert "paragraph 25" in note[1]
    assert 'data-modality="denied"' in note[1]


def test_dates_show_what_is_planned_and_what_inferred(server: str) -> None:
    two_days = spaced(between("2024-11-27", "2024-11-28"))
    until = f"· as of the sources, up to {spaced(on('2024-11-27'))}"
    assert spaced(get(server, VISIT).row("planned date")).startswith(f"{two_days} planned {until} inferred")
    assert f"some time in {two_days}" in get(server, "page/putin-tokayev-talks-2024").row("planned date")
    assert get(server, "page/putin-state-visit-kazakhstan-2015").row("date").startswith("October 2015")


def test_a_status_says_by_which_article_and_the_newest_is_marked(server: str) -> None:
    planned, held = (spaced(text) for text in (month("2023-11-01"), month("2024-11-01")))
    told = get(server, "page/npp-referendum-kazakhstan").row("status")
    assert re.fullmatch(rf"held \({held}\) \S+ \d+ newest , planned \({planned}\) \S+ \d+", told)
    status = get(server, VISIT).row("status")
    assert f"planned ({held})" in status
    assert "newest" not in status
    day = spaced(on("2024-11-27"))
    assert f"The sources reach up to {day}" in spaced(get(server, VISIT).text)


def test_a_date_with_an_open_end(server: str) -> None:
    assert spaced(get(server, "page/oreshnik-test").row("date")).startswith(f"not after {spaced(on('2024-11-21'))}")


def test_contested_figures_stand_side_by_side(server: str) -> None:
    words = get(server, "page/obs-ru-direct-investment-kz").words()
    assert "Claims do not agree on this figure" in words
    assert "“17 billion dollars”" in words
    assert "“$22 billion”" in get(server, "page/obs-ru-direct-investment-kz-mp23").words()
    assert "do not agree" not in get(server, "page/obs-kz-ru-trade-2023").words()


def test_names_are_in_the_language_of_the_page(server: str) -> None:
    page = get(server, f"{VISIT}?lang=ru")
    assert "Владимир Путин" in page.words()
    assert '<a href="/page/claim/izv24-p25-7">' in page.text, "its gloss is in the language of the page"
    gloss = "не войдёт в число тем визита Путина"
    assert gloss in page.words()
    assert gloss not in get(server, VISIT).words()


def test_a_section_can_be_shown_whole_and_the_rest_in_pages(server: str) -> None:
    page = get(server, "page/kazakhstan?part=figures")
    assert page.text.count('<tr><th scope="row">') > 20
    assert "Timeline" not in page.words()
    assert get(server, "page/kazakhstan?after=50").headings == ["Kazakhstan"]
    for path, status in (("?part=nothing", 404), ("?after=-1", 400), ("?after=1e9", 400), ("?after=99999999999", 400)):
        assert send(f"{server}page/kazakhstan{path}")[0] == status


def test_a_claim_that_is_in_doubt_says_so(server: str) -> None:
    page = get(server, "page/claim/izv24-p25-7")
    assert page.row("How surely") == "denied"
    assert page.row("Who says so") == "Andrei Grozin"
    assert "plain queries do not see it" in page.words()
    assert page.row("topic") == "gasification"
    assert "/page/source/izv24#p25" in page.links
    assert "plain queries" not in get(server, "page/claim/izv24-p32-4").words()


def test_codes_and_passages_show_what_rests_on_them(server: str) -> None:
    code = get(server, "page/code/denied")
    assert "Somebody says that it is not or will not be so." in code.words()
    assert "/page/claim/izv24-p25-7" in code.links
    kind = get(server, "page/code/event-summit")
    assert "/page/csto-summit-astana-2024" in kind.links
    assert "/page/code/event-kind" in kind.links
    assert "/page/claim/izv24-p32-4" in get(server, "page/source/izv24-p32-s3").links


def test_the_ontology_has_an_anchor_for_each_term(server: str) -> None:
    page = get(server, "page/ns")
    assert {term.name for term in ontology_terms() if term.name} <= set(page.ids)
    assert "A country as an actor in international affairs" in page.words()
    assert "визит" in get(server, "page/ns?lang=ru").words()


def test_it_can_be_cited_queried_and_downloaded(server: str) -> None:
    page = get(server, VISIT)
    assert "@misc{kelisim-putin-state-visit-kazakhstan-2024," in page.words()
    assert "TY - DATA" in page.words()
    assert "https://w3id.org/kelisim/id/putin-state-visit-kazakhstan-2024" in page.words()
    data = [link for link in page.links if link.startswith("/data/")]
    assert len(data) == 5
    assert {send(server + link.removeprefix("/"))[0] for link in data} == {200}
    (query,) = [link for link in page.links if link.startswith("/query?")]
    answer = send(f"{server}sparql{query.removeprefix('/query')}", headers={"Accept": "text/csv"})
    assert answer[0] == 200
    assert "gasification" in answer[2].decode()
    assert "газификаци" in answer[2].decode()


def test_every_link_of_a_page_leads_somewhere(server: str) -> None:
    found = {link for path in (VISIT, "page/claim/izv24-p25-7") for link in get(server, path).links}
    inside = sorted(link.partition("#")[0] for link in found if link.startswith("/page/"))
    assert len(inside) > 30
    broken = [link for link in inside if send(server + link.removeprefix("/"), headers={"Accept": BROWSER})[0] != 200]
    assert not broken


@pytest.mark.parametrize(
    "path", ["page/nope", "page/claim/nope", "page/source/nope", "page/code/nope", "page/a%20b", "page/%3Cx%3E"]
)
def test_what_is_unknown_is_not_found(server: str, path: str) -> None:
    status, headers, body = send(server + path, headers={"Accept": BROWSER})
    assert (status, headers.get_content_type()) == (404, "text/html")
    assert b"Nothing is known of" in body
    assert send(server + path)[1].get_content_type() == "application/problem+json"


@pytest.fixture(scope="module")
def foreign(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that holds a few triples that others might load."""
    folder: Path = tmp_path_factory.mktemp("foreign") / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        update = b"""
            PREFIX id: <https://w3id.org/kelisim/id/> PREFIX other: <http://other.example/>
            INSERT DATA { id:x other:label "<script>alert(1)</script>" ; other:see <javascript:alert(1)> , _:b , id:y ;
              other:broken "2024-99-99"^^<http://www.w3.org/2001/XMLSchema#date> . other:z other:see id:x }
        """
        headers = UPDATE | {"Authorization": f"Bearer {token}"}
        assert send(f"{running.address}sparql", method="POST", body=update, headers=headers)[0] in {200, 204}
        yield running.address


def test_foreign_data_are_shown_and_do_no_harm(foreign: str) -> None:
    page = get(foreign, "page/x")
    assert page.headings == ["id:x"]
    assert "<script>alert" not in page.text
    assert not [link for link in page.links if link.startswith("javascript")]
    assert "http://other.example/z" in page.links
    assert "2024-99-99" in page.words()
    assert get(foreign, "page/y").headings == ["id:y"]
    assert send(f"{foreign}page/kazakhstan")[0] == 404
    assert get(foreign, "page/ns").headings
