"""The curator's handbook: its examples exist, its rules are those of the claims, its worked example holds."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from kg.checks import examination
from kg.checks.collection import Collection, collect, curated_texts
from kg.checks.examination import examine, find_articles
from kg.checks.findings import Severity
from kg.checks.terms import terms
from kg.curation.curated import read_curation
from kg.curation.dataset import build
from kg.curation.shipped import packaged_data
from kg.curation.verification import verify
from ontology.namespaces import CODE, ID, KEL
from tests.conftest import ROOT

HANDBOOK: Final = (ROOT / "kg/data/README.md").read_text(encoding="utf-8")
EXAMPLE: Final = ROOT / "tests/fixtures/handbook"
ARTICLES: Final = EXAMPLE / "articles"


@pytest.fixture(scope="module")
def shipped() -> Collection:
    return collect(curated_texts())


@pytest.fixture(scope="module")
def example() -> Collection:
    collection = collect(curated_texts(EXAMPLE))
    return Collection(collection.files, find_articles(collection, ARTICLES)[0])


def test_each_example_is_a_claim_of_the_graph_or_of_the_worked_example() -> None:
    known = {line for folder in (packaged_data(), EXAMPLE) for line in _quads_of(Path(str(folder)))}
    blocks = re.findall(r"```trig\n(.*?)```", HANDBOOK, re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        quads = [*ox.parse(_prefixes() + block, format=ox.RdfFormat.TRIG)]
        assert len({q.graph_name for q in quads}) == 2
        assert {str(q) for q in quads} <= known, block


def _quads_of(folder: Path) -> Iterator[str]:
    for file in sorted((folder / "claims").glob("*.trig")):
        yield from (str(q) for q in ox.parse(path=str(file), format=ox.RdfFormat.TRIG))


def _prefixes() -> str:
    text = (EXAMPLE / "claims/tc31.trig").read_text(encoding="utf-8")
    return "".join(re.findall(r"^@prefix .*\n", text, re.MULTILINE))


def test_all_that_it_names_exists(shipped: Collection, example: Collection) -> None:
    claims = {c.name for c in (*shipped.claims, *example.claims)}
    withdrawn = {name for file in shipped.files for name in file.withdrawn}
    cited = set(re.findall(r"\b(?:mp23|izv24|tc31|ona31)-p\d+-\d+\b", HANDBOOK))
    assert len(cited) > 150
    assert cited <= claims | withdrawn
    things = {*shipped.types, *shipped.described, *example.types}
    assert {str(ID) + n for n in re.findall(r"\bid:([\w-]+)", HANDBOOK)} <= things
    assert {str(CODE) + n for n in re.findall(r"\bcode:([\w-]+)", HANDBOOK)} <= {*terms().schemes}
    named = {str(KEL) + n for n in re.findall(r"\bkel:(\w+)", HANDBOOK)}
    assert named <= terms().properties | terms().classes


def test_its_index_leads_to_its_sections() -> None:
    headings = re.findall(r"^#+ (.*)$", HANDBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
    index = set(re.findall(r"\]\(#([\w-]+)\)", HANDBOOK))
    assert index <= anchors
    sections = {
        re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in re.findall(r"^## (.*)$", HANDBOOK, re.MULTILINE)
    }
    assert sections <= index
    assert HANDBOOK.count("\n") <= 450


def test_the_worked_example_is_silent(example: Collection) -> None:
    found = examine(example)
    assert not found.findings, "\n".join(map(str, found.findings))
    assert not found.unchecked
    assert found.claims > 120
    assert verify(read_curation(EXAMPLE), ARTICLES) == []
    assert build(read_curation(EXAMPLE)).quads


@pytest.mark.parametrize("side", ["a", "b"])
def test_both_curations_of_the_worked_example_are_without_errors_and_not_the_same(side: str, tmp_path: Path) -> None:
    accepted = (EXAMPLE / "claims/tc31.trig").read_text(encoding="utf-8")
    text = (EXAMPLE / f"curations/{side}/tc31.trig").read_text(encoding="utf-8")
    assert text != accepted
    data = Path(shutil.copytree(EXAMPLE, tmp_path / "data"))
    (data / "claims/tc31.trig").write_text(text, encoding="utf-8")
    texts = curated_texts(data)
    texts["passages/tc31.ttl"] = ""  # the records are those of the accepted claims
    collection = collect(texts)
    collection = Collection(collection.files, find_articles(collection, ARTICLES)[0])
    found = examine(collection, "tc31", reasoning=False).findings
    assert not [
        str(f) for f in found if f.severity == Severity.ERROR and f.rule not in {"passage", "shape:Claim-passage"}
    ]


# What is replaced, once, by what, and the check that tells it.
MISTAKES: Final = {
    "the upper bound at the lower end of a range": (
        "kel:value 12 ; kel:unit unit:NUM ; kel:bound code:bound-over",
        "kel:value 12 ; kel:unit unit:NUM ; kel:bound code:bound-up-to",
        "bound-word",
    ),
    "a range without its bound": (
        "kel:value 15 ; kel:unit unit:NUM ; kel:bound code:bound-up-to",
        "kel:value 15 ; kel:unit unit:NUM ; kel:bound code:bound-record",
        "bound-word",
    ),
    "one figure under two names": (
        'kel:value 15 ; kel:unit unit:NUM ; kel:bound code:bound-up-to ; kel:asWritten "15"',
        'kel:value 12 ; kel:unit unit:NUM ; kel:bound code:bound-over ; kel:asWritten "12"',
        "duplicate-fact",
    ),
    "another day of the week": ('kel:edtf "2031-05-14"^^edtf:edtf', 'kel:edtf "2031-05-13"^^edtf:edtf', "weekday"),
    "somebody else than the two who speak": (
        "kel:saidBy id:ilan-dorvath , id:anders-quill",
        "kel:saidBy id:luka-arden , id:anders-quill",
        "said-by",
    ),
    "the sentence before it": (
        "claim:tc31-p2-11 a kel:Claim ;\n    kel:passage src:tc31-p2-s3 ;",
        "claim:tc31-p2-11 a kel:Claim ;\n    kel:passage src:tc31-p2-s2 ;",
        "wrong-sentence",
    ),
    "a plan told as a fact, in the month of May": (
        "In May 2031 Ilan Dorvath visited Kelbrook",
        "In May 2031 Ilan Dorvath may visit Kelbrook",
        "modality-verb",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_in_the_worked_example_are_told(name: str, example: Collection) -> None:
    old, new, expected = MISTAKES[name]
    texts = curated_texts(EXAMPLE)
    text = texts["claims/tc31.trig"]
    assert text.count(old) == 1
    texts["claims/tc31.trig"] = text.replace(old, new)
    changed = collect(texts, example.texts)
    line = text.count("\n", 0, text.index(old)) + 1
    found = [f for rule in examination.RULES for f in rule(changed, changed.claims) if f.rule == expected]
    assert [f for f in found if f.file == "claims/tc31.trig" and abs(f.line - line) <= 6], name


@pytest.mark.parametrize(("file", "told"), [("entities/events.ttl", True), ("entities/documents.ttl", False)])
def test_labels_of_things_that_claims_use_are_in_own_words_but_for_titles(
    file: str, told: bool, example: Collection
) -> None:
    texts = curated_texts(EXAMPLE)
    label = re.search(r'rdfs:label "[^"]*"@en', texts[file])
    assert label
    texts[file] = texts[file].replace(label[0], 'rdfs:label "How it would remain a piece of paper"@en', 1)
    changed = collect(texts, example.texts)
    found = [f.file for rule in examination.RULES for f in rule(changed, changed.claims) if f.rule == "own-words"]
    assert found == ([file] if told else [])
