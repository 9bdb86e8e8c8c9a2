"""``/resource?iri=``: any IRI of a store, as a page and as data, with foreign data of several shapes."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree.ElementTree import Element

import pytest
from playwright.sync_api import Browser, Dialog
from rdflib import RDF, BNode, Dataset, Graph, URIRef

from tests.conftest import serving
from tests.http import BROWSER, ask, send
from tests.kg.publishing.test_about import load
from tests.markup import links, main, page, row, section, words
from tests.server.pages.test_browser import NARROW, OF_SIGHT, RULES, violations, visit

# rdflib uses its own deprecated functions.
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")

EX = "https://data.example/"
LONG = EX + "long/" + "x" * 5_000
ODD = (
    "https://данные.рф/город/Алматы",
    f"{EX}q?a=1&b=2#part",
    f"{EX}percent%20and%2Fslash",
    f"{EX}plus+and~tilde",
    "urn:isbn:9780141036144",
    "tag:data.example,2024:thing",
    "http://data.example/no-tls",
    LONG,
)
"""IRIs that are easily garbled on their way through a URL or a page."""

EVIL = "javascript:alert(document.domain)"
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"

ABOUT = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dcterms: <http://purl.org/dc/terms/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
<> a dcat:Dataset ; dcterms:title "Shapes" ; sh:declare [ sh:prefix "ex" ; sh:namespace "https://data.example/" ] .
"""


def trig() -> str:
    odd = "\n".join(f"<{iri}> ex:near ex:hub . ex:hub ex:far <{iri}> ." for iri in ODD)
    many = "\n".join(f"ex:m{n} a ex:Many ; ex:number {n} ." for n in range(250))
    return f"""@prefix ex: <{EX}> . @prefix s: <http://schema.org/> . @prefix ss: <https://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:hub a s:Place ; s:name "Хаб"@ru , "Hub"@en-GB , "حب"@ar ;
  ex:height "12.50"^^xsd:decimal ; ex:on "2024-05-06"^^xsd:date ;
  ex:shape "POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> ;
  s:address [ a s:PostalAddress ; s:addressLocality "Town" ; s:geo [ s:latitude 46.5 ] ] ;
  ex:list ( ex:first "second" ( 3 ) ) .
[] ex:near ex:hub .
ex:first a ss:Thing ; ss:name "First with https" .
ex:onlyTlh rdfs:label "tlhIngan"@tlh .
{odd}
{many}
<{EVIL}> ex:near ex:hub ; rdfs:label {json.dumps(MARKUP)} . ex:hub ex:evil <{EVIL}> , {json.dumps(MARKUP)} .
ex:loop ex:part _:a . _:a ex:part _:b . _:b ex:part _:a ; ex:name "round" .
ex:g1 {{ ex:hub ex:said "in one" , "in both graphs" , "everywhere" . }}
ex:g2 {{ ex:hub ex:said "in both graphs" , "everywhere" . }}
ex:hub ex:said "everywhere" .
"""


@pytest.fixture(scope="module")
def foreign(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "about.ttl").write_text(ABOUT, encoding="utf-8")
    load(kelisim, folder / "store", trig())
    with serving(kelisim, "--store", str(folder / "store"), "--about", str(folder / "about.ttl")) as running:
        yield running.address


def at(server: str, iri: str, **more: str) -> str:
    return f"{server}resource?{urlencode({'iri': iri, **more})}"


def shown(server: str, iri: str, **more: str) -> Element:
    return page(at(server, iri, **more))


def graph(url: str) -> Graph:
    status, _, body = send(url, headers={"Accept": "text/turtle"})
    assert status == 200
    return Graph().parse(data=body, format="turtle")


def decoded(href: str) -> str:
    """The IRI that a link leads to."""
    return parse_qs(urlsplit(href).query).get("iri", [""])[0]


