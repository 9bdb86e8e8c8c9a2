"""Any SPARQL client looks through a lens, by FROM or by the protocol, before and after changes."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from rdflib import Graph, Namespace
from SPARQLWrapper import JSON, SPARQLWrapper

from ontology.namespaces import CLAIM, KEL
from tests.conftest import serving
from tests.http import BROWSER, ask, send
from tests.server.endpoint.test_writes import make_token

LENS = "https://w3id.org/kelisim/lens/"
PREFIXES = "PREFIX kel: <https://w3id.org/kelisim/ns#> PREFIX id: <https://w3id.org/kelisim/id/> "
COUNT = PREFIXES + "SELECT (COUNT(*) AS ?n) %s { ?claim a kel:Claim }"
GRAPHS = PREFIXES + "SELECT (COUNT(DISTINCT ?claim) AS ?n) { GRAPH ?claim { ?s ?p ?o } ?claim kel:modality ?m }"
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")


def number(server: str, query: str, **more: str) -> int:
    status, _, body = send(ask(server, query, format="csv", **more))
    assert status == 200, body
    return int(body.split()[1])


def test_from_and_the_protocol_name_a_lens(server: str) -> None:
    of_2023 = number(server, COUNT % f"FROM <{LENS}as-of/2023-12-31>")
    assert 0 < of_2023 < number(server, COUNT % "")
    assert number(server, COUNT % "", **{"default-graph-uri": f"{LENS}as-of/2023-12-31"}) == of_2023
    assert number(server, GRAPHS, **{"default-graph-uri": f"{LENS}as-of/2023-12-31"}) == of_2023
    assert number(server, COUNT % f"FROM <{LENS}speaker/vladimir-putin/as-of/2023-12-31>") < of_2023
    assert number(server, COUNT % "", **{"default-graph-uri": ""}) == number(server, COUNT % "")
    client = SPARQLWrapper(f"{server}sparql", returnFormat=JSON)
    client.addDefaultGraph(f"{LENS}source/mp23")
    client.setQuery(COUNT % "")
    answer: Any = client.query().convert()
    assert int(answer["results"]["bindings"][0]["n"]["value"]) == of_2023


def test_the_status_is_that_of_the_day(server: str) -> None:
    query = PREFIXES + "SELECT ?thing ?status %s { ?thing kel:latestStatus ?status }"

    def rows(lens: str) -> set[bytes]:
        status, headers, body = send(ask(server, query % lens, format="csv"))
        assert status == 200
        assert headers["Kelisim-Hedged"] is None
        return {*body.splitlines()[1:]}

    now, then = rows(""), rows(f"FROM <{LENS}as-of/2023-12-31>")
    assert rows(f"FROM <{LENS}as-of/2024-12-31>") == now
    assert then
    assert then != now


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("as-of/2023-13-01", "no date of a lens"),
        ("speaker/putin", "Similar: vladimir-putin"),
        ("source/izv25", "Similar: izv24"),
        ("modality/certain", "No claim has the modality"),
        ("author/x", "cannot be read at “author”"),
        ("source/izv24/source/mp23", "two parts of the kind source"),
        ("speaker/a%20b", "is no name"),
    ],
)
def test_what_names_no_lens_is_told_why(server: str, path: str, reason: str) -> None:
    for url in (
        ask(server, COUNT % f"FROM <{LENS}{path}>"),
        ask(server, COUNT % "", **{"default-graph-uri": LENS + path}),
    ):
        status, headers, body = send(url, headers={"Accept-Language": "en"})
        assert (status, headers["Content-Type"]) == (400, "application/problem+json")
        assert reason in json.loads(body)["detail"]


def test_an_etag_is_that_of_the_lens(server: str) -> None:
    urls = [
        ask(server, COUNT % "", format="json", **{"default-graph-uri": LENS + p})
        for p in ("source/izv24", "source/mp23")
    ]
    tags = [send(url)[1]["ETag"] for url in urls]
    assert tags[0] != tags[1]
    assert send(urls[0], headers={"If-None-Match": tags[0]})[0] == 304
    assert send(urls[1], headers={"If-None-Match": tags[0]})[0] == 200


def test_many_ask_at_once(server: str) -> None:
    """Each of several lenses is made while others are asked for; all get their own answers."""
    paths = [f"as-of/2024-12-31/speaker/{s}" for s in ("izvestia", "yury-ushakov", "the-moscow-post", "kremlin")] * 4
    found: dict[int, int] = {}

    def run(place: int, path: str) -> None:
        found[place] = number(server, f"{COUNT % f'FROM <{LENS}{path}>'} # {place}")

    threads = [threading.Thread(target=run, args=each) for each in enumerate(paths)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(paths)
    by_path = {paths[place]: n for place, n in found.items()}
    assert all(found[place] == by_path[path] for place, path in enumerate(paths))
    assert len({*by_path.values()}) == 4


def test_results_on_a_page_keep_the_lens(server: str) -> None:
    url = ask(server, COUNT % "", **{"default-graph-uri": f"{LENS}source/mp23"})
    page = send(url, headers={"Accept": BROWSER})[2].decode()
    assert f'<option value="{LENS}source/mp23" selected>' in page
    assert page.count(quote(f"{LENS}source/mp23", safe="/:")) >= 5, "the links to files keep it"
    assert f"FROM &lt;{LENS}source/mp23&gt;" in page, "programs name it"


def test_the_service_description_lists_lenses(server: str) -> None:
    graph = Graph().parse(data=send(f"{server}sparql", headers={"Accept": "text/turtle"})[2], format="turtle")
    (service,) = graph.subjects(predicate=SD.endpoint)
    (collection,) = graph.objects(service, SD.availableGraphs)
    listed = {str(name) for node in graph.objects(collection, SD.namedGraph) for name in graph.objects(node, SD.name)}
    assert {f"{LENS}everything", f"{LENS}as-of/2023-11-30", f"{LENS}source/izv24", f"{LENS}modality/denied"} <= listed
    for name in listed:
        assert number(server, COUNT % f"FROM <{name}>") > 0


def test_lenses_follow_changes(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
        server = running.address

        def change(text: str) -> int:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
            return send(f"{server}sparql", method="POST", body=text.encode(), headers=headers)[0]

        counts = [COUNT % f"FROM <{LENS}as-of/2023-12-31>", COUNT % f"FROM <{LENS}source/izv24>"]
        before = [number(server, query) for query in counts]
        gone = f"{CLAIM}mp23-p24-1"
        deletion = f"DELETE WHERE {{ <{gone}> ?p ?o }} ; DROP GRAPH <{gone}>"
        assert change(deletion) == 200
        assert [number(server, query) for query in counts] == [before[0] - 1, before[1]]
        assert number(server, GRAPHS, **{"default-graph-uri": f"{LENS}as-of/2023-12-31"}) == before[0] - 1
        for text in (
            f"INSERT DATA {{ GRAPH <{LENS}as-of/2023-12-31> {{ <urn:a> <urn:b> 1 }} }}",
            f"DELETE {{ ?s ?p ?o }} USING <{LENS}source/izv24> WHERE {{ ?s <{KEL.status}> ?o }}",
        ):
            assert change(text) == 409
        named = send(
            f"{server}graphs?graph={quote(LENS + 'speaker/izvestia', safe='')}",
            method="PUT",
            body=b"<urn:a> <urn:b> 1 .",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "text/turtle"},
        )
        assert named[0] == 400


def test_the_command_looks_through_a_lens(kelisim: str, server: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([kelisim, "query", *arguments], capture_output=True, text=True, check=False)

    query = "SELECT (COUNT(*) AS ?n) { ?claim a kel:Claim }"
    local = run("--lens", "as-of/2023-12-31", "--format", "csv", query)
    remote = run("--lens", f"{LENS}as-of/2023-12-31", "--format", "csv", "--endpoint", f"{server}sparql", query)
    assert local.stdout == remote.stdout == f"n\n{number(server, COUNT % f'FROM <{LENS}as-of/2023-12-31>')}\n"
    wrong = run("--lens", "as-of/soon", query)
    assert wrong.returncode == 1
    assert "write a day of the calendar" in wrong.stderr
    both = run("--lens", "everything", "SELECT * FROM claim:izv24-p32-4 { ?s ?p ?o }")
    assert both.returncode == 1
    assert "names its graphs by FROM" in both.stderr
