"""The catalogue, the sitemaps and robots.txt."""

import urllib.robotparser
from xml.etree import ElementTree

from rdflib import RDF, Graph, Namespace, URIRef

from ontology import BASE
from tests.conftest import serving
from tests.http import BROWSER, send
from tests.server.data.test_linked_data import hop

DCAT = Namespace("http://www.w3.org/ns/dcat#")
VOID = Namespace("http://rdfs.org/ns/void#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
DATASET = URIRef(BASE)
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def described(server: str, path: str = "data/catalogue") -> Graph:
    status, headers, body = send(server + path, headers={"Accept": "text/turtle"})
    assert (status, headers.get_content_type()) == (200, "text/turtle")
    return Graph().parse(data=body, format="turtle")


def test_void_and_dcat_are_one_description(server: str) -> None:
    void, dcat = described(server, ".well-known/void"), described(server)
    assert void.isomorphic(dcat)
    assert {VOID.Dataset, DCAT.Dataset} <= set(void.objects(DATASET, RDF.type))
    assert void.value(DATASET, VOID.sparqlEndpoint) == URIRef(f"{server}sparql")
    addresses = {str(dcat.value(service, DCAT.endpointURL)) for service in dcat.subjects(DCAT.servesDataset, DATASET)}
    assert addresses == {f"{server}{path}" for path in ("sparql", "search", "reconcile")}


def test_what_is_counted_is_what_is_there(server: str) -> None:
    graph = described(server)
    count = send(f"{server}sparql?query=SELECT(COUNT(*)AS%20?n)%7B?s%20?p%20?o%7D&format=csv")[2].split()[1]
    assert int(str(graph.value(DATASET, VOID.triples))) == int(count)
    states = graph.value(predicate=VOID["class"], object=URIRef(f"{BASE}ns#State"))
    query = "SELECT(COUNT(*)AS%20?n)%7B?s%20a%20%3Chttps://w3id.org/kelisim/ns%23State%3E%7D"
    assert int(str(graph.value(states, VOID.entities))) == int(
        send(f"{server}sparql?query={query}&format=csv")[2].split()[1]
    )


def test_every_distribution_can_be_downloaded_and_is_measured(server: str) -> None:
    distributions = set(described(server).objects(DATASET, DCAT.distribution))
    assert len(distributions) == 13
    sizes = {}
    for each in distributions:
        status, headers, _ = send(str(each), method="HEAD")
        assert status == 200
        sizes[each] = headers["Content-Length"], headers["ETag"].strip('"')
    graph = described(server)
    for each, (size, digest) in sizes.items():
        assert str(graph.value(each, DCAT.byteSize)) == size
        checksum = graph.value(each, SPDX.checksum)
        assert str(graph.value(checksum, SPDX.checksumValue)).lower() == digest


def test_what_is_told_of_files_is_never_old(kelisim: str) -> None:
    with serving(kelisim, "--empty") as running:
        for path in ("data/catalogue", "downloads"):
            url = running.address + path
            tag = {"If-None-Match": send(url)[1]["ETag"]}
            assert send(url, headers=tag)[0] == 304
        send(f"{running.address}data/dump.nt")
        for path in ("data/catalogue", "downloads"):
            assert send(running.address + path, headers=tag)[0] == 200
        file = URIRef(f"{running.address}data/dump.nt")
        assert str(described(running.address).value(file, DCAT.byteSize)) == "0"


def test_the_catalogue_is_a_page_for_people(server: str) -> None:
    status, headers = hop(f"{server}catalogue", BROWSER)
    assert (status, headers["Location"]) == (303, "/downloads")
    status, headers, body = send(f"{server}downloads", headers={"Accept": BROWSER})
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert b"/data/dump.nq.gz" in body
    assert hop(f"{server}catalogue")[1]["Location"] == "/data/catalogue"


def test_the_sitemap_leads_to_pages(server: str) -> None:
    index = ElementTree.fromstring(send(f"{server}sitemap.xml")[2])
    pages = []
    for part in index.iter(f"{SITEMAP}loc"):
        locations = [loc.text or "" for loc in ElementTree.fromstring(send(part.text or "")[2]).iter(f"{SITEMAP}loc")]
        assert 0 < len(locations) <= 50_000
        pages += locations
        status, headers, _ = send(locations[0], headers={"Accept": BROWSER})
        assert (status, headers.get_content_type()) == (200, "text/html")
    assert len(pages) == len(set(pages)) > 1000
    assert f"{server}page/kazakhstan" in pages
    assert send(f"{server}sitemap/things-999.xml")[0] == 404


def test_robots_may_read_pages_and_data(server: str) -> None:
    robots = urllib.robotparser.RobotFileParser()
    robots.parse(send(f"{server}robots.txt")[2].decode().splitlines())
    assert robots.can_fetch("any", f"{server}page/astana")
    assert robots.can_fetch("any", f"{server}data/astana")
    assert not robots.can_fetch("any", f"{server}sparql?query=x")
    assert robots.site_maps() == [f"{server}sitemap.xml"]


def test_an_empty_store_is_described_all_the_same(kelisim: str) -> None:
    with serving(kelisim, "--empty") as running:
        graph, dataset = described(running.address), URIRef(running.address)
        assert graph.value(dataset, VOID.triples) is None
        assert len(set(graph.objects(dataset, DCAT.distribution))) == 12  # no tables: there is nothing for them
        assert len(list(ElementTree.fromstring(send(f"{running.address}sitemap.xml")[2]))) == 0
        status, _, body = send(f"{running.address}ns", headers={"Accept": "text/turtle"})
        assert status == 200
        assert len(Graph().parse(data=body, format="turtle")) > 500
