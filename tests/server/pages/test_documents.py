"""The list of documents, its filters and its file, and the stage track on the page of a document."""

import csv
import io
import json

import pytest

from kg.engine.engine import Engine
from tests.http import send
from tests.markup import links, main, notes, page, section, words
from tests.server.pages.test_states import count
from tests.wording import between, spaced

ALL = "VALUES ?t { kel:Instrument kel:DocumentPackage } ?x a ?t ."


def documents_on(address: str) -> list[str]:
    return [words(e[0]) for e in page(address).iter("article")]


def test_the_list_has_every_document_and_package(server: str, engine: Engine) -> None:
    assert len(documents_on(f"{server}documents")) == count(engine, ALL) == 23
    found = page(f"{server}documents")
    by_name = {words(e[0]): e for e in found.iter("article")}
    package = words(by_name["Package of 20 Russian–Kazakh documents, 2024"])
    assert "A package of documents: 20 documents" in package
    assert "(no number told)" in words(by_name["Possible documents on further joint projects"])
    assert len([e for e in by_name.values() if "A package of documents" in words(e)]) == 9
    assert "No source tells a stage of its life." in words(by_name["EAEU agreement"])


@pytest.mark.parametrize(
    ("filters", "pattern"),
    [
        ("party=kazakhstan", "GRAPH ?c { ?x kel:party id:kazakhstan }"),
        ("party=gazprom", "GRAPH ?c { ?x kel:party id:gazprom }"),
        ("kind=instrument-memorandum", "GRAPH ?c { ?x kel:kind code:instrument-memorandum }"),
        ("kind=DocumentPackage", "?x a kel:DocumentPackage"),
        ("stage=stage-signed", "GRAPH ?c { ?s kel:stageOf ?x ; kel:stage code:stage-signed }"),
        (
            "stage=stage-signature-planned&party=russia",
            (
                "GRAPH ?d { ?x kel:party id:russia } GRAPH ?c { ?s kel:stage code:stage-signature-planned } "
                "{ GRAPH ?c { ?s kel:stageOf ?x } } "
                "UNION { GRAPH ?c { ?s kel:stageOf ?y } GRAPH ?e { ?x kel:partOf ?y } }"
            ),
        ),
    ],
)
def test_filters_narrow_the_list(server: str, engine: Engine, filters: str, pattern: str) -> None:
    found = documents_on(f"{server}documents?{filters}")
    assert 0 < len(found) == count(engine, f"{ALL} {pattern}") < 23


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("year=2013", ["Basic agreement on good neighbourliness and alliance in the 21st century"]),
        ("year=2014", ["Basic agreement on good neighbourliness and alliance in the 21st century"]),
        (
            "year=2023",
            [
                "Action plan for cooperation, 2024–2026",
                "Agreement about Russian gas in transit to Uzbekistan",
                "Joint statement of Kazakhstan and Russia, 2023",
                "Memorandum on the inspection of work",
                "Memorandum on the joint building of three heat and power plants",
            ],
        ),
        (
            "party=kazakhstan&stage=stage-signed",
            [
                "Agreement of Kazakhstan and Gazprom on Karachaganak gas",
                "Basic agreement on good neighbourliness and alliance in the 21st century",
                "Memorandum on the inspection of work",
                "Memorandum on the joint building of three heat and power plants",
            ],
        ),
        ("party=kazakhstan&stage=stage-signed&text=gas", ["Agreement of Kazakhstan and Gazprom on Karachaganak gas"]),
        ("text=меморандум&kind=instrument-memorandum&year=2013", []),
    ],
)
def test_known_documents_are_found(server: str, filters: str, expected: list[str]) -> None:
    assert documents_on(f"{server}documents?{filters}") == expected
    if not expected:
        assert "No document fits these filters." in main(page(f"{server}documents?{filters}"))


def test_the_list_is_sorted_as_asked(server: str) -> None:
    by_name = documents_on(f"{server}documents")
    assert by_name == sorted(by_name, key=str.lower)
    assert documents_on(f"{server}documents?sort=-name") == by_name[::-1]
    by_date = documents_on(f"{server}documents?sort=date")
    assert by_date[0].startswith("Basic agreement")
    assert set(by_date) == set(by_name)
    latest = documents_on(f"{server}documents?sort=-date")
    assert "2026" in words(next(page(f"{server}documents?sort=-date").iter("article")))
    assert set(by_date[-3:]) == set(latest[-3:]), "what has no date comes last, whichever way round"


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ("party=atlantis", "“atlantis” is not among the choices of “Party”"),
        ("kind=poem", "“poem” is not among the choices of “Kind”"),
        ("stage=burnt", "“burnt” is not among the choices of “Stage”"),
        ("year=1812", "“1812” is not among the choices of “Year”"),
        ("sort=weight", "cannot be sorted by “weight”"),
        ("page=-1", "“-1” is no number of a page"),
    ],
)
def test_what_cannot_be_asked_is_told(server: str, filters: str, told: str) -> None:
    assert told in main(page(f"{server}documents?{filters}", 400))
    status, _, body = send(f"{server}documents.csv?{filters}")
    assert (status, told in json.loads(body)["detail"]) == (400, True)


