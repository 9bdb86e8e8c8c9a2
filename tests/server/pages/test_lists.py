"""What all lists share: facets by who says so, files with labels beside the IRIs, and tables of answers."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect

from kg.publishing.questions import read_questions
from tests.http import get_json, send
from tests.markup import main, page, words
from tests.server.pages.test_browser import visit
from tests.server.pages.test_claims import facets

LISTS = ["documents", "events", "leaders", "sources", "states", "trade"]
FACETED = ["documents", "events", "leaders", "trade"]


def table(address: str) -> list[dict[str, str]]:
    status, headers, body = send(address)
    assert (status, headers.get_content_type()) == (200, "text/csv"), body
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_comes_as_each_kind_of_file(server: str, name: str) -> None:
    found = page(f"{server}{name}")
    assert {f"/{name}.csv", f"/{name}.json", f"/{name}.xlsx"} <= {a.get("href") for a in found.iter("a")}
    assert f'pd.read_csv("{server}{name}.csv?lang=en")' in main(found)
    rows = table(f"{server}{name}.csv")
    document = get_json(f"{server}{name}.json")
    assert len(document["rows"]) == len(rows) > 1
    assert "kelisim" in document["about"]["source"].lower()
    assert document["about"]["licence"]
    book = load_workbook(io.BytesIO(send(f"{server}{name}.xlsx")[2]))
    assert book["Data"].max_row == len(rows) + 1
    labelled = [column for column in rows[0] if column.endswith("_label")]
    assert labelled
    for column in labelled:
        for row in rows:
            assert bool(row[column]) == bool(row[column.removesuffix("_label")]), "no IRI without a label"
            assert not row[column].startswith("http")
    if name != "sources":
        assert [row for row in rows if row["speaker"]]
        assert all(row["modality"] and row["article"] for row in rows if row["claim"])
    assert send(f"{server}{name}.pdf")[0] == 404


@pytest.mark.parametrize("name", LISTS)
def test_labels_are_in_the_readers_language(server: str, name: str) -> None:
    _, headers, body = send(f"{server}{name}.csv", headers={"Accept-Language": "ru"})
    assert any("а" <= letter <= "я" for letter in body.decode())
    assert "Accept-Language" in headers["Vary"]
    assert send(f"{server}{name}.csv?format=csv-excel")[2].startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", [*LISTS, "claims", "conflicts"])
def test_a_page_beyond_the_last_leads_back_to_it(server: str, name: str) -> None:
    found = page(f"{server}{name}?page=77")
    told = re.search(r"The list has only (\d+) pages?\. Last page", main(found))
    assert told, main(found)
    assert not re.search("fits?.these|No claim fits|There are no", main(found))
    (last,) = (a.get("href") for a in found.iter("a") if words(a) == "Last page")
    assert last == f"?page={told[1]}"
    assert "The list has only" not in main(page(f"{server}{name}{last}"))


@pytest.mark.parametrize("name", FACETED)
def test_facets_of_things_say_that_they_are_of_some_claim(server: str, name: str) -> None:
    assert "Each fits by some claim about it, which need not be one of those shown with it." in main(
        page(f"{server}{name}")
    )
    assert "какому-то утверждению" in send(f"{server}{name}?lang=ru")[2].decode()


@pytest.mark.parametrize("name", FACETED)
def test_facets_of_a_list_narrow_it_and_its_files(server: str, name: str) -> None:
    shown = facets(page(f"{server}{name}"))
    assert list(shown) == ["speaker", "certainty", "article"]
    for facet in ("speaker", "certainty", "article"):
        value, (number, _) = next(iter(shown[facet].items()))
        found = page(f"{server}{name}?{facet}={value}")
        assert facets(found)[facet][value] == (number, True)
        assert "Leave out:" in main(found)
        things = {next(iter(row.values())) for row in table(f"{server}{name}.csv?{facet}={value}")}
        assert len(things) == number
    status, _, body = send(f"{server}{name}.csv?speaker=atlantis")
    assert status == 400
    assert "“atlantis” is not among the choices of “Who says so”" in json.loads(body)["detail"]
    assert "is not among the choices" in main(page(f"{server}{name}?speaker=atlantis", 400))


def test_all_figures_are_in_one_file(server: str) -> None:
    rows = table(f"{server}trade.csv")
    assert len(rows) >= 44
    assert {row["kind_label"] for row in rows} >= {"actual", "target"}
    (record,) = (row for row in rows if row["figure"].endswith("obs-kz-ru-trade-2023"))
    assert record["value"] == "28400000000"
    assert record["area_label"] == "Kazakhstan"
    assert record["speaker_label"] == "Izvestia"
    assert record["modality_label"] == "asserted"


def test_tables_and_charts_say_who_says_so(server: str) -> None:
    for address in ("trade", "leaders", "states", "page/kazakhstan", "page/vladimir-putin"):
        found = page(f"{server}{address}")
        for each in found.iter("table"):
            if each.get("class") == "stacked":
                heads = [words(th).lower() for th in each.iter("th") if th.get("scope") == "col"]
                assert heads[-1] in {"who says so", "from and until"}, (address, heads)
    charts = table(f"{server}charts/trade-turnover.csv")
    assert {"speaker", "certainty"} <= set(charts[0])
    assert table(f"{server}charts/events.csv?thing=id:csto-summit-astana-2024")[0]["certainty"] == "planned"


def test_past_plans_say_so_in_kazakh(server: str) -> None:
    html = send(f"{server}events?lang=kk")[2].decode()
    assert "2024 ж. 27 қараша күніне дейінгі дереккөздер бойынша" in re.sub(r"\s+", " ", html)


def test_past_plans_say_up_to_when_the_sources_reach(server: str) -> None:
    assert "as of the sources, up to 27 November 2024" in main(page(f"{server}page/csto-summit-astana-2024"))


def test_an_answer_is_a_table_with_labels(server: str) -> None:
    query = (
        "PREFIX kel: <https://w3id.org/kelisim/ns#> SELECT ?visit ?who (1 + 1 AS ?n) WHERE { ?visit kel:visitor ?who }"
    )
    address = f"{server}answer.csv?{urlencode({'query': query})}"
    plain, cited = table(address), table(f"{address}&cite=true")
    assert list(plain[0]) == ["visit", "visit_label", "who", "who_label", "n"]
    assert {row["who_label"] for row in plain} >= {"Vladimir Putin", "Emmanuel Macron"}
    assert len(plain) == len(cited)
    assert {row["modality_label"] for row in cited} >= {"asserted", "planned"}
    assert all(row["claim"] and row["citation"] for row in cited)
    assert get_json(address.replace(".csv", ".json"))["rows"][0]["n"] == 2


KAZAKHSTAN = "https://w3id.org/kelisim/id/kazakhstan"


def answer(server: str, query: str, suffix: str = "csv", **more: str) -> str:
    return f"{server}answer.{suffix}?{urlencode({'query': query, **more})}"


def test_only_things_have_labels(server: str) -> None:
    values = f'<{KAZAKHSTAN}> "at 10:30, it says" "{KAZAKHSTAN}" "plain"'
    query = f"SELECT ?x {{ VALUES ?x {{ {values} }} }}"
    expected = [(KAZAKHSTAN, "Kazakhstan"), ("at 10:30, it says", ""), (KAZAKHSTAN, ""), ("plain", "")]
    for cite in ("false", "true"):
        rows = table(answer(server, query, cite=cite))
        assert sorted((row["x"], row["x_label"]) for row in rows) == sorted(expected)
        document = get_json(answer(server, query, "json", cite=cite))
        assert sorted((row["x"], row.get("x_label", "")) for row in document["rows"]) == sorted(expected)
        assert send(answer(server, query, "xlsx", cite=cite))[0] == 200


def test_numbers_that_are_none_are_texts(server: str) -> None:
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    given = ["--5", "5" * 5000, "12"]
    literals = " ".join(f'"{each}"^^{integer}' for each in given)
    query = f"SELECT ?n {{ VALUES ?n {{ {literals} }} }}"
    assert sorted(row["n"] for row in table(answer(server, query))) == sorted(given)
    rows = get_json(answer(server, query, "json"))["rows"]
    assert sorted((row["n"] for row in rows), key=str) == sorted([*given[:2], 12], key=str)
    assert send(answer(server, query, "xlsx"))[0] == 200


def test_a_quoted_triple_is_written_as_ntriples_has_it(server: str) -> None:
    query = f'SELECT ?t {{ VALUES ?t {{ <<( <{KAZAKHSTAN}> <x:p> "a\\"b"@en )>> }} }}'
    (row,) = table(answer(server, query))
    assert row == {"t": f'<< <{KAZAKHSTAN}> <x:p> "a\\"b"@en >>'}


def test_columns_of_an_answer_have_names_of_their_own(server: str) -> None:
    query = f"SELECT (<{KAZAKHSTAN}> AS ?claim) (1 AS ?cited_claim) (2 AS ?citation) {{}}"
    columns = [column["name"] for column in get_json(answer(server, query, "json", cite="true"))["columns"]]
    assert len(set(columns)) == len(columns)
    assert [*columns[:4], *columns[-2:]] == [
        *("claim", "claim_label", "cited_claim", "citation", "cited_claim_", "cited_citation"),
    ]


@pytest.mark.parametrize("version", ["", "0", "digest"])
def test_answers_are_not_sent_again_while_the_data_are_the_same(server: str, version: str) -> None:
    if version == "digest":
        version = get_json(f"{server}changes.json")["versions"][0]["digest"]
    more = {"version": version} if version else {}
    for address in (answer(server, "ASK {}", **more), f"{server}questions/heads-of-state.csv?{urlencode(more)}"):
        status, headers, _ = send(address)
        assert (status, "no-cache" in headers["Cache-Control"]) == (200, len(version) < 12)
        again, _, body = send(address, headers={"If-None-Match": headers["ETag"]})
        assert (again, body) == (304, b"")


def test_units_have_the_names_of_pages(server: str) -> None:
    units = {row["unit_label"] for name in ("trade", "claims") for row in table(f"{server}{name}.csv")}
    assert "US dollar" in units
    assert not [unit for unit in units if unit.startswith("unit:")]
    assert "доллар США" in {row["unit_label"] for row in table(f"{server}trade.csv?lang=ru")}


@pytest.mark.parametrize(
    ("suffix", "query", "status"),
    [
        ("csv", "", 400),
        ("csv", "SELECT ?x", 400),
        ("csv", "CONSTRUCT WHERE { ?s ?p ?o }", 400),
        ("csv", "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", 403),
        ("csv", "SELECT * { ?a ?b ?c } LIMIT 20001", 413),
        ("odt", "ASK {}", 404),
        ("json", "ASK {}", 200),
    ],
)
def test_what_is_no_table_is_told(server: str, suffix: str, query: str, status: int) -> None:
    found, headers, body = send(f"{server}answer.{suffix}?{urlencode({'query': query})}")
    assert found == status, body
    if status != 200:
        assert headers.get_content_type() == "application/problem+json"


def test_questions_have_tables_that_say_who_says_so(server: str) -> None:
    for question in read_questions()[::20]:
        rows = get_json(f"{server}questions/{question.name}.json")["rows"]
        assert rows
        assert all("citation" in row for row in rows)
        assert "Who says so" in main(page(f"{server}questions/{question.name}"))
    assert send(f"{server}questions/nothing.csv")[0] == 404


def test_the_programs_on_the_page_of_downloads_run(server: str, tmp_path: Path) -> None:
    found = page(f"{server}downloads")
    assert f"{server}sparql" in main(found)
    codes = {
        code.get("data-snippet"): "".join(code.itertext()) for code in found.iter("code") if code.get("data-snippet")
    }
    assert {"pandas", "DuckDB", "curl", "Python"} <= codes.keys()
    for name, told in (("pandas", "trade turnover"), ("DuckDB", "The Moscow Post"), ("Python", "28200000000")):
        done = subprocess.run(
            [sys.executable, "-c", codes[name]], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert told in done.stdout
    counted = {words(tr[0]): words(tr[2]) for tr in found.iter("tr") if len(tr) == 5}
    assert int(counted["All claims"]) == len(table(f"{server}claims.csv"))
    assert len(counted) == 8


def test_who_says_so_is_shown_at_a_glance_and_by_key(browser: Browser, server: str) -> None:
    with visit(browser, server, "trade") as shown:
        box, summary = shown.locator(".said-box"), shown.locator("td .said > summary").first
        summary.hover()
        expect(box).to_be_visible()
        expect(box).to_contain_text("paragraph")
        box.hover()
        expect(box).to_be_visible()
        shown.keyboard.press("Escape")
        expect(box).to_be_hidden()
        summary.focus()
        shown.keyboard.press("Shift+Tab")
        shown.keyboard.press("Tab")
        expect(box).to_be_visible()
        shown.keyboard.press("Escape")
        expect(box).to_be_hidden()
        summary.focus()
        shown.keyboard.press("Enter")
        expect(shown.locator("td .said > ul").first).to_be_visible()


def test_who_says_so_opens_without_scripts(browser: Browser, server: str) -> None:
    with visit(browser, server, "trade", scripts=False) as shown:
        shown.locator("td .said > summary").first.click()
        expect(shown.locator("td .said > ul").first).to_be_visible()
