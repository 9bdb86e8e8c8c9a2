"""Things, offices and speakers that are recognised in running text, in three languages."""

from datetime import date
from pathlib import Path

import pytest

from kg.checks.collection import Collection, collect
from kg.curation.sources import ArticleText, read_articles
from kg.drafts.article import Record, appearance, language_of, record
from kg.drafts.described import Described
from kg.drafts.proposing import Proposer, Sentence
from kg.drafts.spelling import Spellings
from kg.drafts.when import Appeared
from ontology.namespaces import ID, shorten
from tests.kg.drafts.world import FILES, NEWS, write


@pytest.fixture(scope="module")
def world() -> Collection:
    return collect(FILES)


@pytest.mark.parametrize(
    ("text", "language", "things"),
    [
        ("Velmaria and Ostrenia agree.", "en", ["id:velmaria", "id:ostrenia"]),
        ("The Velmarian side met Ostrenia's.", "en", ["id:velmaria", "id:ostrenia"]),
        ("Ilan Dorvat spoke, and Dorvath left.", "en", ["id:ilan-dorvath", "id:ilan-dorvath"]),
        ("Sela Jornova came to Tarn.", "en", ["id:sela-zhornova", "id:tarn"]),
        ("Students of the Velmaria River Academy", "en", ["id:river-academy"]),
        ("The government of Velmaria met.", "en", ["id:government-of-velmaria"]),
        ("The President of Velmaria came.", "en", ["id:president-of-velmaria", "id:velmaria"]),
        ("A tarn is a small lake, no dorvath.", "en", []),
        ("Встреча в Вельмарии с Иланом Дорватом.", "ru", ["id:velmaria", "id:ilan-dorvath"]),
        ("Вельмарский министр приехал из Острении.", "ru", ["id:velmaria", "id:ostrenia"]),
        ("Велмариядан Тарнға келді.", "kk", ["id:velmaria", "id:tarn"]),
    ],
)
def test_names(world: Collection, text: str, language: str, things: list[str]) -> None:
    found = Spellings(world).mentions(text, language)
    assert [shorten(m.iri) for m in found] == things
    assert all(text[m.start : m.end].strip() for m in found)


def test_things_that_are_described(world: Collection) -> None:
    described = Described(world, "en")
    spellings = Spellings(world)

    def told(text: str, number: int) -> dict[str, str]:
        found = described.mentions(text, number, spellings.mentions(text, "en"))
        return {shorten(m.iri): m.how for m in found}

    assert told("They signed the treaty on the waters of the Ammer.", 1)["id:ammer-treaty"] == "words"
    assert told("The ship of the River Treaty Fishing Company sank.", 2).get("id:topic-fishing") is not None
    assert told("The Velmarian government met.", 2) == {"id:government-of-velmaria": "words"}
    assert told("The treaty binds both.", 3) == {"id:ammer-treaty": "again"}
    assert told("A treaty binds both.", 4) == {}
    assert told("The treaty binds both.", 40) == {}


def test_the_language_of_a_text() -> None:
    assert language_of("Velmaria and Ostrenia (Острения) agree.") == "en"
    assert language_of("Вельмария и Острения договорились.") == "ru"
    assert language_of("Велмария мен Острения өзара келісімге қол қойды.") == "kk"


def text_of(tmp_path: Path, text: str) -> ArticleText:
    (found,) = read_articles(write(tmp_path, {"a.txt": text})).values()
    return found


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (NEWS, "2031-09-09", "2031-09-09"),
        ("TARN, 4 May 2029 — They met.", "2029-05-04", "2029-05-04"),
        ("A heading\n\n4 May 2029\n\nThey met.", "2029-05-04", "2029-05-04"),
        ("On May 4 they met. On May 7 they will meet again.\n\nIn 2029 it was 3, and this year 4.",
         "2030-05-04", "2030-05-07"),
        ("They met on May 4. It was founded in 2028. The plan is for 2035-2040.", "2028-05-04", "2028-05-31"),
        ("It was founded in 2028.", "2028-01-01", "2028-12-31"),
    ],
)  # fmt: skip
def test_when_an_article_appeared(tmp_path: Path, text: str, first: str, last: str) -> None:
    appeared, why = appearance(text_of(tmp_path, text))
    assert (appeared.first, appeared.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert why


def proposals(world: Collection, tmp_path: Path, text: str) -> list[Sentence]:
    article = text_of(tmp_path, text)
    day = Appeared(date(2031, 9, 9), date(2031, 9, 9))
    known = Record("a", article, language_of(text), f"{ID}ona", day, "", known=True)
    return [*Proposer(world, known, Spellings(world)).sentences()]


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("Ilan Dorvath said that they agree.", ["id:ilan-dorvath"]),
        ("They agree, said Ilan Dorvath.", ["id:ilan-dorvath"]),
        ("According to Ilan Dorvath, Sela Zhornova told him so.", ["id:ilan-dorvath"]),
        ("Ilan Dorvath told Sela Zhornova so.", ["id:ilan-dorvath"]),
        ("Sela Zhornova, of the Velmaria River Academy, recalled this.", ["id:sela-zhornova"]),
        ("Ilan Dorvath spoke first. He said that they agree.", ["", ""]),
        ("Ilan Dorvath said so. He added more. It rained.", ["id:ilan-dorvath", "id:ilan-dorvath", ""]),
        ("- We agree. Sela Zhornova said so,\" Ilan Dorvath stressed.", ["id:ilan-dorvath", "id:ilan-dorvath"]),
        ("Ilan Dorvath told ONA: \"We agree. It will do.\" It rained.", ["id:ilan-dorvath", "id:ilan-dorvath", ""]),
        ("The government of Velmaria said so.", ["id:government-of-velmaria"]),
        ("\"We agree,\" Ilan Dorvath said. \"It will do.\"", ["id:ilan-dorvath", "id:ilan-dorvath"]),
        ("It rained in Tarn.", [""]),
        ("ONA said so.", [""]),
        ("По словам Илана Дорвата, дело решено.", ["id:ilan-dorvath"]),
    ],
)  # fmt: skip
def test_speakers(world: Collection, tmp_path: Path, text: str, speakers: list[str]) -> None:
    assert [shorten(s.voice.iri) if s.voice else "" for s in proposals(world, tmp_path, text)] == speakers


