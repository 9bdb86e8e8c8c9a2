"""`kelisim load`: stores created from RDF files."""

import gzip
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from kg.history.history import History
from kg.rdf.loading import read_quads
from ontology import KelisimError
from server.commands.cli import cli
from tests.conftest import serving
from tests.http import ask, send

TURTLE = "@prefix e: <http://e/> . e:a e:p e:b, [ e:q 01 ] ."
TRIG = "@prefix e: <http://e/> . e:g { e:a e:p _:x } e:a e:p _:x ."


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "one.ttl").write_text(TURTLE)
    (tmp_path / "two.trig").write_text(TRIG)
    (tmp_path / "three.ttl.gz").write_bytes(gzip.compress(TURTLE.encode()))
    (tmp_path / "four.jsonld").write_text('{"@id": "http://e/j", "http://e/p": {"@id": "k"}}')
    return [tmp_path / name for name in ("one.ttl", "two.trig", "three.ttl.gz", "four.jsonld")]


def load(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["load", *map(str, arguments)])
    return done.exit_code, done.output


def test_files_of_all_formats_become_a_store(files: list[Path], tmp_path: Path, kelisim: str) -> None:
    folder = tmp_path / "store"
    status, printed = load(folder, *files, "--graph", "http://e/default")
    assert (status, printed.split(" into ")[0]) == (0, "Loaded 9 quads")
    with History.open(folder / "history") as history:
        quads = history.load()
    assert len(quads) == 8, "one of them stands in two files"
    assert {str(quad.graph_name) for quad in quads} == {"<http://e/default>", "<http://e/g>"}
    assert len({quad.object for quad in quads if isinstance(quad.object, ox.BlankNode)}) == 3, "one for each file"
    assert {str(q.object) for q in quads if str(q.subject) == "<http://e/j>"} == {f"<{tmp_path.as_uri()}/k>"}
    with serving(kelisim, "--store", str(folder)) as running:
        query = "SELECT ?s ?o { GRAPH <http://e/default> { ?s <http://e/q> ?o } }"
        assert send(ask(running.address, query, format="csv"))[2].count(b",1\r\n") == 2
    assert load(folder, files[0])[0] == 1, "the folder is taken"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.nt", b"<http://e/a> <http://e/p> <http://e/b> .\n<http://e/a> nonsense .\n", "bad.nt, line 2"),
        ("bad.nq.gz", b"this is not gzip", "bad.nq.gz cannot be read"),
        ("cut.nt.gz", gzip.compress(b"<http://e/a> <http://e/p> <http://e/b> .\n" * 1000)[:-20], "cannot be read"),
        (
            "bad.nt.gz",
            gzip.compress(b"<http://e/a> <http://e/p> <http://e/b> .\n" * 1000)[:30] + bytes(20),
            "cannot be",
        ),
        ("notes.docx", b"", "tells no RDF format"),
    ],
)
def test_what_cannot_be_loaded_leaves_nothing(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    folder = tmp_path / "store"
    status, printed = load(folder, tmp_path / name)
    assert status == 1
    assert message in printed
    assert not (folder / "history").exists()


def test_a_graph_without_an_iri_is_refused(files: list[Path]) -> None:
    with pytest.raises(KelisimError, match="no IRI"):
        list(read_quads(files, "not an iri"))