def hop(url: str, accept: str) -> tuple[int, str]:
    """Status and Location, without following it."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay()).open(
            urllib.request.Request(url, headers={"Accept": accept})
        ) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Location", "")


@pytest.mark.parametrize("iri", ODD, ids=lambda iri: iri[:40])
def test_every_iri_has_its_page_and_its_data(foreign: str, iri: str) -> None:
    assert iri in main(shown(foreign, iri))
    assert (URIRef(iri), URIRef(EX + "near"), URIRef(EX + "hub")) in graph(at(foreign, iri))
    hub = shown(foreign, EX + "hub")
    for part in ("said", "incoming"):
        (target,) = {href for href in links(section(hub, part)) if decoded(href) == iri}
        assert iri in main(page(foreign.rstrip("/") + target))


def test_values_are_shown_with_language_datatype_and_graph(foreign: str) -> None:
    said = section(shown(foreign, EX + "hub"), "said")
    names = row(said, "http://schema.org/name")
    assert {(e.get("lang"), words(e)) for e in names.iter("span") if e.get("lang")} == {
        ("ru", "Хаб"),
        ("en-gb", "Hub"),
        ("ar", "حب"),
    }
    assert "12.5 xsd:decimal" in words(row(said, "ex:height"))
    assert "wktLiteral" in words(row(said, "ex:shape"))
    told = {words(item) for item in row(said, "ex:said").iter("li")}
    assert told == {"everywhere also in ex:g1, ex:g2", "in both graphs in ex:g1, ex:g2", "in one in ex:g1"}


def test_blank_nodes_are_described_where_they_belong(foreign: str) -> None:
    hub = shown(foreign, EX + "hub")
    address = words(row(section(hub, "said"), "http://schema.org/address"))
    assert "Town" in address
    assert "46.5" in address
    items = [words(item) for item in row(section(hub, "said"), "ex:list").findall("./td/ol/li")]
    assert items == ["First with https", "second", "3 xsd:integer"]
    assert "a node without a name" in words(row(section(hub, "incoming"), "ex:near"))
    found = graph(at(foreign, EX + "hub"))
    place = found.value(URIRef(EX + "hub"), URIRef("http://schema.org/address"))
    assert isinstance(place, BNode)
    position = found.value(place, URIRef("http://schema.org/geo"))
    assert str(found.value(position, URIRef("http://schema.org/latitude"))) == "46.5"
    assert "round" in main(shown(foreign, EX + "loop"))  # a cycle of blank nodes ends


def test_labels_of_other_vocabularies_and_languages(foreign: str) -> None:
    assert words(shown(foreign, EX + "first").find(".//h1")) == "First with https"
    assert words(shown(foreign, EX + "hub").find(".//h1")) == "Hub"
    russian = send(at(foreign, EX + "hub"), headers={"Accept": BROWSER, "Accept-Language": "ru"})[2].decode()
    assert "<h1>Хаб</h1>" in russian
    assert words(shown(foreign, EX + "onlyTlh").find(".//h1")) == "tlhIngan"
    assert words(shown(foreign, EX + "m7").find(".//h1")) == "ex:m7"


def test_nothing_in_the_data_becomes_markup_or_a_link_that_runs(foreign: str, browser: Browser) -> None:
    run: list[str] = []

    def note(dialog: Dialog) -> None:
        run.append(dialog.message)
        dialog.dismiss()

    tab = browser.new_page()
    tab.on("dialog", note)
    rows = ask(foreign, "SELECT * WHERE { ?s ?p ?o FILTER(?p != <urn:none>) }", format="html")
    for url in (at(foreign, EX + "hub"), at(foreign, EVIL), at(foreign, EX + "evil"), foreign, rows):
        text = send(url, headers={"Accept": BROWSER})[2].decode()
        assert "<img src=x" not in text
        assert "<script>alert" not in text
        assert not re.search(r"""(href|src|action)\s*=\s*["']?\s*(javascript|data|vbscript):""", text, re.IGNORECASE)
        tab.goto(url)
        assert tab.locator("img[src=x]").count() == 0
    tab.close()
    assert not run
    assert "javascript:" not in (send(at(foreign, EVIL))[1]["Link"] or "").replace("iri=javascript:", "")


