"""The competency questions: each gives the expected answer, written by hand from the articles."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from kg.engine.engine import Engine
from kg.publishing.questions import Question, find_question, read_questions
from kg.rdf.formats import RESULT_FORMATS, by_name
from ontology import KelisimError
from ontology.namespaces import shorten
from tests.conftest import FROZEN, SHIPPED

ANSWERS = FROZEN / "answers"
CSV = by_name("csv", RESULT_FORMATS)


def rows(text: str) -> tuple[list[str], Counter[tuple[str, ...]]]:
    header, *found = csv.reader(io.StringIO(text, newline=""))
    return header, Counter(tuple(shorten(c) for c in row) for row in found)


@pytest.mark.parametrize("question", read_questions(), ids=lambda q: q.name)
def test_the_answer_is_the_one_written_down(question: Question, engine: Engine) -> None:
    answer = engine.query(question.query).serialize(CSV).decode()
    if answer.strip() in ("true", "false"):
        answer = f"ask\r\n{answer}"
    found, expected = rows(answer), rows((ANSWERS / f"{question.name}.csv").read_text(encoding="utf-8"))
    assert found == expected
    assert expected[1], "a question whose answer is empty tests nothing"


def test_there_are_many_and_each_has_an_answer() -> None:
    names = {q.name for q in read_questions()}
    assert len(names) >= 120
    assert names == {p.stem for p in ANSWERS.iterdir()}


def test_unknown_questions_are_refused_with_a_hint() -> None:
    name = read_questions()[0].name
    with pytest.raises(KelisimError, match=name):
        find_question(name + "-x")


def test_a_folder_has_questions_of_its_own_or_those_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    assert read_questions(tmp_path) == read_questions()
    text = "# title: Any?\n# description: Whether there is anything.\n# tags: all\nASK { ?s ?p ?o }\n"
    (tmp_path / "questions" / "any.rq").write_text("\ufeff" + text, encoding="utf-8")
    assert [q.name for q in read_questions(tmp_path)] == ["any"]
    assert find_question("any", tmp_path).query == text


def test_every_question_has_title_and_description_in_three_languages() -> None:
    for question in read_questions(SHIPPED):
        assert set(question.titles) == set(question.descriptions) == {"ru", "kk"}, question.name
        for told in (question.titled, question.described):
            assert len({str(told(code)) for code in ("en", "ru", "kk")}) == 3, question.name
            assert told("de").language == "en"
        assert "# title" not in question.bare
        assert "# description" not in question.bare


def test_a_bad_question_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "questions" / "more"
    folder.mkdir(parents=True)
    text = "# title: Any?\n# description: Whether there is anything.\n# tags: all\nASK { ?s ?p ?o }\n"
    (folder / "any.RQ").write_text(text)
    (folder / "any.rq~").write_text("a backup")
    (folder.parent / "headless.rq").write_text("ASK {}")
    (folder.parent / "latin.rq").write_bytes(b"# caf\xe9")
    problems: list[str] = []
    assert [q.name for q in read_questions(tmp_path, problems)] == ["any"]
    assert "headless.rq: the header lacks title" in problems[0]
    assert "latin.rq is not UTF-8" in problems[1]
    with pytest.raises(KelisimError):
        read_questions(tmp_path)
    assert find_question("any", tmp_path).query == text
    with pytest.raises(KelisimError, match=r"headless\.rq: the header lacks"):
        find_question("headless", tmp_path)
