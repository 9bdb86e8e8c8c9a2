"""Differences that are decided in a file, and the accepted file of claims."""

import re
from pathlib import Path

import pytest

from kg.agreement.accepting import accept
from kg.agreement.comparison import Comparison, compare
from kg.agreement.decisions import Decisions, read_decisions, render_decisions
from kg.checks.collection import collect
from kg.checks.numbering import numbers, order
from kg.curation.writing import ClaimsFile
from ontology import KelisimError
from tests.kg.agreement.curations import block_of, both, changed, claims_of, without, write

SPOKEN = "izv24-p11-10"
_NEW = """
claim:izv24-p11-98 {
    id:csto-summit-astana-2024 kel:organiser id:of-b .
}
claim:izv24-p11-98 a kel:Claim ;
    kel:passage src:izv24-p11-s2 ; kel:speaker id:izvestia ; kel:modality code:planned ;
    kel:gloss "One more."@en , "Ещё одно."@ru , "Тағы бір."@kk .
"""


@pytest.fixture(scope="session")
def text() -> str:
    """The claims of a few paragraphs."""
    text = claims_of("izv24")
    names = ClaimsFile.read(text, "claims/x.trig").claims
    return without(text, [n for n in names if not n.startswith(("izv24-p11-", "izv24-p13-", "izv24-p32-"))])


@pytest.fixture(scope="session")
def other(text: str) -> str:
    """A curation with one claim less, one more, and three told otherwise, one of them of another paragraph."""
    found = without(text, ["izv24-p11-5"])
    found = changed(found, SPOKEN, "kel:speaker id:kremlin", "kel:speaker id:izvestia")
    found = changed(found, SPOKEN, "kel:documentCount 20", "kel:documentCount 21")
    found = changed(found, "izv24-p32-4", "kel:value 28400000000", "kel:value 24800000000")
    found = changed(found, "izv24-p11-4", "src:izv24-p11-s1", "src:izv24-p13-s1")
    return found.replace("id:obs-kz-ru-trade-2023", "id:obs-trade-1") + _NEW


@pytest.fixture
def found(tmp_path: Path, text: str, other: str) -> Comparison:
    comparison = both(tmp_path, text, other)
    assert len(comparison.differences) == 5
    return comparison


def decided(comparison: Comparison, take: str) -> Decisions:
    return read_decisions(render_decisions(comparison, {}).replace('take = ""', f'take = "{take}"'), "d.toml")


def test_a_taken_everywhere_leaves_its_file_as_it_is(found: Comparison, text: str) -> None:
    accepted = accept(found, decided(found, "A"))
    assert accepted.claims == text
    assert (accepted.taken, accepted.renumbered, accepted.things) == (0, {}, "")


@pytest.mark.parametrize(("take", "kept", "taken"), [("B", -4, 4), ("both", 0, 4), ("neither", -4, 0)])
def test_what_is_taken_is_written_and_numbered(
    tmp_path: Path, found: Comparison, take: str, kept: int, taken: int
) -> None:
    accepted = accept(found, decided(found, take))
    assert (accepted.kept, accepted.taken) == (len(found.a.claims) + kept, taken)
    collection = collect({"claims/izv24.trig": accepted.claims})
    assert len(collection.claims) == accepted.kept + accepted.taken
    assert [*numbers(collection, collection.claims)] == []
    assert [*order(collection, collection.claims)] == []
    assert "id:obs-trade-1" not in accepted.claims
    if take == "B":
        again = compare(write(tmp_path, "accepted", accepted.claims), found.b.path)
        assert again.measures.identical.f1 == 1


def test_numbers_that_were_withdrawn_are_not_given_again(tmp_path: Path) -> None:
    text = claims_of("mp23")
    withdrawn = re.findall(r"^# Withdrawn: mp23-p(\d+)-(\d+)", text, re.MULTILINE)
    assert withdrawn
    paragraph, number = withdrawn[0]
    names = [*ClaimsFile.read(text, "claims/mp23.trig").claims]
    first = f"mp23-p{paragraph}-1"
    assert first in names
    found = both(tmp_path, text, without(text, [first]), "mp23")
    accepted = accept(found, decided(found, "B"))
    claims = [*ClaimsFile.read(accepted.claims, "claims/mp23.trig").claims]
    assert f"mp23-p{paragraph}-{number}" not in claims
    collection = collect({"claims/mp23.trig": accepted.claims})
    assert [*numbers(collection, collection.claims)] == []


def test_speaker_alone_may_come_from_the_other_side(found: Comparison, text: str) -> None:
    takes = render_decisions(found, {}).replace('take = ""', 'take = "A"')
    mixed = re.sub(rf'(a = \["{SPOKEN}"\]\nb = .*\ntake = "A")', r'\1\nspeaker = "B"', takes)
    accepted = accept(found, read_decisions(mixed, "d.toml"))
    assert accepted.claims == changed(text, SPOKEN, "kel:speaker id:kremlin", "kel:speaker id:izvestia")
    reverse = re.sub(rf'(a = \["{SPOKEN}"\]\nb = .*\n)take = "A"', r'\1take = "B"\nspeaker = "A"', takes)
    block = block_of(accept(found, read_decisions(reverse, "d.toml")).claims, SPOKEN)
    assert "kel:documentCount 21" in block
    assert "kel:speaker id:kremlin" in block


def test_things_may_be_called_as_b_does(found: Comparison, text: str) -> None:
    takes = render_decisions(found, {}).replace('take = ""', 'take = "A"')
    named = takes.replace('b = "id:obs-trade-1"\ntake = "A"', 'b = "id:obs-trade-1"\ntake = "B"')
    assert named != takes
    accepted = accept(found, read_decisions(named, "d.toml"))
    assert accepted.claims == text.replace("id:obs-kz-ru-trade-2023", "id:obs-trade-1")


