"""Claims are put into files as a careful hand would write them; what is not edited keeps its bytes, nothing is lost."""

import re
import subprocess
from pathlib import Path
from urllib.request import Request

import pytest

from kg.checks.collection import curated_texts
from kg.curation.curated import read_curation
from ontology import KelisimError
from server.workbench.desk import Desk
from tests.server.workbench.conftest import ARTICLE, Curating, curating, make_data

VISIT = "/new?at=2-2&recipe=kel:Visit"
TRADE = "/new?at=2-1&recipe=kel:TradeObservation"
FIGURE = {
    "thing-0.class": "kel:TradeObservation",
    "thing-0": "",
    "thing-0:rdfs:label@en": "Turnover of Kazakhstan and Russia, 2019",
    "thing-0:rdfs:label@ru": "Оборот Казахстана и России, 2019",
    "thing-0:rdfs:label@kk": "Қазақстан мен Ресей айналымы, 2019",
    "thing-0:kel:measure": "code:measure-trade-turnover",
    "thing-0:kel:figureKind": "code:figure-actual",
    "thing-0:kel:refArea": "Казахстан",
    "thing-0:kel:counterpartArea": "id:russia",
    "thing-0:kel:periodEdtf": "2019",
    "thing-0:kel:dateBasis": "code:date-stated",
    "thing-0:kel:bound": "code:bound-exact",
    "thing-0:kel:asWritten": "$17.5 billion",
    "record:kel:speaker": "id:izvestia",
    "record:kel:modality": "code:asserted",
    "record:kel:gloss@en": "Kazakhstan and Russia traded for 17.5 billion dollars in 2019.",
    "record:kel:gloss@ru": "В 2019 году Казахстан и Россия торговали на 17,5 миллиарда долларов.",
    "record:kel:gloss@kk": "2019 жылы Қазақстан мен Ресейдің саудасы 17,5 миллиард доллар болды.",
}
WRITTEN = """
# Paragraph 2

claim:gaz31-p2-1 {
    id:obs-turnover-of-kazakhstan-and-russia-2019 a kel:TradeObservation ;
        rdfs:label "Turnover of Kazakhstan and Russia, 2019"@en , "Оборот Казахстана и России, 2019"@ru , "Қазақстан мен Ресей айналымы, 2019"@kk ;
        kel:measure code:measure-trade-turnover ; kel:figureKind code:figure-actual ;
        kel:refArea id:kazakhstan ; kel:counterpartArea id:russia ;
        kel:periodStart "2019-01-01"^^xsd:date ; kel:periodEnd "2019-12-31"^^xsd:date ;
        kel:periodEdtf "2019"^^edtf:edtf ; kel:dateBasis code:date-stated ;
        kel:value 17500000000 ; kel:unit unit:CCY_USD ;
        kel:bound code:bound-exact ; kel:asWritten "$17.5 billion" .
    id:kazakhstan a kel:State .
    id:russia a kel:State .
}
claim:gaz31-p2-1 a kel:Claim ;
    kel:passage src:gaz31-p2-s1 ; kel:speaker id:izvestia ; kel:modality code:asserted ;
    kel:gloss "Kazakhstan and Russia traded for 17.5 billion dollars in 2019."@en , "В 2019 году Казахстан и Россия торговали на 17,5 миллиарда долларов."@ru , "2019 жылы Қазақстан мен Ресейдің саудасы 17,5 миллиард доллар болды."@kk .
"""  # noqa: E501


def place(paragraph: int, first: int, last: int | None = None) -> list[tuple[str, str]]:
    return [("paragraph", str(paragraph)), ("first", str(first)), ("last", str(last or first))]


def keep(bench: Curating, path: str, fields: dict[str, str], *others: tuple[str, str]) -> str:
    """Keeps a claim; the page that follows."""
    at = re.search(r"at=(\d+)-(\d+)", path)
    where = place(int(at[1]), int(at[2])) if at else []
    answer = bench.post(path, *where, *others, do="keep", **fields)
    assert answer.status == 200, answer.text
    return answer.text


def test_a_claim_is_kept_undone_done_again_and_saved_as_a_careful_hand_writes_it(bench: Curating) -> None:
    before = bench.claims()
    assert "gaz31-p2-1" in keep(bench, TRADE, FIGURE)
    assert bench.claims() == before, "nothing is written before it is saved"
    assert "gaz31-p2-1" not in bench.post("/do", do="undo", back="/?at=2-1").text.partition('id="work"')[2]
    assert "gaz31-p2-1" in bench.post("/do", do="redo", back="/?at=2-1").text
    bench.post("/do", do="save", back="/")
    assert bench.claims() == before + WRITTEN
    passages = (bench.data / "passages" / f"{ARTICLE}.ttl").read_text(encoding="utf-8")
    assert "src:gaz31-p2-s1 a kel:Passage" in passages
    bench.post("/do", do="undo", back="/")
    bench.post("/do", do="save", back="/")
    assert bench.claims() == before
    shipped = curated_texts()
    changed = {p for p, text in curated_texts(bench.data).items() if shipped.get(p) != text}
    assert changed == {"sources.ttl", f"claims/{ARTICLE}.trig"}
    assert not read_curation(bench.data).left_out, "no file is left behind"


