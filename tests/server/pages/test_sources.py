"""The list of sources, and an article's claims in reading order, with its text if the operator provides it."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.curation.curated import Curation
from kg.curation.passages import Passage, render
from kg.curation.sources import ArticleText, read_articles, text_digest
from kg.views.article_store import ArticleStore, segments
from kg.views.articles import PassageLocation
from ontology import KelisimError
from ontology.namespaces import CLAIM, SRC
from tests.conftest import serving
from tests.http import BROWSER, send

TEXT = 'One <b>bold</b> deed & one "plain" word. Then a second part.\n\nAnother paragraph. With a tail.\n'
PASSAGES = [Passage("x", 1, 1, 1), Passage("x", 1, 1, 2), Passage("x", 2, 1, 1), Passage("x", 2, 2, 2)]
FORGED = "x-p2-s2"
CLAIMS = {"x-p1-1": "x-p1-s1", "x-p1-2": "x-p1-s1-2", "x-p2-1": "x-p2-s1", "x-p2-2": FORGED, "x-p2-10": "x-p2-s1"}


def get(address: str, path: str) -> str:
    status, _, body = send(f"{address}{path}", headers={"Accept": BROWSER, "Accept-Language": "en"})
    assert status == 200
    return body.decode()


def words(page: str) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def marks(page: str) -> list[str]:
    return [html.unescape(m) for m in re.findall(r"<mark[^>]*>(.*?)</mark>", page, re.DOTALL)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Curated files with one test article, and its text."""
    data = tmp_path_factory.mktemp("curated")
    texts = data / "texts"
    for name in ("claims", "passages", "texts"):
        (data / name).mkdir()
    (texts / "x.txt").write_text(TEXT, encoding="utf-8")
    (article,) = read_articles(texts).values()
    records = render(PASSAGES, article)
    records = re.sub(rf'(src:{FORGED} a .*?kel:sha256 ")\w+', rf"\g<1>{'0' * 64}", records, flags=re.DOTALL)
    (data / "passages" / "x.ttl").write_text(records, encoding="utf-8")
    prefixes = "".join(
        f"@prefix {p}: <https://w3id.org/kelisim/{n}> .\n"
        for p, n in (("kel", "ns#"), ("src", "source/"), ("claim", "claim/"), ("id", "id/"), ("code", "code/"))
    )
    prefixes += "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    record = f'src:x a kel:Article ; rdfs:label "X <i>& Co</i>"@en ; kel:sha256 "{article.sha256}" .\n'
    omission = 'src:x-p3 a kel:Omission ; kel:article src:x ; kel:paragraph 3 ; kel:note "Nothing in it."@en .\n'
    (data / "sources.ttl").write_text(prefixes + record + omission, encoding="utf-8")
    claims = (
        f"claim:{name} {{ id:a a kel:Event }}\nclaim:{name} a kel:Claim ; kel:passage src:{passage} ; "
        f'kel:speaker id:a ; kel:modality code:possible ; kel:gloss "Gloss of {name} <u>."@en .\n'
        for name, passage in CLAIMS.items()
    )
    (data / "claims" / "x.trig").write_text(prefixes + "".join(claims), encoding="utf-8")
    return data


@pytest.fixture(scope="module")
def page(kelisim: str, folder: Path) -> Iterator[str]:
    """The HTML of the article's page on a server that has its text."""
    with serving(kelisim, "--articles", str(folder / "texts"), data=folder) as running:
        yield get(running.address, "page/source/x")


def test_the_sources_are_listed_with_their_claims(server: str, curation: Curation) -> None:
    said = words(get(server, "sources"))
    for name in ("izv24", "mp23"):
        count = sum(c.name.startswith(f"{name}-") for c in curation.claims)
        assert count > 200
        assert re.search(rf"20\d\d {count} ", said), said


def test_pages_of_sources_that_do_not_exist_are_empty_not_broken(server: str) -> None:
    for number in ("2", "0", "-1", "x", "99999999999999999999"):
        assert "<h1>Sources</h1>" in get(server, f"sources?page={number}")


@pytest.mark.parametrize("name", ["izv24", "mp23"])
def test_claims_are_in_reading_order(server: str, curation: Curation, name: str) -> None:
    told: list[str] = []
    others = re.findall(r'href="/(page/source/[^"#]+\?paragraph=\d+)#p', get(server, f"page/source/{name}"))
    for path in (f"page/source/{name}", *dict.fromkeys(others)):
        sections = re.findall(r'<section class="paragraph".*?</section>', get(server, path), re.DOTALL)
        told += re.findall(r'<li[^>]*><a href="/page/claim/([^"]+)"', re.sub(r"\s+<a", "<a", "".join(sections)))
    assert told == [c.name.removeprefix(str(CLAIM)) for c in curation.claims if c.name.startswith(f"{name}-")]


def test_without_articles_no_text_is_shown(server: str) -> None:
    page = get(server, "page/source/izv24")
    assert marks(page) == []
    assert "<blockquote" not in page
    assert "text is not part of the graph" in words(page)


