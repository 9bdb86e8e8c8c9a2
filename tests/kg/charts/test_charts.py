"""Charts and maps: their pictures, data and documents, over HTTP and from the command line."""

import csv
import io
import json
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import pytest

from kg.charts.chart import Chart, Theme
from kg.charts.event_charts import event_chart
from kg.charts.maps import place_map, with_countries
from kg.charts.registry import NAMES, ChartRequest, chart
from kg.charts.renderer import Renderer
from kg.engine.engine import Engine, with_prefixes
from kg.engine.errors import TooLargeError
from kg.language.amounts import amount, ticks, with_bounds
from kg.language.periods import Period, time_ticks, year_ticks
from kg.store.reader import Reader
from kg.views.vocabulary import code_lists
from ontology.namespaces import CODE, ID, shorten
from tests.http import send
from tests.kg.publishing.test_questions import CSV, rows
from tests.wording import between, count, dollars, lasting, percent

SVG = "{http://www.w3.org/2000/svg}"
TURNOVER = """
SELECT ?figure ?area ?counterpart ?observed ?period_start ?period_end ?value ?out_of ?unit ?bound ?as_written
  ?claim WHERE {
  GRAPH ?claim {
    ?figure kel:measure code:measure-trade-turnover ; kel:refArea ?area ; kel:counterpartArea ?counterpart ;
      kel:periodStart ?period_start ; kel:periodEnd ?period_end ; kel:value ?value ; kel:unit ?unit ;
      kel:bound ?bound ; kel:asWritten ?as_written .
    OPTIONAL { ?figure kel:observed ?observed }
    OPTIONAL { ?figure kel:outOf ?out_of }
  }
}
"""


@pytest.fixture(scope="module")
def reader(engine: Engine) -> Reader:
    return Reader(engine)


def found(reader: Reader, name: str, language: str = "en", **narrowing: str) -> Chart:
    made = chart(reader, ChartRequest(name, narrowing), language)
    assert made is not None
    return made


def test_the_csv_is_the_answer_of_the_query(reader: Reader, engine: Engine, server: str) -> None:
    header, answer = rows(engine.query(with_prefixes(TURNOVER)).serialize(CSV).decode())
    status, headers, body = send(f"{server}charts/trade.csv")
    lines = list(csv.reader(io.StringIO(body.decode())))
    assert status == 200
    assert headers.get_content_type() == "text/csv"
    assert lines[0] == [*header, "speaker", "certainty"]
    assert all(certainty == "asserted" and speaker for *_, speaker, certainty in lines[1:])
    assert sorted(tuple(shorten(cell) for cell in line[:-2]) for line in lines[1:]) == sorted(answer.elements())
    assert body.decode() == found(reader, "trade").csv()


@pytest.mark.parametrize("name", ["trade", "events", "map"])
@pytest.mark.parametrize("query", ["theme=light&width=wide", "theme=dark&width=narrow&titled=no"])
def test_svg_parses_and_tells_what_it_shows(server: str, name: str, query: str) -> None:
    status, headers, body = send(f"{server}charts/{name}.svg?lang=en&{query}")
    root = ET.fromstring(body)
    assert (status, headers.get_content_type()) == (200, "image/svg+xml")
    assert root.tag == f"{SVG}svg"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text
    assert root[1].tag == f"{SVG}desc"
    assert "2023" in (root[1].text or "") or name == "map"
    assert int(root.attrib["width"]) == (340 if "narrow" in query else 560)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert (root[0].text in texts) == ("titled=no" not in query)


def test_periods_and_bounds_are_drawn_as_such(reader: Reader) -> None:
    spec = found(reader, "trade").spec
    values = {value["told"]: value for value in spec["data"]["values"]}
    year, record, part = values.values()
    assert list(values) == [
        f"2022: {dollars(28.2e9)}",
        f"2023: {dollars(28.4e9)}, a record",
        f"{between('2024-01-01', '2024-09-30', 'yMMM')} ({lasting(9, 'duration-month')}): {dollars(20.6e9)}",
    ]
    assert [v["kind"] for v in (year, record, part)] == ["year", "year", "part"]
    assert record["bounds"] == ["record"]
    days = [(v["end"] - v["start"]) / 86_400_000 for v in (year, record, part)]
    assert days == [365, 365, 274]
    broken = [layer["encoding"]["strokeDash"] for layer in spec["layer"] if "strokeDash" in layer["encoding"]]
    assert broken == [{"condition": {"test": "datum.kind === 'year'", "value": [1, 0]}, "value": [6, 4]}]


def test_a_figure_without_a_period_is_an_open_mark(reader: Reader) -> None:
    investment = found(reader, "direct-investment")
    assert {value["kind"] for value in investment.spec["data"]["values"]} == {"none"}
    assert [v["bounds"] for v in investment.spec["data"]["values"]] == [["over"], []]
    assert {layer["mark"].get("shape") for layer in investment.spec["layer"]} >= {"diamond", "triangle-up"}
    assert "no period given" in investment.description
    assert f"over {dollars(17e9, digits=0)}" in investment.svg()


