"""Reading curated files: good ones as they are, bad ones with file and line."""

from pathlib import Path

import pytest

from kg.curation.curated import Curation, read_claims, read_curation
from kg.curation.dataset import build
from kg.curation.validation import validate_curation
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
        (GOOD.replace("id:b .", "."), r"^made\.trig:\d+:\d+: "),
        (GOOD + "claim:made-p1-1 { id:a kel:party id:d . }", r"^made\.trig:10: claim made-p1-1 opens a second time.*7"),
        (GOOD.replace("id:b", "[]"), r"^made\.trig: a blank node with .*party"),
        (GOOD.replace("claim:made-p1-1 {", "_:b {"), r"^made\.trig: a blank node with "),
        (GOOD.replace("id:b .", "<<( id:b kel:party id:c )>> ."), r"^made\.trig: a triple as the value of .*party"),
        (PREFIXES + "claim:made-p1-1 a kel:Claim .", r"^made\.trig: claim made-p1-1 has a record but no graph"),
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