def test_opening_and_saving_without_a_change_writes_nothing(kelisim: str, articles: Path, tmp_path: Path) -> None:
    data, _ = make_data(tmp_path)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in data.rglob("*") if p.is_file()}
    with curating(kelisim, data, articles, "izv24") as bench:
        bench.enter()
        claim = bench.get("/claims/izv24-p32-4").text
        sent = [(n, v) for n, v in fields_of(claim) if n != "key"]
        assert ("thing-0:kel:asWritten", "$28.4 billion") in sent
        answer = bench.post("/claims/izv24-p32-4", *sent, do="keep")
        assert answer.status == 200
        assert "not saved" not in answer.text
        bench.post("/do", do="save", back="/")
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in data.rglob("*") if p.is_file()} == before


def fields_of(page: str) -> list[tuple[str, str]]:
    """The fields of the form of a claim as a browser would send them."""
    from html import unescape

    form = page.partition('id="claim"')[2].partition("</form>")[0]
    found = []
    for m in re.finditer(r"<input([^>]*)>|<textarea([^>]*)>(.*?)</textarea>|<select([^>]*)>(.*?)</select>", form, re.S):
        attributes = m[1] or m[2] or m[4]
        name = re.search(r'name="([^"]*)"', attributes)
        if not name or "checkbox" in attributes or name[1] == "secret" or name[1].endswith(".add"):
            continue
        chosen = (
            re.search(r'value="([^"]*)"', attributes) if m[1] else re.search(r'value="([^"]*)" selected', m[5] or "")
        )
        found.append((unescape(name[1]), unescape(m[3] if m[2] else chosen[1] if chosen else "")))
    return found


def test_a_file_that_another_changed_is_not_overwritten_and_edits_are_put_on_top(bench: Curating) -> None:
    keep(bench, TRADE, FIGURE)
    path = bench.data / "claims" / f"{ARTICLE}.trig"
    theirs = bench.claims().replace("reading order", "the order of reading") + WRITTEN.replace("p2", "p3").replace(
        "h 2", "h 3"
    )
    path.write_text(theirs, encoding="utf-8")
    answer = bench.post("/do", do="save", back="/")
    assert f"claims/{ARTICLE}.trig" in answer.text
    assert 'value="reload"' in answer.text
    assert bench.claims() == theirs
    bench.post("/do", do="reload", back="/")
    bench.post("/do", do="save", back="/")
    both = bench.claims()
    assert "the order of reading" in both
    assert both.index("# Paragraph 2") < both.index("claim:gaz31-p2-1 {") < both.index("# Paragraph 3")


def test_a_claim_that_both_changed_is_shown_and_theirs_stands(bench: Curating) -> None:
    path = bench.data / "claims" / f"{ARTICLE}.trig"
    keep(bench, TRADE, FIGURE)
    bench.post("/do", do="save", back="/")
    mine = {**FIGURE, "thing-0": "id:obs-turnover-of-kazakhstan-and-russia-2019", "record:kel:note@en": "Mine."}
    answer = bench.post("/claims/gaz31-p2-1", *place(2, 1), do="keep", **mine)
    assert answer.status == 200
    theirs = bench.claims().replace("traded for", "had a trade of")
    path.write_text(theirs, encoding="utf-8")
    bench.post("/do", do="save", back="/")
    answer = bench.post("/do", do="reload", back="/")
    assert "Mine." in answer.text
    bench.post("/do", do="save", back="/")
    assert bench.claims() == theirs
    assert "Mine." not in bench.post("/do", do="forget", back="/").text


def test_what_was_not_saved_is_offered_at_the_next_start(kelisim: str, tmp_path: Path) -> None:
    data, articles = make_data(tmp_path)
    with curating(kelisim, data, articles) as bench:
        before = bench.claims()
        keep(bench, TRADE, FIGURE)
        half = {"thing-0.class": "kel:Visit", "record:kel:gloss@en": "Half a gloss"}
        bench.post(VISIT, *place(2, 2), do="check", **half)
        bench.process.kill()
        bench.process.wait()
    with curating(kelisim, data, articles) as bench:
        offer = bench.ask(Request(bench.entry)).text
        assert f"claims/{ARTICLE}.trig" in offer
        assert 'value="take-up"' in bench.get("/claims/gaz31-p2-1").text, "all else waits until it is decided"
        bench.secret = re.findall(r'name="secret" value="(\w+)"', offer)[0]
        bench.post("/do", do="take-up", back="/")
        assert "gaz31-p2-1" in bench.get("/?at=2-1").text.partition('id="work"')[2]
        assert "Half a gloss" in bench.get(VISIT).text
        assert bench.claims() == before
        bench.post("/do", do="save", back="/")
        assert bench.claims() == before + WRITTEN


