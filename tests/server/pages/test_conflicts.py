"""The page of conflicts and its files, the links to it, and what happens to it when the data change."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from openpyxl import load_workbook

from kg.conflicts.detection import detect
from kg.conflicts.model import Conflict
from kg.conflicts.terms import triples
from kg.engine.engine import Engine
from kg.store.reader import Reader
from kg.views.conflicts import COLUMNS
from ontology.namespaces import CLAIM, CODE, ID, KEL
from tests.conftest import serving
from tests.http import ask, send
from tests.server.endpoint.test_writes import Client, make_token


@pytest.fixture(scope="module")
def found(engine: Engine) -> list[Conflict]:
    return detect(Reader(engine))


def page(server: str, query: str = "", status: int = 200) -> str:
    answered, headers, body = send(f"{server}conflicts?{query}")
    assert (answered, headers.get_content_type()) == (status, "text/html")
    return body.decode()


def document(server: str, query: str = "") -> dict[str, Any]:
    status, headers, body = send(f"{server}conflicts.json?{query}")
    assert (status, headers.get_content_type()) == (200, "application/json")
    return json.loads(body)  # type: ignore[no-any-return]


def shown(markup: str) -> list[str]:
    return re.findall(r'<article class="conflict" id="([\w-]+)"', markup)


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_page_tells_all_in_words(server: str, found: list[Conflict], engine: Engine, language: str) -> None:
    markup = page(server, f"lang={language}")
    assert shown(markup) == [each.slug for each in found]
    words = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", markup)))
    glosses = f"SELECT ?gloss WHERE {{ ?claim <{KEL.gloss}> ?gloss FILTER(LANG(?gloss) = '{language}')"
    reasons = "?code <http://www.w3.org/2004/02/skos/core#definition> ?text"
    for each in found:
        for claim in each.claims:
            (row,) = Reader(engine).rows(f"{glosses} FILTER(?claim = <{claim}>) }} LIMIT 2")
            assert row["gloss"].value in words
        for caveat in each.caveats:
            code = f"VALUES ?code {{ <{CODE[f'caveat-{caveat}']}> }} {reasons} FILTER(LANG(?text) = '{language}')"
            (row,) = Reader(engine).rows(f"SELECT ?text WHERE {{ {code} }} LIMIT 2")
            assert row["text"].value in words


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("kind=figures", {"figures"}),
        ("thing=armenia", {"participation"}),
        ("thing=vladimir-putin", {"whereabouts"}),
        (f"thing={quote(CLAIM['mp23-p12-2'])}", {"denial"}),
        (f"thing={quote(ID.armenia)}", {"participation"}),
        ("kind=whereabouts&thing=kassym-jomart-tokayev", {"whereabouts"}),
    ],
)
def test_filters(server: str, found: list[Conflict], query: str, kinds: set[str]) -> None:
    assert {slug.partition("-")[0] for slug in shown(page(server, query))} == kinds
    told = document(server, query)
    assert {each["kind"]["name"] for each in told["conflicts"]} == kinds
    assert len(told["conflicts"]) < len(found)


@pytest.mark.parametrize("query", ["kind=quarrel", "thing=nobody", "page=0", "kind=figures&sort=size"])
def test_a_filter_that_cannot_be_is_told(server: str, query: str) -> None:
    assert 'role="alert"' in page(server, query, 400)
    for suffix in ("json", "csv", "ttl"):
        status, headers, _ = send(f"{server}conflicts.{suffix}?{query}")
        if suffix == "json" or "page" not in query:
            assert (status, headers.get_content_type()) == (400, "application/problem+json")


def test_as_json(server: str, found: list[Conflict]) -> None:
    told = document(server)
    assert [each["iri"] for each in told["conflicts"]] == [each.iri for each in found]
    assert told["total"] == len(found)
    for each, conflict in zip(told["conflicts"], found, strict=True):
        sides = [[claim["iri"] for claim in side["claims"]] for side in each["sides"]]
        assert sides == [list(side.claims) for side in conflict.sides]
        assert [c["name"] for c in each["caveats"]] == list(conflict.ordered_caveats)
    one = told["conflicts"][0]["sides"][0]["claims"][0]
    assert one["speaker"]["iri"] == str(ID["the-moscow-post"])
    assert (one["paragraph"], one["published"]) == (25, "2023-11-30")


def test_as_csv(server: str, found: list[Conflict]) -> None:
    status, headers, body = send(f"{server}conflicts.csv")
    assert (status, headers.get_content_type()) == (200, "text/csv")
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["conflict"], row["claim"]) for row in rows] == [
        (c.iri, claim) for c in found for s in c.sides for claim in s.claims
    ]


def test_all_iris_have_labels_in_the_files(server: str) -> None:
    body = send(f"{server}conflicts.csv?lang=ru")[2].decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    labelled = [name for name in COLUMNS if name.endswith("_label")]
    assert labelled == [f"{name}_label" for name in ("about", "value", "thing", "speaker", "modality", "article")]
    for row in rows:
        for name in labelled:
            assert bool(row[name]) == bool(row[name.removesuffix("_label")])
            assert "://" not in row[name]
    assert {row["speaker_label"] for row in rows} >= {"Известия"}
    book = load_workbook(io.BytesIO(send(f"{server}conflicts.xlsx?lang=ru")[2]))
    first, *others = book["Data"].iter_rows(values_only=True)
    values = first.index("Значение")
    assert [str(row[values]) for row in others] == [row["value_label"] for row in rows]
    for each in document(server)["conflicts"]:
        assert all(caveat["label"] for caveat in each["caveats"])
        assert bool(each["property"]) == bool(each["propertyLabel"])
        assert "://" not in (each["propertyLabel"] or "")


def test_as_turtle_it_is_what_the_default_graph_holds(server: str, found: list[Conflict], engine: Engine) -> None:
    told = {q.triple for q in ox.parse(send(f"{server}conflicts.ttl")[2], format=ox.RdfFormat.TURTLE)}
    assert told == set(triples(Reader(engine), found))
    assert told <= set(Reader(engine).triples("CONSTRUCT WHERE { ?s ?p ?o }"))


def test_sparql_finds_them_with_a_plain_pattern(server: str, found: list[Conflict]) -> None:
    query = (
        f"SELECT (COUNT(DISTINCT ?c) AS ?n) WHERE {{ ?c a <{KEL.Conflict}> ; <{KEL.hasSide}>/<{KEL.toldIn}> ?claim }}"
    )
    assert send(ask(server, query, format="csv"))[2].decode().split()[1] == str(len(found))


def test_each_has_an_address(server: str, found: list[Conflict]) -> None:
    each = found[0]
    for accept, content in (("text/turtle", "text/turtle"), ("text/html", "text/html")):
        for iri in (each.iri, f"{each.iri}/a"):
            path = iri.removeprefix("https://w3id.org/kelisim/")
            status, headers, _ = send(server + path, headers={"Accept": accept})
            assert (status, headers.get_content_type()) == (200, content)


@pytest.mark.parametrize(
    ("path", "linked"),
    [
        ("page/armenia", True),
        ("page/obs-ru-direct-investment-kz", True),
        ("page/claim/mp23-p25-1", True),
        ("page/obs-kz-ru-trade-2023", False),
        ("page/claim/mp23-p24-1", False),
    ],
)
def test_pages_of_what_takes_part_link_to_it(server: str, path: str, linked: bool) -> None:
    addresses = re.findall(r'class="contested"><a href="(/conflicts\?thing=[^"]*)"', send(server + path)[2].decode())
    assert len(addresses) == linked
    for address in addresses:
        assert shown(page(server, html.unescape(address).partition("?")[2]))


@pytest.fixture
def store(kelisim: str, tmp_path: Path) -> Iterator[Client]:
    folder = tmp_path / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
        yield Client(running, token)


def test_the_page_and_the_triples_follow_changes(store: Client, found: list[Conflict]) -> None:
    """A claim is withdrawn whose conflict is in the default graph: the change is taken, and the page knows."""
    assert len(document(store.server)["conflicts"]) == len(found)
    gone = CLAIM["mp23-p25-1"]
    status, body = store.update(f"DROP GRAPH <{gone}> ; DELETE WHERE {{ <{gone}> ?p ?o }}")
    assert status == 200, body
    left = document(store.server)["conflicts"]
    assert [each["iri"] for each in left] == [each.iri for each in found if str(gone) not in each.claims]
    assert "contested" not in send(f"{store.server}page/obs-ru-direct-investment-kz")[2].decode()
    count = f"SELECT (COUNT(*) AS ?n) WHERE {{ ?c a <{KEL.Conflict}> }}"
    assert send(ask(store.server, count, format="csv"))[2].decode().split()[1] == str(len(left))


def test_an_empty_store_says_so_and_that_this_proves_nothing(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--store", str(tmp_path / "store"), "--empty") as running:
        markup = page(running.address)
        assert "No conflict was found in these sources." in markup
        assert "That proves nothing" in markup
        assert document(running.address)["conflicts"] == []
        assert send(f"{running.address}conflicts.csv")[2].decode().splitlines() == [",".join(COLUMNS)]
