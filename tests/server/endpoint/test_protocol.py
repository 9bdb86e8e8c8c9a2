"""The SPARQL Protocol of a running server, with common clients."""

import gzip
import json
import urllib.parse
from xml.dom.minidom import Document

import pyoxigraph as ox
import pytest
import rdflib
import zstandard
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from kg.curation.dataset import Dataset
from kg.lenses.names import LENSES
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from tests.http import BROWSER, ask, send

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def count(body: bytes) -> int:
    return int(json.loads(body)["results"]["bindings"][0]["n"]["value"])


@pytest.fixture(scope="session")
def triples(dataset: Dataset) -> int:
    return len(list(dataset.default_graph))


def test_the_three_ways_to_send_a_query(server: str, triples: int) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    direct = {"Content-Type": "application/sparql-query"}
    encoded = urllib.parse.urlencode({"query": COUNT}).encode()
    answers = [
        send(ask(server, COUNT)),
        send(f"{server}sparql", method="POST", body=encoded, headers=form),
        send(f"{server}sparql", method="POST", body=COUNT.encode(), headers=direct),
        send(
            f"{server}sparql",
            method="POST",
            body=COUNT.encode(),
            headers={"Content-Type": "application/sparql-query; charset=utf-8"},
        ),
    ]
    assert [(status, count(body)) for status, _, body in answers] == [(200, triples)] * 4


def test_graphs_can_be_chosen(server: str) -> None:
    graph = "https://w3id.org/kelisim/claim/izv24-p11-1"
    _, _, default = send(ask(server, COUNT, **{"default-graph-uri": graph}))
    named = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
    url = f"{server}sparql?" + urllib.parse.urlencode({"named-graph-uri": graph})
    _, _, in_named = send(url, method="POST", body=named.encode(), headers={"Content-Type": "application/sparql-query"})
    assert 0 < count(default) == count(in_named) < 20


@pytest.mark.parametrize("form", [f for f in RESULT_FORMATS if f.name != "csv-excel"], ids=lambda f: f.name)
def test_result_formats(server: str, form: ResultFormat) -> None:
    query = f"SELECT ?label WHERE {{ <https://w3id.org/kelisim/id/astana> <{rdflib.RDFS.label}> ?label }}"
    by_header = send(ask(server, query), headers={"Accept": form.media_type})
    by_name = send(ask(server, query, format=form.name))
    assert by_header[0] == by_name[0] == 200
    assert by_header[1].get_content_type() == form.media_type
    assert by_header[2] == by_name[2]
    if form.name != "csv":  # CSV keeps no datatypes and is not read back
        results = ox.parse_query_results(input=by_header[2], format=form.engine)
        assert isinstance(results, ox.QuerySolutions)
        assert len(list(results)) == 3


@pytest.mark.parametrize("form", GRAPH_FORMATS, ids=lambda f: f.name)
def test_graph_formats(server: str, form: GraphFormat) -> None:
    query = "CONSTRUCT WHERE { <https://w3id.org/kelisim/id/astana> ?p ?o }"
    status, headers, body = send(ask(server, query), headers={"Accept": form.media_type})
    assert (status, headers.get_content_type()) == (200, form.media_type)
    assert len(list(ox.parse(input=body, format=form.engine))) > 5
    described = send(ask(server, "DESCRIBE <https://w3id.org/kelisim/id/astana>", format=form.name))
    assert described[0] == 200
    assert b"astana" in described[2]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/sparql-results+json"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", "application/sparql-results+xml"),
        ("application/sparql-results+json;q=0, text/csv", "text/csv"),
        ("application/json", "application/sparql-results+json"),
        ("text/*", "text/csv"),
        (BROWSER, "text/html"),
        ("image/png, text/tab-separated-values;q=0.1", "text/tab-separated-values"),
        ("application/sparql-results+xml;charset=utf-8", "application/sparql-results+xml"),
        ("text/csv; header=absent; q=0.3, text/tab-separated-values;q=0.2", "text/csv"),
    ],
)
def test_negotiation(server: str, accept: str, expected: str) -> None:
    status, headers, _ = send(ask(server, "SELECT * WHERE { ?s ?p ?o } LIMIT 1"), headers={"Accept": accept})
    assert (status, headers.get_content_type()) == (200, expected)
    assert "Accept" in headers["Vary"]


