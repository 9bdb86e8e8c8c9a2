"""The page of trade flows, and the figures behind it."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape

import pyoxigraph as ox
import pytest

from kg.charts.trade_charts import measure_chart, trade_charts
from kg.engine.engine import Engine
from kg.store.reader import Reader
from kg.views.trade import Observation, Selection, contested, observations
from ontology.namespaces import CODE, ID, KEL
from tests.conftest import serving
from tests.http import send
from tests.wording import between, count, dollars, lasting, spaced

TURNOVER = str(CODE["measure-trade-turnover"])


def figures(engine: Engine, **wanted: str) -> list[Observation]:
    measures = (str(CODE[wanted["measure"]]),) if "measure" in wanted else ()
    return observations(Reader(engine), Selection(wanted.get("party", ""), measures), "en")


def page(server: str, query: str = "") -> str:
    status, _, body = send(f"{server}trade?lang=en&{query}")
    assert status == 200
    return body.decode()


def table(html: str) -> str:
    """The table of figures, without tags, its white space as single blanks."""
    found = re.search(r'<h2 id="figures">(.*?)</section>', html, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found[1] if found else "")).split())


def test_figures_come_with_bounds_periods_and_claims(engine: Engine) -> None:
    found = {each.iri.removeprefix(str(ID)): each for each in figures(engine)}
    record, nine = found["obs-kz-ru-trade-2023"], found["obs-kz-ru-trade-9m-2024"]
    assert (record.value, record.bound_names, record.as_written) == (
        Decimal(28400000000),
        ("record",),
        ("$28.4 billion",),
    )
    assert record.period
    assert (record.kind, record.period.inferred, record.edtf) == ("year", False, "2023")
    assert nine.period
    assert (nine.kind, nine.period.months, nine.period.inferred) == ("part", 9, True)
    assert [note.speaker for note in record.notes] == [str(ID.izvestia)]
    assert found["obs-ru-direct-investment-kz-mp23"].bound_names == ("over",)
    assert not found["obs-kz-ru-joint-ventures-count"].surely
    assert found["obs-ru-regions-cooperating-with-kz"].out_of == 89


def test_nine_months_are_no_full_year(engine: Engine) -> None:
    chart = measure_chart(Reader(engine), "trade", {"period": "year"}, "en")
    assert [row[4:6] for row in chart.rows] == [("2022-01-01", "2022-12-31"), ("2023-01-01", "2023-12-31")]
    parts = measure_chart(Reader(engine), "trade", {"period": "part"}, "en")
    assert [row[5] for row in parts.rows] == ["2024-09-30"]


def test_charts_of_a_state(engine: Engine) -> None:
    charts = trade_charts(Reader(engine), str(ID.kazakhstan), "en")
    assert [chart.name for chart in charts] == ["trade", "trade-growth", "direct-investment", "students"]
    assert all(chart.parameters[0] == ("party", "id:kazakhstan") for chart in charts)
    assert trade_charts(Reader(engine), str(ID.france), "en") == []


def test_the_page_shows_charts_and_figures(server: str) -> None:
    html = page(server)
    words = table(html)
    exact = [dollars(28.2e9), f"{dollars(28.4e9)}, a record", dollars(20.6e9)]
    for figure in (*exact, f"over {dollars(17e9, digits=0)}", f"about {count(60_000)}", f"up to {count(10e9)} m³"):
        assert spaced(figure) in words
    nine_months = between("2024-01-01", "2024-09-30", "yMMM")
    assert spaced(f"{nine_months} ({lasting(9, 'duration-month')})") in words
    assert spaced(f"trade turnover Kazakhstan – Russia 2023 {dollars(28.4e9)}, a record") in words
    assert html.count("<figure") == 4, "planned and wished for amounts are not drawn"
    for address in set(re.findall(r'src="(/charts/[^"]*)"', html)):
        assert send(server.rstrip("/") + address.replace("&amp;", "&"))[0] == 200
    assert "possible" in words


def test_contradicting_figures_stand_side_by_side(server: str, engine: Engine) -> None:
    words = table(page(server, "measure=measure-direct-investment"))
    assert f"over {dollars(17e9, digits=0)}" in words
    assert f"Others say: {dollars(22e9, digits=0)}" in words
    clashing = {iri for iri, _ in contested(figures(engine, measure="measure-trade-turnover"))}
    assert clashing == set()


def test_each_figure_has_its_footnote(server: str) -> None:
    html = page(server, "measure=measure-trade-turnover")
    notes = re.findall(r'<li id="note-\d+">(.*?)</li>', html, re.DOTALL)
    assert len(notes) == 3
    assert all("paragraph" in note for note in notes)
    assert len(set(re.findall(r'href="#note-(\d+)"', html))) == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("party=kazakhstan&measure=measure-trade-turnover", 3),
        ("measure=measure-trade-turnover&period=part", 1),
        ("measure=measure-trade-turnover&period=year", 2),
        ("party=usa", 2),
    ],
)
def test_filters(server: str, query: str, count: int) -> None:
    assert f"{count} figure" in table(page(server, query))


def test_a_filter_that_cannot_be_is_told(server: str) -> None:
    status, _, body = send(f"{server}trade?lang=en&period=century")
    assert status == 400
    assert "century" in body.decode()


def test_labels_are_in_the_language(server: str) -> None:
    _, _, body = send(f"{server}trade?lang=ru&measure=measure-trade-turnover")
    assert "товарооборот" in body.decode()
    assert dollars(28.4e9, "ru") in body.decode()


@pytest.fixture(scope="module")
def empty(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("trade") / "store"
    with serving(kelisim, "--store", str(folder), "--empty") as running:
        yield running.address


def test_an_empty_store_says_so(empty: str) -> None:
    html = page(empty)
    assert "There are no figures here." in html
    assert "<figure" not in html
    assert send(f"{empty}charts/trade.svg")[0] == 404


def figure(name: str, **values: ox.NamedNode | ox.Literal) -> list[ox.Quad]:
    claim, it = ox.NamedNode(f"urn:claim:{name}"), ox.NamedNode(f"urn:{name}")
    given = {"measure": ox.NamedNode(TURNOVER), "refArea": ox.NamedNode("urn:a"), **values}
    return [ox.Quad(it, ox.NamedNode(str(KEL[key])), value, claim) for key, value in given.items()]


def test_foreign_figures_do_no_harm() -> None:
    b = ox.NamedNode("urn:b")
    day = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
    odd = {"periodStart": ox.Literal("-0044-03-15", datatype=day), "periodEnd": ox.Literal("soon")}
    engine = Engine(
        [
            *figure("one", counterpartArea=b, value=ox.Literal(5), unit=ox.NamedNode("urn:unit")),
            *figure("two", counterpartArea=b, value=ox.Literal("many"), **odd),
            *figure("three", counterpartArea=b, value=ox.Literal(7), unit=ox.NamedNode("urn:unit"), **odd),
        ]
    )
    found = observations(Reader(engine), Selection(), "en")
    assert [(each.iri, each.kind) for each in found] == [("urn:one", "none"), ("urn:three", "none")]
    assert set(contested(found)) == {("urn:one", Decimal(5)), ("urn:three", Decimal(7))}
    chart = measure_chart(Reader(engine), "trade", {}, "en")
    assert not chart.rows  # no period, and no article to date them by
    assert json.dumps(chart.spec) == "{}"
