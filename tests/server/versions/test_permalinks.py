"""Permalinks keep a query with its answer and tell what changed; citations name the version."""

import json
import shutil
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.publishing.permalinks import MOST
from tests.conftest import serving
from tests.http import BROWSER, get_json, send
from tests.server.endpoint.test_writes import FORM, Client, make_token

VALUES = "SELECT ?v WHERE { <urn:a> <urn:p> ?v }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def client(kelisim: str, folder: Path) -> Iterator[Client]:
    token = make_token(folder, "update", "admin")
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        client = Client(running, token)
        client.update("INSERT DATA { <urn:a> <urn:p> 1 , 2 . <urn:b> <urn:p> [ <urn:q> 1 ] }")
        yield client


def keep(server: str, query: str, **more: str) -> str:
    body = urllib.parse.urlencode({"query": query, **more}).encode()
    headers = FORM | {"Accept": "application/json"}
    status, found, answer = send(f"{server}q", method="POST", body=body, headers=headers)
    assert status == 201, answer
    address: str = json.loads(answer)["permalink"]
    assert found["Location"] == address
    return address


def test_it_tells_what_changed(client: Client) -> None:
    address = keep(client.server, VALUES)
    assert keep(client.server, VALUES) == address, "the same query, version and answer have one permalink"
    assert get_json(address)["same"] is True
    client.update("INSERT DATA { <urn:c> <urn:p> 1 }")
    assert get_json(address)["same"] is True, "a change elsewhere changes no answer"
    client.update("DELETE DATA { <urn:a> <urn:p> 1 } ; INSERT DATA { <urn:a> <urn:p> 3 , 4 }")
    found = get_json(address)
    assert (found["same"], found["saved"]["version"], found["now"]["version"]) == (False, 1, 3)
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    assert (found["gone"], found["new"]) == ([f'?v "1"{integer}'], [f'?v "3"{integer}', f'?v "4"{integer}'])
    page = send(address, headers={"Accept": BROWSER})[2].decode()
    assert "Today's answer is another." in page
    assert "Rows that are gone" in page
    assert keep(client.server, VALUES) != address
    assert send(f"{client.server}compact", method="POST", headers=client.token)[0] == 200
    assert get_json(address)["gone"] == found["gone"], "a small answer is kept whole, though its version is gone"


@pytest.mark.parametrize(
    ("query", "again"),
    [
        ("SELECT ?s ?v WHERE { ?s <urn:p> ?v } ORDER BY ?s ?v", True),
        ("SELECT ?s (BNODE() AS ?n) WHERE { ?s <urn:p> ?v }", True),
        ("ASK { <urn:a> <urn:p> 2 }", True),
        ("CONSTRUCT { ?s <urn:r> [ <urn:v> ?v ] } WHERE { ?s <urn:p> ?v }", True),
        ("SELECT (UUID() AS ?u) WHERE {}", False),
    ],
)
def test_the_same_data_answer_the_same(client: Client, query: str, again: bool) -> None:
    found = get_json(keep(client.server, query))
    assert found["same"] is again
    assert bool(found["varying"]) is not again


def test_the_order_counts_only_where_the_query_orders(client: Client) -> None:
    plain, ordered = (keep(client.server, VALUES + order) for order in ("", " ORDER BY DESC(?v)"))
    client.update("DELETE DATA { <urn:a> <urn:p> 1 , 2 } ; INSERT DATA { <urn:a> <urn:p> 2 , 1 }")
    assert get_json(plain)["same"]
    assert get_json(ordered)["same"]


def test_an_earlier_version_and_a_dataset_can_be_kept(client: Client) -> None:
    client.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 7 } }")
    earlier = keep(client.server, VALUES, version="0")
    assert get_json(earlier)["saved"]["version"] == 0
    assert len(get_json(earlier)["new"]) == 2
    graph = get_json(keep(client.server, VALUES, **{"default-graph-uri": "urn:g"}))
    assert (graph["same"], graph["default-graph-uri"], graph["now"]["rows"]) == (True, ["urn:g"], 1)


