"""`kelisim draft`: the files that it writes, with marks; what it refuses; and that it overwrites nothing."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.checks.collection import collect, curated_texts
from kg.curation.curated import read_claims, read_curation
from kg.curation.marks import MARK, open_marks
from kg.drafts.drafting import draft
from kg.packages.scaffold import new_package
from ontology import KelisimError
from server.commands.cli import cli
from tests.kg.drafts.world import FILES, NEWS, write


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "data", FILES)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    return write(tmp_path / "articles", {"ona31.txt": NEWS})


def run(data: Path, news: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--data", str(data), "draft", *arguments, "--articles", str(news)])


def test_what_a_draft_writes(data: Path, news: Path) -> None:
    result = run(data, news, "ona31")
    assert result.exit_code == 0, result.output
    assert "Names that nothing here has, to be declared in entities/ if they are needed: " in result.output
    assert "Marek Tolvan" in result.output
    claims = (data / "claims/ona31.trig").read_text(encoding="utf-8")
    read, _ = read_claims(claims, "claims/ona31.trig")
    names = [c.name for c in read]
    assert names == sorted(names, key=lambda n: [int(part) for part in n.removeprefix("ona31-p").split("-")])
    assert claims.startswith("# What ONA, September 2031, says: one graph to a claim, in reading order.")
    headings = [line for line in claims.splitlines() if line.startswith("# Paragraph")]
    assert headings == ["# Paragraph 2", "# Paragraph 3", "# Paragraph 4"]
    assert all(c.value("speaker").startswith("https://w3id.org/kelisim/id/") for c in read)
    assert all(MARK in " ".join(c.values("gloss")) for c in read)
    assert 'kel:attestedOn "2031-09-09"^^xsd:date .' in claims
    assert 'rdfs:label "Dorvath as president of Velmaria"@en , "Дорват — Президент Вельмарии"@ru' in claims
    assert f'kel:gloss "{MARK} Ilan Dorvath is the President of Velmaria."@en , "{MARK}"@ru , "{MARK}"@kk .' in claims
    assert (
        "kel:value 3400000000 ; kel:unit unit:CCY_USD ;\n"
        '        kel:bound code:bound-over ; kel:asWritten "3.4 billion dollars" .'
    ) in claims
    assert "The same figure is id:obs-trade-2028 in old29-p1-2: the same thing?" in claims
    sources = (data / "sources.ttl").read_text(encoding="utf-8")
    assert 'rdfs:label "ONA, September 2031"@en , "ОНА, сентябрь 2031 года"@ru' in sources
    assert 'kel:earliest "2031-09-09"^^xsd:date ; kel:latest "2031-09-09"^^xsd:date ;' in sources
    omissions = (data / "omissions.ttl").read_text(encoding="utf-8")
    assert [line.partition(" ")[0] for line in omissions.splitlines() if line.startswith("src:")] == [
        "src:ona31-p1-omission",
        "src:ona31-p5-omission",
    ]
    assert f'"{MARK} Paragraph 2 once more, word for word."@en' in omissions
    assert "src:ona31-p3-s2 a kel:Passage ;" in (data / "passages/ona31.ttl").read_text(encoding="utf-8")


def test_that_nothing_of_a_draft_is_data_before_its_marks_are_gone(data: Path, news: Path) -> None:
    run(data, news, "ona31")
    with pytest.raises(KelisimError, match=r"claims/ona31.trig:\d+: \[\?\] "):
        read_curation(data)
    for path in data.rglob("*.t*"):
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line.replace(MARK, "judged") for line in lines if not line.startswith(f"# {MARK}")]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    found = read_curation(data)
    assert [c for c in found.claims if c.name.startswith("ona31-")]


def test_that_each_claim_and_each_thing_of_a_draft_has_a_mark(data: Path, news: Path) -> None:
    run(data, news, "ona31")
    blocks = (data / "claims/ona31.trig").read_text(encoding="utf-8").split("\n\n")[2:]
    claims = [block for block in blocks if "claim:" in block]
    assert claims
    assert all(open_marks(block) and block.startswith(f"# {MARK}") for block in claims)


def test_that_nothing_is_overwritten(data: Path, news: Path) -> None:
    run(data, news, "ona31")
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    result = run(data, news, "ona31")
    assert result.exit_code == 1
    assert "claims/ona31.trig is there already, and a draft overwrites nothing." in result.output
    assert before == {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}


def test_that_other_claims_and_comments_stay(data: Path, news: Path) -> None:
    sources = data / "sources.ttl"
    sources.write_text(sources.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    run(data, news, "ona31")
    assert "# a remark\n" in sources.read_text(encoding="utf-8")
    assert (data / "claims/old29.trig").read_text(encoding="utf-8") == FILES["claims/old29.trig"]
    assert (data / "entities/all.ttl").read_text(encoding="utf-8") == FILES["entities/all.ttl"]


def test_a_publisher_that_is_not_known(data: Path, news: Path) -> None:
    (news / "ona31.txt").unlink()
    write(news, {"tc31.txt": NEWS.replace("(ONA) ", "")})
    result = run(data, news, "tc31")
    assert result.exit_code == 0, result.output
    organisations = (data / "entities/organisations.ttl").read_text(encoding="utf-8")
    assert "id:publisher-of-tc31 a org:Organization ;" in organisations
    assert f'rdfs:label "{MARK}"@en , "{MARK}"@ru , "{MARK}"@kk ;' in organisations
    assert "dcterms:publisher id:publisher-of-tc31 ;" in (data / "sources.ttl").read_text(encoding="utf-8")


def test_a_publisher_that_is_given(data: Path, news: Path) -> None:
    assert run(data, news, "ona31", "--publisher", "river-academy").exit_code == 0
    assert "dcterms:publisher id:river-academy ;" in (data / "sources.ttl").read_text(encoding="utf-8")


def test_a_publisher_that_is_not_declared(data: Path, news: Path) -> None:
    result = run(data, news, "ona31", "--publisher", "river-acdemy")
    assert result.exit_code == 1
    assert "No publisher is called id:river-acdemy. Did you mean id:river-academy?" in result.output
    assert not (data / "claims/ona31.trig").exists()


def test_a_publisher_with_marks_of_quotation_in_its_name(data: Path, news: Path) -> None:
    entities = data / "entities/all.ttl"
    entities.write_text(
        entities.read_text(encoding="utf-8").replace('"Velmaria River Academy"', r'"The \"River\" Academy"'),
        encoding="utf-8",
    )
    assert run(data, news, "ona31", "--publisher", "river-academy").exit_code == 0
    assert r'rdfs:label "The \"River\" Academy, September 2031"@en' in (data / "sources.ttl").read_text(
        encoding="utf-8"
    )


def test_which_text_is_meant(data: Path, news: Path) -> None:
    write(news, {"other.txt": "Another text.", "third.txt": "A third text."})
    result = run(data, news, "new31")
    assert result.exit_code == 1
    assert "Which text in" in result.output
    assert "other.txt, third.txt" in result.output
    assert "Name the file new31.txt." in result.output
    assert run(data, news, "Neu 31").exit_code == 1
    assert run(data, news, "ona31").exit_code == 0


def test_proposals_as_json(data: Path, news: Path) -> None:
    result = CliRunner().invoke(cli, ["--data", str(data), "draft", "ona31", "--articles", str(news), "--json"])
    told = json.loads(result.stdout)
    assert (told["article"], told["language"], told["publisher"]) == ("ona31", "en", "id:ona")
    assert told["marks"] == sum(len(open_marks((data / f).read_text(encoding="utf-8"))) for f in told["files"])
    assert [s["passage"] for s in told["sentences"]][:2] == ["p1-s1", "p2-s1"]


def test_that_a_draft_is_the_same_each_time(data: Path, news: Path) -> None:
    texts = curated_texts(data)
    first, second = (draft(collect(texts), texts, "ona31", news) for _ in range(2))
    assert first.files == second.files


def test_a_graph_that_has_no_records_yet(tmp_path: Path, news: Path) -> None:
    data = write(tmp_path / "bare", {path: text for path, text in FILES.items() if path.startswith("claims/")})
    result = run(data, news, "ona31")
    assert result.exit_code == 0, result.output
    for name, first in (("sources.ttl", "# The articles"), ("omissions.ttl", "# Paragraphs from which")):
        text = (data / name).read_text(encoding="utf-8")
        assert text.startswith(first)
        assert "\n\n@prefix kel: <https://w3id.org/kelisim/ns#> .\n@prefix " in text
    read_curation(data, drafts=True)


def test_an_article_that_has_its_record_keeps_it(data: Path, news: Path) -> None:
    run(data, news, "ona31")
    (data / "claims/ona31.trig").unlink()
    sources = data / "sources.ttl"
    text = sources.read_text(encoding="utf-8").replace('kel:latest "2031-09-09"', 'kel:latest "2031-09-12"')
    sources.write_text(text.replace(MARK, "judged"), encoding="utf-8")
    again = sources.read_bytes()
    assert run(data, news, "ona31").exit_code == 0
    assert sources.read_bytes() == again


_PACKAGED = """Ravnia and Selmark ready a gas accord

