"""Packages: made, built on the shipped graph or alone, checked, tested, asked and served."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.checks.collection import collect, curated_texts
from kg.curation.curated import Curation, read_curation, text_of
from kg.curation.manifest import MANIFEST, read_manifest
from kg.packages.identifiers import misnamed
from kg.packages.scaffold import new_package
from kg.packages.testing import failures, run_tests
from kg.publishing.questions import own_questions, read_questions
from ontology import BASE, KelisimError
from server.commands.cli import cli
from tests.conftest import ROOT, serving
from tests.http import send
from tests.markup import links, main, page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two new packages: ``harbour`` builds on the shipped graph, ``alone`` does not. Tests that change one copy it."""
    folder = tmp_path_factory.mktemp("packages")
    assert new_package(folder / "harbour") == "harbour"
    assert new_package(folder / "alone", "quay", standalone=True) == "quay"
    return folder


@pytest.fixture
def harbour(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "harbour", tmp_path / "harbour"))


@pytest.fixture
def alone(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "alone", tmp_path / "alone"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new), encoding="utf-8")


def question(folder: Path, name: str, query: str) -> None:
    text = (
        f"# title: {name}\n# description: {name}\n# tags: visits\nPREFIX kel: <https://w3id.org/kelisim/ns#>\n{query}\n"
    )
    (folder / "questions" / f"{name}.rq").write_text(text, encoding="utf-8")


def test_a_new_package_passes_its_tests(made: Path) -> None:
    done = run("test", made / "alone", "--no-reasoning", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["passed"], found["claims"], found["findings"], found["reasoning"]) == (True, 4, [], None)
    assert found["shapes"]["conforms"] is True
    assert [(q["name"], q["status"]) for q in found["questions"]] == [("who-visited-whom", "same")]
    assert found["unchecked"] == ["Consistency was not checked with a reasoner."], "its articles were read"


def test_what_is_built_holds_the_shipped_graph_or_does_not(made: Path, curation: Curation) -> None:
    both, alone = read_curation(made / "harbour"), read_curation(made / "alone")
    assert both.claims[:-4] == tuple(both.shipped.claims if both.shipped else ())
    assert {c.iri for c in both.claims[:-4]} == {c.iri for c in curation.claims}
    assert [c.name for c in both.own.claims] == [f"harbour1-p{p}-{n}" for p, n in ((2, 1), (2, 2), (3, 1), (3, 2))]
    assert {c.name.partition("-")[0] for c in alone.claims} == {"quay1"}
    assert alone.own == alone
    missing = {text_of(t.subject) for t in {*curation.reference} - {*both.reference}}
    assert BASE in missing, "it is not the dataset that Kelisim publishes"
    assert not [iri for iri in missing if iri.startswith(BASE + "source/")]
    told = run("--data", made / "harbour", "cite").stdout
    assert re.search(r"^\(\d{4}\)\. harbour \(data version 0, digest \w{64}\)\.", told), "nor is its publisher the same"


def test_a_folder_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert "is not empty" in run("new", tmp_path / "full").output
    assert "is a file" in run("new", tmp_path / "full" / "notes.txt").output
    assert "take small Latin letters" in run("new", tmp_path / "2025").output
    assert "take small Latin letters" in run("new", tmp_path / "x", "--name", "two words").output
    assert [p.name for p in tmp_path.rglob("*")] == ["full", "notes.txt"]
    (tmp_path / "empty").mkdir()
    done = run("new", tmp_path / "empty")
    assert done.exit_code == 0
    assert f"kelisim test {tmp_path / 'empty'}" in done.stdout


def test_the_readme_shows_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A graph of your own")[2]
    commands, shown = re.findall(r"```(?:sh|text)\n(.*?)```", section, re.DOTALL)[:2]
    new, test, query = commands.splitlines()
    assert run(*new.split()[1:]).exit_code == 0
    printed = run(*test.split()[1:], "--no-reasoning").stdout
    text = re.findall(r"'(.*)'", query)[0]
    done = run("--data", "harbour", "query", text, "--format", "csv")
    names = re.findall(r"│ id:([\w-]+) +│ id:([\w-]+)", shown)
    assert shown.startswith(printed)
    told = [tuple(re.findall(r"/id/([\w-]+)", line)) for line in done.stdout.splitlines()[1:]]
    assert told == names != []


