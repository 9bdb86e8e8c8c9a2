"""Dumps of the dataset: lossless formats, resumed downloads, and checksums."""

import base64
import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, cast

import pyoxigraph as ox
import pytest

from kg.curation.dataset import Dataset, from_quads
from kg.curation.tables import read_tables
from kg.engine.engine import Engine
from kg.engine.errors import BusyError
from kg.engine.replies import Reply
from kg.publishing.dumps import MEDIA_TYPES, Dumps
from kg.rdf.conversion import convert
from kg.rdf.formats import GRAPH_FORMATS, GraphFormat
from kg.store.store import Store
from kg.workers.messages import Task
from kg.workers.worker import perform
from ontology import KelisimError
from ontology.namespaces import KEL
from tests.conftest import serving
from tests.http import send
from tests.server.endpoint.test_writes import Client, make_token

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@pytest.fixture(scope="module")
def held(engine: Engine) -> Dataset:
    """What the store holds."""
    return from_quads(set(engine.quads()))


@pytest.mark.parametrize("form", [f for f in GRAPH_FORMATS if f.quads], ids=lambda f: f.name)
def test_formats_with_graphs_lose_nothing(server: str, held: Dataset, form: GraphFormat) -> None:
    status, headers, body = send(f"{server}data/dump.{form.extension}")
    assert (status, headers.get_content_type()) == (200, form.media_type)
    assert from_quads(set(ox.parse(input=body, format=form.engine))).digest == held.digest


def test_n_quads_are_sorted_and_the_same_for_the_same_data(server: str, held: Dataset) -> None:
    body = send(f"{server}data/dump.nq")[2]
    assert body.splitlines() == list(held.lines)


def test_the_checksum_of_n_quads_is_the_digest_of_the_curated_graph(server: str, dataset: Dataset) -> None:
    """So who has the file has what `kelisim stats` tells of: the store writes no literal otherwise than the files."""
    assert send(f"{server}data/dump.nq.sha256")[2].decode() == f"{dataset.digest}  dump.nq\n"


@pytest.mark.parametrize("form", [f for f in GRAPH_FORMATS if not f.quads], ids=lambda f: f.name)
def test_formats_without_graphs_can_be_put_together_again(server: str, held: Dataset, form: GraphFormat) -> None:
    plain: set[ox.Triple] = set()
    statements: dict[object, dict[str, Any]] = {}
    for quad in ox.parse(input=send(f"{server}data/dump.{form.extension}")[2], format=form.engine):
        plain.add(quad.triple)
        statements.setdefault(quad.subject, {})[quad.predicate.value] = quad.object
    reified = {name: parts for name, parts in statements.items() if str(KEL.inGraph) in parts}
    quads = {ox.Quad(t.subject, t.predicate, t.object) for t in plain if t.subject not in reified}
    for parts in reified.values():
        subject, predicate, object_ = (parts[RDF + p] for p in ("subject", "predicate", "object"))
        quads.add(ox.Quad(subject, predicate, object_, parts[str(KEL.inGraph)]))
    assert from_quads(quads).digest == held.digest


@pytest.mark.parametrize("extension", MEDIA_TYPES)
def test_checksums_hold(server: str, extension: str) -> None:
    _, headers, body = send(f"{server}data/dump.{extension}", headers={"Accept-Encoding": "gzip, zstd"})
    digest = hashlib.sha256(body)
    assert headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert headers["ETag"] == f'"{digest.hexdigest()}"'
    assert "Content-Encoding" not in headers
    _, summed, line = send(f"{server}data/dump.{extension}.sha256")
    assert summed.get_content_type() == "text/plain"
    assert line.decode() == f"{digest.hexdigest()}  dump.{extension}\n"
    if extension.endswith(".gz"):
        assert gzip.decompress(body) == send(f"{server}data/dump.{extension.removesuffix('.gz')}")[2]


def test_a_broken_download_is_resumed(server: str) -> None:
    url = f"{server}data/dump.trig"
    _, headers, whole = send(url)
    etag = headers["ETag"]
    half = len(whole) // 2
    status, headers, rest = send(url, headers={"Range": f"bytes={half}-", "If-Range": etag})
    assert (status, headers["Content-Range"]) == (206, f"bytes {half}-{len(whole) - 1}/{len(whole)}")
    assert whole[:half] + rest == whole
    assert send(url, headers={"Range": "bytes=-10"})[2] == whole[-10:]
    status, _, other = send(url, headers={"Range": f"bytes={half}-", "If-Range": '"another"'})
    assert (status, other) == (200, whole)
    status, headers, _ = send(url, headers={"Range": f"bytes={len(whole)}-"})
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert send(url, headers={"If-None-Match": etag})[0] == 304
    for passed_over in ("lines=1-2", "bytes=x", "bytes=0-1,5-6"):
        assert send(url, headers={"Range": passed_over})[::2] == (200, whole)
    assert send(url, method="HEAD", headers={"Range": "bytes=0-9"})[0] == 200, "a range is for GET alone"
    status, headers, body = send(url, method="HEAD")
    assert (status, headers["Content-Length"], headers["ETag"], body) == (200, str(len(whole)), etag, b"")


