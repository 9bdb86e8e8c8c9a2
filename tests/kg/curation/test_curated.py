"""Reading curated files: the content of valid ones, errors with file and line."""

from pathlib import Path

import pytest

from kg.curation.curated import Curation, read_claims, read_curation
from kg.curation.dataset import build
from kg.curation.validation import places, validate_curation
from ontology import KelisimError

PREFIXES = """@prefix kel: <https://w3id.org/kelisim/ns#> .
@prefix id: <https://w3id.org/kelisim/id/> .
@prefix code: <https://w3id.org/kelisim/code/> .
@prefix claim: <https://w3id.org/kelisim/claim/> .
@prefix src: <https://w3id.org/kelisim/source/> .
"""
GOOD = (
    PREFIXES
    + """
claim:made-p1-1 { id:a kel:party id:b . }
claim:made-p1-1 a kel:Claim ; kel:passage src:made-p1-s1 ; kel:speaker id:c ; kel:modality code:possible ;
    kel:gloss "Made up."@en .
"""
)


def test_claims_know_their_place() -> None:
    (claim,), rest = read_claims(GOOD, "made.trig")
    assert rest == []
    assert (claim.name, claim.file, claim.line) == ("made-p1-1", "made.trig", 7)
    assert claim.value("gloss") == "Made up."
    assert len(claim.facts) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("id:b .", "."), r"^made\.trig:7:\d+: .* In or after claim made-p1-1\.$"),
        (GOOD + "claim:made-p1-1 { id:a kel:party id:d . }", r"^made\.trig:10: claim made-p1-1 opens a second time.*7"),
        (GOOD.replace("id:b", "[]"), r"^made\.trig:7: claim made-p1-1: a blank node with .*party"),
        (GOOD.replace("claim:made-p1-1 {", "_:b {"), r"^made\.trig:7: a blank node with "),
        (
            GOOD.replace("id:b .", "<<( id:b kel:party id:c )>> ."),
            r"^made\.trig:7: claim made-p1-1: a triple as the value of .*party",
        ),
        (PREFIXES + "claim:made-p1-1 a kel:Claim .", r"^made\.trig:6: claim made-p1-1 has a record but no graph"),
    ],
)
def test_bad_claims_are_refused(text: str, message: str) -> None:
    with pytest.raises(KelisimError, match=message):
        read_claims(text, "made.trig")


@pytest.mark.parametrize(
    "change", [("kel:modality code:possible ;", ""), ("code:possible", "code:possible , code:denied")]
)
def test_a_claim_without_one_modality_builds_no_dataset(change: tuple[str, str]) -> None:
    claims, _ = read_claims(GOOD.replace(*change), "made.trig")
    with pytest.raises(KelisimError, match=r"made\.trig:7: claim made-p1-1: needs exactly one kel:modality, has [02]"):
        build(Curation(tuple(claims), ()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "made.trig").write_text(GOOD)
    return tmp_path


def test_a_claim_in_two_files_is_refused_with_both_places(data: Path) -> None:
    more = data / "more.trig"
    more.write_text(GOOD)
    curation = read_curation(data)
    with pytest.raises(KelisimError, match=r"more\.trig:7: claim made-p1-1: stands in made\.trig:7 too"):
        validate_curation(curation, [more])
    more.rename(data / "claims" / "more.trig")
    with pytest.raises(KelisimError, match=r"more\.trig:7: claim made-p1-1: stands in made\.trig:7 too"):
        read_curation(data)


def test_a_folder_without_claims_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KelisimError, match=r"No claims in .*claims/NAME\.trig"):
        read_curation(tmp_path)


def test_a_byte_order_mark_is_no_syntax_error(data: Path) -> None:
    (data / "claims" / "made.trig").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert [c.line for c in read_curation(data).claims] == [7]


@pytest.mark.parametrize("name", ["a.ttl", "entities/a.ttl", "claims/a.trig"])
def test_files_that_cannot_be_read_are_named(data: Path, name: str) -> None:
    path = data / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"# caf\xe9")
    with pytest.raises(KelisimError, match=rf"{name} is not UTF-8 \(byte 5\)"):
        read_curation(data)
    path.unlink()
    path.mkdir()
    with pytest.raises(KelisimError, match=rf"Cannot read .*{name}: Is a directory"):
        read_curation(data)


