"""What clients of all kinds need: their formats, charsets, encodings, credentials, conditions."""

import base64
import gzip
import http.client
import json
import socket
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import rdflib
import requests
import zstandard
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import POST, XML, SPARQLWrapper

from tests.conftest import serving
from tests.http import ask, send
from tests.server.endpoint.test_writes import FORM, TURTLE, Client, make_token

LABEL = "SELECT ?name { <https://w3id.org/kelisim/id/astana> <http://www.w3.org/2000/01/rdf-schema#label> ?name }"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 5"


@pytest.fixture(scope="module")
def client(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("needs") / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--allow-updates", "--max-update", "2") as running:
        yield Client(running, token)


def basic(client: Client, user: str = "anybody") -> dict[str, str]:
    token = client.token["Authorization"].removeprefix("Bearer ")
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


@pytest.mark.parametrize("form", ["csv", "tsv", "xml"])
def test_text_reads_right_without_guessing(server: str, form: str) -> None:
    answer = requests.get(ask(server, LABEL, format=form), timeout=20)
    assert answer.headers["Content-Type"].endswith("; charset=utf-8")
    assert "Астана" in answer.text


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "trig", "nq", "xml"])
def test_linked_data_says_its_charset(server: str, suffix: str) -> None:
    answer = requests.get(f"{server}id/astana.{suffix}", timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"].endswith("; charset=utf-8")) == (200, True)


@pytest.mark.parametrize(
    ("accept", "form", "media_type"),
    [
        ("application/xml", "", "application/rdf+xml"),
        ("text/xml", "", "application/rdf+xml"),
        ("application/json", "", "application/ld+json"),
        ("*/*", "xml", "application/rdf+xml"),
        ("*/*", "json", "application/ld+json"),
        ("application/sparql-results+xml, application/xml;q=0.5", "", "application/rdf+xml"),
    ],
)
def test_who_asks_for_xml_or_json_gets_a_graph_in_it(client: Client, accept: str, form: str, media_type: str) -> None:
    more = {"format": form} if form else {}
    headers = {"Accept": accept}
    for url in (
        ask(client.server, CONSTRUCT, **more),
        ask(client.server, "DESCRIBE <https://w3id.org/kelisim/id/astana>", **more),
        f"{client.server}graphs?default" + (f"&format={form}" if form else ""),
        f"{client.server}id/astana" + (f"?format={form}" if form else ""),
    ):
        status, answer, body = send(url, headers=headers)
        if "id/astana" in url and form:  # the parameter is for the data, not for the name
            status, answer, body = send(f"{client.server}data/astana?format={form}", headers=headers)
        assert (status, answer.get_content_type()) == (200, media_type), url
        if "xml" in media_type:
            assert ElementTree.fromstring(body).tag.endswith("RDF")
        else:
            assert json.loads(body)


def test_suffixes_of_xml_and_json(server: str) -> None:
    for suffix, media_type in (("json", "application/ld+json"), ("xml", "application/rdf+xml")):
        status, headers, _ = send(f"{server}id/astana.{suffix}")
        assert (status, headers.get_content_type()) == (200, media_type)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # SPARQLWrapper uses it
def test_sparqlwrapper_constructs_as_it_comes(server: str) -> None:
    for form in (None, XML):
        wrapper = SPARQLWrapper(f"{server}sparql")
        wrapper.setQuery(CONSTRUCT)
        if form:
            wrapper.setReturnFormat(form)
        assert wrapper.query().convert()


def test_any_header_may_be_asked_for_from_elsewhere(server: str) -> None:
    wanted = {"Origin": "https://example.org", "Access-Control-Request-Headers": "x-anything, if-none-match"}
    _, headers, _ = send(f"{server}sparql", method="OPTIONS", headers=wanted | {"Access-Control-Request-Method": "GET"})
    allowed = {name.strip() for name in headers["Access-Control-Allow-Headers"].lower().split(",")}
    assert {"*", "authorization", "if-none-match"} <= allowed
    assert {"etag", "link", "retry-after"} <= {
        name.strip() for name in headers["Access-Control-Expose-Headers"].lower().split(",")
    }
    assert headers["Access-Control-Allow-Credentials"] is None


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("GZIP", gzip.compress),
    ],
)
def test_compressed_bodies(client: Client, encoding: str, pack: "type[bytes]") -> None:
    name = f"urn:packed:{encoding}"
    document = "".join(f"<urn:s{n}> <urn:p> 'қ' .\n" for n in range(50)).encode()
    status, answer = client.graph("PUT", name, pack(document), **{"Content-Encoding": encoding})
    assert (status // 100, json.loads(answer).get("added", 50)) == (2, 50) or status == 200
    assert client.rows(f"GRAPH <{name}> {{ ?s ?p 'қ' }}") == 50
    update = pack(f"INSERT DATA {{ GRAPH <{name}> {{ <urn:u> <urn:q> 1 }} }}".encode())
    headers = client.token | {"Content-Type": "application/sparql-update", "Content-Encoding": encoding}
    assert send(f"{client.server}sparql", method="POST", body=update, headers=headers)[0] == 200
    query = pack(urllib.parse.urlencode({"query": f"ASK {{ GRAPH <{name}> {{ <urn:u> <urn:q> 1 }} }}"}).encode())
    _, _, body = send(
        f"{client.server}sparql", method="POST", body=query, headers=FORM | {"Content-Encoding": encoding}
    )
    assert json.loads(body)["boolean"] is True


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", gzip.compress(b"<urn:a> <urn:p> 1 .")[:-9], 400),
        ("gzip", b"<urn:a> <urn:p> 1 .", 400),
        ("zstd", b"nonsense", 400),
        ("br", b"x", 415),
        ("gzip, gzip", b"x", 415),
        ("gzip", gzip.compress(b" " * (1 << 28)), 413),
        ("zstd", zstandard.compress(b" " * (1 << 28)), 413),
        ("deflate", zlib.compress(b" " * (1 << 28)), 413),
    ],
    ids=["cut", "no gzip", "no zstd", "unknown", "twice", "huge gzip", "huge zstd", "huge deflate"],
)
def test_bad_and_huge_compressed_bodies(client: Client, encoding: str, body: bytes, status: int) -> None:
    assert client.graph("PUT", "urn:bad", body, **{"Content-Encoding": encoding})[0] == status
    assert client.rows("GRAPH <urn:bad> { ?s ?p ?o }") == 0