def test_what_is_only_thought_possible_is_not_drawn(reader: Reader, server: str) -> None:
    assert chart(reader, ChartRequest("gas-volume"), "en") is None
    status, _, body = send(f"{server}charts/gas-volume.svg")
    assert status == 404
    assert "no data" in body.decode()


@pytest.mark.parametrize("query", ["party=no%20iri", "thing=no%20iri"])
def test_a_parameter_that_is_no_iri_is_refused(server: str, query: str) -> None:
    name = "map" if "thing" in query else "trade"
    assert send(f"{server}charts/{name}.svg?{query}")[0] == 400


def test_unknown_charts_are_not_found(server: str) -> None:
    assert send(f"{server}charts/nonsense.svg")[0] == 404
    assert send(f"{server}charts/trade.gif")[0] == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_document_holds_all_its_data(reader: Reader, theme: Theme) -> None:
    for name in ("trade", "events", "map"):
        document = json.dumps(found(reader, name).document(theme, narrow=True))
        assert '"url"' not in document


def test_drawing_reaches_no_address(reader: Reader) -> None:
    drawn = found(reader, "trade")
    outside = replace(drawn, spec={**drawn.spec, "data": {"url": "http://127.0.0.1:9/x.json"}})
    with pytest.raises(ValueError, match="not allowed"):
        outside.svg()


def test_an_artist_draws_elsewhere_and_again_after_its_end(reader: Reader) -> None:
    renderer, drawn = Renderer(), found(reader, "trade")
    try:
        assert drawn.svg(draw=renderer.draw) == drawn.svg()
        assert renderer._process
        first = renderer._process
        first.kill()
        first.wait()
        assert drawn.png(draw=renderer.draw).startswith(b"\x89PNG")
        assert renderer._process.pid != first.pid
    finally:
        renderer.close()


def test_an_artist_who_takes_too_long_is_ended(reader: Reader) -> None:
    renderer = Renderer(drawing_seconds=0.001)
    with pytest.raises(TooLargeError, match="longer than"):
        found(reader, "trade").svg(draw=renderer.draw)
    assert renderer._process is None


def test_names_and_numbers_are_in_the_language(reader: Reader) -> None:
    russian = found(reader, "trade", "ru")
    assert "Казахстан – Россия" in russian.title
    assert dollars(28.4e9, "ru") in russian.description
    assert between("2024-01-01", "2024-09-30", "yMMM", "ru") in russian.description
    assert "Қазақстан" in found(reader, "trade", "kk").svg()


def test_the_map_shows_places_and_what_is_there(reader: Reader) -> None:
    events = [str(ID[name]) for name in ("csto-summit-astana-2024", "interregional-forum-20")]
    made = place_map(reader, [*events, str(ID.almaty)], "en")
    assert made is not None
    assert [row[1] for row in made.rows] == ["Almaty", "Astana", "Ufa"]
    assert dict(zip((row[1] for row in made.rows), (row[4] for row in made.rows), strict=True))["Ufa"] == events[1]
    assert "Astana: CSTO summit in Astana, 2024" in made.description
    assert place_map(reader, [str(ID["vladimir-putin"])], "en") is None


