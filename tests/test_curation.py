"""Reading curated files: good ones as they are, bad ones with file and line."""

import pytest

from kg.curation import Curation, read_claims
from kg.dataset import build
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