def chunked(client: Client, path: str, parts: list[bytes], media_type: str, end: bytes = b"0\r\n\r\n") -> bytes:
    host, port = client.server.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        token = client.token["Authorization"]
        head = f"POST /{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {media_type}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode())
        for part in parts:
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        connection.sendall(end)
        if not end:
            return b""
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def test_chunked_bodies_are_taken_whole_or_not_at_all(client: Client) -> None:
    parts = [b"<urn:c1> <urn:chunk> 1 .\n", b"<urn:c2> <urn:chunk> 2 .\n"]
    assert b" 20" in chunked(client, "graphs?graph=urn:chunked", parts, "text/turtle")[:15]
    assert client.rows("GRAPH <urn:chunked> { ?s <urn:chunk> ?o }") == 2
    assert b" 200 " in chunked(
        client, "sparql", [b"INSERT DATA { <urn:c3> ", b"<urn:chunk> 3 }"], "application/sparql-update"
    )
    assert client.rows("<urn:c3> <urn:chunk> 3") == 1
    for number in range(5):  # the client leaves in the middle
        chunked(client, f"graphs?graph=urn:cut{number}", parts, "text/turtle", end=b"")
    assert client.rows("GRAPH ?g { ?s <urn:chunk> ?o } FILTER(STRSTARTS(STR(?g), 'urn:cut'))") == 0


