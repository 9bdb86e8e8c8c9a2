"""The catalogue against DCAT-AP 3.0: our reading of it, and the official shapes where they are at hand."""

import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from kg.publishing.dumps import MEDIA_TYPES
from kg.publishing.schemas import MEDIA_TYPES as SCHEMAS
from ontology import BASE, version
from ontology.namespaces import ID, KEL
from tests.conftest import ROOT, serving
from tests.http import ask, send
from tests.kg.publishing.test_about import ABOUT, CC_BY, HEAD
from tests.server.endpoint.test_writes import Client, make_token

SHAPES = ROOT / "tests" / "fixtures" / "dcat-ap.ttl"
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
SH = Namespace("http://www.w3.org/ns/shacl#")
EU = "http://publications.europa.eu/resource/authority/"
COMPLETE = (
    HEAD
    + f"""<> a dcat:Dataset ; dcterms:title "Lakes"@en ; dcterms:description "All of more than a hectare."@en ;
  dcterms:license <{CC_BY}> ; dcterms:issued "2024-02-03"^^xsd:date ; dcterms:modified "2025-06-01"^^xsd:date ;
  dcterms:publisher [ foaf:name "Hydrological Office"@en ;
    dcterms:type <http://purl.org/adms/publishertype/LocalAuthority> ] ;
  dcat:contactPoint [ vcard:fn "Data desk" ; vcard:hasEmail <mailto:data@hydro.example> ] ;
  dcat:keyword "lake"@en ; dcat:theme <{EU}data-theme/ENVI> ; dcterms:spatial <{EU}country/KAZ> .
"""
)
"""A description with all that DCAT-AP 3.0 recommends."""

DATASET, CATALOGUE = URIRef(BASE), URIRef(BASE + "catalogue")


def read(address: str, path: str = "data/catalogue.ttl") -> Graph:
    status, _, body = send(address + path)
    assert status == 200
    return Graph().parse(data=body, format="turtle")


@pytest.fixture(scope="module")
def catalogue(server: str) -> Graph:
    return read(server)


def results(graph: Graph, shapes: Path = SHAPES) -> list[tuple[Node | None, Node | None, Node | None]]:
    """Severity, focus node and path of each result."""
    rules = Graph().parse(shapes)
    _, report, _ = pyshacl.validate(graph, shacl_graph=rules, inference="none")
    assert isinstance(report, Graph)
    return [
        (report.value(r, SH.resultSeverity), report.value(r, SH.focusNode), report.value(r, SH.resultPath))
        for r in report.subjects(RDF.type, SH.ValidationResult)
    ]


def test_all_that_is_mandatory_and_recommended_is_there(catalogue: Graph) -> None:
    assert results(catalogue) == []


def test_the_official_shapes_conform(catalogue: Graph, kelisim: str, tmp_path: Path) -> None:
    path = os.environ.get("DCAT_AP_SHAPES")
    if not path:
        pytest.skip("the official shapes are not here (set DCAT_AP_SHAPES to dcat-ap-SHACL.ttl of release 3.0.0)")
    assert results(catalogue, Path(path)) == []
    for about in (None, ABOUT, COMPLETE):
        with serving(kelisim, "--empty", *about_options(tmp_path, about)) as running:
            assert results(read(running.address), Path(path)) == []


def _without(subject: Node | None, predicate: Node) -> Callable[[Graph], None]:
    def change(graph: Graph) -> None:
        graph.remove((subject, predicate, None))

    return change


def _with(subject: Node, predicate: Node, value: Node) -> Callable[[Graph], None]:
    def change(graph: Graph) -> None:
        graph.add((subject, predicate, value))

    return change


def _instead(predicate: Node, value: Node) -> Callable[[Graph], None]:
    def change(graph: Graph) -> None:
        subject = min(graph.subjects(predicate), key=str)
        graph.set((subject, predicate, value))

    return change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (_without(URIRef(ID.kelisim), FOAF.name), FOAF.name),
        (_without(URIRef(ID.kelisim), RDF.type), DCTERMS.publisher),
        (_without(CATALOGUE, DCTERMS.publisher), DCTERMS.publisher),
        (_without(DATASET, DCTERMS.description), DCTERMS.description),
        (_without(DATASET, DCAT.keyword), DCAT.keyword),
        (_without(None, DCAT.accessURL), DCAT.accessURL),
        (_without(URIRef(EU + "data-theme/INTR"), SKOS.prefLabel), SKOS.prefLabel),
        (_without(URIRef(BASE + "service"), DCAT.endpointURL), DCAT.endpointURL),
        (_with(DATASET, DCTERMS.issued, Literal("2020-01-01", datatype=XSD.date)), DCTERMS.issued),
        (_with(DATASET, DCTERMS.language, URIRef("http://e/en")), DCTERMS.language),
        (_instead(DCTERMS.modified, Literal("yesterday")), DCTERMS.modified),
        (_instead(DCAT.byteSize, Literal(12)), DCAT.byteSize),
        (_instead(DCAT.mediaType, Literal("text/turtle")), DCAT.mediaType),
        (_instead(SPDX.checksumValue, Literal("ab")), SPDX.checksumValue),
    ],
)
def test_each_fault_is_found(catalogue: Graph, change: Callable[[Graph], None], path: Node) -> None:
    faulty = Graph() + catalogue
    change(faulty)
    assert path in {result[2] for result in results(faulty)}