def test_answers_are_accepted_compared_and_missed(alone: Path) -> None:
    shutil.copy(alone / "questions/who-visited-whom.rq", alone / "questions/again.rq")
    question(alone, "any", "ASK { ?visit kel:visited ?state }")
    question(alone, "graph", "CONSTRUCT { ?s kel:visited ?o } WHERE { ?s kel:visited ?o }")
    question(alone, "nothing", "SELECT ?x { ?x kel:commodity ?y }")
    question(alone, "torn", "SELECT ?x { ?x kel:visited")
    question(alone, "blank", "SELECT ?level { ?v kel:visited ?o OPTIONAL { ?v kel:visitLevel ?level } }")
    (alone / "answers/stray.csv").write_text("x\n")
    change(alone / "answers/who-visited-whom.csv", "2025-03-04", "2025-03-05")
    first = json.loads(run("test", alone, "--no-reasoning", "--json").stdout)
    assert {q["name"]: q["status"] for q in first["questions"]} == {
        "again": "missing",
        "any": "missing",
        "blank": "missing",
        "graph": "missing",
        "nothing": "empty",
        "stray": "failed",
        "torn": "failed",
        "who-visited-whom": "different",
    }
    assert not (alone / "answers/any.csv").exists()
    done = run("test", alone, "--no-reasoning", "--accept")
    assert done.exit_code == 1
    assert "again: visitor | visited | day\n  id:quay_ilan-torv | id:quay_norvia | 2025-03-04\n" in done.stdout
    assert "- id:quay_ilan-torv | id:quay_norvia | 2025-03-05\n  + id:quay_ilan-torv | id:quay_norvia | 2025-03-04" in (
        done.stdout
    )
    assert "question nothing: empty: It has no rows" in done.stdout
    assert "question stray: failed: No question asks for answers/stray.csv" in done.stdout
    assert "question torn: failed: " in done.stdout
    assert "4 of 8 questions as expected, 4 of them now" in done.stdout
    answers = alone / "answers"
    assert (answers / "any.csv").read_text() == "ask\ntrue\n"
    assert (answers / "graph.csv").read_text().splitlines()[1] == (
        "id:quay_torv-visit-norvia-2025,kel:visited,id:quay_norvia"
    )
    for name in ("nothing", "torn"):
        (alone / "questions" / f"{name}.rq").unlink()
    (answers / "stray.csv").unlink()
    change(answers / "who-visited-whom.csv", "2025-03-05", "2025-03-04")
    assert run("test", alone, "--no-reasoning").exit_code == 0
    (answers / "graph.csv").write_text((answers / "graph.csv").read_text() * 2)
    twice = json.loads(run("test", alone, "--no-reasoning", "--json").stdout)
    (graph,) = [q for q in twice["questions"] if q["name"] == "graph"]
    assert graph["status"] == "different"
    assert len(graph["lost"]) == 2, "a row is missed as often as it is missing"
    assert graph["gained"] == []


def test_a_bad_header_is_told_and_the_others_are_asked(alone: Path) -> None:
    (alone / "questions/bare.rq").write_text("ASK {}")
    done = run("test", alone, "--no-reasoning")
    assert done.exit_code == 1
    assert "failed: bare.rq: the header lacks title" in done.stdout
    assert "1 of 2 questions as expected" in done.stdout


def test_shapes_and_syntax_and_reasoner_are_told(alone: Path) -> None:
    claims = alone / "claims/quay1.trig"
    change(claims, "kel:stageOf id:quay_fishing-agreement-2025 ; ", "")
    done = run("test", alone, "--no-reasoning")
    assert done.exit_code == 1
    assert re.search(r"quay1\.trig:\d+: error: claim quay1-p3-2: ", done.stdout)
    assert "shapes: id:quay_stage-fishing-agreement-signed: " in done.stdout
    change(claims, "id:quay_norvia a kel:State .", "id:quay_norvia a kel:State , kel:Instrument .")
    outcome = run_tests(alone)
    assert outcome.consistency
    assert not outcome.consistency.sound
    assert "reasoner: Inconsistent. Things that clash:" in failures(outcome)
    claims.write_text(claims.read_text() + "claim:quay1-p3-3 {")
    done = run("test", alone)
    assert done.exit_code == 1
    assert "Failed: 0 claims with 1 error and 0 warnings; 0 of 0 questions" in done.stdout


def test_what_both_declare_is_an_error(harbour: Path) -> None:
    entities, sources = harbour / "entities/things.ttl", harbour / "sources.ttl"
    again = 'id:kazakhstan a kel:State ;\n    rdfs:label "The steppe"@en , "Степь"@ru , "Дала"@kk ;\n'
    entities.write_text(entities.read_text() + f"{again}    dcterms:source src:harbour_curation .\n")
    sources.write_text(sources.read_text() + "src:izv24 a kel:Article .\n")
    done = run("--data", harbour, "check", "--no-reasoning")
    assert done.exit_code == 1
    assert re.search(
        r"things\.ttl:\d+: error: id:kazakhstan is declared in shipped/entities/states\.ttl:\d+", done.stdout
    )
    assert re.search(r"sources\.ttl:\d+: error: src:izv24 is declared in shipped/sources\.ttl:\d+ too", done.stdout)
    (harbour / "claims/izv24.trig").write_text(
        "@prefix claim: <https://w3id.org/kelisim/claim/> . @prefix id: <https://w3id.org/kelisim/id/> .\n"
        "claim:izv24-p6-1 { id:astana a id:astana }\n"
    )
    told = run("--data", harbour, "stats").output
    assert "izv24.trig:2: claim izv24-p6-1: stands in shipped/izv24.trig:" in told