def test_a_download_is_not_pieced_together_from_two_versions(kelisim: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "store")
    with serving(kelisim, "--store", str(tmp_path / "store"), "--empty", "--allow-updates") as running:
        client, url = Client(running, token), f"{running.address}data/dump.nq"
        assert client.update("INSERT DATA { <urn:s> <urn:p> 1 }")[0] == 200
        _, headers, old = send(url)
        assert client.update("INSERT DATA { <urn:s> <urn:p> 2 }")[0] == 200
        status, _, new = send(url, headers={"Range": "bytes=5-", "If-Range": headers["ETag"]})
        assert (status, len(new.splitlines())) == (200, 2)
        assert hashlib.sha256(new).hexdigest() == send(f"{url}.sha256")[2].decode().split()[0]
        assert new != old


def test_the_tables_come_with_their_description(server: str) -> None:
    with zipfile.ZipFile(io.BytesIO(send(f"{server}data/dump.csv.zip")[2])) as packed:
        metadata = json.loads(packed.read("csv-metadata.json"))
        assert {t["url"] for t in metadata["tables"]} == set(packed.namelist()) - {"csv-metadata.json"}
        assert len(metadata["tables"]) == len(read_tables())
        for table in metadata["tables"]:
            header = packed.read(table["url"]).decode().partition("\r\n")[0].split(",")
            assert header == [column["name"] for column in table["tableSchema"]["columns"]]


def test_what_there_is_not_is_404(server: str) -> None:
    for name in ("dump.exe", "dump.sha256", "dump.csv.zip.gz", "dump.ttl.sha256.gz"):
        assert send(f"{server}data/{name}")[0] == 404


def test_an_empty_store_has_empty_files(kelisim: str) -> None:
    with serving(kelisim, "--empty") as running:
        assert send(f"{running.address}data/dump.nq")[::2] == (200, b"")
        for extension in MEDIA_TYPES:
            assert send(f"{running.address}data/dump.{extension}")[0] == 200


class Changing:
    """A store in this process, without workers, that changes whenever it is asked; at most so many times."""

    def __init__(self, engine: Engine, changes: int) -> None:
        self.engine = engine
        self.changes = changes
        self.asked = 0

    @property
    def version(self) -> str:
        return str(min(self.asked, self.changes))

    def query(self, task: Task, timeout: float | None = None) -> Reply:
        self.asked += 1
        outcome, spool = perform(self.engine, task)
        assert outcome.kind == "ok"
        return Reply(outcome.format, spool.body)


def numbers(changes: int) -> Dumps:
    quads = (ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(n)) for n in range(1250))
    return Dumps(cast("Store", Changing(Engine(quads), changes)))


def test_several_pages_make_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.publishing.dumps.PAGE_QUADS", 500)
    whole = numbers(0).get("nq", 60)
    lines = Path(whole.path).read_bytes().splitlines()
    assert len(lines) == 1250
    assert lines == sorted(set(lines))


def test_a_file_is_of_one_version_or_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.publishing.dumps.PAGE_QUADS", 500)
    assert numbers(2).get("nq", 60).size > 0
    dumps = numbers(1000)
    with pytest.raises(BusyError, match="change faster"):
        dumps.get("nq", 60)
    assert dumps.made() == {}


def test_runs_are_merged_in_order_and_what_comes_twice_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.rdf.conversion.RUN_QUADS", 100)
    rows = [f"<urn:s{n}>\t<urn:p>\t{n}\t<urn:g{n % 7}>\n" for n in range(1000)]
    made = io.BytesIO()
    convert("nq", io.BytesIO("".join(["?s\t?p\t?o\t?g\n", *rows]).encode()), made)
    lines = made.getvalue().splitlines()
    assert (len(lines), lines) == (1000, sorted(lines))
    with pytest.raises(KelisimError, match="came twice"):
        convert("nq", io.BytesIO("".join(["?s\t?p\t?o\t?g\n", *rows, rows[0]]).encode()), io.BytesIO())