def test_the_dates_are_those_of_the_releases(catalogue: Graph) -> None:
    dates = dict(re.findall(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M))
    assert str(catalogue.value(DATASET, DCTERMS.modified)) == dates[version()]
    assert str(catalogue.value(DATASET, DCTERMS.issued)) == min(dates.values())


def test_the_dataset_is_described_in_three_languages(catalogue: Graph) -> None:
    listed = [*catalogue.objects(CATALOGUE, DCAT.service), *catalogue.objects(CATALOGUE, DCAT.dataset)]
    for thing in (DATASET, CATALOGUE, *listed):
        for predicate in (DCTERMS.title, DCTERMS.description):
            texts = [o for o in catalogue.objects(thing, predicate) if isinstance(o, Literal)]
            assert sorted(str(t.language) for t in texts) == ["en", "kk", "ru"], thing
    keywords = [o for o in catalogue.objects(DATASET, DCAT.keyword) if isinstance(o, Literal)]
    assert {str(k.language) for k in keywords} == {"en", "kk", "ru"}
    contact = catalogue.value(DATASET, DCAT.contactPoint)
    assert catalogue.value(contact, VCARD.hasURL) == URIRef(BASE)
    assert not list(catalogue.objects(None, VCARD.hasEmail))


def test_every_code_has_a_name(catalogue: Graph) -> None:
    codes = {o for o in catalogue.objects() if str(o).startswith(EU) and str(o) != EU + "data-theme"}
    assert len(codes) > 10
    for code in codes:
        assert catalogue.value(code, SKOS.prefLabel), code


def test_the_period_is_that_of_the_facts(catalogue: Graph, server: str) -> None:
    period = catalogue.value(DATASET, DCTERMS.temporal)
    query = f"SELECT (MIN(?a) AS ?x) (MAX(?b) AS ?y) {{ ?s <{KEL.earliest}> ?a ; <{KEL.latest}> ?b }}"
    row = send(ask(server, query, format="csv"))[2].decode().split("\r\n")[1]
    assert f"{catalogue.value(period, DCAT.startDate)},{catalogue.value(period, DCAT.endDate)}" == row


def test_the_size_of_every_file_is_told_and_true(catalogue: Graph, server: str) -> None:
    files = set(catalogue.subjects(RDF.type, DCAT.Distribution))
    assert {str(f) for f in files} == {f"{server}data/{n}" for n in (*(f"dump.{e}" for e in MEDIA_TYPES), *SCHEMAS)}
    for file in files:
        assert catalogue.value(file, DCAT.downloadURL) == file
        status, headers, body = send(str(file))
        assert status == 200
        assert len(body) == int(str(catalogue.value(file, DCAT.byteSize)))
        told = str(catalogue.value(file, DCAT.mediaType)).partition("/media-types/")[2]
        packed = catalogue.value(file, DCAT.compressFormat) or catalogue.value(file, DCAT.packageFormat)
        sent = str(packed).partition("/media-types/")[2] if packed else told
        assert headers.get_content_type() == sent
        sums = str(catalogue.value(catalogue.value(file, SPDX.checksum), SPDX.checksumValue))
        assert headers["ETag"] == f'"{sums}"'


def about_options(folder: Path, text: str | None) -> list[str]:
    """The options of a server with that description, if there is one."""
    if text is None:
        return []
    file = folder / "about.ttl"
    file.write_text(text, encoding="utf-8")
    return ["--about", str(file)]


def test_data_that_nobody_has_described_are_not_called_ours(kelisim: str) -> None:
    with serving(kelisim, "--empty") as running:
        graph, dataset = read(running.address), URIRef(running.address)
        found = results(graph)
    assert {severity for severity, _, _ in found} == {SH.Warning}
    assert {path for _, focus, path in found if focus == dataset} == {
        DCAT.contactPoint,
        DCAT.keyword,
        DCAT.theme,
        DCTERMS.publisher,
    }
    assert list(graph.subject_objects(DCTERMS.publisher)) == [
        (URIRef(f"{dataset}catalogue"), URIRef(f"{dataset}#operator"))
    ]
    assert len(set(graph.objects(dataset, DCTERMS.description))) == 3
    assert list(graph.objects(URIRef(f"{dataset}catalogue"), DCAT.dataset)) == [dataset]
    for predicate in (DCTERMS.license, DCTERMS.issued, DCTERMS.modified, DCTERMS.temporal):
        assert not list(graph.subject_objects(predicate))


