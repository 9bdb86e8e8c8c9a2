"""Answers say what they lack: rows told with less certainty, and names that are not in the data."""

import json
import re
import urllib.parse

import pytest
from SPARQLWrapper import JSON, SPARQLWrapper

from tests.http import BROWSER, send

EVERYTHING = "https://w3id.org/kelisim/lens/everything"
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
        assert json.loads(body)["hedged"] == {"rows": int(told), "from": EVERYTHING}


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


@pytest.mark.parametrize(
    ("language", "words"), [("en", "6 more rows"), ("ru", "Спросить вместе с этим"), ("kk", "Онымен бірге сұрау")]
)
def test_pages_say_it_in_words(server: str, language: str, words: str) -> None:
    address = f"{server}sparql?{urllib.parse.urlencode({'query': TOPICS, 'lang': language})}"
    page = send(address, headers={"Accept": BROWSER})[2].decode()
    assert words in page
    assert 'class="contested"' in page


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s WHERE { ?service kel:stage code:stage-supplier-choice }",
        "SELECT ?s WHERE { ?s kel:stage code:stage-supplier-choice FILTER('service graph from' != 'x') }",
        "SELECT ?s WHERE { ?s kel:stage code:stage-supplier-choice } # SERVICE, FROM",
    ],
)
def test_words_in_names_and_texts_hide_no_hint(server: str, query: str) -> None:
    told, _ = ask(server, PREFIXES + "PREFIX code: <https://w3id.org/kelisim/code/> " + query, format="json")
    assert told == "1"


def test_the_part_outside_graph_is_told_of(server: str) -> None:
    mixed = PREFIXES + (
        "SELECT DISTINCT ?topic WHERE { GRAPH ?claim { id:csto-summit-astana-2024 kel:topic ?topic } "
        "id:csto-summit-astana-2024 kel:topic ?topic }"
    )
    assert ask(server, mixed)[0] == ask(server, TOPICS)[0]


NAMELESS = PREFIXES + "SELECT ?x WHERE { ?x kel:concern id:united-states , id:russia }"


@pytest.mark.parametrize("form", ["json", "csv", "xml", "tsv"])
def test_a_name_that_is_not_in_the_data_is_told(server: str, form: str) -> None:
    url = f"{server}sparql?{urllib.parse.urlencode({'query': NAMELESS, 'format': form})}"
    for _ in range(2):  # from a worker, and from the cache
        status, headers, body = send(url)
        assert status == 200
        assert headers["Kelisim-Unknown"] == (
            "<https://w3id.org/kelisim/ns#concern>, <https://w3id.org/kelisim/id/united-states>"
        )
        if form == "json":
            unknown = json.loads(body)["unknown"]
            assert [*unknown] == ["https://w3id.org/kelisim/ns#concern", "https://w3id.org/kelisim/id/united-states"]
            assert unknown["https://w3id.org/kelisim/id/united-states"][0] == "https://w3id.org/kelisim/id/usa"


def test_the_header_is_short_and_the_answer_whole_whatever_the_names(server: str) -> None:
    for names in (["x" * 190] * 9, ["Қ" * 190], ["y" * 60_000], [f"n{n}" for n in range(5_000)]):
        values = " ".join(f"<http://e.org/{n}/{name}>" for n, name in enumerate(names))
        query = f"SELECT ?s WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"
        body = urllib.parse.urlencode({"query": query, "format": "json"}).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, headers, answer = send(f"{server}sparql", method="POST", body=body, headers=form)
        assert status == 200
        assert len(headers.get("Kelisim-Unknown", "")) <= 1000
        assert json.loads(answer)["results"]["bindings"] == []


def test_an_unknown_name_of_a_graph_answer_and_in_cyrillic(server: str) -> None:
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o . <http://e.org/Астана> ?q ?s }"
    _, headers, _ = send(f"{server}sparql?{urllib.parse.urlencode({'query': query})}")
    assert headers["Kelisim-Unknown"] == "<http://e.org/%D0%90%D1%81%D1%82%D0%B0%D0%BD%D0%B0>"


def test_the_page_tells_unknown_names_with_links(server: str) -> None:
    url = f"{server}sparql?{urllib.parse.urlencode({'query': NAMELESS, 'lang': 'kk'})}"
    page = send(url, headers={"Accept": BROWSER})[2].decode()
    assert "id:united-states деректерде кездеспейді." in page
    assert '<a href="/page/usa">id:usa</a>' in page


def test_everything_is_a_dataset_for_any_client(server: str) -> None:
    client = SPARQLWrapper(f"{server}sparql", returnFormat=JSON)
    client.setQuery(TOPICS)
    client.addDefaultGraph(EVERYTHING)
    found = client.query().convert()
    assert isinstance(found, dict)
    assert len(found["results"]["bindings"]) == 9
    told, body = ask(server, TOPICS.replace("WHERE", f"FROM <{EVERYTHING}> WHERE"), format="json")
    assert (told, len(json.loads(body)["results"]["bindings"])) == (None, 9)


def test_the_page_links_to_the_answer_with_everything(server: str) -> None:
    url = f"{server}sparql?{urllib.parse.urlencode({'query': TOPICS})}"
    page = send(url, headers={"Accept": BROWSER})[2].decode()
    (link,) = re.findall(r'href="(/sparql\?[^"]*lens[^"]*)"', page)
    whole = send(f"{server}{link[1:]}".replace("&amp;", "&"), headers={"Accept": BROWSER})[2].decode()
    assert "9 rows" in whole
    assert "Ask with it" not in whole


def test_the_name_of_everything_leads_somewhere(server: str) -> None:
    assert send(f"{server}lens/everything", headers={"Accept": BROWSER})[0] == 200
    status, headers, body = send(f"{server}lens/everything", headers={"Accept": "text/turtle"})
    assert (status, headers["Content-Type"]) == (200, "text/turtle; charset=utf-8")
    assert EVERYTHING in body.decode()