def test_passages_are_marked_in_the_text(page: str) -> None:
    assert marks(page) == ['One <b>bold</b> deed & one "plain" word.', " Then a second part.", "Another paragraph."]
    assert "<b>bold" not in page
    assert "With a tail." in words(page)
    for claim, passage in CLAIMS.items():
        assert f'href="/page/claim/{claim}"' in page
        assert f'href="#{passage}"' in page or passage == FORGED
    for passage in {*CLAIMS.values()} - {FORGED}:
        assert page.count(f'id="{passage}"') == 1


def test_names_and_glosses_are_escaped_and_ordered(page: str) -> None:
    assert "<i>&" not in page
    assert "<u>" not in page
    claims = re.findall(r'<a href="/page/claim/(x-[^"]+)"', page[page.index('id="p1"') :])
    assert list(dict.fromkeys(claims))[:5] == ["x-p1-1", "x-p1-2", "x-p2-1", "x-p2-2", "x-p2-10"]
    assert "No claims: Nothing in it." in words(page)
    assert 'data-modality="possible"' in page


def test_a_changed_file_is_reported_and_not_shown(kelisim: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(TEXT.replace("deed", "need"), encoding="utf-8")
    (tmp_path / "y.txt").write_bytes(b"\xff\xfe no UTF-8")
    with serving(kelisim, "--articles", str(tmp_path), data=folder) as running:
        page = get(running.address, "page/source/x")
        assert "no file in the operator's folder has the recorded hash" in words(page)
        assert "<blockquote" not in page
        assert "need" not in words(page)
        (tmp_path / "x.txt").write_text(TEXT, encoding="utf-8")
        assert len(marks(get(running.address, "page/source/x?lang=en"))) == 3


def test_the_real_articles_are_marked_where_their_claims_point(
    kelisim: str, articles: Path, curation: Curation
) -> None:
    with serving(kelisim, "--articles", str(articles)) as running:
        page = get(running.address, "page/source/mp23")
    shown = re.findall(r'<mark id="([^"]+)"', page) + re.findall(r'<span id="([^"]+)"></span>', page)
    pointed = {c.value("passage").removeprefix(str(SRC)) for c in curation.claims if c.name.startswith("mp23-")}
    assert set(shown) <= pointed
    assert len(shown) == len(set(shown)) > 50


def test_a_passage_names_its_language_where_it_is_not_that_of_the_page(kelisim: str, articles: Path) -> None:
    with serving(kelisim, "--articles", str(articles)) as running:
        for path in ("page/claim/izv24-p32-4?", "claims?thing=obs-kz-ru-trade-2023&", "page/obs-kz-ru-trade-2023?"):
            for code, told in (("ru", ' lang="en"'), ("kk", ' lang="en"'), ("en", "")):
                quoted = re.findall(r'<blockquote class="passage"([^>]*)>', get(running.address, f"{path}lang={code}"))
                assert set(quoted) == {told}, path


def test_an_empty_graph_has_its_pages(kelisim: str, tmp_path: Path) -> None:
    with serving(kelisim, "--store", str(tmp_path / "store"), "--allow-updates", "--empty") as running:
        assert "There are no articles here." in words(get(running.address, "sources"))
        assert "This store is empty." in words(get(running.address, ""))
        assert "no licence and no publisher are claimed" in words(get(running.address, "about"))


def test_an_article_store_sees_changes(tmp_path: Path) -> None:
    article_store = ArticleStore(tmp_path)
    assert article_store.find(text_digest(TEXT)) is None
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    found = article_store.find(text_digest(TEXT))
    assert found
    assert found.text == TEXT
    (tmp_path / "a.txt").unlink()
    assert article_store.find(text_digest(TEXT)) is None
    assert ArticleStore(tmp_path / "nowhere").find(text_digest(TEXT)) is None


def test_segments_split_a_paragraph_at_the_bounds_of_passages() -> None:
    text = ArticleText(Path("a.txt"), "abcdef\n\nxyz\n", "")

    def place(name: str, start: int, end: int) -> PassageLocation:
        return PassageLocation(name, 1, start, end, text_digest(text.text[start:end]))

    cut = segments(text, 1, [place("A", 0, 4), place("B", 2, 6), place("A", 0, 4)])
    assert [(s.text, s.passages, s.begins) for s in cut] == [
        ("ab", ("A",), ("A",)),
        ("cd", ("A", "B"), ("B",)),
        ("ef", ("B",), ()),
    ]
    assert [s.passages for s in segments(text, 1, [place("C", 4, 9), PassageLocation("D", 1, 0, 2, "0" * 64)])] == [()]
    with pytest.raises(KelisimError):
        segments(text, 3, [])


def test_the_home_page_counts_what_the_lists_hold(server: str) -> None:
    home = get(server, "")
    for path in ("states", "leaders", "documents", "trade", "events"):
        found = re.search(rf'<span class="count">(\d+)</span><h2><a href="/{path}"', home)
        assert found
        assert re.search(rf"\b{found[1]} (state|people|document|figure|event)", words(get(server, path))), path
