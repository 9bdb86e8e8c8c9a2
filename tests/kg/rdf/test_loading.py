"""`kelisim load`: stores created from RDF files."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pyoxigraph as ox
import pytest
import zstandard
from click.testing import CliRunner

from kg.history.history import History
from kg.rdf.loading import Skipped, read_lines, read_quads
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
    assert (status, printed.split(" into ")[0]) == (0, "Loaded 8 quads")
    with History.open(folder / "history") as history:
        quads = history.load()
    assert len(quads) == 8, "one of them stands in two files"
    assert {str(quad.graph_name) for quad in quads} == {"<http://e/default>", "<http://e/g>"}
    assert len({quad.object for quad in quads if isinstance(quad.object, ox.BlankNode)}) == 3, "one for each file"
    assert {str(q.object) for q in quads if str(q.subject) == "<http://e/j>"} == {"<http://e/k>"}
    with serving(kelisim, "--store", str(folder)) as running:
        query = "SELECT ?s ?o { GRAPH <http://e/default> { ?s <http://e/q> ?o } }"
        assert send(ask(running.address, query, format="csv"))[2].count(b",1\r\n") == 2
    assert load(folder, files[0])[0] == 1, "the folder is taken"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.nt", b"<http://e/a> <http://e/p> <http://e/b> .\n<http://e/a> nonsense .\n", "bad.nt, line 2"),
        ("bad.nq.gz", b"this is not gzip", "bad.nq.gz cannot be read"),
        ("cut.nt.zst", zstandard.compress(b"<http://e/a> <http://e/p> <http://e/b> .\n" * 1000)[:-3], "cannot be read"),
        ("cut.nt.gz", gzip.compress(b"<http://e/a> <http://e/p> <http://e/b> .\n" * 1000)[:-20], "cannot be read"),
        (
            "bad.nt.gz",
            gzip.compress(b"<http://e/a> <http://e/p> <http://e/b> .\n" * 1000)[:30] + bytes(20),
            "cannot be",
        ),
        ("notes.docx", b"", "tells no RDF format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
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


LINE = b'<http://e/a> <http://e/p> "%d" .\n'
XML = (
    b'<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
    b'<rdf:Description rdf:about="SUBJECT"><e:p>1</e:p></rdf:Description></rdf:RDF>'
)
ABSOLUTE = XML.replace(b"SUBJECT", b"http://e/a")
SUBJECT = TURTLE.encode()


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("a.OWL", ABSOLUTE, 1),
        ("a.owl", SUBJECT, 3),
        ("a.rdf", SUBJECT, 3),
        ("a.xml", ABSOLUTE, 1),
        ("a.shacl", SUBJECT, 3),
        ("A.TTL", SUBJECT, 3),
        ("bom.ttl", b"\xef\xbb\xbf" + SUBJECT, 3),
        ("bom.nt.gz", gzip.compress(b"\xef\xbb\xbf" + LINE % 1), 1),
        ("bom.jsonld", b'\xef\xbb\xbf{"@id": "http://e/j", "http://e/p": 1}', 1),
        ("a.ntriples", LINE % 1, 1),
        ("a.NQuads", LINE % 1, 1),
        ("a.nt.GZ", gzip.compress(LINE % 1 + LINE % 2), 2),
        ("a.nt.bz2", bz2.compress(LINE % 1), 1),
        ("a.nt.xz", lzma.compress(LINE % 1), 1),
        ("a.nt.zst", b"".join(zstandard.compress(LINE % n * 9_000) for n in range(3)), 27_000),
        ("empty.nt.zst", zstandard.compress(b""), 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_endings_and_compressions_in_any_case(name: str, content: bytes, count: int, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert len(list(read_quads([tmp_path / name]))) == count


def test_an_archive_gives_its_rdf_files(tmp_path: Path) -> None:
    path = tmp_path / "all.Zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/one.TTL", TURTLE)
        archive.writestr("two.nt.bz2", bz2.compress(LINE % 1))
        archive.writestr("__MACOSX/._one.ttl", b"\0")
        archive.writestr("README.md", "no RDF")
    assert len(list(read_quads([path]))) == 4
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bad.nt", LINE % 1 + b"nonsense\n")
    with pytest.raises(KelisimError, match=r"all\.Zip/bad\.nt, line 2"):
        list(read_quads([path]))
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(KelisimError, match="holds no file"):
        list(read_quads([path]))


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
def test_standard_input_is_loaded(compress: object, tmp_path: Path) -> None:
    content = compress(b"\xef\xbb\xbf" + LINE % 1)  # type: ignore[operator]
    done = CliRunner().invoke(cli, ["load", str(tmp_path / "store"), "-", "--format", "ntriples"], input=content)
    assert (done.exit_code, done.output.split(" into ")[0]) == (0, "Loaded 1 quads")
    status, printed = load(tmp_path / "other", "-")
    assert (status, "--format" in printed) == (1, True)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("r.ttl", b"<http://e/a> <http://e/p> 1 .\n<k> <http://e/p> 1 .", "r.ttl, line 2"),
        ("r.rdf", XML.replace(b"SUBJECT", b"k"), "r.rdf, line 3"),
        ("r.jsonld", b'{"@id": "http://e/j", "http://e/p": {"@id": "k"}}', "r.jsonld: the IRI 'k'"),
    ],
    ids=["turtle", "rdfxml", "jsonld"],
)
def test_relative_iris_need_a_base(name: str, content: bytes, place: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(KelisimError, match=r"relative: say with --base") as caught:
        list(read_quads([path]))
    assert place in str(caught.value)
    for given in ({"base": "http://b/x"}, {"graph": "http://b/x"}):
        assert "<http://b/k>" in " ".join(map(str, read_quads([path], **given)))  # type: ignore[arg-type]
    with pytest.raises(KelisimError, match="no absolute IRI"):
        list(read_quads([path], base="folder/file"))


def test_malformed_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "some.nt"
    joined = b"_:x <http://e/p> _:y .\n_:y <http://e/p> <<( _:x <http://e/p> _:y )>> .\n"
    bad = b'no line\n<http://e/a> <http://e/p> "\xff" .\n'
    path.write_bytes(joined + bad * 12 + b"# a comment\n\n" + LINE % 7)
    skipped = Skipped()
    quads = list(read_quads([path, path], skipped=skipped))
    assert len(quads) == 6
    assert skipped.count == 48
    assert len({q.subject for q in quads if isinstance(q.subject, ox.BlankNode)}) == 4, "two for each file"
    assert quads[0].subject == quads[1].object.subject  # type: ignore[union-attr]
    status, printed = load(tmp_path / "store", path, "--lenient")
    assert status == 0
    assert "Skipped 24 malformed lines:" in printed
    assert f"  {path}, line 3: " in printed
    assert "  and 4 more" in printed
    assert "Loaded 3 quads" in printed
    assert load(tmp_path / "strict", path)[0] == 1


def test_what_only_looks_like_rdf_is_told(tmp_path: Path) -> None:
    owl = b'<?xml version="1.0"?>\n<Ontology xmlns="http://www.w3.org/2002/07/owl#" ontologyIRI="http://e/o"/>'
    for content, message in ((owl, "OWL/XML"), (TURTLE.encode("utf-16"), "UTF-16")):
        (tmp_path / "a.owl").write_bytes(content)
        with pytest.raises(KelisimError, match=message):
            list(read_quads([tmp_path / "a.owl"]))


LINES = [
    '<x:a> <x:p> "01"^^<http://www.w3.org/2001/XMLSchema#integer> .',
    '<x:a> <x:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <x:g> .',
    "",
    "# _:a comment",
    "_:b <x:p> _:c <x:g> .",
    "<x:a> <x:p> _:b .",
    '<x:a> <x:p> "_:no blank node" .',
    '<x:a> <x:p> "Астана"@kk _:g .',
    "<x:z>   <x:p>\t<x:a>.",
] * 2


@pytest.mark.parametrize("size", [1, 60, 200, 1 << 20])
@pytest.mark.parametrize("name", ["a.nq", "a.nq.gz", "a.nt"])
def test_lines_read_in_parts_are_the_same_quads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, name: str
) -> None:
    monkeypatch.setattr("kg.rdf.loading._BLOCK_BYTES", size)
    lines = [line for line in LINES if name != "a.nt" or not line.endswith(("<x:g> .", "_:g ."))]
    content = "\n".join(lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    read = [line for batch in read_lines([tmp_path / name]) for line in batch]
    store = ox.Store()
    store.load(content, ox.RdfFormat.N_TRIPLES if name == "a.nt" else ox.RdfFormat.N_QUADS)
    found = [*ox.parse(b"".join(read), ox.RdfFormat.N_QUADS)]
    assert canonical(set(found)) == canonical(set(store))


def canonical(quads: set[ox.Quad]) -> set[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


@pytest.mark.parametrize("size", [1, 60, 1 << 20])
def test_the_line_of_an_error_is_told_wherever_the_part_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("kg.rdf.loading._BLOCK_BYTES", size)
    path = tmp_path / "a.nq"
    path.write_text("\n".join([*LINES, "<x:a> <x:p> oops .", *LINES]), encoding="utf-8")
    with pytest.raises(KelisimError, match=rf"a\.nq, line {len(LINES) + 1}: .*Nothing was loaded"):
        list(read_lines([path]))


def test_many_small_files_make_few_batches(tmp_path: Path) -> None:
    for n in range(50):
        (tmp_path / f"{n}.ttl").write_text(f"<x:{n}> <x:p> {n} .", encoding="utf-8")
        (tmp_path / f"{n}.nt").write_text(f"<x:{n}> <x:q> <x:{n}> .", encoding="utf-8")
    batches = [*read_lines(sorted(tmp_path.iterdir()))]
    assert [len(batch) for batch in batches] == [100]