def test_things_that_only_b_declares_come_with_its_claims(tmp_path: Path, text: str, other: str) -> None:
    data = tmp_path / "data"
    (data / "entities").mkdir(parents=True)
    (data / "claims").mkdir()
    prefixes = "".join(line + "\n" for line in text.splitlines() if line.startswith("@prefix"))
    declared = (
        'id:of-b a org:Organization ; rdfs:label "Of B"@en ; org:subOrganizationOf id:above .\n'
        'id:above a org:Organization ; rdfs:label "Above"@en .\nid:apart a org:Organization .\n'
    )
    (data / "entities" / "own.ttl").write_text(prefixes + declared, encoding="utf-8")
    (data / "claims" / "izv24.trig").write_text(other, encoding="utf-8")
    found = compare(write(tmp_path, "a", text), data, article="izv24")
    things = collect({"entities/things.ttl": accept(found, decided(found, "B")).things}).described
    assert {iri.rpartition("/")[2] for iri in things} == {"of-b", "above"}
    assert accept(found, decided(found, "A")).things == ""


def test_every_difference_that_is_not_decided_is_told_with_its_line(found: Comparison) -> None:
    written = render_decisions(found, {1: ["a note\nof two lines"]})
    assert "# a note of two lines" in written
    half = written.replace('take = ""', 'take = "A"', 2)
    with pytest.raises(KelisimError) as told:
        accept(found, read_decisions(half, "d.toml"))
    lines = [n for n, line in enumerate(half.splitlines(), 1) if line == 'take = ""']
    assert re.findall(r"^  d\.toml:(\d+): .* is not decided\.$", str(told.value), re.MULTILINE) == [*map(str, lines)]
    assert str(told.value).startswith("3 decisions are wanting")


def test_decisions_on_other_curations_are_refused(found: Comparison) -> None:
    takes = render_decisions(found, {}).replace('take = ""', 'take = "A"')
    stale = takes.replace(f'a = ["{SPOKEN}"]', 'a = ["izv24-p11-11"]')
    line = stale[: stale.index('a = ["izv24-p11-11"]')].count("\n") + 3
    with pytest.raises(KelisimError) as told:
        accept(found, read_decisions(stale, "d.toml"))
    number = next(d.number for d in found.differences if d.a and d.a[0].name == SPOKEN)
    assert f"d.toml: lacks difference {number} (A {SPOKEN}; B {SPOKEN}; line " in str(told.value)
    assert f"d.toml:{line}: A izv24-p11-11; B {SPOKEN} is no difference" in str(told.value)


def test_what_was_decided_stays_when_the_file_is_written_anew(found: Comparison) -> None:
    takes = render_decisions(found, {}).replace('take = ""', 'take = "both"', 1)
    mixed = re.sub(rf'(a = \["{SPOKEN}"\]\nb = .*\n)take = ""', r'\1take = "B"\nmodality = "A"', takes)
    mixed = mixed.replace('b = "id:obs-trade-1"\ntake = "A"', 'b = "id:obs-trade-1"\ntake = "B"')
    assert render_decisions(found, {}, read_decisions(mixed, "d.toml")) == mixed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[difference]]\na = ["x"]\ntake = "C"\n', r"d\.toml:3: take = 'C' is none of A, B, both, neither"),
        ('[[name]]\na = "id:x"\nb = "id:y"\n\ntake = "both"\n', r"d\.toml:5: take = 'both' is none of A, B"),
        ('\n[[difference]]\ntake = "A"\n', r"d\.toml:2: tells no claims"),
        ('[[difference]]\na = ["x"]\ntake = "both"\nspeaker = "A"\n', r"d\.toml:1: speaker = 'A' wants take"),
        ('[[difference]]\na = ["x"]\ntake = "A"\nspeaker = "B"\n', r"d\.toml:1: speaker = 'B' wants take"),
        ('[[difference]]\na = ["x"]\ntake = "A"\nspeeker = "B"\n', r"d\.toml:1: speeker is none of take, speaker"),
        ('[[difference]]\na = ["x"]\ntake = []\n', r"d\.toml:3: take = \[\] is none of"),
        (
            '[[difference]]\na = ["x"]\nb = ["y"]\ntake = "A"\nspeaker = ["B"]\n',
            r"d\.toml:1: speaker = \['B'\] wants take",
        ),
        ('difference = [{a = ["x"], b = ["y"], take = "A"}]\n', r"d\.toml: write each difference as a table"),
        ("[difference]\na = 1\n", r"d\.toml: write \[\[difference\]\] with two brackets"),
        ("[[diference]]\na = 1\n", r"d\.toml: diference is neither"),
        ('[[difference]]\na = ["x\n', r"d\.toml: .*line 2"),
        ("[[difference]]\na = [1]\n", r"d\.toml:1: tells no claims"),
        ("[[difference]]\na = 1\n", r"d\.toml:1: tells no claims"),
    ],
)
def test_malformed_decisions_are_told_with_their_line(text: str, message: str) -> None:
    with pytest.raises(KelisimError, match=message):
        read_decisions(text, "d.toml")


def test_articles_are_accepted_one_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "claims"
    folder.mkdir(parents=True)
    for article in ("izv24", "mp23"):
        (folder / f"{article}.trig").write_text(claims_of(article), encoding="utf-8")
    found = compare(tmp_path / "a", tmp_path / "a")
    assert found.articles == ["izv24", "mp23"]
    with pytest.raises(KelisimError, match="add --article, one of izv24, mp23"):
        accept(found, Decisions())
