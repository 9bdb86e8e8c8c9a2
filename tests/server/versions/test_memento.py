"""Things and graphs as of a version: ``version=``, and Memento (RFC 7089)."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from email.utils import parsedate_to_datetime

import pytest

from tests.conftest import serving
from tests.http import BROWSER, get_json, send
from tests.server.endpoint.test_writes import Client, make_token

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
LAKE = "https://hydro.example/lake/balkhash"


@pytest.fixture(scope="module")
def client(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The curated graph, in which Astana has had two more names, and a lake was made and renamed."""
    folder = tmp_path_factory.mktemp("memento") / "store"
    token = make_token(folder, "update", "admin")
    with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
        client = Client(running, token)
        astana = "https://w3id.org/kelisim/id/astana"
        for update in (
            f'INSERT DATA {{ <{astana}> <http://www.w3.org/2004/02/skos/core#altLabel> "Akmola"@en }}',
            f'INSERT DATA {{ <{LAKE}> <{LABEL}> "Balkhash"@en }}',
            f'INSERT DATA {{ <{astana}> <http://www.w3.org/2004/02/skos/core#altLabel> "Tselinograd"@en }}',
            f'DELETE DATA {{ <{LAKE}> <{LABEL}> "Balkhash"@en }} ; INSERT DATA {{ <{LAKE}> <{LABEL}> "Balqash"@en }}',
        ):
            status, body = client.update(update)
            assert status == 200, body
        yield client


def get(url: str, **headers: str) -> tuple[int, Message, str]:
    status, found, body = send(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return status, found, body.decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def unfollowed(url: str, **headers: str) -> tuple[int, Message]:
    """Status and headers, without following a redirect."""
    request = urllib.request.Request(url, headers={n.replace("_", "-"): v for n, v in headers.items()})
    try:
        with urllib.request.build_opener(_Stay).open(request) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


@pytest.mark.parametrize(
    ("address", "accept"),
    [("id/astana", "text/turtle"), ("data/astana.nt", "*/*"), ("page/astana", BROWSER), ("id/astana", BROWSER)],
)
def test_a_thing_as_of_each_version(client: Client, address: str, accept: str) -> None:
    for version, names in ((0, set()), (1, {"Akmola"}), (2, {"Akmola"}), (3, {"Akmola", "Tselinograd"})):
        status, headers, body = get(f"{client.server}{address}?version={version}", Accept=accept)
        assert status == 200
        assert {name for name in ("Akmola", "Tselinograd") if name in body} == names
        assert headers["Kelisim-Version"] == str(version)
        assert headers["Memento-Datetime"]
        assert "no-cache" in headers["Cache-Control"]
        digest = get_json(f"{client.server}changes.json?before={version + 1}")["versions"][0]["digest"]
        _, lasting, again = get(f"{client.server}{address}?version={digest}", Accept=accept)
        assert ("immutable" in lasting["Cache-Control"]) == (accept != BROWSER)
        assert (lasting["Kelisim-Version"], again == body or accept == BROWSER) == (str(version), True)
        assert re.search(r'rel="original timegate".*rel="timemap".*rel="memento"; datetime="', headers["Link"])
        assert (f"This is version {version} of the data" in body) == (accept == BROWSER)
    status, headers, body = get(f"{client.server}{address}", Accept=accept)
    assert "Memento-Datetime" not in headers
    assert 'rel="original timegate"' in headers["Link"]
    assert "Tselinograd" in body
    assert "of the data, of" not in body


def test_other_things_and_graphs(client: Client) -> None:
    lake = f"{client.server}resource?iri={LAKE}&format=ntriples"
    for version, name in ((1, ""), (2, "Balkhash"), (3, "Balkhash"), (4, "Balqash")):
        status, _, body = get(f"{lake}&version={version}")
        assert (status == 200) == bool(name)
        assert not name or f'"{name}"@en' in body
    default = f"{client.server}graphs?default&format=ntriples"
    sizes = [get(f"{default}&version={n}")[2].count("\n") for n in range(5)]
    assert [size - sizes[0] for size in sizes] == [0, 1, 2, 3, 3]
    etags = {get(f"{default}&version={n}")[1]["ETag"] for n in range(5)}
    assert len(etags) == 5
    assert get(f"{client.server}graphs?version=2")[0] == 400
    assert get(f"{client.server}id/astana?version=9")[0] == 404
    assert get(f"{client.server}id/astana?version=soon")[0] == 400


def test_negotiation_of_the_time(client: Client) -> None:
    when = get(f"{client.server}id/astana?version=4", Accept="text/turtle")[1]["Memento-Datetime"]
    url = f"{client.server}data/astana.ttl?page=1"
    get(url)  # so that the cache has it
    status, headers = unfollowed(url, Accept_Datetime=when)
    assert status == 302
    assert headers["Vary"] == "Accept-Datetime"
    found = re.search(r"\?page=1&version=(\d)$", headers["Location"])
    assert found
    assert parsedate_to_datetime(get(headers["Location"])[1]["Memento-Datetime"]) <= parsedate_to_datetime(when)
    early = unfollowed(url, Accept_Datetime="Thu, 01 Jan 1998 00:00:00 GMT")[1]["Location"]
    assert early.endswith("version=0")
    late = unfollowed(url, Accept_Datetime="Thu, 01 Jan 2099 00:00:00 GMT")[1]["Location"]
    assert late.endswith("version=4")
    assert get(url, Accept_Datetime="some day")[0] == 400
    assert get(url)[0] == 200


def test_time_maps_list_the_versions_that_changed_it(client: Client) -> None:
    for address, versions in (
        ("id/astana", [0, 1, 3]),
        (f"resource?iri={LAKE}", [2, 4]),
        ("graphs?default", [0, 1, 2, 3, 4]),
    ):
        _, headers, body = get(f"{client.server}timemap/json/{address}")
        assert headers["Content-Type"].startswith("application/json")
        listed = json.loads(body)["mementos"]["list"]
        assert [each["version"] for each in listed] == versions
        assert all(get(each["uri"])[1]["Memento-Datetime"] == each["datetime"] for each in listed)
        _, headers, body = get(f"{client.server}timemap/link/{address}")
        assert headers["Content-Type"].startswith("application/link-format")
        assert body.count('memento"; datetime=') == len(versions)
        assert all(line.startswith("<http") for line in body.strip().split(",\n"))
    assert get(f"{client.server}timemap/link/sparql")[0] == 404
    assert get(f"{client.server}timemap/xml/id/astana")[0] == 404


def test_what_is_cached_for_the_site_stays_that_of_now(client: Client) -> None:
    client.update(
        "INSERT DATA { <urn:x> <urn:y> <urn:z> }"
    )  # so that all is read again, first by a request of the past
    get(f"{client.server}page/astana?version=0", Accept=BROWSER)
    now = get(f"{client.server}", Accept=BROWSER)[2]
    assert "This is version" not in now
    assert "/states" in now
