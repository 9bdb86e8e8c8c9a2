"""The operator's description of the data: what is read from it, what is claimed, and how errors are told."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from tests.conftest import ROOT, serving
from tests.http import BROWSER, ask, send
from tests.markup import page, words
from tests.server.endpoint.test_writes import Client, make_token

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SH = Namespace("http://www.w3.org/ns/shacl#")
DCTERMS = Namespace("http://purl.org/dc/terms/")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"

HEAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
ABOUT = (
    HEAD
    + f"""<> a dcat:Dataset ;
  dcterms:title "Bridges & <fords>"@en , "Мосты"@ru , "Көпірлер"@kk ;
  dcterms:description "Every crossing."@en , "Все переправы."@ru ;
  dcterms:license <{ODBL}> ;
  dcterms:publisher [ foaf:name "Roads Office"@en , "Дорожная служба"@ru ; foaf:homepage <https://roads.example/> ] ;
  dcat:keyword "bridge"@en , "мост"@ru ; dcterms:issued "2024-02-03"^^xsd:date ;
  dcat:contactPoint [ vcard:fn "Desk" ; vcard:hasEmail "desk@roads.example" ] ;
  sh:declare [ sh:prefix "b" ; sh:namespace "https://roads.example/bridge/"^^xsd:anyURI ] ,
    [ sh:prefix "id" ; sh:namespace "https://roads.example/id#"^^xsd:anyURI ] .
<{ODBL}> rdfs:label "Open Database License"@en .
"""
)
DATA = """@prefix b: <https://roads.example/bridge/> .
b:one a b:Bridge ; b:name "First" ; b:over <https://roads.example/id#river> .
"""


@dataclass(frozen=True)
class Store:
    """A running server and its folder."""

    address: str
    folder: Path


def load(kelisim: str, folder: Path, data: str = DATA) -> Path:
    """A new store with data in TriG."""
    file = folder.with_suffix(".trig")
    file.write_text(data, encoding="utf-8")
    subprocess.run([kelisim, "load", str(folder), str(file)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def described(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of other data with a description."""
    folder = load(kelisim, tmp_path_factory.mktemp("described") / "crossings")
    about = folder.with_name("about.ttl")
    about.write_text(ABOUT, encoding="utf-8")
    with serving(kelisim, "--store", str(folder), "--about", str(about)) as running:
        yield Store(running.address, folder)


@pytest.fixture(scope="module")
def bare(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same without one."""
    folder = load(kelisim, tmp_path_factory.mktemp("bare") / "crossings")
    with serving(kelisim, "--store", str(folder)) as running:
        yield Store(running.address, folder)


def graph(url: str) -> Graph:
    status, _, body = send(url, headers={"Accept": "text/turtle"})
    assert status == 200
    return Graph().parse(data=body, format="turtle")


def text(url: str, language: str = "en") -> str:
    return send(url, headers={"Accept": BROWSER, "Accept-Language": language})[2].decode()


@pytest.mark.parametrize(
    ("language", "title", "told", "publisher"),
    [
        ("en", "Bridges &amp; &lt;fords&gt;", "Every crossing.", "Roads Office"),
        ("ru", "Мосты", "Все переправы.", "Дорожная служба"),
        ("kk", "Көпірлер", "Every crossing.", "Roads Office"),
    ],
)
def test_pages_say_what_the_file_says_in_the_language_of_the_reader(
    described: Store, language: str, title: str, told: str, publisher: str
) -> None:
    for path in ("", "about"):
        shown = text(described.address + path, language)
        assert f"<h1>{title}</h1>" in shown
        for each in (
            told,
            publisher,
            "https://roads.example/",
            ODBL,
            "Open Database License",
            "mailto:desk@roads.example",
        ):
            assert each in shown
    for path in ("downloads", "query", "search?q=x", "states", "resource-that-is-not"):
        shown = text(described.address + path, language)
        assert f"· {title}</title>" in shown
        assert CC_BY not in shown


def test_every_description_for_programs_has_the_given_licence_and_no_other(described: Store) -> None:
    host = URIRef(described.address)
    for path in ("sparql", ".well-known/void", "data/catalogue"):
        found = graph(described.address + path)
        assert set(found.objects(None, DCTERMS.license)) == {URIRef(ODBL)}
        assert set(found.objects(host, DCTERMS.title)) == {
            Literal("Bridges & <fords>", "en"),
            Literal("Мосты", "ru"),
            Literal("Көпірлер", "kk"),
        }
        assert "kelisim" not in found.serialize(format="nt")
    catalogue = graph(described.address + "data/catalogue")
    assert str(catalogue.value(catalogue.value(host, DCTERMS.publisher), URIRef("http://xmlns.com/foaf/0.1/homepage")))
    information = json.loads(send(described.address + "openapi.json")[2])["info"]
    assert information["title"] == "Bridges & <fords>"
    assert information["license"] == {"name": "Open Database License (data)", "url": ODBL}
    assert information["contact"] == {"name": "Desk", "email": "desk@roads.example"}
    assert json.loads(send(described.address + "reconcile")[2])["name"] == "Bridges & <fords>"
    assert "<ShortName>Мосты</ShortName>" in text(described.address + "opensearch.xml", "ru")
    home = embedded(described.address)
    assert (home["@type"], home["name"], home["license"]) == ("Dataset", "Bridges & <fords>", [ODBL])
    for url in (described.address, ask(described.address, "ASK {}"), described.address + "downloads"):
        assert f'<{ODBL}>; rel="license"' in send(url)[1]["Link"]


def embedded(address: str) -> dict[str, object]:
    """The JSON-LD of the home page."""
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text(address), re.DOTALL)
    whole: dict[str, object] = json.loads(found)
    return whole


def test_nothing_is_claimed_where_nothing_is_given(bare: Store) -> None:
    for path in ("sparql", ".well-known/void", "data/catalogue"):
        found = graph(bare.address + path)
        assert not set(found.objects(None, DCTERMS.license))
        assert not set(found.objects(URIRef(bare.address), DCTERMS.publisher))
        assert "kelisim" not in found.serialize(format="nt")
    assert "license" not in json.loads(send(bare.address + "openapi.json")[2])["info"]
    for path in ("", "about"):
        shown = text(bare.address + path)
        assert "<h1>crossings</h1>" in shown  # the folder's name
        assert "no licence and no publisher are claimed" in shown
        assert "--about about.ttl" in shown
        assert CC_BY not in shown.replace(f"&lt;{CC_BY}&gt;", "")  # but in the example of a description
    for path in ("downloads", "query", "states", "search?q=First", "no-such-page"):
        status, headers, body = send(bare.address + path, headers={"Accept": BROWSER})
        assert "license" not in headers.get("Link", "")
        assert b"creativecommons" not in body, path
        assert status in {200, 404}
    assert "Link" not in send(ask(bare.address, "ASK {}"))[1]


def test_the_curated_graph_keeps_its_own_description_in_any_store(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--store", str(tmp_path / "store")) as running:
        assert f'<{CC_BY}>; rel="license"' in send(ask(running.address, "ASK {}"))[1]["Link"]
        assert "Kelisim: diplomacy between states" in text(running.address)
        dataset = URIRef("https://w3id.org/kelisim/")
        assert (dataset, RDF.type, SD.Dataset) in graph(running.address + "sparql")
        assert set(graph(running.address + ".well-known/void").objects(dataset, DCTERMS.license)) == {URIRef(CC_BY)}


def test_errors_of_updates_know_the_prefixes_of_the_operator(kelisim: str, tmp_path: Path) -> None:
    token, about = make_token(tmp_path / "store"), tmp_path / "about.ttl"
    about.write_text(ABOUT, encoding="utf-8")
    options = ("--store", str(tmp_path / "store"), "--empty", "--allow-updates", "--about", str(about))
    with serving(kelisim, *options) as running:
        status, told = Client(running, token).update("INSERT DATA { <urn:a> a b:Bridge }")
        assert status == 400
        assert "PREFIX b: <https://roads.example/bridge/>" in json.loads(told)["detail"]


def test_what_is_claimed_follows_the_data(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    with serving(kelisim, "--store", str(tmp_path / "store"), "--allow-updates") as running:
        client = Client(running, token)
        assert CC_BY in send(ask(running.address, "ASK {}"))[1]["Link"]
        own = "<https://w3id.org/kelisim/> ?p ?o"
        assert client.update(f"DELETE WHERE {{ {own} }}")[0] == 200
        assert "Link" not in send(ask(running.address, "ASK { ?s ?p ?o }"))[1]
        assert "no licence and no publisher are claimed" in text(running.address)


def test_prefixes_of_the_operator_are_used_and_come_first(described: Store) -> None:
    found = graph(described.address + "sparql")
    declared = {
        str(found.value(each, SH.prefix)): str(found.value(each, SH.namespace))
        for each in found.objects(URIRef(described.address), SH.declare)
    }
    assert declared["b"] == "https://roads.example/bridge/"
    assert declared["id"] == "https://roads.example/id#"
    assert "kel" not in declared
    offered = json.loads(send(described.address + "query/terms.json")[2])
    assert offered["prefixes"]["b"] == "https://roads.example/bridge/"
    assert ["b:Bridge", "b:Bridge", "class"] in [list(each) for each in offered["terms"]]
    assert "PREFIX b: &lt;https://roads.example/bridge/&gt;" in text(described.address + "query")
    rows = text(ask(described.address, "SELECT ?river WHERE { ?bridge <https://roads.example/bridge/over> ?river }"))
    assert ">id:river</a>" in rows
    for prefix, namespace in {"b": "https://roads.example/bridge/", "id": "https://roads.example/id#"}.items():
        status, _, told = send(ask(described.address, f"ASK {{ ?s a {prefix}:Bridge }}"))  # queries stay as they are
        assert status == 400
        assert f"PREFIX {prefix}: <{namespace}>" in json.loads(told)["detail"]
    dump = send(described.address + "data/dump.ttl")[2].decode()
    assert "@prefix b: <https://roads.example/bridge/> ." in dump
    assert "b:one" in dump
    assert "b:one" in send(described.address + "data/dump.trig")[2].decode()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("<urn:d> a dcat:Dataset .", ["line 8", "has no title", "dcterms:title"]),
        ("<urn:d> a dcat:Dataset ; dcterms:title .", ["line 8"]),
        ('<urn:d> dcterms:title "x" .', ["nothing in it is a dcat:Dataset"]),
        (
            '<urn:d> a dcat:Dataset ; dcterms:title "x" .\n<urn:e> a dcat:Dataset ; dcterms:title "y" .',
            ["2 datasets", "<urn:d>", "line 8", "<urn:e>", "line 9"],
        ),
        ('<urn:d> a dcat:Dataset ; dcterms:title "x" ;\n dcterms:license "MIT" .', ["line 9", "'MIT'", "address"]),
        ('<> a dcat:Dataset ; dcterms:title "x" ; dcterms:publisher "We" .', ["line 8", "'We'", "[ foaf:name"]),
        ('<> a dcat:Dataset ; dcterms:title "x" ; dcat:contactPoint "us@x" .', ["line 8", "'us@x'", "vcard:hasEmail"]),
        (
            '<> a dcat:Dataset ; dcterms:title "x" ; sh:declare [ sh:prefix "a b" ; sh:namespace "urn:a:" ] .',
            ["'a b' is no prefix"],
        ),
        (
            '<> a dcat:Dataset ; dcterms:title "x" ; sh:declare [ sh:prefix "a" ; sh:namespace "a/b" ] .',
            ["'a/b'", "no absolute IRI"],
        ),
        ('<> a dcat:Dataset ; dcterms:title "x" ; sh:declare [ sh:prefix "a" ] .', ["one sh:namespace"]),
        (
            (
                '<> a dcat:Dataset ; dcterms:title "x" ; sh:declare [ sh:prefix "a" ; sh:namespace "urn:a:" ] ,\n'
                '[ sh:prefix "a" ; sh:namespace "urn:b:" ] .'
            ),
            ["'a' is declared twice", "urn:a:", "urn:b:"],
        ),
    ],
)
def test_a_description_that_cannot_be_used_ends_the_start(
    kelisim: str, tmp_path: Path, written: str, told: list[str]
) -> None:
    file = tmp_path / "about.ttl"
    file.write_text(HEAD + written, encoding="utf-8")
    command = [kelisim, "serve", "--port", "0", "--store", str(tmp_path / "store"), "--empty", "--about", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert str(file) in done.stderr.replace("\n", "")
    for each in told:
        assert each in " ".join(done.stderr.split())
    assert not (tmp_path / "store").exists()


def test_a_description_may_be_in_any_format(kelisim: str, tmp_path: Path) -> None:
    whole = Graph()
    whole.parse(data=ABOUT, format="turtle", publicID="https://roads.example/data")
    for ending, form in (("rdf", "xml"), ("nt", "nt"), ("jsonld", "json-ld")):
        file = tmp_path / f"about.{ending}"
        file.write_text(whole.serialize(format=form), encoding="utf-8")
        with serving(kelisim, "--empty", "--about", str(file)) as running:
            found = graph(running.address + "sparql")
            dataset = URIRef("https://roads.example/data")
            assert (dataset, RDF.type, SD.Dataset) in found
            assert (dataset, DCTERMS.title, Literal("Мосты", "ru")) in found


def test_the_example_in_the_readme_is_a_description(kelisim: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```turtle\n(.*?dcat:Dataset.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    file = tmp_path / "about.ttl"
    file.write_text(example, encoding="utf-8")
    with serving(kelisim, "--empty", "--about", str(file)) as running:
        shown = text(running.address + "about", "ru")
        assert all(each in shown for each in ("<h1>Озёра</h1>", "Hydrological Office", "CC0 1.0", "Data desk", "озеро"))
        found = graph(running.address + "sparql")
        assert (None, SH.prefix, Literal("lake")) in found


def test_the_home_page_shows_what_is_in_the_data(described: Store) -> None:
    shown = words(page(described.address + "about"))
    assert "Roads Office" in shown
    home = text(described.address)
    assert all(each in home for each in ("b:Bridge", "b:name", "b:over", "b:one"))
    assert 'href="/leaders"' not in home
    assert "There are no states here." in text(described.address + "states")