def test_what_cannot_be_kept_or_found(client: Client, folder: Path) -> None:
    def post(body: bytes) -> int:
        return send(f"{client.server}q", method="POST", body=body, headers=FORM)[0]

    assert post(b"query=") == 400
    assert post(b"query=SELECT") == 400
    assert post(b"query=ASK%7B%7D&version=9") == 404
    assert post(b"query=ASK%7B%7D%23" + b"x" * 30_000) == 413
    for name in ("aaaaaaaaaaaaaaaaaaaa", "../../tokens", "x"):
        assert send(f"{client.server}q/{name}")[0] == 404
    address = keep(client.server, VALUES)
    file = next((folder / "permalinks").iterdir())
    file.write_text("{", encoding="utf-8")
    assert send(address)[0] == 404
    for number in range(MOST):
        (folder / "permalinks" / f"{number}.json").touch()
    assert post(b"query=ASK%7B%7D") == 507
    shutil.rmtree(folder / "permalinks")
    assert post(b"query=ASK%7B%7D") == 201


def test_a_server_without_a_folder_gives_an_address_that_holds_all(server: str) -> None:
    query = "PREFIX kel: <https://w3id.org/kelisim/ns#> SELECT ?v WHERE { ?v a kel:Visit }"
    address = keep(server, query)
    assert urllib.parse.quote("kel:Visit", safe="") in address
    assert get_json(address)["same"] is True
    assert send(address.replace("Visit", "Event"))[0] == 400, "its name shows that it was altered"
    assert send(address.partition("&")[0])[0] == 400
    assert send(address.partition("?")[0])[0] == 404


def test_an_answer_is_cited_with_its_version(client: Client) -> None:
    query = urllib.parse.urlencode({"query": VALUES, "version": "1"})
    digest = json.loads(send(f"{client.server}changes.json")[2])["versions"][0]["digest"]
    for form, sign in (
        ("text", "Retrieved"),
        ("bibtex", "@misc{"),
        ("csl", '"type": "dataset"'),
        ("ris", "TY  - DATA"),
    ):
        status, headers, body = send(f"{client.server}cite?{query}&format={form}")
        assert status == 200
        assert headers["Content-Disposition"]
        text = body.decode()
        assert sign in text
        assert digest in text
        assert "data version 1 of " in text
        assert "version=1" in text
    (item,) = json.loads(send(f"{client.server}cite?{query}&format=csl")[2])
    assert json.loads(send(item["URL"], headers={"Accept": "application/json"})[2])["results"]["bindings"]
    permalink = urllib.parse.urlencode({"permalink": keep(client.server, VALUES)})
    assert "/q/" in send(f"{client.server}cite?{query}&{permalink}&format=ris")[2].decode()
    assert "evil" not in send(f"{client.server}cite?{query}&permalink=http://evil/&format=ris")[2].decode()
    assert send(f"{client.server}cite")[0] == 400
    assert send(f"{client.server}cite?{query}&format=docx")[0] == 406
    assert send(f"{client.server}cite?query=ASK&version=9")[0] == 404


def test_a_thing_is_cited(server: str) -> None:
    url = f"{server}cite?iri=https://w3id.org/kelisim/id/astana"
    assert "Astana. In Kelisim" in send(f"{url}&format=text")[2].decode()
    page = send(f"{url}&lang=ru", headers={"Accept": BROWSER})[2].decode()
    assert "@misc{kelisim-astana," in page
    assert send(f"{server}cite?iri=https://w3id.org/kelisim/id/nowhere")[0] == 404


def test_the_page_of_an_answer_offers_both(client: Client) -> None:
    query = urllib.parse.urlencode({"query": VALUES, "default-graph-uri": "urn:g"})
    client.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 7 } }")
    page = send(f"{client.server}sparql?{query}", headers={"Accept": BROWSER})[2].decode()
    assert '<form action="/q" method="post">' in page
    assert '<input type="hidden" name="default-graph-uri" value="urn:g">' in page
    assert "/cite?query=" in page
    assert "of the data answers" not in page
    page = send(f"{client.server}sparql?{query}&version=2", headers={"Accept": BROWSER})[2].decode()
    assert "Version 2 of the data answers." in page
    assert "format=csv&amp;version=2" in page
    assert '<input type="hidden" name="version" value="2">' in page