def test_what_the_operator_says_is_all_that_is_missed(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--empty", *about_options(tmp_path, ABOUT)) as running:
        graph = read(running.address)
        assert {(severity, path) for severity, _, path in results(graph)} == {
            (SH.Warning, path) for path in (DCAT.theme, DCTERMS.type, DCTERMS.modified, DCTERMS.spatial)
        }
    with serving(kelisim, "--empty", *about_options(tmp_path, COMPLETE)) as running:
        assert results(read(running.address)) == []


def test_all_that_is_listed_has_what_the_operator_says(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--empty", *about_options(tmp_path, COMPLETE)) as running:
        graph = read(running.address)
        again = read(running.address)
        host = running.address
    assert set(graph) == set(again)
    assert not [term for term in {*graph.subjects(), *graph.objects()} if isinstance(term, BNode)]
    publisher = graph.value(URIRef(host), DCTERMS.publisher)
    assert set(graph.objects(publisher, FOAF.name)) == {Literal("Hydrological Office", "en")}
    catalogue, service, dump = (URIRef(host + name) for name in ("catalogue", "service", "data/dump.nq.gz"))
    for thing in (catalogue, service, URIRef(f"{catalogue}#search"), URIRef(f"{catalogue}#reconciliation"), dump):
        assert graph.value(thing, DCTERMS.license) == URIRef(CC_BY)
        if thing != dump:
            assert graph.value(thing, DCTERMS.publisher) == publisher
    for thing in (catalogue, dump):
        assert graph.value(thing, DCTERMS.modified) == Literal("2025-06-01", datatype=XSD.date)
    assert graph.value(service, DCAT.servesDataset) == URIRef(host)
    assert graph.value(service, DCAT.endpointURL) == URIRef(host + "sparql")


def test_a_title_is_enough_for_what_is_mandatory(kelisim: str, tmp_path: Path) -> None:
    text = f"""{HEAD} [] a dcat:Dataset ; dcterms:title "Lakes" ; dcterms:license <licence> ;
  dcterms:publisher <https://hydro.example/> ; dcterms:creator [ rdfs:label "Anna"@en ] ."""
    with serving(kelisim, "--empty", *about_options(tmp_path, text)) as running:
        host, graph = URIRef(running.address), read(running.address)
        assert {severity for severity, _, _ in results(graph)} == {SH.Warning}
        assert set(graph.objects(host, DCTERMS.title)) == {Literal("Lakes")}
        assert graph.value(graph.value(host, DCTERMS.publisher), FOAF.name) == Literal("https://hydro.example/")
        assert graph.value(graph.value(host, DCTERMS.creator), FOAF.name) == Literal("Anna", "en")
        licence = URIRef(running.address + "licence")
        for found in (graph, read(running.address, "sparql?format=turtle")):
            assert set(found.objects(None, DCTERMS.license)) == {licence}
        assert send(ask(running.address, "ASK {}"))[1]["Link"] == '</licence>; rel="license"'


def test_what_was_changed_is_dated_by_its_change(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    token = make_token(folder)
    began = datetime.now(UTC).replace(microsecond=0)
    for restarted in (False, True):
        with serving(kelisim, "--store", str(folder), "--allow-updates") as running:
            if not restarted:
                unchanged = read(running.address)
                assert unchanged.value(DATASET, DCTERMS.modified) == unchanged.value(DATASET, DCTERMS.issued)
                assert Client(running, token).update("INSERT DATA { <urn:a> <urn:p> 1 }")[0] == 200
            graph = read(running.address)
            for thing in (DATASET, CATALOGUE, URIRef(running.address + "data/dump.nq")):
                told = graph.value(thing, DCTERMS.modified)
                assert isinstance(told, Literal)
                assert told.datatype == XSD.dateTime
                assert began <= told.toPython() <= datetime.now(UTC)
            assert results(graph) == []
    with serving(kelisim, "--store", str(folder), *about_options(tmp_path, COMPLETE)) as running:
        assert read(running.address).value(URIRef(running.address), DCTERMS.modified) == told
    subprocess.run([kelisim, "compact", str(folder)], check=True)
    with serving(kelisim, "--store", str(folder)) as running:  # when the change was made is known no longer
        assert list(read(running.address).objects(None, DCTERMS.modified)) == []
    with serving(kelisim, "--store", str(folder), *about_options(tmp_path, COMPLETE)) as running:  # but to its operator
        date = read(running.address).value(URIRef(running.address), DCTERMS.modified)
        assert date == Literal("2025-06-01", datatype=XSD.date)