def test_names_of_its_own_begin_as_they_should_and_shipped_ones_are_free(harbour: Path) -> None:
    entities, claims = harbour / "entities/things.ttl", harbour / "claims/harbour1.trig"
    for file in (entities, claims):
        file.write_text(file.read_text().replace("id:harbour_ilan-torv", "id:ilan-torv"))
    change(claims, "kel:visited id:harbour_norvia ;", "kel:visited id:harbour_norvia ; kel:topic id:topic-energy ;")
    manifest = read_manifest(harbour)
    assert manifest
    (finding,) = misnamed(collect(curated_texts(harbour)), manifest)
    assert (finding.file, finding.severity, finding.claim) == ("entities/things.ttl", "warning", "")
    assert finding.mend == "Begin it with harbour_, as harbour is the name of this package."


def test_shipped_claims_are_not_checked_again(harbour: Path) -> None:
    collection = collect(curated_texts(harbour))
    assert {c.numbered[0] for c in collection.claims} > {c.numbered[0] for c in collection.own_claims} == {"harbour1"}
    assert "There are claims of harbour1." in run("--data", harbour, "check", "izv24").output


def test_articles_are_the_packages_own(harbour: Path) -> None:
    assert "p2-s1\tIlan Torv" in run("--data", harbour, "read", "harbour1").stdout
    passages = harbour / "passages/harbour1.ttl"
    sound = passages.read_text()
    passages.unlink()
    assert run("--data", harbour, "passages", "harbour1").exit_code == 0
    assert passages.read_text() == sound
    assert run("--data", harbour, "verify").stdout == "4 claims hold against the articles.\n"
    rows = json.loads(run("--data", harbour, "coverage", "--json").stdout)
    assert [(r["article"], r["paragraph"], r["claims"]) for r in rows] == [
        ("harbour1", 1, 0),
        ("harbour1", 2, 2),
        ("harbour1", 3, 2),
    ]
    shutil.rmtree(harbour / "articles")
    refused = run("--data", harbour, "verify")
    assert refused.exit_code == 2
    assert "Missing option '--articles'" in refused.output


def test_texts_that_are_not_there_are_no_error(alone: Path) -> None:
    (alone / "articles/quay1.txt").write_text("Another.")
    altered = run_tests(alone, alone / "articles", reasoning=False)
    assert [f.rule for f in altered.errors] == ["article-altered"]
    assert "quay1.txt has another SHA-256" in altered.errors[0].wrong
    (alone / "articles/quay1.txt").rename(alone / "articles/other.txt")
    left = run_tests(alone, alone / "articles", reasoning=False)
    assert left.passed
    assert "looked at other.txt" in left.findings[0].wrong
    assert "quay1: its text is not among those given" in left.unchecked[0]
    assert "quay1: its text was not given" in run_tests(alone, reasoning=False).unchecked[0]


def test_a_package_may_be_empty(alone: Path) -> None:
    for name in ("claims", "entities", "passages", "questions", "answers", "articles"):
        shutil.rmtree(alone / name)
    (alone / "omissions.ttl").unlink()
    (alone / "sources.ttl").unlink()
    done = run("test", alone, "--no-reasoning")
    assert done.exit_code == 0, done.output
    assert "Passed: 0 claims with 0 errors and 0 warnings; 0 of 0 questions as expected." in done.stdout
    (alone / MANIFEST).unlink()
    assert "No claims in" in run("test", alone).output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "Lines are such as"),
        ("", "name is to be one word"),
        ('name = "Two words"', "name is to be one word"),
        ("name = 7", "name is to be one word"),
        ('name = "a"\nextend = "kelisim"', "there is no key 'extend' here; there are name, extends, articles"),
        ('name = "a"\nextends = "other"', 'extends can only be "kelisim"'),
        ('name = "a"\nextends = ["kelisim"]', 'extends can only be "kelisim"'),
        ('name = "a"\narticles = 1', "articles is to be the path"),
    ],
)
def test_a_manifest_that_is_amiss_is_told(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(KelisimError, match=rf"{MANIFEST}: .*{re.escape(told)}"):
        read_manifest(tmp_path)


def test_questions_of_both_are_asked_where_both_are_there(made: Path) -> None:
    shipped = {q.name for q in read_questions()}
    assert {q.name for q in read_questions(made / "harbour")} == shipped | {"who-visited-whom"}
    assert [q.name for q in read_questions(made / "alone")] == ["who-visited-whom"]
    assert [q.name for q in own_questions(made / "harbour", [])] == ["who-visited-whom"]


def test_a_package_is_served_with_its_questions(made: Path, kelisim: str) -> None:
    with serving(kelisim, data=made / "alone") as running:
        server = running.address
        assert {x for x in links([page(f"{server}questions")]) if x.startswith("/questions/")} == {
            "/questions/who-visited-whom"
        }
        assert "4 March 2025" in main(page(f"{server}questions/who-visited-whom"))
        assert "Who visited quay" in main(page(f"{server}questions/who-visited-whom"))
        assert send(f"{server}questions/visits-by-level")[0] == 404
        assert b"quay_norvia" in send(f"{server}query")[2], "its first question is in the editor"
        assert "Norvia" in main(page(f"{server}page/quay_norvia"))
        assert send(f"{server}data/quay_norvia.ttl")[0] == 200
