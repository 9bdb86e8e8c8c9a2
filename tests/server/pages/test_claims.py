"""The claims browser: facets that narrow together, rows that say who says so and how surely, citations, files."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element

import pyoxigraph as ox
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect

from kg.engine.engine import Engine
from kg.store.reader import Reader
from tests.conftest import Serving, serving
from tests.http import get_json, send
from tests.markup import links, main, page, words
from tests.server.endpoint.test_writes import Client, make_token
from tests.server.pages.test_browser import NARROW, WIDE, visit
from tests.server.pages.test_states import count
from tests.wording import between, spaced


def facets(root: Element) -> dict[str, dict[str, tuple[int, bool]]]:
    """The choices on the page: by facet and value the number and whether it is chosen."""
    found: dict[str, dict[str, tuple[int, bool]]] = {}
    for li in root.iter("li"):
        box = li.find("input")
        if box is not None:
            number = int(words(li).rpartition(", ")[2].replace(",", ""))
            found.setdefault(box.get("name", ""), {})[box.get("value", "")] = number, "checked" in box.attrib
    return found


def rows(root: Element) -> list[Element]:
    return [li for ol in root.iter("ol") if ol.get("class") == "assertions" for li in ol]


def total(root: Element) -> int:
    return int(words(next(e for e in root.iter("h2") if e.get("id") == "found")).split(" ")[0].replace(",", ""))


def test_all_claims_are_listed_and_counted(server: str, engine: Engine) -> None:
    found = page(f"{server}claims")
    every = count(engine, "?x a kel:Claim")
    assert total(found) == every > 600
    shown = facets(found)
    assert list(shown) == ["speaker", "certainty", "article", "year", "topic", "thing", "kind"]
    assert sum(n for n, _ in shown["certainty"].values()) == every
    assert sum(n for n, _ in shown["kind"].values()) >= every
    assert list(shown["certainty"]) == ["asserted", "reported", "planned", "expected", "possible", "denied"]
    assert shown["speaker"]["yury-ushakov"] == (count(engine, "?x kel:speaker id:yury-ushakov"), False)


def test_choices_narrow_together_and_counts_tell_what_is_left(server: str) -> None:
    first = page(f"{server}claims?speaker=yury-ushakov&speaker=vladimir-putin")
    shown = facets(first)
    assert shown["speaker"]["yury-ushakov"][1]
    assert shown["speaker"]["vladimir-putin"][1]
    assert total(first) == shown["speaker"]["yury-ushakov"][0] + shown["speaker"]["vladimir-putin"][0]
    for value, (number, _) in shown["certainty"].items():
        second = page(f"{server}claims?speaker=yury-ushakov&speaker=vladimir-putin&certainty={value}")
        assert total(second) == number > 0
        assert {li.get("data-modality") for li in rows(second)} == {value}


def test_a_claim_about_two_things_is_about_both(server: str, engine: Engine) -> None:
    found = page(f"{server}claims?thing=kazakhstan&thing=russia")
    assert total(found) == count(engine, "?x kel:about id:kazakhstan , id:russia")
    assert "all of the chosen" in main(found)


def test_what_is_chosen_can_be_taken_back(server: str) -> None:
    found = page(f"{server}claims?speaker=yury-ushakov&certainty=planned&text=the&since=2024-01-01")
    (chips,) = (ul for ul in found.iter("ul") if ul.get("class") == "chips")
    assert [words(li) for li in chips] == [
        "Leave out: Who says so: Yury Ushakov ×",
        "Leave out: How surely: planned ×",
        "Leave out: Words: the ×",
        "Leave out: Since: 2024-01-01 ×",
        "Leave out all",
    ]
    without = [li[0].get("href", "") for li in chips]
    assert without[0] == "?certainty=planned&text=the&since=2024-01-01"
    assert without[-1] == "/claims"
    assert total(page(f"{server}claims{without[0]}")) >= total(found) > 0


def test_what_is_chosen_can_be_taken_back_in_any_form(server: str) -> None:
    whole = quote("https://w3id.org/kelisim/id/yury-ushakov", safe="")
    for query, kept in (
        (f"speaker={whole}&certainty=planned", "?certainty=planned"),
        (f"speaker=yury-ushakov&speaker={whole}&certainty=planned", "?certainty=planned"),
        ("text=%20the%20%20state%20&certainty=planned", "?certainty=planned"),
    ):
        (chips,) = (ul for ul in page(f"{server}claims?{query}").iter("ul") if ul.get("class") == "chips")
        assert kept in [li[0].get("href") for li in chips], query
        assert len(chips) == 3, "each once"


def test_a_paragraph_is_linked_where_it_stands(server: str) -> None:
    found = rows(page(f"{server}claims?article=izv24&sort=-text"))
    addresses = {a for a in links(found) if "#p" in a}
    assert addresses
    for address in addresses:
        path, _, paragraph = address.partition("#")
        shown = {e.get("id") for e in page(f"{server}{path.removeprefix('/')}").iter()}
        assert f"{paragraph}-name" in shown, "in full, and no link to where it stands"


def test_a_row_says_who_how_surely_and_where(server: str) -> None:
    (row,) = (li for li in rows(page(f"{server}claims?thing=obs-kz-ru-trade-2023")) if "32-4" in li.get("id", ""))
    told = words(row)
    assert "asserted" in told
    assert "28.4" in told
    assert "a record trade turnover, 2023" in told
    assert "(“$28.4 billion”)" in told
    assert f"Izvestia · Izvestia, November 2024, paragraph 32 · {spaced(between('2024-11-25', '2024-11-27'))}" in told
    assert {"/page/claim/izv24-p32-4", "/page/izvestia", "/page/source/izv24?paragraph=31#p32"} <= links([row])


def test_plans_wishes_and_denials_do_not_look_like_facts(server: str) -> None:
    for name in ("planned", "expected", "possible", "denied"):
        for row in rows(page(f"{server}claims?certainty={name}")):
            (badge, *_) = (e for e in row.iter("span") if e.get("data-modality") == name)
            assert words(row).startswith(words(badge)), "the first that one reads"
    goals = page(f"{server}claims?kind=figure")
    assert [e for e in goals.iter("span") if words(e) in {"target", "planned figure", "planned"}]


def test_a_plan_whose_day_has_passed_says_so(server: str) -> None:
    told = [words(li) for li in rows(page(f"{server}claims?certainty=planned&thing=putin-state-visit-kazakhstan-2024"))]
    passed = [each for each in told if "As of the sources, up to 27 November 2024; its day has passed since." in each]
    assert passed == told, "also those whose day another claim tells"
    undated = [words(li) for li in rows(page(f"{server}claims?certainty=planned&thing=kazakhstan-npp-project"))]
    assert undated
    assert not [each for each in undated if "its day has passed since" in each]


def test_the_page_of_a_plan_says_that_its_day_has_passed(server: str) -> None:
    said = "This was a plan. As of the sources, up to 27 November 2024; its day has passed since."
    found = rows(page(f"{server}claims?certainty=planned&thing=putin-state-visit-kazakhstan-2024"))
    for name in [li.get("id", "").removeprefix("claim-") for li in found][:3]:
        assert said in main(page(f"{server}page/claim/{name}"))
    assert said not in main(page(f"{server}page/claim/izv24-p32-4"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("speaker=atlantis", "“atlantis” is not among the choices of “Who says so”"),
        ("thing=%3Cx%3E", "“<x>” is not among the choices of “About whom or what”"),
        ("kind=poem", "“poem” is not among the choices of “Kind of fact”"),
        ("since=yesterday", "“yesterday” is no day. Write one as 2024-11-27."),
        ("sort=weight", "cannot be sorted by “weight”"),
        ("page=0", "“0” is no number of a page"),
        ("page=-1", "“-1” is no number of a page"),
        (f"text={'x' * 101}", "longer than 100 characters"),
    ],
)
def test_what_cannot_be_asked_is_told(server: str, query: str, told: str) -> None:
    found = page(f"{server}claims?{query}", 400)
    assert told in main(found)
    assert facets(found), "what can be chosen is offered"
    assert "No list" in main(found)
    assert rows(found) == []
    if not query.startswith("page"):
        status, headers, body = send(f"{server}claims.csv?{query}")
        assert (status, headers.get_content_type()) == (400, "application/problem+json")
        assert told in json.loads(body)["detail"]


def test_pages_and_orders(server: str) -> None:
    first, second = page(f"{server}claims"), page(f"{server}claims?page=2")
    ids = [li.get("id") for li in (*rows(first), *rows(second))]
    assert len(set(ids)) == len(ids) == 80
    assert "claim-izv24-p6-1" in ids
    assert rows(page(f"{server}claims?sort=date"))[0].get("id", "").startswith("claim-mp23")
    by_speaker = [li for n in (1, 2) for li in rows(page(f"{server}claims?sort=speaker&page={n}"))]
    records = [p for li in by_speaker for p in li.iter("p") if p.get("class") == "record quiet"]
    names = [words(next(p.iter("a"))) for p in records]
    assert len(names) == 80
    assert names == sorted(names, key=str.casefold)
    assert rows(page(f"{server}claims?page=99")) == []


def test_words_narrow_in_the_readers_language(server: str) -> None:
    status, _, body = send(f"{server}claims?text={quote('казахстан')}&speaker=vladimir-putin&lang=ru")
    assert status == 200
    assert "Владимир Путин" in body.decode()
    assert "утверждений" in body.decode() or "утверждения" in body.decode()


def test_all_values_of_a_facet_are_shown_on_demand(server: str) -> None:
    few, every = facets(page(f"{server}claims"))["topic"], facets(page(f"{server}claims?more=topic"))["topic"]
    assert len(few) == 8 < len(every)
    assert few.items() <= every.items()
    far = next(value for value in every if value not in few)
    assert facets(page(f"{server}claims?topic={far}"))["topic"][far][1], "what is chosen is shown in any case"


def test_each_claim_is_cited_with_a_click(server: str) -> None:
    (row,) = (
        li for li in rows(page(f"{server}claims?thing=obs-kz-ru-trade-growth-2022")) if "p24-2" in li.get("id", "")
    )
    sentence = words(next(p for p in row.iter("p") if p.get("id") == "cite-mp23-p24-2"))
    assert "(The Moscow Post, asserted). “Kazakhstan is learned in business”, The Moscow Post, 9" in sentence
    assert sentence.endswith("2023, paragraph 24. https://w3id.org/kelisim/claim/mp23-p24-2")
    for address in (a for a in links([row]) if a.startswith("/cite")):
        status, _, body = send(f"{server}{address.removeprefix('/')}")
        assert status == 200
        assert "Kazakhstan is learned in business" in body.decode()
        assert "paragraph 24" in body.decode()


def test_pages_of_things_link_to_their_claims(server: str) -> None:
    for thing, facet, told in (
        ("vladimir-putin", "speaker", "claims by Vladimir Putin"),
        ("kazakhstan", "thing", "claims about Kazakhstan"),
        ("topic-nuclear-power", "topic", "claims about nuclear power"),
        ("source/izv24", "article", "claims of this article"),
        ("code/denied", "certainty", "claims that are denied"),
    ):
        found = page(f"{server}page/{thing}")
        value = thing.rpartition("/")[2]
        (link,) = (a for a in found.iter("a") if a.get("href") == f"/claims?{facet}={value}")
        assert told in words(link)
        assert words(link).split(" ")[1] == str(total(page(f"{server}claims?{facet}={value}")))


@pytest.mark.parametrize(("code", "told"), [("ru", "о ком или о чём: "), ("kk", "кім немесе не туралы: ")])
def test_the_link_to_the_claims_about_a_person_fits_people(server: str, code: str, told: str) -> None:
    assert told in send(f"{server}page/vladimir-putin?lang={code}")[2].decode()


def test_the_list_is_the_same_in_each_file(server: str, engine: Engine) -> None:
    query = "?kind=figure&article=mp23"
    shown = {f"https://w3id.org/kelisim/claim/{li.get('id', '')[6:]}" for li in rows(page(f"{server}claims{query}"))}
    _, headers, body = send(f"{server}claims.csv{query}")
    assert headers["Content-Disposition"] == 'attachment; filename="claims.csv"'
    table = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert {row["claim"] for row in table} == shown
    turnover = next(row for row in table if row["value"] == "28200000000")
    assert turnover["modality_label"] == "asserted"
    assert turnover["speaker_label"] == "The Moscow Post"
    assert turnover["headline"] == "Kazakhstan is learned in business"
    assert turnover["published_latest"] == "2023-11-30"
    assert turnover["unit_label"]
    assert turnover["citation"].startswith(turnover["gloss"].rstrip("."))
    document = get_json(f"{server}claims.json{query}")
    assert [row["claim"] for row in document["rows"]] == [row["claim"] for row in table]
    assert 28200000000 in [row.get("value") for row in document["rows"]]
    book = load_workbook(io.BytesIO(send(f"{server}claims.xlsx{query}")[2]))
    assert [row[0].value for row in list(book["Data"].iter_rows())[1:]] == [row["claim"] for row in table]
    for suffix, form in (("trig", ox.RdfFormat.TRIG), ("nq", ox.RdfFormat.N_QUADS), ("jsonld", ox.RdfFormat.JSON_LD)):
        quads = set(ox.parse(send(f"{server}claims.{suffix}{query}")[2], format=form))
        graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}
        assert graphs == shown
        named = [
            quad for quad in quads if isinstance(quad.graph_name, ox.NamedNode) and "/claim/" in str(quad.graph_name)
        ]
        assert all(Reader(engine).ask(f"ASK {{ GRAPH {q.graph_name} {{ {q.triple} }} }}") for q in named[:40])


def test_a_file_that_there_is_not(server: str) -> None:
    status, _, body = send(f"{server}claims.doc")
    assert status == 404
    assert "csv, json, xlsx" in json.loads(body)["detail"]


def test_the_list_follows_changes(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    claim = "<https://w3id.org/kelisim/claim/izv24-p6-1> <https://w3id.org/kelisim/ns#speaker>"
    before, after = (f"<https://w3id.org/kelisim/id/{name}>" for name in ("izvestia", "emmanuel-macron"))
    with serving(kelisim, "--store", str(tmp_path / "store"), "--allow-updates") as running:
        client, seen = Client(running, token), []
        for old, new in ((None, None), (before, after), (after, before)):
            if old:
                status, body = client.update(f"DELETE DATA {{ {claim} {old} }} ; INSERT DATA {{ {claim} {new} }}")
                assert status == 200, body
            seen.append(facets(page(f"{running.address}claims?more=speaker"))["speaker"]["emmanuel-macron"][0])
    assert seen == [seen[0], seen[0] + 1, seen[0]]


@pytest.fixture(scope="module")
def with_articles(kelisim: str, articles: Path) -> Iterator[Serving]:
    with serving(kelisim, "--articles", str(articles)) as running:
        yield running


def test_the_passage_stands_beside_where_the_operator_has_it(with_articles: Serving, articles: Path) -> None:
    found = rows(page(f"{with_articles.address}claims?kind=figure"))
    texts = "".join(file.read_text(encoding="utf-8") for file in articles.glob("*.txt"))
    quoted = [words(e) for li in found for e in li.iter("blockquote")]
    assert len(quoted) == len(found) > 20
    assert all(each in " ".join(texts.split()) for each in quoted)


@pytest.mark.parametrize("width", [WIDE, NARROW, 320])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_facets_work_in_a_browser(browser: Browser, server: str, width: int, scripts: bool) -> None:
    with visit(browser, server, "claims", width=width, scripts=scripts) as shown:
        if width < WIDE:
            shown.get_by_text("Narrow the claims").click()
        shown.get_by_label("planned", exact=False).first.check()
        shown.get_by_role("button", name="Show").first.click()
        expect(shown.get_by_role("link", name="Leave out: How surely: planned")).to_be_visible()
        assert "certainty=planned" in shown.url
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        shown.get_by_role("link", name="Leave out: How surely: planned").click()
        expect(shown.get_by_role("link", name="Leave out: How surely: planned")).to_have_count(0)


def test_the_sentence_is_copied(browser: Browser, server: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    shown = context.new_page()
    shown.goto(f"{server}claims?speaker=yury-ushakov")
    shown.locator("details.cite > summary").first.click()
    button = shown.get_by_role("button", name="Copy the sentence").first
    button.click()
    expect(shown.get_by_role("button", name="Copied").first).to_be_visible()
    sentence = shown.locator("details.cite p").first.inner_text()
    assert shown.evaluate("navigator.clipboard.readText()") == sentence
    context.close()