def test_what_was_not_saved_can_be_discarded(tmp_path: Path) -> None:
    data, articles = make_data(tmp_path)
    desk = Desk.open(data, ARTICLE, articles, tmp_path / "state")
    before = desk.texts[desk.path]
    desk.edit("a claim", {desk.path: before + WRITTEN})
    again = Desk.open(data, ARTICLE, articles, tmp_path / "state")
    assert again.found
    assert again.found.texts[desk.path] == before + WRITTEN
    again.discard()
    assert again.texts[desk.path] == before
    assert Desk.open(data, ARTICLE, articles, tmp_path / "state").found is None


def test_a_value_that_cannot_be_written_is_told_at_its_field_and_the_entries_stay(bench: Curating) -> None:
    wrong = {**FIGURE, "thing-0:kel:value": "many", "thing-0:kel:refArea": "Atlantis"}
    page = keep(bench, TRADE, wrong)
    for field, words in (("kel:value", "“many” is no number"), ("kel:refArea", "Nothing is called “Atlantis”")):
        told = page.partition(f'id="told-thing-0:{field}"')[2].partition("</ul>")[0]
        assert words in told
    assert 'value="Atlantis"' in page
    assert 'value="$17.5 billion"' in page
    bench.post(TRADE, *place(2, 1), do="discard")
    assert "Atlantis" not in bench.get(TRADE).text


def test_checks_of_the_curated_files_are_told_at_the_field_before_the_claim_is_kept(bench: Curating) -> None:
    import json

    wrong = {**FIGURE, "thing-0:kel:value": "17500000", "record:kel:gloss@ru": ""}
    sent = [*place(2, 1), ("key", "new:2-1:kel:TradeObservation")]
    answer = json.loads(bench.post("/check", *sent, **wrong).text)
    errors = {(t["field"], t["wrong"] + t["mend"]) for t in answer["told"] if t["severity"] == "error"}
    assert any(field == "thing-0:kel:value" and "17500000000" in words for field, words in errors)
    assert any(field.startswith("record:kel:gloss") and "Russian" in words for field, words in errors), errors
    assert answer["text"].startswith("claim:gaz31-p2-1 {\n    id:obs-turnover")
    bench.post(TRADE, *place(2, 1), do="discard")


def test_a_new_thing_gets_its_name_and_its_place_among_the_entities(bench: Curating) -> None:
    bench.post(VISIT, *place(2, 2), do="new:thing-0:kel:visitor", **{"thing-0.class": "kel:Visit"})
    labels = {
        "thing-0:rdfs:label@en": "Ada Example",
        "thing-0:rdfs:label@ru": "Ада Пример",
        "thing-0:rdfs:label@kk": "Ада Мысал",
    }
    made = {**labels, "thing-0.class": "foaf:Person", "key": "new:2-2:kel:Visit", "field": "thing-0:kel:visitor"}
    form = bench.post("/things/new", do="keep", back=VISIT, **made)
    assert form.url == bench.base + VISIT
    assert 'value="id:ada-example"' in form.text
    again = bench.post("/things/new", do="keep", back=VISIT, **made)
    assert "id:ada-example already" in again.text or "id:ada-example-2" in again.text
    bench.post("/do", do="save", back="/")
    people = (bench.data / "entities" / "people.ttl").read_text(encoding="utf-8")
    assert people.count("id:ada-example ") == 1
    block = people.partition("id:ada-example a foaf:Person ;\n")[2].partition(" .\n")[0]
    assert 'rdfs:label "Ada Example"@en , "Ада Пример"@ru , "Ада Мысал"@kk' in block
    assert "dcterms:source src:kelisim-curation" in block