def test_classes_properties_and_graphs_are_resources_too(foreign: str) -> None:
    things = {decoded(href) for href in links(section(shown(foreign, EX + "Many"), "incoming"))}
    assert len({iri for iri in things if iri.startswith(EX + "m")}) == 100
    uses = section(shown(foreign, EX + "near"), "uses")
    assert "Hub" in words(uses[0])
    held = words(section(shown(foreign, EX + "g1"), "members")[0])
    assert all(each in held for each in ("ex:said", "in one", "everywhere"))
    quads = Dataset()
    quads.parse(data=send(at(foreign, EX + "g1", format="trig"))[2].decode(), format="trig")
    said = {(str(s), str(o)) for s, _, o in quads.graph(URIRef(EX + "g1"))}
    assert said == {(EX + "hub", "in one"), (EX + "hub", "in both graphs"), (EX + "hub", "everywhere")}


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("turtle", "text/turtle"),
        ("ntriples", "application/n-triples"),
        ("rdfxml", "application/rdf+xml"),
        ("jsonld", "application/ld+json"),
        ("trig", "application/trig"),
        ("nquads", "application/n-quads"),
    ],
)
def test_formats_by_name_and_by_negotiation(foreign: str, form: str, media_type: str) -> None:
    url = at(foreign, EX + "first")
    status, headers, body = send(url, headers={"Accept": media_type})
    assert (status, headers.get_content_type()) == (200, media_type)
    assert "Accept" in headers["Vary"]
    assert headers["Content-Location"].endswith(f"format={form}")
    named = send(f"{url}&format={form}", headers={"Accept": BROWSER})
    assert (named[0], named[1].get_content_type()) == (200, media_type)
    assert f'format={form}>; rel="alternate"; type="{media_type}"' in headers["Link"]
    found = Dataset()
    found.parse(data=body, format=media_type)
    assert any(str(o) == "First with https" for _, _, o, _ in found.quads())
    status, again, _ = send(url, headers={"Accept": media_type, "If-None-Match": headers["ETag"]})
    assert (status, again["ETag"]) == (304, headers["ETag"])
    assert send(url, headers={"Accept": BROWSER, "If-None-Match": headers["ETag"]})[0] == 200


def test_browsers_get_the_page_others_data(foreign: str) -> None:
    url = at(foreign, EX + "first")
    assert send(url, headers={"Accept": BROWSER})[1].get_content_type() == "text/html"
    assert send(url, headers={"Accept": "*/*"})[1].get_content_type() == "text/turtle"
    assert send(f"{url}&format=html")[1].get_content_type() == "text/html"
    assert send(f"{url}&format=ttl")[1].get_content_type() == "text/turtle"
    assert send(f"{url}&format=pdf")[0] == 406
    assert send(url, headers={"Accept": "image/png"})[0] == 406


def test_the_operators_prefixes_are_in_the_data(foreign: str) -> None:
    assert "ex:first" in send(at(foreign, EX + "hub", format="turtle"))[2].decode()
    linked = json.loads(send(at(foreign, EX + "m7", format="jsonld"))[2])
    assert "ex:number" in json.dumps(linked).replace(EX, "")
    found = Graph().parse(data=json.dumps(linked), format="json-ld")
    assert (URIRef(EX + "m7"), RDF.type, URIRef(EX + "Many")) in found


def test_much_comes_in_pages_and_none_is_lost(foreign: str) -> None:
    url, seen, pages = at(foreign, EX + "Many"), set(), 0
    while url:
        status, headers, body = send(url, headers={"Accept": "text/turtle"})
        assert status == 200
        seen |= set(Graph().parse(data=body, format="turtle").subjects(RDF.type, URIRef(EX + "Many")))
        pages += 1
        following = re.findall(r'<([^>]*)>; rel="next"', headers["Link"])
        url = foreign.rstrip("/") + following[0] if following else ""
    assert (len(seen), pages) == (250, 3)
    first = shown(foreign, EX + "Many")
    onward = next(a.get("href", "") for a in first.iter("a") if a.get("rel") == "next")
    second = page(foreign.rstrip("/") + onward)
    listed = [{decoded(a) for a in links(section(each, "incoming")[:1])} - {str(RDF.type)} for each in (first, second)]
    assert [len(each) for each in listed] == [100, 100]
    assert listed[0].isdisjoint(listed[1])
    assert refused(at(foreign, EX + "Many", page="9"))[0] == 404
    assert refused(at(foreign, EX + "Many", page="x"))[0] == 400