JSON_RESULTS = "application/sparql-results+json"


@pytest.mark.parametrize(
    ("accept", "bindings", "graph"),
    [
        ("text/csv;q=0.9, text/html;q=0.1", "text/csv", "text/html"),
        ("text/csv, text/html", "text/csv", "text/html"),
        ("text/turtle, text/html;q=0.5", "text/html", "text/turtle"),
        ("application/n-triples;q=0.2, text/html;q=0.1", "text/html", "application/n-triples"),
        (f"{JSON_RESULTS};q=0.8, text/turtle;q=0.8, text/html;q=0.5", JSON_RESULTS, "text/turtle"),
        (f"{JSON_RESULTS};q=0.3, text/turtle;q=0.8, text/html;q=0.5", "text/html", "text/turtle"),
        ("text/html;q=0.1, */*;q=0.9", JSON_RESULTS, "text/turtle"),
        ("text/html;q=0, */*", JSON_RESULTS, "text/turtle"),
        ("text/html;q=0.1", "text/html", "text/html"),
    ],
)
def test_a_page_comes_only_where_no_format_of_that_kind_is_preferred(
    server: str, accept: str, bindings: str, graph: str
) -> None:
    pattern = "WHERE { <https://w3id.org/kelisim/id/astana> ?p ?o }"
    for query, expected in ((f"SELECT * {pattern}", bindings), ("ASK {}", bindings), (f"CONSTRUCT {pattern}", graph)):
        status, headers, body = send(ask(server, query), headers={"Accept": accept})
        assert (status, headers.get_content_type()) == (200, expected), query
        assert (b"<!doctype html>" in body.lower()) == (expected == "text/html")
        if expected != "text/html":  # the same bytes as for those who accept nothing else
            assert body == send(ask(server, query), headers={"Accept": expected})[2]
        again = send(ask(server, query), headers={"Accept": accept, "If-None-Match": headers["ETag"]})
        assert again[0] == 304
    description = send(f"{server}sparql", headers={"Accept": accept})  # a graph too
    assert (b"<!doctype html>" in description[2].lower()) == (graph == "text/html")


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "sparql?default-graph-uri=http%3A%2F%2Fx%2F", None, {"Accept": "image/png"}, 406),
        ("GET", "sparql?query=ASK%7B%23%FF%0A%7D", None, {}, 400),
        ("GET", "sparql?query=ASK%7B%7D&timeout=soon", None, {}, 400),
        ("POST", "sparql", b"ASK{}", {"Content-Type": "application/sparql-query; charset=iso-8859-1"}, 415),
        ("POST", "sparql", b"query=ASK%7B%23%FF%0A%7D", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        ("GET", "graphs", None, {"Accept": "text/turtle"}, 406),
        ("GET", "graphs?graph=no%20iri", None, {}, 400),
        ("GET", "graphs?graph=http%3A%2F%2Fno.such%2Fgraph", None, {}, 404),
        ("GET", "graphs?default&graph=http%3A%2F%2Fx%2F", None, {}, 400),
        ("PUT", "graphs?default", b"", {"Content-Type": "text/turtle"}, 403),
        ("PATCH", "graphs?default", b"", {}, 405),
        ("GET", "sparql?query=ASK%7B%7D&query=ASK%7B%7D", None, {}, 400),
        ("GET", "sparql?query=SELEKT", None, {}, 400),
        ("GET", "sparql?query=ASK%7BSERVICE%20%3Chttp%3A%2F%2F127.0.0.1%3A1%2F%3E%7B%7D%7D", None, {}, 403),
        ("GET", "sparql?query=ASK%7B%7D&default-graph-uri=no%20iri", None, {}, 400),
        ("GET", "sparql?query=ASK%7B%7D", None, {"Accept": "image/png"}, 406),
        ("GET", "sparql?query=ASK%7B%7D&format=turtle", None, {}, 406),
        ("POST", "sparql", b"ASK{}", {"Content-Type": "text/plain"}, 415),
        ("POST", "sparql", b"ASK{ # \xff\n}", {"Content-Type": "application/sparql-query"}, 400),
        ("POST", "sparql", b"CLEAR ALL", {"Content-Type": "application/sparql-update"}, 403),
        ("POST", "sparql", b"update=CLEAR+ALL", {"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ("POST", "sparql", b"#" * 1_100_000, {"Content-Type": "application/sparql-query"}, 413),
        ("PUT", "sparql", b"", {}, 405),
        ("GET", "no/such/page", None, {}, 404),
    ],
)
def test_every_error_has_one_shape(
    server: str, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    found, answered, text = send(server + path, method=method, body=body, headers=headers)
    assert (found, answered.get_content_type()) == (status, "application/problem+json")
    problem = json.loads(text)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    if status == 405:
        assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(answered["Allow"].split(", "))
        assert method not in answered["Allow"]
    page = send(server + path, method=method, body=body, headers={**headers, "Accept": headers.get("Accept", BROWSER)})
    assert page[0] == status
    assert b"Traceback" not in page[2]


def test_a_malformed_query_is_located(server: str) -> None:
    _, _, text = send(ask(server, "SELECT *\nWHERE { ?s ?p }"))
    problem = json.loads(text)
    assert (problem["line"], problem["column"]) == (2, 15)
    assert "line 2, column 15" in problem["detail"]


def test_head_and_options(server: str) -> None:
    status, headers, body = send(ask(server, COUNT), method="HEAD")
    assert (status, body, headers.get_content_type()) == (200, b"", "application/sparql-results+json")
    status, headers, _ = send(f"{server}sparql", method="OPTIONS")
    assert (status, set(headers["Allow"].split(", "))) == (200, {"GET", "HEAD", "OPTIONS", "POST"})


def test_health(server: str, dataset: Dataset) -> None:
    status, _, body = send(f"{server}health")
    assert status == 200
    assert json.loads(body) == {"status": "ok", "version": dataset.digest}
    status, _, body = send(f"{server}ready")
    assert (status, json.loads(body)["status"]) == (200, "ready")


def test_pages_escape_what_they_show(server: str) -> None:
    query = "SELECT ('<script>alert(1)</script>' AS ?x) WHERE {} # </textarea><script>"
    status, headers, body = send(ask(server, query), headers={"Accept": BROWSER})
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert b"<script>" not in body
    assert b"&lt;script&gt;" in body


@pytest.mark.parametrize("form", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_selects(server: str, triples: int, form: str) -> None:
    client = SPARQLWrapper(f"{server}sparql", returnFormat=form)
    client.setQuery(COUNT)
    answer = client.query().convert()
    if isinstance(answer, dict):
        assert answer["results"]["bindings"][0]["n"]["value"] == str(triples)
    elif isinstance(answer, Document):
        assert f">{triples}<" in answer.toxml()
    else:
        assert isinstance(answer, bytes)
        assert str(triples).encode() in answer


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # SPARQLWrapper still creates one
@pytest.mark.parametrize("form", [TURTLE, RDFXML, JSONLD])
def test_sparqlwrapper_constructs(server: str, form: str) -> None:
    client = SPARQLWrapper(f"{server}sparql", returnFormat=form)
    client.setMethod("POST")
    client.setQuery("CONSTRUCT WHERE { <https://w3id.org/kelisim/id/astana> ?p ?o }")
    answer = client.query().convert()
    if isinstance(answer, bytes):
        answer = rdflib.Graph().parse(data=answer, format="turtle")
    assert isinstance(answer, rdflib.Graph)
    assert len(answer) > 5


def test_rdflib_sparqlstore(server: str, dataset: Dataset) -> None:
    store = SPARQLStore(f"{server}sparql")
    graph = rdflib.Graph(store=store)
    place = rdflib.URIRef("https://w3id.org/kelisim/id/astana")
    labels = set(graph.objects(place, rdflib.RDFS.label))
    expected = {
        q.object
        for q in dataset.quads
        if str(q.subject) == f"<{place}>" and q.predicate.value == str(rdflib.RDFS.label)
    }
    assert {(str(x), getattr(x, "language", None)) for x in labels} == {
        (o.value, o.language) for o in expected if isinstance(o, ox.Literal)
    }
    rows = list(
        graph.query(
            "SELECT ?p WHERE { ?v a <https://w3id.org/kelisim/ns#Visit> ; <https://w3id.org/kelisim/ns#visitor> ?p }"
        )
    )
    assert len(rows) == 4


def test_unchanged_answers_are_not_sent_again(server: str) -> None:
    url = ask(server, COUNT)
    _, headers, _ = send(url, headers={"Accept": "text/csv"})
    again = send(url, headers={"Accept": "text/csv", "If-None-Match": headers["ETag"]})
    assert (again[0], again[2]) == (304, b"")
    other = send(url, headers={"Accept": "text/tab-separated-values", "If-None-Match": headers["ETag"]})
    assert other[0] == 200


def test_names_of_formats_are_taken_as_clients_send_them(server: str) -> None:
    for name in ("JSON", "Xml", "srj", "application/json"):
        assert send(ask(server, "ASK {}", format=name))[0] == 200


def test_the_service_describes_itself(server: str, dataset: Dataset) -> None:
    status, headers, body = send(f"{server}sparql", headers={"Accept": "text/turtle"})
    assert (status, headers.get_content_type()) == (200, "text/turtle")
    graph = rdflib.Graph().parse(data=body, format="turtle")
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    (service,) = graph.subjects(rdflib.RDF.type, sd.Service)
    assert str(graph.value(service, sd.endpoint)) == f"{server}sparql"
    assert sd.SPARQL11Query in set(graph.objects(service, sd.supportedLanguage))
    assert sd.SPARQL11Update not in set(graph.objects(service, sd.supportedLanguage))
    names = {str(n) for n in graph.objects(None, sd.name)}
    assert {n for n in names if not n.startswith(LENSES)} == dataset.named_graphs
    page = send(f"{server}sparql", headers={"Accept": BROWSER})
    assert (page[0], page[1].get_content_type()) == (200, "text/html")


def test_graphs_can_be_read_by_name(server: str, dataset: Dataset) -> None:
    name = "https://w3id.org/kelisim/claim/izv24-p11-1"
    url = f"{server}graphs?" + urllib.parse.urlencode({"graph": name})
    status, _, body = send(url, headers={"Accept": "application/n-triples"})
    assert status == 200
    expected = [q for q in dataset.quads if q.graph_name == ox.NamedNode(name)]
    assert len(body.splitlines()) == len(expected) > 0
    assert send(url, method="HEAD")[0] == 200
    status, _, body = send(f"{server}graphs?default", headers={"Accept": "application/n-triples"})
    assert (status, len(body.splitlines())) == (200, len(list(dataset.default_graph)))


def test_cross_origin_requests_are_allowed(server: str) -> None:
    """The preflight of a cross-origin request is answered (Fetch standard, CORS)."""
    asked = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST"}
    status, headers, _ = send(f"{server}sparql", method="OPTIONS", headers=asked)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "POST" in headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in headers["Access-Control-Allow-Headers"]


def unzstd(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


def test_responses_are_compressed_by_accept_encoding(server: str) -> None:
    url = ask(server, "SELECT * WHERE { ?s ?p ?o } LIMIT 2000", format="csv")
    plain = send(url)[2]
    for encoding in ("gzip", "zstd"):
        for _ in range(2):  # the second time from the cache
            _, headers, body = send(url, headers={"Accept-Encoding": encoding})
            assert headers["Content-Encoding"] == encoding
            unpacked = gzip.decompress(body) if encoding == "gzip" else unzstd(body)
            assert unpacked == plain
            assert len(body) < len(plain) / 3
    assert send(url, headers={"Accept-Encoding": "gzip;q=0, br"})[1]["Content-Encoding"] is None
    large = ask(server, "SELECT * WHERE { ?s ?p ?o }", format="json")
    packed = send(large, headers={"Accept-Encoding": "gzip"})[2]
    assert gzip.decompress(packed) == send(large)[2]