https://vantage-dispatch.example/2032/ravnia-selmark

Vantage Dispatch
14 October 2032

OSTVIK, October 14. - Trade reached 3.4 billion dollars in 2031. "It will grow," Edvin Halder said on Monday.
"""


def test_a_draft_in_a_package(tmp_path: Path) -> None:
    data = tmp_path / "quay"
    new_package(data, standalone=True)
    news = write(data / "articles", {"quay32.txt": _PACKAGED})
    result = run(data, news, "quay32")
    assert result.exit_code == 0, result.output
    organisations = (data / "entities/organisations.ttl").read_text(encoding="utf-8")
    assert "id:quay_vantage-dispatch a org:Organization ;" in organisations
    assert f'rdfs:label "{MARK} Vantage Dispatch"@en' in organisations
    assert "dcterms:source src:quay_curation ." in organisations
    claims = (data / "claims/quay32.trig").read_text(encoding="utf-8")
    assert "id:quay_obs-quay32-p" in claims
    assert not [iri for iri in re.findall(r"\bid:[\w-]+", claims) if not iri.startswith("id:quay_")]


def test_a_known_publisher_in_a_line_before_the_text(data: Path, news: Path) -> None:
    (news / "ona31.txt").unlink()
    write(news, {"tc31.txt": "A pact is near\n\nThe Tarn Courier\n\nONA and ONA tell of 12 ships in Tarn.\n"})
    assert run(data, news, "tc31").exit_code == 0
    assert "dcterms:publisher id:the-tarn-courier ;" in (data / "sources.ttl").read_text(encoding="utf-8")


def test_that_passages_are_not_overwritten(data: Path, news: Path) -> None:
    write(data / "passages", {"ona31.ttl": "# mine\n"})
    assert run(data, news, "ona31").exit_code == 0
    assert (data / "passages/ona31.ttl").read_text(encoding="utf-8") == "# mine\n"


def test_that_a_blank_article_is_refused(data: Path, news: Path) -> None:
    write(news, {"ona31.txt": " \n\n"})
    result = run(data, news, "ona31")
    assert result.exit_code == 1
    assert "is blank" in result.output
    assert not (data / "claims/ona31.trig").exists()