def test_backups_are_left_out_and_subfolders_are_read(data: Path) -> None:
    (data / "claims" / "2025" / "may").mkdir(parents=True)
    (data / "claims" / "2025" / "may" / "Second.TriG").write_text(GOOD.replace("made-p1-1", "made-p2-1"))
    (data / "entities" / "more").mkdir(parents=True)
    (data / "entities" / "more" / "a.TTL").write_text(PREFIXES + "id:a a kel:State .")
    (data / "claims" / "again").symlink_to(data)
    for name in ("claims/made.trig~", "claims/.#made.trig", "claims/2025/notes.docx", "entities/.a.ttl.swp", ".b.ttl"):
        (data / name).write_bytes(b"\xff no RDF")
    (data / "loose").mkdir()
    (data / "loose" / "c.ttl").write_text("not read")
    (data / "README.md").write_text("Not RDF.")
    (data / "questions").mkdir()
    (data / "questions" / "q.rq~").write_text("")
    curation = read_curation(data)
    assert [c.place for c in curation.claims] == [
        "2025/may/Second.TriG:7: claim made-p2-1",
        "made.trig:7: claim made-p1-1",
    ]
    assert len(curation.reference) == 1
    assert curation.left_out == (
        ".b.ttl",
        "claims/.#made.trig",
        "claims/2025/notes.docx",
        "claims/made.trig~",
        "entities/.a.ttl.swp",
        "loose/c.ttl",
        "questions/q.rq~",
    )


RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
BASE = "https://w3id.org/kelisim/"
RECORD = {"passage": "source/made-p9-s1", "speaker": "id/c", "modality": "code/possible"}
IN_LINES = "".join(
    f"<{BASE}claim/made-p9-1> <{predicate}> {value} .\n"
    for predicate, value in (
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"<{BASE}ns#Claim>"),
        *((f"{BASE}ns#{name}", f"<{BASE}{value}>") for name, value in RECORD.items()),
    )
)
FACT = f"<{BASE}id/a> <{BASE}ns#party> <{BASE}id/b> <{BASE}claim/made-p9-1> .\n"
IN_JSON = (
    f'{{"@id": "{BASE}claim/made-p9-1", "@type": "{BASE}ns#Claim", '
    f'"@graph": [{{"@id": "{BASE}id/a", "{BASE}ns#party": {{"@id": "{BASE}id/b"}}}}]}}'
)
IN_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    f'<rdf:Description rdf:about="{BASE}id/a"><rdf:type rdf:resource="{BASE}ns#Visit"/></rdf:Description></rdf:RDF>'
)


@pytest.mark.parametrize(
    ("name", "text", "focus", "place"),
    [
        ("a.NQ", IN_LINES + FACT, "claim/made-p9-1", "a.NQ:1: claim made-p9-1"),
        ("a.jsonld", IN_JSON, "claim/made-p9-1", "a.jsonld:1: claim made-p9-1"),
        ("a.TRIG", GOOD.replace("made-p1", "made-p9"), "claim/made-p9-1", "a.TRIG:7: claim made-p9-1"),
        ("a.Owl", IN_XML, "id/a", "a.Owl:2"),
        ("a.nt", f"# one\n<{BASE}id/a> a <{BASE}ns#Visit> .".replace(" a ", f" <{RDF}type> "), "id/a", "a.nt:2"),
    ],
    ids=["nquads", "jsonld", "trig", "owl", "ntriples"],
)
def test_files_of_every_format_are_validated(name: str, text: str, focus: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("\ufeff" + text, encoding="utf-8")
    curation = read_curation()
    report = validate_curation(curation, [path])
    assert not report.conforms
    assert f"{tmp_path}/{place}" in places(report, curation, [path])[BASE + focus]


def test_a_file_whose_ending_tells_no_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_text("")
    with pytest.raises(KelisimError, match=r"a\.docx: the ending tells no RDF format"):
        validate_curation(read_curation(), [tmp_path / "a.docx"])
