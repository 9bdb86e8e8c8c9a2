"""The files that explain the data: what they hold, and how they are downloaded."""

import hashlib
import io
import json
from typing import Any

import owlready2
import pyoxigraph as ox
import pyshacl
import pytest
from pyld import jsonld
from rdflib import OWL, RDF, Graph
from rdflib.compare import isomorphic

from kg.publishing.schemas import MEDIA_TYPES, schema
from ontology import read_graph, read_text
from ontology.namespaces import KEL
from shapes import read_shapes
from tests.conftest import ROOT, serving
from tests.http import BROWSER, send

FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_it_is_downloaded_whole_and_in_parts(server: str, name: str) -> None:
    url = f"{server}data/{name}"
    status, headers, body = send(url)
    assert (status, headers.get_content_type()) == (200, MEDIA_TYPES[name])
    assert headers["Access-Control-Allow-Origin"] == "*"
    digest = hashlib.sha256(body).hexdigest()
    assert headers["ETag"] == f'"{digest}"'
    assert send(f"{url}.sha256")[2].decode() == f"{digest}  {name}\n"
    assert send(url, headers={"If-None-Match": headers["ETag"]})[0] == 304
    status, part, rest = send(url, headers={"Range": "bytes=100-"})
    assert (status, rest) == (206, body[100:])
    assert part["Content-Range"] == f"bytes 100-{len(body) - 1}/{len(body)}"
    status, head, nothing = send(url, method="HEAD")
    assert (status, head["Content-Length"], nothing) == (200, str(len(body)), b"")
    assert send(url, headers={"Range": f"bytes={len(body)}-"})[0] == 416


def test_the_bytes_are_the_same_in_every_process(server: str) -> None:
    for name in MEDIA_TYPES:
        assert send(f"{server}data/{name}")[1]["ETag"] == f'"{schema(name).sha256}"'


@pytest.mark.parametrize("name", [n for n in MEDIA_TYPES if n.startswith("ontology")])
def test_the_ontology_loses_nothing(server: str, name: str) -> None:
    body = send(f"{server}data/{name}")[2]
    triples = (quad.triple for quad in ox.parse(input=body, format=FORMATS[MEDIA_TYPES[name]]))
    lines = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert isomorphic(Graph().parse(data=lines, format="nt"), read_graph())


def test_reasoners_read_the_owl_file(server: str) -> None:
    world = owlready2.World()
    read = world.get_ontology("https://w3id.org/kelisim/ns#")
    read.load(fileobj=io.BytesIO(send(f"{server}data/ontology.owl")[2]))
    named = {cls.iri for cls in world.classes() if cls.iri.startswith(str(KEL))}
    graph = read_graph()
    assert named == {str(c) for c in graph.subjects(RDF.type, OWL.Class) if str(c).startswith(str(KEL))}
    chains = {str(p) for p in graph.subjects(OWL.propertyChainAxiom)}
    assert {p.iri for p in world.object_properties() if p.get_property_chain()} == chains != set()


def test_all_shapes_are_in_one_file_with_their_prefixes(server: str) -> None:
    text = send(f"{server}data/shapes.ttl")[2].decode()
    graph = Graph().parse(data=text, format="turtle")
    assert isomorphic(graph, read_shapes())
    head, _, rest = text.partition("\n\n")[2].partition("\n\n")
    assert all(line.startswith("@prefix ") for line in head.splitlines())
    assert "@prefix" not in rest


@pytest.mark.parametrize(("folder", "conforms"), [("valid", True), ("invalid", False)])
def test_another_validator_needs_no_more_than_the_two_files(server: str, folder: str, conforms: bool) -> None:
    shapes = Graph().parse(data=send(f"{server}data/shapes.ttl")[2], format="turtle")
    ontology = Graph().parse(data=send(f"{server}data/ontology.ttl")[2], format="turtle")
    (example,) = sorted((ROOT / "tests" / "fixtures" / folder).glob("*.trig"))[:1]
    data = Graph()
    for quad in ox.parse(path=str(example), format=ox.RdfFormat.TRIG):
        data.parse(data=f"{quad.triple} .", format="nt")
    found, _, text = pyshacl.validate(data + ontology, shacl_graph=shapes, inference="none")
    assert found is conforms, text


def test_documents_refer_to_the_context_by_its_address(server: str) -> None:
    fetched: list[str] = []

    def load(url: str, options: dict[str, Any]) -> dict[str, Any]:
        status, headers, body = send(url, headers={"Accept": "application/ld+json, application/json"})
        assert (status, headers.get_content_type()) == (200, "application/ld+json")
        fetched.append(url)
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": json.loads(body),
        }

    document = {
        "@context": f"{server}data/context.jsonld",
        "@id": "id:some-visit",
        "@type": "kel:Visit",
        "label": {"@value": "A visit", "@language": "en"},
        "visitor": "id:somebody",
        "earliest": "2024-01-31",
    }
    by_address = jsonld.expand(document, {"documentLoader": load})
    inline = jsonld.expand(document | {"@context": json.loads(read_text("context.jsonld"))["@context"]})
    assert fetched == [f"{server}data/context.jsonld"]
    assert by_address == inline
    assert by_address[0][str(KEL.visitor)] == [{"@id": "https://w3id.org/kelisim/id/somebody"}]


def test_they_are_on_the_page_of_downloads(server: str) -> None:
    page = send(f"{server}downloads?lang=kk", headers={"Accept": BROWSER})[2].decode()
    for name in MEDIA_TYPES:
        assert f'href="/data/{name}"' in page
        assert f'href="/data/{name}.sha256"' in page


def test_a_store_of_other_data_has_them_too(kelisim: str) -> None:
    with serving(kelisim, "--empty") as running:
        for name in MEDIA_TYPES:
            assert send(f"{running.address}data/{name}")[0] == 200
        assert send(f"{running.address}data/ontology.xyz")[0] == 404
        paths = json.loads(send(f"{running.address}openapi.json")[2])["paths"]
        offered = {
            path.replace("{ending}", ending)
            for path in paths
            if path.endswith(".{ending}")
            for ending in paths[path]["get"]["parameters"][0]["schema"]["enum"]
        }
        assert {f"/data/{name}{end}" for name in MEDIA_TYPES for end in ("", ".sha256")} <= offered
