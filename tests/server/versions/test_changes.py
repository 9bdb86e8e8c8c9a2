"""``/changes``, ``/diff`` and their commands tell what the versions are and how they differ."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from kg.rdf.patches import parse
from server.commands.cli import cli
from tests.conftest import serving
from tests.http import BROWSER, get_json, send
from tests.server.endpoint.test_writes import Client, make_token

ATOM = "{http://www.w3.org/2005/Atom}"
CLAIM = "https://w3id.org/kelisim/claim/mp23-p24-1"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changes") / "store"


@pytest.fixture(scope="module")
def client(kelisim: str, folder: Path) -> Iterator[Client]:
    """The curated graph: a place is renamed, a claim's facts change, the claim is withdrawn, and 60 things are made."""
    token = make_token(folder, "update", name="curator-1")
    with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
        client = Client(running, token)
        astana = "https://w3id.org/kelisim/id/astana"
        updates = [
            (f'INSERT DATA {{ <{astana}> <http://www.w3.org/2004/02/skos/core#altLabel> "Akmola"@en }}', "an old name"),
            (f'INSERT DATA {{ GRAPH <{CLAIM}> {{ <{astana}> <urn:p> "new" }} }}', "a fact & more <b>"),
            (f"DROP GRAPH <{CLAIM}> ; DELETE WHERE {{ <{CLAIM}> ?p ?o }}", "withdrawn"),
            ("; ".join(f'INSERT DATA {{ <urn:t{n}> <{LABEL}> "thing {n}"@en }}' for n in range(60)), ""),
        ]
        for update, message in updates:
            status, body = client.update(update, **{"Kelisim-Message": message})
            assert status == 200, body
        yield client


def test_changes_in_every_form(client: Client) -> None:
    found = get_json(f"{client.server}changes")
    versions = found["versions"]
    assert [v["version"] for v in versions] == [4, 3, 2, 1, 0]
    assert [v["message"] for v in versions] == ["", "withdrawn", "a fact & more <b>", "an old name", ""]
    assert {v["author"] for v in versions[:4]} == {"curator-1"}
    assert (versions[3]["added"], versions[3]["deleted"]) == (1, 0)
    assert len({v["digest"] for v in versions}) == 5
    assert versions[4]["sha256"]
    token = client.token["Authorization"].removeprefix("Bearer ")
    for address in ("changes", "changes.atom", "changes.json"):
        body = send(f"{client.server}{address}", headers={"Accept": BROWSER})[2].decode()
        assert token not in body
        assert "curator-1" in body
        assert "<b>" not in body or address.endswith("json")
    feed = ET.fromstring(send(f"{client.server}changes.atom")[2])
    assert [e.findtext(f"{ATOM}title") for e in feed.iter(f"{ATOM}entry")][1:3] == ["withdrawn", "a fact & more <b>"]
    assert len({e.findtext(f"{ATOM}id") for e in feed.iter(f"{ATOM}entry")}) == 5
    assert [v["version"] for v in get_json(f"{client.server}changes?before=2")["versions"]] == [1, 0]
    assert send(f"{client.server}changes?before=x")[0] == 400
    assert send(f"{client.server}changes.xml")[0] == 404


def test_the_digest_in_the_list_names_the_version(client: Client) -> None:
    for version in get_json(f"{client.server}changes")["versions"]:
        given = version["digest"][:16]
        _, headers, _ = send(f"{client.server}sparql?query=ASK%7B%7D&version={given}", headers={"Accept": "text/csv"})
        assert headers["Kelisim-Version"] == str(version["version"])


