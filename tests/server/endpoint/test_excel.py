"""``format=csv-excel`` over HTTP: answers, caches, lists and charts."""

import csv
import gzip
import io

import pytest
import zstandard

from tests.http import ask, send

MARK = b"\xef\xbb\xbf"
NAMES = (
    "SELECT ?x ?n ?t { VALUES (?x ?n ?t) { ('Қазақстан, «Ақорда»' -3.5 '=HYPERLINK(\"http://e/\")') ('a\"b' 7 'z') } }"
)


def rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("way", ["plain", "through Flask", "post"])
def test_an_answer_for_excel(server: str, way: str) -> None:
    if way == "post":
        url, body = f"{server}sparql?format=csv-excel", NAMES.encode()
        status, headers, found = send(
            url, method="POST", body=body, headers={"Content-Type": "application/sparql-query; charset=utf-8"}
        )
    else:
        url = ask(server, NAMES, format="csv-excel", **({"using-graph-uri": ""} if way != "plain" else {}))
        status, headers, found = send(url)
    assert status == 200
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == 'attachment; filename="answer.csv"'
    assert int(headers["Content-Length"]) == len(found)
    assert found.startswith(MARK + b"x,n,t\r\n")
    assert found.count(MARK) == 1
    assert rows(found)[1:] == [["Қазақстан, «Ақорда»", "-3.5", '\'=HYPERLINK("http://e/")'], ['a"b', "7", "z"]]


def test_validators_compression_and_head(server: str) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 2000"  # compressed, and larger than one message
    url = ask(server, query, format="csv-excel")
    status, headers, body = send(url)
    assert status == 200
    assert {"Accept", "Accept-Encoding"} <= {v.strip() for v in headers["Vary"].split(",")}
    _, plain_headers, plain = send(ask(server, query, format="csv"))
    assert headers["ETag"] != plain_headers["ETag"]
    assert "Content-Disposition" not in plain_headers
    assert not plain.startswith(MARK)
    assert len(body) >= len(plain) + len(MARK)
    for encoding, decompress in (
        ("gzip", gzip.decompress),
        ("zstd", lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b)),
    ):
        for _ in range(2):  # the second comes from the cache
            _, compressed_headers, compressed = send(url, headers={"Accept-Encoding": encoding})
            assert compressed_headers["Content-Encoding"] == encoding
            assert compressed_headers["Content-Disposition"] == headers["Content-Disposition"]
            assert decompress(compressed) == body
    status, again, nothing = send(url, headers={"If-None-Match": headers["ETag"]})
    assert (status, again["ETag"], nothing) == (304, headers["ETag"], b"")
    status, head, nothing = send(url, method="HEAD")
    assert (status, nothing) == (200, b"")
    for name in ("Content-Type", "Content-Disposition", "ETag"):
        assert head[name] == headers[name]


def test_text_csv_is_plain_csv(server: str) -> None:
    for accept in ("text/csv", "text/*", "text/tab-separated-values;q=0.5, text/csv;q=0.9"):
        _, headers, body = send(ask(server, NAMES), headers={"Accept": accept})
        assert headers["Content-Type"] == "text/csv; charset=utf-8"
        assert body.startswith(b"x,n,t\r\n")


def test_a_graph_is_no_table(server: str) -> None:
    status, headers, body = send(ask(server, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1", format="csv-excel"))
    assert (status, headers.get_content_type()) == (406, "application/problem+json")
    assert b"turtle" in body


@pytest.mark.parametrize("path", ["documents.csv?party=kazakhstan", "charts/trade.csv?lang=kk"])
def test_lists_and_charts_for_excel(server: str, path: str) -> None:
    _, _, plain = send(server + path)
    status, headers, body = send(f"{server}{path}&format=csv-excel")
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert headers["Content-Disposition"].startswith('attachment; filename="')
    assert body.startswith(MARK)
    assert rows(body) == rows(plain)
    status, _, body = send(f"{server}{path}&format=xlsx")
    assert status == 406
    assert b"csv-excel" in body