def test_proposals_of_an_article(world: Collection, tmp_path: Path) -> None:
    sentences = {f"p{s.paragraph}-s{s.number}": s for s in proposals(world, tmp_path, NEWS)}
    assert sentences["p1-s1"].empty
    visit = sentences["p3-s2"].as_json()
    assert {"thing": "id:amber-sea-summit-2031", "how": "words"} in visit["things"]  # type: ignore[operator]
    assert "amber-sea-summit-2029" not in str(visit)
    assert visit["dates"] == [{"edtf": "2031-10-04", "stated": False, "ahead": True}]
    assert visit["tenures"] == [{"tenure": "id:tenure-dorvath-president-of-velmaria", "told": "old29-p1-1"}]
    assert visit["modality"] == "planned"
    assert sentences["p3-s1"].modality == "asserted"
    trade = sentences["p4-s1"].as_json()
    assert {"id:velmaria", "id:ostrenia"} <= {t["thing"] for t in trade["things"]}  # type: ignore[attr-defined]
    assert trade["figures"] == [
        {"asWritten": "3.4 billion dollars", "value": "3400000000", "unit": "CCY_USD", "bound": "bound-over"}
    ]
    assert trade["known"] == [{"thing": "id:obs-trade-2028", "claim": "old29-p1-2"}]
    assert {"claim": "old29-p1-2", "shape": "Observation"} in trade["like"]  # type: ignore[operator]
    said = sentences["p4-s2"].as_json()
    assert said["speaker"] == "id:sela-zhornova"
    assert said["tenures"] == [{"tenure": "id:tenure-zhornova-energy-minister-of-velmaria", "told": ""}]
    assert sentences["p4-s3"].unknown == ("Marek Tolvan",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("President Marek Tolvan of Halvonia came to Kelbrook.", ["Marek Tolvan", "Halvonia", "Kelbrook"]),
        ("On Monday the Bank of Halvonia paid Marek Tolvan. Tolvan left.", ["Bank of Halvonia", "Marek Tolvan"]),
        ("Ships come in May to Velmaria, Tarn and Ostrenia.", []),
        ("He spoke of Kelbrook, and It was late.", ["Kelbrook"]),
    ],
)
def test_names_that_are_not_known(world: Collection, tmp_path: Path, text: str, names: list[str]) -> None:
    assert list(proposals(world, tmp_path, text)[0].unknown) == names


def test_that_a_family_name_alone_is_that_of_who_was_named(world: Collection, tmp_path: Path) -> None:
    sentences = proposals(world, tmp_path, "There Marek Tolvan spoke. Tolvan said that it rains. He said no more.")
    assert [s.unknown for s in sentences] == [("Marek Tolvan",), ("Marek Tolvan",), ()]
    assert [s.voice and shorten(s.voice.iri) for s in sentences] == [None, "id:marek-tolvan", "id:marek-tolvan"]


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("They met in Tarn on May 4.", "asserted"),
        ("They may meet in Tarn.", "possible"),
        ("They will meet in Tarn.", "planned"),
        ("Ilan Dorvath said that they met.", "reported"),
        ("Ilan Dorvath expects a meeting.", "expected"),
    ],
)
def test_how_surely_a_sentence_tells_it(world: Collection, tmp_path: Path, text: str, modality: str) -> None:
    assert proposals(world, tmp_path, text)[0].modality == modality


def test_a_record_that_is_guessed(world: Collection, tmp_path: Path) -> None:
    found = record(world, "ona31", text_of(tmp_path, NEWS), Spellings(world))
    assert (found.language, shorten(found.publisher), found.known) == ("en", "id:ona", False)


@pytest.mark.parametrize(
    ("text", "publisher"),
    [
        ("It rained, ONA reports.", "id:ona"),
        ("Photo: ONA/Jan Weller\n\nIt rained.", ""),
        ("It rained, ONA reports.\n\nMore at www.tarncourier.example/rain", "id:the-tarn-courier"),
        ("It rained, The Tarn Courier wrote. The Tarn Courier was told by ONA.", "id:the-tarn-courier"),
        ("It rained.", ""),
    ],
)
def test_who_publishes_an_article(world: Collection, tmp_path: Path, text: str, publisher: str) -> None:
    found = record(world, "ona31", text_of(tmp_path, text), Spellings(world))
    assert (found.publisher and shorten(found.publisher)) == publisher
