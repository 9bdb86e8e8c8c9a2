"""The catalogue of questions, and each question's page with the recorded answer."""

import csv
import re

import pytest

from kg.publishing.questions import Question, read_questions
from server.pages.heads import SUBJECTS, VARIABLES
from tests.conftest import FROZEN, ROOT, SHIPPED
from tests.http import send
from tests.markup import links, main, page, words

ANSWERS = FROZEN / "answers"


def questions_on(address: str) -> set[str]:
    return {h.rpartition("/")[2] for h in links([page(address)]) if h.startswith("/questions/")}


def test_the_catalogue_has_every_question(server: str) -> None:
    assert questions_on(f"{server}questions") == {q.name for q in read_questions()}


def test_filters_narrow_the_catalogue(server: str) -> None:
    tagged = {q.name for q in read_questions() if "offices" in q.tags}
    assert questions_on(f"{server}questions?tag=offices") == tagged
    assert 1 < len(tagged) < 20
    both = questions_on(f"{server}questions?tag=offices&text=heads+state")
    assert both == {"heads-of-state"}
    assert "No question fits these filters." in main(page(f"{server}questions?text=zzz"))
    assert "“gold” is not among the choices of “Subject”" in main(page(f"{server}questions?tag=gold", 400))


@pytest.mark.parametrize("question", read_questions(), ids=lambda q: q.name)
def test_every_question_is_answered_as_written_down(server: str, question: Question) -> None:
    found = page(f"{server}questions/{question.name}")
    assert words(found.find(".//h1")) == question.title
    with (ANSWERS / f"{question.name}.csv").open(encoding="utf-8", newline="") as file:
        header, *expected = csv.reader(file)
    rows = [tr for body in found.iter("tbody") for tr in body]
    if header == ["ask"]:
        assert words(found.find(".//strong")) == {"true": "Yes", "false": "No"}[expected[0][0]]
        assert not rows
    else:
        assert len(rows) == len(expected)
        *heads, said = found.iter("th")
        assert [th.get("title") for th in heads] == [f"?{name}" for name in header]
        assert words(said) == "Who says so"
        empty_cells = sorted(sum(not cell for cell in row) for row in expected)
        assert sorted(sum(not words(td) for td in row) for row in rows) == empty_cells


@pytest.mark.parametrize("question", read_questions(), ids=lambda q: q.name)
def test_columns_have_heads_in_the_language_of_the_reader(server: str, question: Question) -> None:
    english, *others = (
        list(page(f"{server}questions/{question.name}?lang={c}").iter("th")) for c in ("en", "ru", "kk")
    )
    for th in english:
        assert not re.search(r"_|[a-z][A-Z]", words(th)), "the bare name of a variable"
    for heads in others:
        assert len(heads) == len(english)
        for th in heads:
            assert not re.search("[A-Za-z]", words(th)), words(th)
            assert th.get("lang") is None


def test_every_variable_and_tag_has_words_and_none_is_left_over() -> None:
    answers = (SHIPPED / "answers").iterdir()
    used = {name for path in answers for name in path.read_text(encoding="utf-8").split("\n")[0].split(",")}
    terms = set(re.findall(r"^kel:(\w+)", (ROOT / "ontology/core.ttl").read_text(encoding="utf-8"), re.MULTILINE))
    assert used - terms - {"ask"} == set(VARIABLES)
    assert {tag for question in read_questions(SHIPPED) for tag in question.tags} == set(SUBJECTS)


def test_subjects_are_told_in_the_language_of_the_reader(server: str) -> None:
    found = page(f"{server}questions?lang=ru&tag=CSTO")
    assert words(found.find(".//main//h2")) == "ОДКБ"
    assert "Тақырыптар: ұйымдар, мүшелік, деректердің шығу тегі, ҰҚШҰ" in main(
        page(f"{server}questions/csto-members?lang=kk")
    )
    assert words(page(f"{server}questions?tag=CSTO").find(".//main//h2")) == "CSTO"


def test_cells_have_names_and_links(server: str) -> None:
    found = page(f"{server}questions/heads-of-state")
    row = next(tr for body in found.iter("tbody") for tr in body if "Kazakhstan" in words(tr))
    assert "/page/kassym-jomart-tokayev" in links([row])
    assert words(row[1]) == "Kassym-Jomart Tokayev"


def test_an_answer_can_be_taken_away(server: str) -> None:
    addresses = links([page(f"{server}questions/csto-members")])
    (table,) = (a for a in addresses if a.startswith("/sparql?") and "format=csv" in a)
    (excel,) = (a for a in addresses if a.endswith(".csv?format=csv-excel"))
    assert send(server + excel.removeprefix("/"))[2].startswith(b"\xef\xbb\xbf")
    status, headers, body = send(server.rstrip("/") + table)
    assert (status, headers.get_content_type()) == (200, "text/csv")
    assert len(body.splitlines()) - 1 == len((ANSWERS / "csto-members.csv").read_text().splitlines()) - 1
    (editor,) = (a for a in addresses if a.startswith("/query?query="))
    editing = page(server.rstrip("/") + editor)
    assert "csto" in words(editing.find(".//textarea"))


def test_unknown_questions_are_refused_with_a_hint(server: str) -> None:
    status, _, body = send(f"{server}questions/heads-of-fishes")
    assert status == 404
    assert "heads-of-state" in body.decode()
