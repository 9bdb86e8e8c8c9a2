"""Paragraphs, sentences and passages of an article, on a made-up text."""

import hashlib
from pathlib import Path

import pytest

from kg.curation.passages import Passage
from kg.curation.sources import ArticleText, read_articles
from ontology import KelisimError

TEXT = 'A heading\n\n  One thing is. Another was! Quoted: "Yes." And an end\n\n\nДа. Нет.\n'


@pytest.fixture
def article() -> ArticleText:
    return ArticleText(Path("made.txt"), TEXT, "0" * 64)


def parts(article: ArticleText) -> list[list[str]]:
    return [[TEXT[s.start : s.end] for s in article.sentences(p)] for p in article.paragraphs]


def test_paragraphs_are_lines_that_are_not_blank(article: ArticleText) -> None:
    assert [p.number for p in article.paragraphs] == [1, 2, 3]
    assert TEXT[article.paragraphs[0].start : article.paragraphs[0].end] == "A heading"


def test_sentences(article: ArticleText) -> None:
    assert parts(article) == [
        ["A heading"],
        ["One thing is.", "Another was!", 'Quoted: "Yes."', "And an end"],
        ["Да.", "Нет."],
    ]


@pytest.mark.parametrize(("text", "count"), [("Мир. Ұлт. Әке. Île. Über.", 5), ("At 5 p.m. it rained. 3 came.", 1)])
def test_sentences_begin_with_any_capital_letter(text: str, count: int) -> None:
    made = ArticleText(Path("made.txt"), text, "0" * 64)
    assert len(made.sentences(made.paragraphs[0])) == count


def test_a_passage_spans_sentences(article: ArticleText) -> None:
    span = article.passage(2, 1, 2)
    assert TEXT[span.start : span.end] == "One thing is. Another was!"


@pytest.mark.parametrize("where", [(0, 1, 1), (4, 1, 1), (2, 0, 1), (2, 3, 5), (2, 3, 2)])
def test_no_such_passage(article: ArticleText, where: tuple[int, int, int]) -> None:
    with pytest.raises(KelisimError, match=r"there is no p"):
        article.passage(*where)


@pytest.mark.parametrize("name", ["izv24-p32-s3", "izv24-p32-s3-4"])
def test_passage_names_read_back(name: str) -> None:
    assert Passage.parse(f"https://w3id.org/kelisim/source/{name}").name == name


@pytest.mark.parametrize("name", ["izv24-p32", "izv24-p032-s3", "izv24-p32-s3-3", "izv24-p32-s4-3", "p1-s1"])
def test_bad_passage_names_are_refused(name: str) -> None:
    with pytest.raises(KelisimError, match=name):
        Passage.parse(f"https://w3id.org/kelisim/source/{name}")


def test_a_folder_without_articles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KelisimError, match="No articles in"):
        read_articles(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(KelisimError, match=r"a\.txt is not UTF-8 \(byte 3"):
        read_articles(tmp_path)
    (tmp_path / "a.txt").unlink()
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(KelisimError, match=r"Cannot read .*a\.txt: Is a directory"):
        read_articles(tmp_path)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfOne.")
    (article,) = read_articles(tmp_path).values()
    assert article.text == "One."
    assert article.sha256 == hashlib.sha256(b"\xef\xbb\xbfOne.").hexdigest()