def test_the_map_takes_the_countries_where_they_are(reader: Reader) -> None:
    made = found(reader, "map")
    world = {
        "type": "Topology",
        "arcs": [[[60, 45], [80, 45], [80, 55], [60, 45]]],
        "objects": {"countries": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }
    assert with_countries(made, world).svg().count("<path") > made.svg().count("<path")
    assert with_countries(found(reader, "trade"), world) == found(reader, "trade")


def test_planned_events_look_unlike_held_ones(reader: Reader) -> None:
    things = [str(ID[name]) for name in ("csto-summit-astana-2024", "putin-visit-kazakhstan-2023")]
    made = event_chart(reader, things, "en")
    assert made is not None
    assert [(row[2], row[3]) for row in made.rows] == [("planned", "2024-11-28"), ("held", "2023-11-09")]
    assert "CSTO summit in Astana, 2024 (planned)" in made.description
    marks = {layer["transform"][0]["filter"]: layer["mark"] for layer in made.spec["layer"] if "transform" in layer}
    assert marks["datum.sort === 'held'"]["style"] != marks["datum.sort === 'planned'"]["style"]
    assert event_chart(reader, [str(ID.almaty)], "en") is None


def test_old_events_do_not_press_the_others_together(reader: Reader) -> None:
    made = event_chart(
        reader, [str(ID[n]) for n in ("putin-visit-kazakhstan-2023", "formation-of-kazakhstan-1922")], "en"
    )
    assert made is not None
    assert [row[0] for row in made.rows] == [str(ID["putin-visit-kazakhstan-2023"])]
    assert any("1922" not in note and "in the list only" in note for note in made.notes)


def test_the_command_writes_a_chart(kelisim: str, tmp_path: Path) -> None:
    path = tmp_path / "trade.svg"
    subprocess.run([kelisim, "chart", "trade", "--output", path], check=True, capture_output=True)
    assert ET.fromstring(path.read_bytes()).tag == f"{SVG}svg"


def test_the_command_tells_its_charts_and_its_errors(kelisim: str, tmp_path: Path) -> None:
    listed = subprocess.run([kelisim, "chart", "--list"], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == list(NAMES)
    for name, output, words in (("nonsense", "a.svg", "nothing to draw"), ("trade", "a.gif", "no ending")):
        result = subprocess.run(
            [kelisim, "chart", name, "--output", tmp_path / output], capture_output=True, text=True, check=False
        )
        assert result.returncode != 0
        assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize(("suffix", "beginning"), [("png", b"\x89PNG"), ("vl.json", b"{"), ("svg", b"<svg")])
def test_pictures_and_documents_are_served(server: str, suffix: str, beginning: bytes) -> None:
    status, _, body = send(f"{server}charts/direct-investment.{suffix}")
    assert status == 200
    assert body.startswith(beginning)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("28400000000", "CCY_USD", dollars(28.4e9)),
        ("35000000000", "M3-PER-YR", f"{count(35e9)} m³ a year"),
        ("7", "PERCENT", percent(7)),
        ("60000", "NUM", count(60_000)),
        ("93600", "NUM", count(93_600, digits=1)),
        ("1", "NUM", "1"),
        ("2", "DAY", lasting(2, "duration-day")),
        ("5", "TON_Metric", "5 TON_Metric"),
    ],
)
def test_amounts(value: str, unit: str, words: str) -> None:
    assert amount(Decimal(value), f"http://qudt.org/vocab/unit/{unit}", "en") == words


def test_bounds_stand_by_the_amount() -> None:
    assert with_bounds("$17B", ["over"], str) == "over $17B"
    assert with_bounds("$17B", ["over", "record"], str) == "over $17B, a record"
    assert with_bounds("$17B", ["strange"], str) == "$17B (strange)"


@pytest.mark.parametrize(("least", "most"), [("0", "28400000000"), ("-3", "7"), ("0", "0.07"), ("0", "0"), ("5", "5")])
def test_ticks_hold_the_values(least: str, most: str) -> None:
    found = ticks(Decimal(least), Decimal(most))
    assert found[0] <= Decimal(least) <= Decimal(most) <= found[-1]
    assert 2 <= len(found) <= 8


def test_kinds_of_period() -> None:
    year = Period(date(2023, 1, 1), date(2023, 12, 31))
    nine = Period(date(2024, 1, 1), date(2024, 9, 30))
    days = Period(date(2023, 1, 1), date(2023, 11, 9))
    long = Period(date(2020, 5, 1), date(2023, 4, 30))
    assert [p.kind for p in (year, nine, days, long)] == ["year", "part", "part", "other"]
    assert [p.months for p in (year, nine, days, long)] == [12, 9, 0, 36]
    assert [p.length("en") for p in (year, nine, days, long)] == ["1 year", "9 months", "313 days", "3 years"]
    assert nine.length("kk") == "9 ай"
    assert Period(date(9999, 1, 1), date.max).kind == "year"


def test_ticks_of_time() -> None:
    assert year_ticks([date(1500, 1, 1), date(2024, 1, 1)], 8)[:2] == [1500, 1600]
    assert [words for _, words in time_ticks(date(2024, 1, 5), date(2024, 9, 1), 4, "en")] == ["Apr 2024", "Jul 2024"]


def test_charts_are_addressed_shortly(server: str) -> None:
    query = urlencode({"party": "id:kazakhstan", "unit": "unit:CCY_USD", "period": "year"})
    _, _, body = send(f"{server}charts/trade.csv?{query}")
    assert body.decode().count("\r\n") == 3
    assert str(CODE["bound-record"]) in body.decode()


def test_no_value_hides_another(reader: Reader) -> None:
    """Of each measure: over time their spans have nothing in common, else each has a row of its own."""
    (measures,) = (each for each in code_lists() if each.name == "measure")
    shapes: set[str] = set()
    for code in measures.codes:
        drawn = chart(reader, ChartRequest(code.iri.rpartition("measure-")[2]), "en")
        for spec in (drawn.spec, drawn.narrow or {}) if drawn and drawn.spec else ():
            values = spec["data"]["values"]
            first, last = ("begin", "end") if "begin" in values[0] else ("start", "end")
            spans = sorted((value[first], value[last]) for value in values)
            assert all(one[1] <= other[0] for one, other in pairwise(spans)), code.iri
            shapes.add(first if len(values) > 1 else "")
    assert shapes >= {"begin", "start"}, "both ways to draw are tried"
