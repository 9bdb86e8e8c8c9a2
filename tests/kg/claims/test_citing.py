"""Citations of claims: the sentence, BibTeX, CSL-JSON and RIS, of articles of which much or little is told."""

import json
import re
from datetime import date

import pyoxigraph as ox
import pytest

from kg.claims.citing import Source, cite_claim, sentence, sources
from kg.curation.dataset import Dataset
from kg.engine.engine import Engine
from kg.history.timeline import Version
from kg.store.reader import Reader
from kg.views.footnotes import footnotes
from ontology.namespaces import CLAIM, ID, PREFIXES, SRC
from server.http.languages import translator

VERSION = Version(7, "2026-01-02T03:04:05Z", "d" * 64)
TODAY = date(2026, 5, 6)


def test_a_claim_is_cited_by_its_article(engine: Engine) -> None:
    reader, iri = Reader(engine), f"{CLAIM}mp23-p24-2"
    note = footnotes(reader, [iri], "en")[iri]
    source = sources(reader, [note.article], "en")[note.article]
    cited = cite_claim(note, source, VERSION, today=TODAY)
    assert cited.text == " ".join(
        (
            "Trade between Kazakhstan and Russia rose 10 per cent in 2022 (The Moscow Post, asserted).",
            f"“Kazakhstan is learned in business”, The Moscow Post, {source.when('en')}, paragraph 24.",
            f"{iri} Kelisim, data version 7 of 2026-01-02, digest {'d' * 64}, 2026-05-06.",
        )
    )
    assert "2023" in source.when("en")
    (item,) = json.loads(cited.csl)
    assert item["type"] == "article-newspaper"
    assert item["title"] == "Kazakhstan is learned in business"
    assert item["container-title"] == "The Moscow Post"
    assert item["issued"] == {"date-parts": [[2023, 11, 9], [2023, 11, 30]]}
    assert item["page"] == "paragraph 24"
    assert item["URL"] == iri
    assert "  author = {{The Moscow Post}},\n  title = {{Kazakhstan is learned in business}}," in cited.bibtex
    assert "  year = {2023},\n  month = nov,\n  pages = {paragraph 24}," in cited.bibtex
    assert "\nDA  - 2023/11/30/2023-11-09 to 2023-11-30\n" in cited.ris
    assert cited.ris.startswith("TY  - NEWS\nAU  - The Moscow Post\nTI  - Kazakhstan is learned in business\n")


def test_an_address_and_authors_are_named_where_they_are_told(dataset: Dataset) -> None:
    store = ox.Store()
    store.bulk_extend(dataset.quads)
    article, dcterms = ox.NamedNode(f"{SRC}izv24"), PREFIXES["dcterms"]
    page = ox.NamedNode("https://example.org/x?a=b&c#y")
    for name, value in (
        (dcterms + "creator", ox.Literal("A & B")),
        (dcterms + "creator", ox.NamedNode(f"{ID}dmitry-peskov")),
        (dcterms + "title", ox.Literal("100% of “it”")),
        (PREFIXES["foaf"] + "page", page),
    ):
        store.add(ox.Quad(article, ox.NamedNode(name), value))
    reader, iri = Reader(Engine(store)), f"{CLAIM}izv24-p32-4"
    note = footnotes(reader, [iri], "en")[iri]
    source = sources(reader, [note.article], "en")[note.article]
    assert sorted(map(str, source.authors)) == ["A & B", "Dmitry Peskov"]
    cited = cite_claim(note, source, VERSION, today=TODAY)
    assert page.value in cited.text
    assert r"{A \char38{} B}" in cited.bibtex
    assert " and {Dmitry Peskov}" in cited.bibtex or "{Dmitry Peskov} and " in cited.bibtex
    assert r"title = {{100\char37{} of “it”}}" in cited.bibtex
    assert "url = {https://example.org/x?a=b&c#y}" in cited.bibtex
    (item,) = json.loads(cited.csl)
    assert item["URL"] == page.value
    assert len(item["author"]) == 2


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_sentence_is_in_the_readers_language(engine: Engine, language: str) -> None:
    reader, iri = Reader(engine), f"{CLAIM}izv24-p32-4"
    note = footnotes(reader, [iri], language)[iri]
    source = sources(reader, [note.article], language)[note.article]
    told = sentence(note, source, language, translator(language))
    assert note.gloss.rstrip(".") in told
    assert str(note.modality_label) in told
    assert translator(language)("paragraph %(number)s") % {"number": 32} in told
    assert "2024" in told
    assert told.endswith(iri)


@pytest.mark.parametrize(
    ("earliest", "latest", "told"),
    [
        ("2024-11-27", "2024-11-27", "2024/11/27/"),
        ("", "2024-11-27", "2024/11/27/"),
        ("2024-11-26", "2024-11-27", "2024/11/27/2024-11-26 to 2024-11-27"),
    ],
)
def test_a_date_in_ris_has_its_four_parts(engine: Engine, earliest: str, latest: str, told: str) -> None:
    reader, iri = Reader(engine), f"{CLAIM}izv24-p32-4"
    note = footnotes(reader, [iri], "en")[iri]
    cited = cite_claim(note, Source(note.article, earliest=earliest, latest=latest), VERSION, today=TODAY)
    (dated,) = (line.removeprefix("DA  - ") for line in cited.ris.splitlines() if line.startswith("DA"))
    assert dated == told
    assert dated.count("/") == 3


@pytest.mark.parametrize(("language", "words"), [("ru", "версия данных 7 от 2026"), ("kk", "деректердің 7-нұсқасы")])
def test_a_citation_has_no_english_of_ours(engine: Engine, language: str, words: str) -> None:
    reader, iri = Reader(engine), f"{CLAIM}izv24-p32-4"
    note = footnotes(reader, [iri], language)[iri]
    source = sources(reader, [note.article], language)[note.article]
    cited = cite_claim(note, source, VERSION, language, translator(language), today=TODAY)
    for text in (cited.text, cited.bibtex, cited.csl, cited.ris):
        assert not re.search("data version|digest|accessed [0-9]|paragraph", text)
        assert words in text
    assert "accessed 2026-05-06" in cite_claim(note, source, VERSION, today=TODAY).ris


def test_of_an_article_without_a_record_its_claim_is_enough(engine: Engine) -> None:
    reader, iri = Reader(engine), f"{CLAIM}izv24-p32-4"
    note = footnotes(reader, [iri], "en")[iri]
    cited = cite_claim(note, Source(note.article), VERSION, today=TODAY)
    assert "issued" not in json.loads(cited.csl)[0]
    assert "year" not in cited.bibtex
    assert sources(reader, [""], "en") == {}