def test_a_difference_in_words(client: Client) -> None:
    renamed = get_json(f"{client.server}diff/0/1")
    assert renamed["claims"] == []
    (thing,) = renamed["things"]
    assert (thing["label"], [f["value"] for f in thing["added"]], thing["deleted"]) == ("Astana", ['"Akmola"@en'], [])
    assert [(c["iri"], c["fate"]) for c in get_json(f"{client.server}diff/1/2")["claims"]] == [(CLAIM, "changed")]
    (withdrawn,) = get_json(f"{client.server}diff/2/3")["claims"]
    assert (withdrawn["iri"], withdrawn["fate"]) == (CLAIM, "withdrawn")
    assert " " in withdrawn["label"], "what is withdrawn is told in its own words"
    (back,) = get_json(f"{client.server}diff/3/2")["claims"]
    assert back["fate"] == "added"
    page = send(f"{client.server}diff/0/4?lang=ru", headers={"Accept": BROWSER})[2].decode()
    assert "Астана" in page
    assert withdrawn["iri"].removeprefix("https://w3id.org/kelisim/") in page
    many = get_json(f"{client.server}diff/3/4")
    assert (many["pages"], len(many["things"])) == (2, 50)
    rest = get_json(str(many["next"]))
    assert len(rest["things"]) == 10
    assert send(f"{client.server}diff/3/4?page=3")[0] == 404
    assert send(f"{client.server}diff/3/9")[0] == 404
    assert send(f"{client.server}diff/a/b")[0] == 400


def test_a_difference_as_patch_leads_from_one_to_the_other(client: Client) -> None:
    def dump(version: int) -> set[str]:
        url = f"{client.server}graphs?default&format=ntriples&version={version}"
        return set(send(url)[2].decode().splitlines())

    for a, b in ((0, 4), (4, 0), (1, 3)):
        status, headers, body = send(f"{client.server}diff/{a}/{b}?format=rdf-patch")
        assert (status, headers["Content-Type"]) == (200, "application/rdf-patch; charset=utf-8")
        patch = parse(body)
        adds = {f"{q.triple} ." for q in patch.adds if str(q.graph_name) == "DEFAULT"}
        deletes = {f"{q.triple} ." for q in patch.deletes if str(q.graph_name) == "DEFAULT"}
        assert (dump(a) - deletes) | adds == dump(b)
        assert patch.header == {"from": str(a), "to": str(b)}


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_commands(client: Client, folder: Path, tmp_path: Path) -> None:
    store = str(folder)
    assert client.rows("?s ?p ?o")
    words = run("diff", "0", "1", "--store", store)
    assert words.startswith("From version 0 to version 1: quads added 1, deleted 0.")
    assert re.search(r"^Astana <.*\n  \+ .*: Akmola", words, re.MULTILINE)
    assert "- claim withdrawn: " in run("diff", "0", "3", "--store", store)
    told = json.loads(run("diff", "3", "4", "--store", store, "--format", "json"))
    assert len(told["things"]) == 60
    body = send(f"{client.server}diff/0/4?format=rdf-patch")[2]
    assert {*run("diff", "0", "4", "--store", store, "--format", "rdf-patch").splitlines()[2:]} == {
        *body.decode().splitlines()[2:]
    }
    ask = "ASK { id:astana ?p 'Akmola'@en }"
    assert run("query", ask, "--store", store, "--version", "0", "--format", "csv").strip() == "false"
    assert run("query", ask, "--store", store, "--format", "csv").strip() == "true"
    assert "no version 9" in CliRunner().invoke(cli, ["query", ask, "--store", store, "--version", "9"]).output
    assert "Astana. In Kelisim" in run("cite", "id:astana", "--store", store, "--version", "1")
    (item,) = json.loads(run("cite", "--query", ask, "--format", "csl"))
    assert item["URL"].endswith("&version=0")
    assert json.loads(run("stats", "--json"))["digest"] in run("cite", "--format", "bibtex")
    assert "Nothing is known" in CliRunner().invoke(cli, ["cite", "id:nowhere"]).output
    assert "holds no store" in CliRunner().invoke(cli, ["diff", "0", "1", "--store", str(tmp_path)]).output
    assert "There is no" in CliRunner().invoke(cli, ["diff", "nothing.nq", "nowhere.nq"]).output


def test_a_build_has_one_change(server: str) -> None:
    (only,) = get_json(f"{server}changes")["versions"]
    assert only["version"] == 0
    assert only["sha256"] == json.loads(run("stats", "--json"))["digest"]
    assert get_json(f"{server}diff/0/0")["added"] == 0