@pytest.mark.parametrize("media_type", ["TEXT/Turtle", "text/turtle;charset=UTF-8", "Application/N-Triples"])
def test_media_types_in_any_case(client: Client, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    assert client.graph("PUT", f"urn:case:{len(media_type)}", b'<urn:a> <urn:p> "1" .', **headers)[0] in (200, 201)


def test_quads_over_http(client: Client) -> None:
    nquads = {"Content-Type": "application/n-quads"} | client.token
    one = b'<urn:q1> <urn:quad> "1" <urn:g1> .\n<urn:q2> <urn:quad> "2" .\n'
    status, headers, _ = send(f"{client.server}graphs", method="POST", body=one, headers=nquads)
    assert (status, bool(headers["ETag"])) == (200, True)
    assert client.rows("GRAPH <urn:g1> { ?s <urn:quad> '1' }") == 1
    assert client.rows("?s <urn:quad> '2'") == 1
    trig = {"Content-Type": "application/trig"} | client.token
    send(f"{client.server}graphs", method="POST", body=b"<urn:g2> { <urn:q3> <urn:quad> 3 }", headers=trig)
    assert client.rows("GRAPH <urn:g2> { ?s <urn:quad> 3 }") == 1
    for accept in ("", "application/n-quads", "application/trig", "application/ld+json"):
        status, headers, body = send(f"{client.server}graphs", headers={"Accept": accept} if accept else {})
        assert (status, headers.get_content_type()) == (200, accept or "application/n-quads")
        assert b"urn:g2" in body
    assert send(f"{client.server}graphs", headers={"Accept": "text/turtle"})[0] == 406
    assert send(f"{client.server}graphs", method="PUT", body=one, headers=FORM | TURTLE)[0] == 401


def test_the_token_is_a_password_too(client: Client) -> None:
    update = b"INSERT DATA { <urn:basic> <urn:p> 1 }"
    headers = {"Content-Type": "application/sparql-update"}
    assert send(f"{client.server}sparql", method="POST", body=update, headers=headers | basic(client))[0] == 200
    wrong = {"Authorization": "Basic " + base64.b64encode(b"anybody:wrong").decode()}
    status, answer, _ = send(f"{client.server}sparql", method="POST", body=update, headers=headers | wrong)
    assert (status, "Basic " in answer["WWW-Authenticate"], "Bearer " in answer["WWW-Authenticate"]) == (
        401,
        True,
        True,
    )
    for broken in ("Basic", "Basic !!!", "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Basic " + "A" * 2000):
        assert (
            send(f"{client.server}sparql", method="POST", body=update, headers=headers | {"Authorization": broken})[0]
            == 401
        )
    wrapper = SPARQLWrapper(f"{client.server}sparql")
    wrapper.setCredentials("me", client.token["Authorization"].removeprefix("Bearer "))
    wrapper.setMethod(POST)
    wrapper.setQuery("INSERT DATA { <urn:wrapped> <urn:p> 1 }")
    wrapper.query()
    assert client.rows("<urn:wrapped> <urn:p> 1") == 1


def test_rdflib_begins_a_graph_of_its_own(client: Client) -> None:
    token = client.token["Authorization"].removeprefix("Bearer ")
    store = SPARQLUpdateStore(f"{client.server}sparql", f"{client.server}sparql", auth=("me", token))
    graph = rdflib.Graph(store, identifier=rdflib.URIRef("urn:rdflib"))
    assert len(graph) == 0
    graph.add((rdflib.URIRef("urn:s"), rdflib.URIRef("urn:p"), rdflib.Literal("Қазақстан", lang="kk")))
    assert [str(o) for o in graph.objects()] == ["Қазақстан"]
    graph.remove((None, None, None))
    assert len(graph) == 0


def test_new_graphs_are_empty_for_those_who_may_make_them_only(client: Client, server: str) -> None:
    query = "SELECT * FROM <urn:not-yet> { ?s ?p ?o }"
    for headers in (client.token, basic(client)):
        status, _, body = send(ask(client.server, query), headers=headers)
        assert (status, json.loads(body)["results"]["bindings"]) == (200, [])
    for address in (client.server, server):
        status, _, body = send(ask(address, query))
        assert (status, json.loads(body)["title"]) == (403, "No such graph")


def test_a_store_that_begins_empty_has_new_graphs_for_all(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--store", str(tmp_path / "s"), "--empty", "--allow-updates") as running:
        assert send(ask(running.address, "ASK FROM <urn:new> { ?s ?p ?o }"))[0] == 200


@pytest.mark.parametrize("word", ["COPY", "MOVE", "ADD"])
def test_nothing_is_lost_to_a_graph_that_is_not_there(client: Client, word: str) -> None:
    assert client.graph("PUT", "urn:kept", b"<urn:a> <urn:kept> 1 .")[0] in (200, 201)
    status, body = client.update(f"{word} <urn:nowhere> TO <urn:kept>")
    assert (status, "no such graph" in json.loads(body)["detail"]) == (409, True)
    assert client.update(f"{word} SILENT <urn:nowhere> TO <urn:kept>")[0] == 200
    assert client.rows("GRAPH <urn:kept> { ?s <urn:kept> 1 }") == 1


def test_dropped_graphs_are_gone_at_once(client: Client) -> None:
    assert client.graph("PUT", "urn:dropped", b"<urn:a> <urn:p> 1 .")[0] in (200, 201)
    assert client.update("DROP GRAPH <urn:dropped>")[0] == 200
    assert client.graph("GET", "urn:dropped")[0] == 404
    assert client.rows("GRAPH ?g { } FILTER(?g = <urn:dropped>)") == 0
    assert send(ask(client.server, "ASK FROM <urn:dropped> { ?s ?p ?o }"))[0] == 403


def test_conditions_of_changes(client: Client) -> None:
    client.graph("PUT", "urn:etag", b"<urn:a> <urn:p> 1 .")
    url = f"{client.server}graphs?graph=urn:etag"
    etag = send(url)[1]["ETag"]
    changed = TURTLE | client.token
    status, headers, _ = send(url, method="PUT", body=b"<urn:a> <urn:p> 2 .", headers=changed | {"If-Match": etag})
    assert status == 200
    for method, body in (("PUT", b"<urn:a> <urn:p> 3 ."), ("POST", b"<urn:a> <urn:p> 3 ."), ("DELETE", None)):
        assert send(url, method=method, body=body, headers=changed | {"If-Match": etag})[0] == 412
    assert send(url, method="PUT", body=b"", headers=changed | {"If-None-Match": "*"})[0] == 412
    new = f"{client.server}graphs?graph=urn:new-etag"
    assert send(new, method="PUT", body=b"<urn:a> <urn:p> 1 .", headers=changed | {"If-Match": "*"})[0] == 412
    assert send(new, method="PUT", body=b"<urn:a> <urn:p> 1 .", headers=changed | {"If-None-Match": "*"})[0] == 201
    assert client.update("INSERT DATA { <urn:x> <urn:y> 1 }", **{"If-Match": etag})[0] == 412
    assert client.update("INSERT DATA { <urn:x> <urn:y> 1 }", **{"If-Match": headers["ETag"]})[0] == 412
    current = send(url)[1]["ETag"]
    assert client.update("INSERT DATA { <urn:x> <urn:y> 1 }", **{"If-Match": f'"other", {current}'})[0] == 200


def test_the_timeout_counts_for_changes(client: Client) -> None:
    slow = "INSERT { <urn:n> <urn:p> ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"
    headers = client.token | {"Content-Type": "application/sparql-update"}
    status, _, body = send(f"{client.server}sparql?timeout=0.5", method="POST", body=slow.encode(), headers=headers)
    assert (status, "0.5 seconds" in json.loads(body)["detail"]) == (503, True)


def test_long_updates(client: Client) -> None:
    rows = " . ".join(f"<urn:long> <urn:p> {n}" for n in range(60_000))
    update = f"INSERT DATA {{ {rows} }}"
    assert 1_000_000 < len(update) < 2 << 20
    assert client.update(update)[0] == 200
    assert client.rows("<urn:long> ?p ?o") == 60_000
    status, body = client.update(update + " ; " + update)
    detail = json.loads(body)["detail"]
    assert (status, "/graphs" in detail, "kelisim load" in detail) == (413, True, True)
    query = f"ASK {{ VALUES ?x {{ {' '.join(map(str, range(200_000)))} }} }}".encode()
    headers = client.token | {"Content-Type": "application/sparql-query"}
    assert send(f"{client.server}sparql", method="POST", body=query, headers=headers)[0] == 413


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"<urn:a> <urn:p> <<( <urn:b> <urn:q> 1 )>> .", "text/turtle"),
        ('<urn:a> <urn:p> "שלום"@he--rtl .'.encode(), "text/turtle"),
        (b"<urn:a> <urn:p> <<( <urn:b> <urn:q> <urn:c> )>> .", "application/n-triples"),
    ],
)
def test_terms_of_rdf_1_2_are_refused_by_name(client: Client, body: bytes, media_type: str) -> None:
    status, answer = client.graph("PUT", "urn:rdf12", body, **{"Content-Type": media_type})
    assert (status, "RDF 1.2" in json.loads(answer)["detail"]) == (400, True)
    text = body.decode().rstrip(" .")
    status, answer = client.update(f"INSERT DATA {{ {text} }}")
    assert (status, "RDF 1.2" in json.loads(answer)["detail"]) == (400, True)


