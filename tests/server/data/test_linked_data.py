"""Dereferencing of IRIs, and the descriptions that they lead to."""

import json
import timeit
import urllib.request
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import RDF, Dataset, Graph, Literal, URIRef

from kg.engine.engine import Engine
from kg.publishing.descriptions import PAGE_ROWS, describe, iri_status
from kg.publishing.schema_org import schema_org
from kg.rdf.formats import GRAPH_FORMATS
from kg.store.reader import Reader
from kg.views.properties import values_of
from ontology import BASE
from ontology.namespaces import CLAIM, CODE, ID, KEL, PREFIXES
from tests.conftest import serving
from tests.http import BROWSER, send
from tests.server.endpoint.test_writes import make_token

# rdflib uses its own deprecated functions.
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")

DENIED = "claim/izv24-p37-1"


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def hop(url: str, accept: str = "*/*", method: str = "GET") -> tuple[int, Any]:
    """Status and headers of one response, redirects not followed."""
    request = urllib.request.Request(url, headers={"Accept": accept}, method=method)
    try:
        with urllib.request.build_opener(NoRedirects).open(request, timeout=60) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


@pytest.mark.parametrize(
    ("name", "data", "page"),
    [
        ("id/astana", "/data/astana", "/page/astana"),
        ("code/planned", "/data/code/planned", "/page/code/planned"),
        (DENIED, f"/data/{DENIED}", f"/page/{DENIED}"),
        ("source/izv24-p32-s3", "/data/source/izv24-p32-s3", "/page/source/izv24-p32-s3"),
        ("ns", "/data/ns", "/page/ns"),
        ("graph/inferred", "/data/graph/inferred", "/sparql?"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_names_lead_to_pages_and_data(server: str, name: str, data: str, page: str, method: str) -> None:
    for accept, target in (("*/*", data), ("text/turtle", data), (BROWSER, page), ("text/html", page)):
        status, headers = hop(server + name, accept, method)
        assert (status, headers["Vary"]) == (303, "Accept") or (status == 303 and "Accept" in headers["Vary"])
        assert headers["Location"].startswith(target)
        assert f'<{BASE}{name}>; rel="canonical"' in headers["Link"]


def test_a_suffix_overrides_the_header(server: str) -> None:
    status, headers = hop(f"{server}id/astana.jsonld", BROWSER)
    assert (status, headers["Location"]) == (303, "/data/astana.jsonld")
    status, got, _ = send(f"{server}data/astana.jsonld", headers={"Accept": "text/turtle"})
    assert (status, got.get_content_type()) == (200, "application/ld+json")


@pytest.mark.parametrize("form", GRAPH_FORMATS, ids=lambda f: f.name)
def test_each_format_comes_by_negotiation_and_by_suffix(server: str, form: Any) -> None:
    status, headers, body = send(f"{server}id/astana", headers={"Accept": form.media_type})
    assert (status, headers.get_content_type()) == (200, form.media_type)
    assert headers["Content-Location"] == f"/data/astana.{form.extension}"
    assert send(f"{server}data/astana.{form.extension}")[2].count(b"\n") == body.count(b"\n")
    for other in GRAPH_FORMATS:
        assert f'</data/astana.{other.extension}>; rel="alternate"; type="{other.media_type}"' in headers["Link"]
    assert 'rel="license"' in headers["Link"]
    assert 'rel="describedby"' in headers["Link"]


def test_an_expected_fact_is_described_and_not_asserted(server: str) -> None:
    """The claim's fact is in its named graph if the format has graphs, else reified."""
    fact = (ID["csto-summit-astana-2024"], KEL.topic, ID["topic-eastern-european-collective-security"])
    plain = Graph().parse(data=send(f"{server}data/{DENIED}.ttl")[2], format="turtle")
    assert fact not in plain
    (statement,) = plain.subjects(KEL.inGraph, URIRef(BASE + DENIED))  # not what is only inferred
    assert tuple(plain.value(statement, p) for p in (RDF.subject, RDF.predicate, RDF.object)) == fact
    assert plain.value(URIRef(BASE + DENIED), KEL.modality) == CODE.expected
    for suffix, name in (("trig", "trig"), ("nq", "nquads"), ("jsonld", "json-ld")):
        whole = Dataset().parse(data=send(f"{server}data/{DENIED}.{suffix}")[2], format=name)
        assert isinstance(whole, Dataset)
        assert fact in whole.graph(URIRef(BASE + DENIED))
        assert fact not in whole.default_graph


def test_a_description_has_neighbours_names_and_claims(server: str) -> None:
    graph = Graph().parse(data=send(f"{server}data/csto-summit-astana-2024.ttl")[2], format="turtle")
    it = ID["csto-summit-astana-2024"]
    assert (it, KEL.place, ID.astana) in graph
    assert list(graph.subjects(KEL.inEvent, it))
    assert Literal("Astana", lang="en") in set(
        graph.objects(ID.astana, URIRef("http://www.w3.org/2000/01/rdf-schema#label"))
    )
    claims = set(graph.objects(None, KEL.inGraph))
    assert claims
    for claim in claims:
        assert graph.value(claim, KEL.gloss)
        assert graph.value(claim, KEL.passage)


def test_long_descriptions_come_in_pages(server: str, engine: Engine) -> None:
    pointing = set(engine.with_object(ox.NamedNode(str(CODE.asserted))))
    assert len(pointing) > 2 * PAGE_ROWS
    found: set[Any] = set()
    url, pages = f"{server}data/code/asserted.nq", 0
    while url:
        status, headers, body = send(url)
        assert status == 200
        pages += 1
        found |= set(ox.parse(input=body, format=ox.RdfFormat.N_QUADS))
        following = [part for part in headers["Link"].split(", ") if part.endswith('rel="next"')]
        url = server + following[0].partition(">")[0].lstrip("</") if following else ""
    assert pages == -(-len(pointing) // PAGE_ROWS)
    assert pointing <= found
    _, headers, body = send(f"{server}data/code/asserted?page=2", headers={"Accept": "application/n-triples"})
    assert headers["Content-Location"] == "/data/code/asserted.nt?page=2"
    assert send(server.rstrip("/") + headers["Content-Location"])[2].count(b"\n") == body.count(b"\n")
    assert send(f"{server}data/code/asserted.nq?page={pages + 1}")[0] == 404
    assert send(f"{server}data/code/asserted?page=0")[0] == 400


@pytest.mark.parametrize(
    "path", ["id/nowhere", "code/x y", "claim/none", "ns/9.9.9", "ns.exe", "shape/None", "data/nowhere.ttl"]
)
def test_what_is_not_known_is_404_in_the_form_asked_for(server: str, path: str) -> None:
    path = path.replace(" ", "%20")
    status, headers, body = send(server + path, headers={"Accept": "text/turtle"})
    assert (status, headers.get_content_type()) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404
    for accept in (BROWSER, "text/html"):
        status, headers, body = send(server + path, headers={"Accept": accept})
        assert (status, headers.get_content_type()) == (404, "text/html")


def test_what_cannot_be_had_in_a_format_is_406(server: str) -> None:
    assert send(f"{server}id/astana", headers={"Accept": "image/png"})[0] == 406
    assert send(f"{server}data/astana", headers={"Accept": "image/png"})[0] == 406


def test_shapes_and_nameless_nodes_dereference(server: str) -> None:
    for path in ("shape/Organization", ".well-known/genid/core-c14n0", "service", "ns/0.4.0"):
        status, headers, body = send(server + path, headers={"Accept": "text/turtle"})
        assert (status, headers.get_content_type()) == (200, "text/turtle")
        graph = Graph().parse(data=body, format="turtle")
        assert URIRef(BASE + path) in {term for triple in graph for term in triple}


def test_the_root_is_a_page_for_people_and_the_dataset_for_programs(server: str) -> None:
    status, headers, _ = send(server)
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert '</data/catalogue.ttl>; rel="alternate"; type="text/turtle"' in headers["Link"]
    status, headers = hop(server, "application/ld+json, */*;q=0.1")
    assert (status, headers["Location"]) == (303, "/data/catalogue")


def test_pages_point_to_their_data(server: str) -> None:
    status, headers, body = send(f"{server}page/astana", headers={"Accept": BROWSER})
    assert status == 200
    assert '</data/astana.ttl>; rel="alternate"; type="text/turtle"' in headers["Link"]
    assert f'<{BASE}id/astana>; rel="canonical"' in headers["Link"]
    embedded = body.decode().partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(embedded)["@id"] == f"{BASE}id/astana"


def test_what_was_withdrawn_is_410_and_names_what_took_its_place(kelisim: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    token = make_token(store)
    update = f"""PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX dcterms: <http://purl.org/dc/terms/>
      INSERT DATA {{ <{ID.old}> dcterms:isReplacedBy <{ID["новое"]}> . <{ID.dead}> owl:deprecated true .
                     <{ID["split"]}> dcterms:isReplacedBy <{ID.a}> , <{ID.b}> .
                     <{ID["новое"]}> <urn:x:p/1> "</script>" . <{ID.catalogue}> <urn:p> 1 ;
                     <urn:near> <{ID["code/x"]}>, <{ID["question/x"]}>, <{ID["%D0%BD?q"]}> }}"""
    with serving(kelisim, "--store", str(store), "--empty", "--allow-updates") as running:
        head = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
        assert send(f"{running.address}sparql", method="POST", body=update.encode(), headers=head)[0] == 200
        for path in ("id/split", "data/split.ttl", "id/dead"):
            status, headers, body = send(running.address + path)
            assert (status, json.loads(body)["title"]) == (410, "Gone")
        status, headers, body = send(f"{running.address}id/split", headers={"Accept": BROWSER})
        assert (status, headers.get_content_type()) == (410, "text/html")
        assert headers["Link"].count('rel="successor-version"') == 2
        for path in ("id/old", "id/old.ttl", "data/old.ttl?page=1", "page/old"):
            connection = HTTPConnection(running.address.split("/")[2])
            connection.request("GET", f"/{path}")
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Location"].count("%D0%BD%D0%BE%D0%B2%D0%BE%D0%B5")) == (301, 1)
            assert answer.headers["Location"].endswith(path.partition("old")[2])
            connection.close()
        new = f"{running.address}id/%D0%BD%D0%BE%D0%B2%D0%BE%D0%B5"
        status, _, body = send(new)
        assert status == 200
        assert str(ID["новое"]).encode() in body or "новое".encode() in body
        assert send(f"{new}.rdf")[0] == 406, "RDF/XML cannot write the property"
        assert send(f"{running.address}data/dump.rdf")[0] == 406
        assert send(f"{running.address}data/dump.ttl")[0] == 200
        assert b"id/catalogue" in send(f"{running.address}id/catalogue.nt")[2]
        for slug in ("catalogue", "code/x", "question/x", "%25D0%25BD%3Fq"):
            for accept in ("application/n-triples", BROWSER):
                status, headers, body = send(f"{running.address}id/{slug}", headers={"Accept": accept})
                assert status == 200
                iri = f"{ID}{slug}".replace("%25", "%").replace("%3F", "?")
                assert f'<{iri}>; rel="canonical"' in headers["Link"]
                assert iri.encode() in body
        assert send(f"{running.address}id/astana")[0] == 404


def test_malformed_iris_get_into_no_query(engine: Engine) -> None:
    assert not iri_status(Reader(engine), f"{ID.astana}").withdrawn
    with pytest.raises(Exception, match="is no IRI"):
        iri_status(Reader(engine), f"{ID.astana}> ?p ?o }} #")


def test_a_page_is_bounded_whatever_the_thing(engine: Engine) -> None:
    for name in (ID.kazakhstan, ID.russia, CODE.asserted, CLAIM["izv24-p32-1"]):
        found = describe(Reader(engine), str(name))
        assert 0 < len(found.quads) < 30 * PAGE_ROWS


def test_a_description_costs_the_same_in_a_big_store(engine: Engine) -> None:
    """Queries for the labels of neighbours and the values of a thing must not scan those of all things."""
    label, other = ox.NamedNode(PREFIXES["rdfs"] + "label"), ox.NamedNode(str(KEL.gloss))
    many = (ox.NamedNode(f"{ID}thing-{n}") for n in range(400_000))
    big = Reader(Engine([*engine.quads(), *(ox.Quad(it, p, ox.Literal("x")) for it in many for p in (label, other))]))
    all_names = seconds(lambda: big.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ ?s {label} ?o }}"))
    assert seconds(lambda: describe(big, str(ID.astana))) < all_names
    assert seconds(lambda: values_of(big, [str(ID.astana), str(ID.russia)], [label.value, other.value])) < all_names


def seconds(do: Callable[[], object]) -> float:
    """The minimum duration of several runs."""
    return min(timeit.repeat(do, number=1, repeat=5))


def test_schema_org_in_the_language_of_the_page(engine: Engine) -> None:
    reader = Reader(engine)
    assert schema_org(reader, str(ID.kazakhstan), "kk")["name"] == "Қазақстан"
    summit = schema_org(reader, str(ID["csto-summit-astana-2024"]), "en")
    assert summit["@type"] == "Event"
    assert summit["eventStatus"] == "https://schema.org/EventScheduled"
    assert summit["location"] == {"@id": str(ID.astana), "name": "Astana"}
    figure = schema_org(reader, str(ID["obs-kz-ru-trade-2023"]), "en")
    assert figure["unitCode"] == "http://qudt.org/vocab/unit/CCY_USD"
    assert {"@id": str(ID.russia), "name": "Russia"} in figure["observationAbout"]
    assert schema_org(reader, str(ID.nowhere), "en") == {}
