"""The page of events: what was planned and what was held, by kind, state, year and status."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from kg.charts.event_charts import event_chart
from kg.engine.engine import Engine
from kg.store.reader import Reader
from kg.views.events import PAGE_SIZE, EventFilter, events, kinds, states, statuses, years
from ontology.namespaces import CODE, ID
from server.http.languages import translator
from tests.conftest import serving
from tests.http import send
from tests.wording import between, spaced


def page(server: str, query: str = "") -> str:
    status, _, body = send(f"{server}events?lang=en&{query}")
    assert status == 200
    return body.decode()


def items(html: str) -> list[str]:
    """The entries of the timeline, without tags."""
    html = re.sub(r'<details class="said">.*?</details>', "", html, flags=re.DOTALL)  # who says so, a list of its own
    found = re.search(r'<ol class="timeline">(.*?)</ol>', html, re.DOTALL)
    parts = re.findall(r"<li[^>]*>(.*?)</li>", found[1], re.DOTALL) if found else []
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", part)).split()) for part in parts]


def test_a_plan_is_told_as_a_plan(server: str) -> None:
    shown = items(page(server, "state=kazakhstan&year=2024&kind=event-visit"))
    (visit,) = [item for item in shown if "Putin's state visit to Kazakhstan, November 2024" in item]
    assert f"{spaced(between('2024-11-27', '2024-11-28'))} planned" in visit
    assert "visitor: Vladimir Putin" in visit
    held = next(i for i in items(page(server, "year=2023")) if "Putin's visit to Kazakhstan, 2023" in i)
    assert "9 November 2023" in held
    assert "planned" not in held


@pytest.mark.parametrize(
    ("query", "inside", "outside"),
    [
        ("status=status-planned", "CSTO summit in Astana, 2024", "Putin's visit to Kazakhstan, 2023"),
        ("status=status-held", "Putin's visit to Kazakhstan, 2023", "CSTO summit in Astana, 2024"),
        ("year=2015", "Putin's state visit to Kazakhstan, October 2015", "CSTO summit in Astana, 2024"),
        ("kind=event-referendum", "Referendum", "CSTO summit"),
        ("state=usa", "Summit of Biden", "CSTO summit in Astana"),
    ],
)
def test_filters(server: str, query: str, inside: str, outside: str) -> None:
    shown = " ".join(items(page(server, query)))
    assert inside in shown
    assert outside not in shown


def test_pages_hold_every_event_once(server: str, engine: Engine) -> None:
    total = events(Reader(engine), EventFilter(), "en").total
    html = [page(server, f"page={number}") for number in (1, 2)]
    shown = [items(each) for each in html]
    assert len(shown[0]) == PAGE_SIZE
    assert len(shown[0]) + len(shown[1]) == total
    headings = [h for each in html for h in re.findall(r"<h3><a .*?</h3>", each, re.DOTALL)]
    assert len(set(headings)) == total
    assert 'rel="next"' in html[0]


def test_the_order_turns_round(engine: Engine) -> None:
    reader = Reader(engine)
    latest, first = (events(reader, EventFilter(), "en", descending=turned).things[0] for turned in (True, False))
    assert latest == str(ID["csto-summit-astana-2024"])
    assert first == str(ID["first-cossack-settlements-kazakhstan"])


def test_the_choices_are_those_of_the_graph(engine: Engine) -> None:
    reader = Reader(engine)
    assert str(CODE["event-visit"]) in kinds(reader)
    assert {str(CODE["status-held"]), str(CODE["status-planned"])} <= set(statuses(reader))
    assert {str(ID.kazakhstan), str(ID.russia)} <= set(states(reader))
    assert years(reader)[:2] == [2024, 2023]
    assert [year for year in years(reader) if 1501 <= year <= 1600] == [1501]  # some time in that century


def test_map_and_chart_stand_with_text_and_data(server: str) -> None:
    html = page(server)
    pictures = re.findall(r'<img src="(/charts/[^"]*)" alt="([^"]*)"', html)
    assert {address.split(".")[0] for address, _ in pictures} == {"/charts/map", "/charts/events"}
    for address, words in pictures:
        assert "CSTO summit in Astana" in words
        status, headers, _ = send(server.rstrip("/") + address.replace("&amp;", "&"))
        assert (status, headers.get_content_type()) == (200, "image/svg+xml")


def test_the_table_of_the_chart_is_in_the_readers_language(engine: Engine) -> None:
    for code, told in (("en", {"held", "planned"}), ("ru", {"состоялось", "планируется"})):
        reader = Reader(engine)
        shown = event_chart(reader, events(reader, EventFilter(), code).things, code, translator(code))
        assert shown is not None
        assert {row[2] for row in shown.rows} == told


def test_a_filter_that_cannot_be_is_told(server: str) -> None:
    assert send(f"{server}events?year=1")[0] == 400


@pytest.fixture(scope="module")
def empty(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("events") / "store"
    with serving(kelisim, "--store", str(folder), "--empty") as running:
        yield running.address


def test_an_empty_store_says_so(empty: str) -> None:
    html = page(empty)
    assert "There are no events here." in html
    assert "<figure" not in html