def refused(url: str, accept: str = "application/json") -> tuple[int, str]:
    status, _, body = send(url, headers={"Accept": accept})
    return status, body.decode()


@pytest.mark.parametrize(
    "iri", ["", "no scheme", "http://a b/", "http://x/<y>", "relative/path", "http://[", "http://x/%zz"]
)
def test_what_is_no_iri_is_told_with_the_reason(foreign: str, iri: str) -> None:
    for accept in ("application/json", BROWSER):
        status, text = refused(at(foreign, iri), accept)
        assert status == 400
        assert ("https://example.org/thing" in text) if iri else ("/resource?iri=" in text)


def test_an_iri_that_nothing_is_said_of_is_not_found(foreign: str) -> None:
    assert refused(at(foreign, EX + "nowhere"))[0] == 404
    assert refused(at(foreign, EX + "nowhere"), BROWSER)[0] == 404


def test_an_iri_may_be_pasted_in_angle_brackets(foreign: str) -> None:
    assert EX + "hub" in main(shown(foreign, f" <{EX}hub> "))


def test_names_of_the_project_lead_to_their_own_address(server: str) -> None:
    base = "https://w3id.org/kelisim/"
    assert hop(at(server, base + "id/astana"), BROWSER) == (303, "/id/astana")
    assert hop(at(server, base + "ns#State"), "text/turtle") == (303, "/ns#State")
    assert hop(at(server, base + "id/astana", format="jsonld"), "*/*") == (303, "/data/astana.jsonld")
    assert send(at(server, base + "id/astana"), headers={"Accept": BROWSER})[1].get_content_type() == "text/html"


def test_things_elsewhere_have_pages_that_lead_back_and_out(server: str) -> None:
    found = page(f"{server}page/astana")
    (inside,) = {href for href in links(section(found, "facts")) if "iri=http://www.wikidata.org" in href}
    assert "http://www.wikidata.org/entity/Q1520" in links(section(found, "facts"))
    elsewhere = page(server.rstrip("/") + inside)
    assert "/page/astana" in links(section(elsewhere, "incoming"))
    assert "http://www.wikidata.org/entity/Q1520" in {a.get("href") for a in elsewhere.iter("a")}


@pytest.mark.parametrize(
    ("code", "heading"), [("en", "What is said of it"), ("ru", "Что о нём сказано"), ("kk", "Ол туралы не айтылған")]
)
def test_pages_come_in_all_languages(foreign: str, code: str, heading: str) -> None:
    status, headers, body = send(at(foreign, EX + "hub", lang=code), headers={"Accept": BROWSER})
    assert (status, headers["Content-Language"]) == (200, code)
    assert heading in body.decode()


def test_pages_of_results_and_of_the_data_link_to_resources(foreign: str) -> None:
    rows = page(ask(foreign, f"SELECT ?s WHERE {{ ?s <{EX}near> ?o }}", format="html"))
    assert {decoded(href) for href in links([rows])} >= {*ODD, EVIL}
    home = send(foreign, headers={"Accept": BROWSER})[2].decode()
    for iri in (EX + "Many", EX + "number", EX + "g1"):
        assert f'href="/resource?iri={iri}"' in home


@pytest.mark.parametrize(
    "path", ["", "about", "query", *(f"resource?iri={EX}{name}" for name in ("hub", "Many", "near", "g1"))]
)
def test_pages_of_foreign_data_are_accessible_and_fit(browser: Browser, foreign: str, path: str) -> None:
    with visit(browser, foreign, path) as tab:
        tab.wait_for_load_state("networkidle")
        complaints = violations(tab, {"type": "tag", "values": RULES})
        tab.emulate_media(color_scheme="dark")
        tab.set_viewport_size({"width": NARROW, "height": 900})
        complaints += violations(tab, {"type": "rule", "values": OF_SIGHT})
        assert complaints == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW
