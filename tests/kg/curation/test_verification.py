"""Verification and coverage: valid files pass, and every kind of problem is reported."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.curation.coverage import coverage
from kg.curation.curated import Curation, read_curation
from kg.curation.verification import verify
from ontology import KelisimError
from server.commands.cli import cli
from tests.kg.curation.test_curated import PREFIXES

ARTICLE = "A made-up heading\n\nTrade reached 12.5 million crowns in spring. Nobody knows why it grew so fast there.\n"
SOURCES = (
    PREFIXES
    + f"""
src:made a kel:Article ; kel:sha256 "{hashlib.sha256(ARTICLE.encode()).hexdigest()}" .
id:paper a kel:State .
src:made-p1-omission a kel:Omission ; kel:article src:made ; kel:paragraph 1 ; kel:note "A heading."@en .
"""
)
CLAIMS = (
    PREFIXES
    + """
claim:made-p2-1 { id:obs kel:asWritten "12.5 million" . }
claim:made-p2-1 a kel:Claim ; kel:passage src:made-p2-s1 ; kel:speaker id:paper ; kel:modality code:asserted ;
    kel:gloss "Trade came to twelve and a half million."@en .

claim:made-p2-2 { id:growth kel:kind code:statement-assessment . }
claim:made-p2-2 a kel:Claim ; kel:passage src:made-p2-s1-2 ; kel:speaker id:paper ; kel:modality code:asserted ;
    kel:gloss "The cause is unknown."@en .
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small collection of its own: an article, its record, two claims, and their passages written by the command."""
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "made.txt").write_text(ARTICLE)
    data = tmp_path / "data"
    (data / "claims").mkdir(parents=True)
    (data / "sources.ttl").write_text(SOURCES)
    (data / "claims" / "made.trig").write_text(CLAIMS)
    done = CliRunner().invoke(cli, ["--data", str(data), "passages", "made", "--articles", str(tmp_path / "articles")])
    assert done.exit_code == 0, done.output
    return tmp_path


def test_the_command_prints_json(folder: Path) -> None:
    command = ["--data", str(folder / "data"), "verify", "--articles", str(folder / "articles"), "--json"]
    done = CliRunner().invoke(cli, command)
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"claims": 2, "problems": []})
    change(folder, "data/claims/made.trig", "The cause is unknown.", "Nobody knows why it grew so fast there.")
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert "made-p2-2" in problem["place"]
    assert "1 problems in 2 claims" in done.stderr


def problems(folder: Path) -> list[str]:
    return [str(p) for p in verify(read_curation(folder / "data"), folder / "articles")]


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_sound_curation_has_no_problem(folder: Path) -> None:
    assert problems(folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("articles/made.txt", "spring", "autumn", "sources: article made: no file has the recorded SHA-256"),
        (
            "data/claims/made.trig",
            "12.5 million",
            "12.6 million",
            "made.trig:7: claim made-p2-1: the figure “12.6 million”",
        ),
        (
            "data/claims/made.trig",
            "12.5 million",
            "2.5 million",
            "made.trig:7: claim made-p2-1: the figure “2.5 million”",
        ),
        ("data/claims/made.trig", '"12.5 million"', '"12"', "made.trig:7: claim made-p2-1: the figure “12”"),
        (
            "data/claims/made.trig",
            '"12.5 million"',
            '"12.5 mill"',
            "made.trig:7: claim made-p2-1: the figure “12.5 mill”",
        ),
        (
            "data/claims/made.trig",
            'kel:speaker id:paper ; kel:modality code:asserted ;\n    kel:gloss "The',
            'kel:modality code:asserted ;\n    kel:gloss "The',
            "made.trig:11: claim made-p2-2: needs exactly one kel:speaker, has 0",
        ),
        (
            "data/claims/made.trig",
            "made-p2-2",
            "made-p3-1",
            "made.trig:11: claim made-p3-1: is named for another paragraph",
        ),
        (
            "data/claims/made.trig",
            "src:made-p2-s1 ;",
            "src:made-p2-s2 ;",
            "claim made-p2-1: its passage <https://w3id.org/kelisim/source/made-p2-s2> has no record",
        ),
        (
            "data/claims/made.trig",
            "src:made-p2-s1 ;",
            "src:made-p2-s1-2 ;",
            "passages: https://w3id.org/kelisim/source/made-p2-s1: no claim refers to it",
        ),
        (
            "data/claims/made.trig",
            "id:paper",
            "id:nobody",
            "claim made-p2-1: <https://w3id.org/kelisim/id/nobody> is not defined",
        ),
        (
            "data/claims/made.trig",
            "code:statement-assessment",
            "code:guess",
            "claim made-p2-2: <https://w3id.org/kelisim/code/guess> is in no code list",
        ),
        (
            "data/claims/made.trig",
            "The cause is unknown",
            "Nobody knows why it grew so much",
            "claim made-p2-2: copies the article: “nobody knows why it grew”",
        ),
        ("data/passages/made.ttl", "oa:start 19", "oa:start 3", "passages: made-p2-s1: its selector 3-"),
        (
            "data/passages/made.ttl",
            "oa:start 19",
            "oa:start 20",
            "passages: made-p2-s1: its kel:sha256 is not that of the text",
        ),
        (
            "data/passages/made.ttl",
            "kel:paragraph 2",
            "kel:paragraph 1",
            "passages: made-p2-s1: its kel:paragraph is not",
        ),
    ],
)
def test_every_fault_is_named(folder: Path, file: str, old: str, new: str, found: str) -> None:
    change(folder, file, old, new)
    assert any(found in problem for problem in problems(folder)), problems(folder)


def test_coverage_counts(folder: Path) -> None:
    rows = coverage(read_curation(folder / "data"), folder / "articles")
    assert [(r.paragraph, r.claims, r.touched, r.sentences, r.omission, r.valid) for r in rows] == [
        (1, 0, 0, 1, "A heading.", True),
        (2, 2, 2, 2, "", True),
    ]


def without_omission(folder: Path) -> None:
    change(folder, "data/sources.ttl", "kel:Omission", "kel:Claim")


def omitted_though_curated(folder: Path) -> None:
    change(folder, "data/sources.ttl", "kel:paragraph 1", "kel:paragraph 2")


@pytest.mark.parametrize("fault", [without_omission, omitted_though_curated])
def test_uncovered_paragraphs_are_errors(folder: Path, fault: Callable[[Path], None]) -> None:
    fault(folder)
    arguments = ["--data", str(folder / "data"), "coverage", "--articles", str(folder / "articles")]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 1
    assert "made paragraph 1" in done.output


def test_an_omission_of_no_paragraph_is_an_error(folder: Path) -> None:
    change(folder, "data/sources.ttl", "kel:paragraph 1", "kel:paragraph 9")
    with pytest.raises(KelisimError, match="article made has no paragraph 9"):
        coverage(read_curation(folder / "data"), folder / "articles")


@pytest.mark.parametrize(
    ("old", "new"),
    [(' ; kel:note "A heading."@en', ""), ("kel:paragraph 1", "kel:paragraph 1.5"), ("kel:article src:made ; ", "")],
)
def test_an_incomplete_omission_is_an_error(folder: Path, old: str, new: str) -> None:
    change(folder, "data/sources.ttl", old, new)
    with pytest.raises(KelisimError, match=r"omissions: made-p1-omission needs a kel:article"):
        coverage(read_curation(folder / "data"), folder / "articles")


def test_a_paragraph_that_is_not_there_is_an_error(folder: Path) -> None:
    arguments = ["--data", str(folder / "data"), "read", "made", "--articles", str(folder / "articles"), "--paragraph"]
    done = CliRunner().invoke(cli, [*arguments, "2"])
    assert [line.split("\t")[0] for line in done.output.splitlines()] == ["p2-s1", "p2-s2"]
    done = CliRunner().invoke(cli, [*arguments, "9"])
    assert done.exit_code == 1
    assert "there is no paragraph 9" in done.output


def test_the_claims_hold_against_the_articles(curation: Curation, articles: Path) -> None:
    assert verify(curation, articles) == []


def test_every_paragraph_of_the_articles_is_covered(curation: Curation, articles: Path) -> None:
    rows = coverage(curation, articles)
    assert len(rows) == 95
    assert [r for r in rows if not r.valid] == []
    partly = [r for r in rows if r.claims and r.touched < r.sentences]
    assert partly == [], "a sentence without a claim in a paragraph that has some"


COPYING = """
claim:made-p2-3 { id:growth kel:concerns id:riddle . }
claim:made-p2-3 a kel:Claim ; kel:passage src:made-p2-s2 ; kel:speaker id:paper ; kel:modality code:asserted ;
    kel:gloss "There is a riddle of growth."@en .
"""
LABEL = '<http://www.w3.org/2000/01/rdf-schema#label> "On why nobody knows why it grew"@en'


def labelled(folder: Path, kind: str, claims: str = "") -> list[str]:
    """The problems with a thing of a class whose label has five words of the article, and with these claims beside."""
    change(
        folder, "data/sources.ttl", "id:paper a kel:State .", f"id:paper a kel:State . id:riddle a {kind} ; {LABEL} ."
    )
    path = folder / "data" / "claims" / "made.trig"
    path.write_text(path.read_text() + claims)
    return problems(folder)


def test_a_label_is_compared_with_the_articles_whose_claims_use_its_thing(folder: Path) -> None:
    (problem,) = [p for p in labelled(folder, "kel:Event", COPYING) if "copies" in p]
    assert problem.startswith("reference: ")
    assert "id/riddle" in problem
    assert problem.endswith("copies the article: “nobody knows why it grew”")


def test_a_label_of_a_thing_that_no_claim_of_the_article_uses_is_compared_with_nothing(folder: Path) -> None:
    assert labelled(folder, "kel:Event") == []


@pytest.mark.parametrize("kind", ["kel:Instrument", "kel:Office", "kel:EventSeries"])
def test_titles_may_be_taken_over_in_labels_and_glosses(folder: Path, kind: str) -> None:
    change(
        folder, "data/claims/made.trig", "The cause is unknown.", "There is a paper on why nobody knows why it grew."
    )
    assert len(problems(folder)) == 1
    assert labelled(folder, kind, COPYING.replace("src:made-p2-s2", "src:made-p2-s1-2")) == []


def test_a_text_is_compared_with_the_article_of_its_claim_alone(folder: Path) -> None:
    other = "Another heading\n\nThe cause of all this is quite unknown to them.\n"
    (folder / "articles" / "other.txt").write_text(other)
    digest = hashlib.sha256(other.encode()).hexdigest()
    source = f'src:other a kel:Article ; kel:sha256 "{digest}" .\nid:paper a kel:State .'
    change(folder, "data/sources.ttl", "id:paper a kel:State .", source)
    change(folder, "data/claims/made.trig", "The cause is unknown.", "The cause of all this is quite unknown.")
    assert problems(folder) == []