def test_byte_order_marks_are_passed_over(client: Client) -> None:
    mark = b"\xef\xbb\xbf"
    assert client.graph("PUT", "urn:bom", mark + b"<urn:a> <urn:p> 1 .")[0] in (200, 201)
    headers = client.token | {"Content-Type": "application/sparql-update"}
    update = mark + b"INSERT DATA { <urn:bom> <urn:p> 1 }"
    assert send(f"{client.server}sparql", method="POST", body=update, headers=headers)[0] == 200
    query = {"Content-Type": "application/sparql-query"}
    assert send(f"{client.server}sparql", method="POST", body=mark + b"ASK {}", headers=query)[0] == 200
    assert send(ask(client.server, "\ufeffASK {}"))[0] == 200


def test_names_beyond_the_basic_plane(client: Client) -> None:
    assert client.update("PREFIX 𐐀: <urn:𐐀:> INSERT DATA { 𐐀:𐐨 𐐀:p '𐐀' }")[0] == 200
    assert client.rows("<urn:𐐀:𐐨> ?p '𐐀'") == 1
    status, _, body = send(ask(client.server, "PREFIX 𐐀: <urn:𐐀:> SELECT ?o { 𐐀:𐐨 ?p ?o }"))
    assert (status, json.loads(body)["results"]["bindings"][0]["o"]["value"]) == (200, "𐐀")
    status, _, body = send(ask(client.server, "SELECT ?𐐀 { ?𐐀 ?p ?o }"))
    assert (status, "?𐐀" in json.loads(body)["detail"]) == (400, True)


def test_a_long_address_is_refused_in_words(server: str) -> None:
    host, port = server.removeprefix("http://").rstrip("/").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.request("GET", "/sparql?query=" + "a" * 62_000)
    answer = connection.getresponse()
    assert (answer.status, "by POST" in json.loads(answer.read())["detail"]) == (414, True)
    connection.close()