def test_claims_are_numbered_taken_out_and_withdrawn(bench: Curating) -> None:
    for number, sentence in ((1, 2), (2, 1)):
        path = f"/new?at=2-{sentence}&recipe=kel:TradeObservation"
        label = {"thing-0:rdfs:label@en": f"Turnover {number}"}
        keep(bench, path, {**FIGURE, **label}, *((("order", "yes"),) if number == 2 else ()))
    bench.post("/do", do="save", back="/")
    in_order = re.findall(r"claim:(\S+) \{\n    id:(\S+)", bench.claims())
    assert in_order == [("gaz31-p2-1", "obs-turnover-2"), ("gaz31-p2-2", "obs-turnover-1")]
    bench.post("/claims/gaz31-p2-1/remove", how="renumber")
    bench.post("/do", do="save", back="/")
    assert re.findall(r"claim:(\S+) \{\n    id:(\S+)", bench.claims()) == [("gaz31-p2-1", "obs-turnover-1")]
    bench.post("/claims/gaz31-p2-1/remove", how="withdrawn")
    keep(bench, TRADE, FIGURE)
    bench.post("/do", do="save", back="/")
    assert "# Withdrawn: gaz31-p2-1\n" in bench.claims()
    assert re.findall(r"claim:(\S+) \{", bench.claims()) == ["gaz31-p2-2"]


def test_the_text_of_a_claim_is_edited_and_refused_where_it_is_none(bench: Curating) -> None:
    before = bench.claims()
    keep(bench, TRADE, FIGURE)
    text = WRITTEN.partition("# Paragraph 2")[2].strip()
    other = text.replace("unit:CCY_USD ;\n", "unit:CCY_USD ;  # so it is printed\n")
    assert bench.post("/claims/gaz31-p2-1/source", source=other).url.endswith("/claims/gaz31-p2-1")
    bench.post("/do", do="save", back="/")
    assert bench.claims() == before + WRITTEN.replace(text, other)
    for bad in (other.replace("gaz31-p2-1 {", "gaz31-p2-9 {"), other[:-9], f"{other}\nid:x a kel:State .", ""):
        answer = bench.post("/claims/gaz31-p2-1/source", source=bad)
        assert 'role="alert"' in answer.text
    bench.post("/do", do="save", back="/")
    assert bench.claims() == before + WRITTEN.replace(text, other)


def test_what_a_draft_proposes_is_marked_until_it_is_judged(bench: Curating) -> None:
    opened = WRITTEN.replace(
        "\nclaim:gaz31-p2-1 {",
        "\n# [?] p2-s1: id:kazakhstan, id:russia\n# [?] Figure: rename its id.\nclaim:gaz31-p2-1 {",
    )
    opened = opened.replace('"Kazakhstan and Russia traded for 17.5 billion dollars in 2019."@en', '"[?]"@en')
    draft = f"{opened}\n# Paragraph 3\n\n# [?] p3-s1: id:astana\n"
    path = bench.data / "claims" / f"{ARTICLE}.trig"
    path.write_text(bench.claims() + draft, encoding="utf-8")
    bench.post("/do", do="reload", back="/")
    before = bench.claims().partition("\n# Paragraph 2")[0]
    bench.enter()
    assert "proposed" in bench.get("/?at=2-1").text
    page = bench.get("/claims/gaz31-p2-1").text
    assert "Figure: rename its id." in page
    assert "[?]" not in page
    sent = {**FIGURE, "thing-0": "id:obs-turnover-of-kazakhstan-and-russia-2019"}
    assert bench.post("/claims/gaz31-p2-1", *place(2, 1), do="keep", **sent).status == 200
    assert "id:astana" in bench.get("/?at=3-1").text
    bench.post("/judged", at="3-1", back="/?at=3-1")
    bench.post("/do", do="save", back="/")
    assert bench.claims().rstrip() == f"{before}{WRITTEN}\n# Paragraph 3".rstrip()


def test_an_article_without_a_record_or_text_is_told_how_to_begin(kelisim: str, tmp_path: Path) -> None:
    data, articles = make_data(tmp_path)
    command = [kelisim, "--data", str(data), "curate", "nothing", "--articles", str(articles), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "kelisim draft nothing" in done.stderr
    with pytest.raises(KelisimError, match="izv24"):  # which has a record, and no text here
        Desk.open(data, "izv24", articles)


def test_what_is_recognised_in_a_sentence_is_proposed_and_stated_by_nobody_until_it_is_kept(bench: Curating) -> None:
    before = bench.claims()
    assert "proposal=0" not in bench.get("/?at=2-1").text
    offered = bench.get("/?at=2-1&propose=yes").text
    assert "17.5 billion" in offered.partition('id="work"')[2]
    form = bench.get("/new?at=2-1&recipe=kel:TradeObservation&proposal=0").text
    sent = dict(fields_of(form))
    assert sent["thing-0:kel:value"] == "17500000000"
    assert sent["thing-0:kel:asWritten"] == "$17.5 billion"
    assert {sent["thing-0:kel:refArea"], sent["thing-0:kel:counterpartArea"]} == {"id:kazakhstan", "id:russia"}
    assert sent["record:kel:gloss@en"] == "", "words are the curator's"
    assert "[?]" not in form
    assert bench.claims() == before
    assert "gaz31-p2-1" not in bench.get("/?at=2-1").text.partition('id="work"')[2]