def test_a_page_beyond_the_end_is_empty(server: str) -> None:
    assert documents_on(f"{server}documents?page=2") == []


def test_the_track_shows_what_is_told_and_what_is_not(server: str) -> None:
    found = page(f"{server}page/package-of-20-documents-2024")
    assert "A package of documents: 20 documents" in main(found)
    (track,) = (e for e in section(found, "stage-track") if e.get("class") == "stages")
    assert track.tag == "ol"
    steps = [(li.get("class"), words(li).split("⁠")[0].split(" at:")[0]) for li in track]
    assert [kind for kind, _ in steps] == ["untold", "untold", "reached", "planned", "untold", "untold"]
    assert steps[0][1] == "proposed (not told)"
    assert words(track[2]).startswith("prepared")
    assert spaced(between("2024-11-27", "2024-11-28")) in words(track[3])
    assert any("Yury Ushakov" in note and "reported" in note for note in notes(found, track[2]))
    assert "/page/putin-state-visit-kazakhstan-2024" in links([track[3]])


def test_a_date_that_the_curator_doubts_is_marked_as_such(server: str) -> None:
    found = page(f"{server}page/uzbekistan-gas-transit-agreement-2023")
    (signed,) = (li for e in section(found, "stage-track") for li in e.iter("li") if li.get("class") == "reached")
    assert words(signed).startswith("signed"), "the signature itself is asserted"
    assert [s.get("data-modality") for s in signed.iter("span") if s.get("data-modality")] == ["asserted", "unclear"]
    assert "October 2023" in words(signed)


def test_a_stage_only_thought_possible_is_not_shown_as_reached(server: str) -> None:
    found = page(f"{server}page/kz-ru-joint-project-documents")
    kinds = [li.get("class") for e in section(found, "stage-track") for li in e.iter("li")]
    assert kinds.count("doubted") == 1
    assert "reached" not in kinds


def test_documents_that_are_adopted_have_a_track_of_their_own(server: str) -> None:
    found = page(f"{server}page/csto-final-declaration-2024")
    names = [words(li) for e in section(found, "stage-track") for li in e.iter("li")]
    assert names[4].startswith("adopted")
    assert not any(name.startswith("signed") for name in names)


def test_the_file_has_a_line_for_each_claim_of_a_stage(server: str, engine: Engine) -> None:
    status, headers, body = send(f"{server}documents.csv?party=kazakhstan")
    assert status == 200
    assert headers.get_content_type() == "text/csv"
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    stages = (
        "GRAPH ?c { ?d kel:party id:kazakhstan } GRAPH ?g { ?s kel:stageOf ?d } "
        "GRAPH ?x { ?s kel:stageOf|kel:atEvent|kel:earliest|kel:plannedEarliest ?o }"
    )
    own = [row for row in rows if row["stage"] and row["stage_of"] == row["document"]]
    assert len(own) == count(engine, stages + " VALUES ?t { kel:Instrument kel:DocumentPackage } ?d a ?t")
    (part,) = (row for row in rows if row["stage_of"] not in {"", row["document"]})
    assert part["stage_of"].endswith("/visit-documents-2024"), "the stage of a package is told of its parts"
    signed = [row for row in rows if row["document"].endswith("basic-agreement-good-neighbourliness-21st-century")]
    assert [(row["earliest"], row["latest"]) for row in signed] == [("", ""), ("2013-11-09", "2014-12-31")]
    assert [row["modality_label"] for row in signed] == ["reported", "asserted"]
    assert {row["package"] for row in rows} == {"true", "false"}
    _, _, whole = send(f"{server}documents.csv")
    assert len({row["document"] for row in csv.DictReader(io.StringIO(whole.decode(), newline=""))}) == 23


def test_no_claim_is_said_to_give_a_date_that_it_does_not_give(server: str, engine: Engine) -> None:
    rows = list(csv.DictReader(io.StringIO(send(f"{server}documents.csv")[2].decode(), newline="")))
    names = {"earliest": "earliest", "latest": "latest", "planned_earliest": "plannedEarliest"}
    dated = [row for row in rows if row["claim"] and any(row[column] for column in names)]
    assert dated
    for row in dated:
        for column, name in names.items():
            if row[column]:
                given = f'GRAPH <{row["claim"]}> {{ ?x kel:{name} ?day FILTER(STR(?day) = "{row[column]}") }}'
                assert count(engine, given) == 1, row
    of = "id:uzbekistan-gas-transit-agreement-2023"
    given = f"GRAPH ?c {{ ?s kel:stageOf {of} }} GRAPH ?x {{ ?s kel:earliest ?day }}"
    told = [row for row in rows if row["document"].endswith(of.removeprefix("id:"))]
    assert len({row["claim"] for row in told if row["earliest"]}) == count(engine, given) == 1
    assert len({row["claim"] for row in told}) == 2, "one claim gives the stage and another its date"
    assert [bool(row["earliest"]) for row in sorted(told, key=lambda row: row["modality"])] == [False, True]


def test_the_list_fits_other_languages(server: str) -> None:
    found = documents_on(f"{server}documents?lang=ru&party=gazprom")
    assert found == ["Соглашение Казахстана и «Газпрома» о карачаганакском газе"]
