"""Answers say how many rows more are told with less certainty, in the header, in JSON and on the page."""

import json
import urllib.parse

import pytest
from SPARQLWrapper import JSON, SPARQLWrapper

from tests.http import BROWSER, send

PREFIXES = "PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX id: <https://w3id.org/kelisim/id/> "
TOPICS = PREFIXES + "SELECT DISTINCT ?topic WHERE { id:csto-summit-astana-2024 kel:topic ?topic }"
ALL_TOPICS = PREFIXES + (
    "SELECT DISTINCT ?topic ?how WHERE { GRAPH ?claim { id:csto-summit-astana-2024 kel:topic ?topic } "
    "?claim kel:modality ?how }"
)


def ask(server: str, query: str, **more: str) -> tuple[str | None, bytes]:
    status, headers, body = send(f"{server}sparql?{urllib.parse.urlencode({'query': query, **more})}")
    assert status == 200, body
    return headers["Kelisim-Hedged"], body


@pytest.mark.parametrize("form", ["json", "csv", "xml", "tsv"])
def test_the_header_counts_what_a_plain_pattern_misses(server: str, form: str) -> None:
    told, body = ask(server, TOPICS, format=form)
    everything = json.loads(ask(server, ALL_TOPICS, format="json")[1])["results"]["bindings"]
    topics = {row["topic"]["value"] for row in everything}
    assert len(topics) == 9, "as many as the article names"
    assert told is not None
    seen = sum(topic.encode() in body for topic in topics)
    assert 0 < seen < 9
    assert int(told) == 9 - seen
    if form == "json":
        assert json.loads(body)["hedged"] == {"rows": int(told)}


def test_clients_pass_over_the_member(server: str) -> None:
    client = SPARQLWrapper(f"{server}sparql", returnFormat=JSON)
    client.setQuery(TOPICS)
    found = client.query().convert()
    assert isinstance(found, dict)
    assert found["results"]["bindings"]
    assert set(found) == {"head", "results", "hedged"}


@pytest.mark.parametrize(
    "query",
    [
        ALL_TOPICS,
        PREFIXES + "SELECT ?p ?o WHERE { id:astana kel:inState ?o }",
        PREFIXES + "ASK { id:csto-summit-astana-2024 kel:topic id:topic-tajik-afghan-border }",
    ],
)
def test_nothing_is_told_where_nothing_is_missed(server: str, query: str) -> None:
    told, body = ask(server, query, format="json")
    assert told is None
    assert "hedged" not in json.loads(body)


def test_what_is_only_thought_possible_is_told_of_an_empty_answer(server: str) -> None:
    told, body = ask(server, PREFIXES + "ASK { id:csto-summit-astana-2024 kel:topic id:topic-long-range-strikes }")
    assert json.loads(body)["boolean"] is False
    assert told == "1"


@pytest.mark.parametrize(("language", "words"), [("en", "6 more rows"), ("ru", "GRAPH ?claim"), ("kk", "GRAPH ?claim")])
def test_pages_say_it_in_words(server: str, language: str, words: str) -> None:
    address = f"{server}sparql?{urllib.parse.urlencode({'query': TOPICS, 'lang': language})}"
    page = send(address, headers={"Accept": BROWSER})[2].decode()
    assert words in page
    assert 'class="contested"' in page
