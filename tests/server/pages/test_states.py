"""The list of states, and the page of a state with footnotes, compared with the graph."""

import csv
import io
from collections.abc import Iterator

import pytest

from kg.engine.engine import Engine, with_prefixes
from kg.store.reader import Reader
from kg.views.leaders import in_state, tenures
from kg.views.visits import from_state, visits
from ontology.namespaces import ID
from tests.conftest import serving
from tests.http import send
from tests.markup import links, main, notes, page, row, section, words


@pytest.fixture(scope="module")
def empty(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = tmp_path_factory.mktemp("empty") / "store"
    with serving(kelisim, "--store", str(store), "--allow-updates", "--empty") as running:
        yield running.address


def count(engine: Engine, pattern: str) -> int:
    """The number of distinct ?x of a pattern in the dataset, queried by the engine directly."""
    rows = Reader(engine).rows(with_prefixes(f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}"))
    return int(rows[0]["n"].value)


def states_on(address: str) -> list[str]:
    found = page(address)
    return [words(tr[0]).split(" ")[0] for tr in found.iter("tr") if len(tr) and tr[0].get("scope") == "row"]


def test_the_list_has_every_state_in_brief(server: str, engine: Engine) -> None:
    found = page(f"{server}states")
    assert len(states_on(f"{server}states")) == count(engine, "?x a kel:State") == 16
    kazakhstan = row([found], "Kazakhstan")
    assert "Kassym-Jomart Tokayev" in words(kazakhstan[1])
    assert "25 November 2024" in words(kazakhstan[1])
    assert any("Izvestia" in note and "paragraph 11" in note for note in notes(found, kazakhstan[1]))
    parties = "GRAPH ?c { ?x kel:party id:kazakhstan } VALUES ?t { kel:Instrument kel:DocumentPackage } ?x a ?t"
    assert int(words(kazakhstan[3])) == count(engine, parties)
    assert int(words(kazakhstan[4])) == count(engine, "GRAPH ?c { ?x kel:visited id:kazakhstan }")
    assert words(row([found], "Uzbekistan")[1]) == ""


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("text=stan", ["Afghanistan", "Kazakhstan", "Kyrgyzstan", "Tajikistan", "Uzbekistan"]),
        ("text=КАЗАХ", ["Kazakhstan"]),
        ("member=csto", ["Armenia", "Belarus", "Kazakhstan", "Kyrgyzstan", "Russia", "Tajikistan"]),
        ("member=cis", ["Kazakhstan", "Russia"]),
        ("having=documents&member=csto", ["Kazakhstan", "Russia"]),
        ("having=visits", ["Kazakhstan"]),
        ("member=csto&text=kaz", ["Kazakhstan"]),
        ("member=cis&text=arm", []),
        ("member=csto&sort=-name", ["Tajikistan", "Russia", "Kyrgyzstan", "Kazakhstan", "Belarus", "Armenia"]),
    ],
)
def test_filters_narrow_the_list(server: str, filters: str, expected: list[str]) -> None:
    assert states_on(f"{server}states?{filters}") == expected
    if not expected:
        assert "No state fits these filters." in main(page(f"{server}states?{filters}"))


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ("member=nato", "“nato” is not among the choices of “Member of”"),
        ("having=gold", "“gold” is not among the choices of “The graph has”"),
        ("sort=size", "cannot be sorted by “size”"),
        ("page=0", "“0” is no number of a page"),
        ("page=x", "“x” is no number of a page"),
        ("text=" + "a" * 101, "longer than 100 characters"),
    ],
)
def test_what_cannot_be_asked_is_told(server: str, filters: str, told: str) -> None:
    found = page(f"{server}states?{filters}", 400)
    (alert,) = (e for e in found.iter("div") if e.get("role") == "alert")
    assert told in words(alert)
    assert not list(found.iter("table"))


def test_the_page_of_a_state_lists_all_that_the_graph_holds(server: str, engine: Engine) -> None:
    found = page(f"{server}page/kazakhstan")
    leaders = section(found, "leaders")
    tenures = "GRAPH ?c { ?x kel:office ?o } ?o org:postIn/org:subOrganizationOf* id:kazakhstan"
    assert sum(len(list(body)) for e in leaders for body in e.iter("tbody")) == count(engine, tenures) == 3
    tokayev = row(leaders, "Tokayev")
    assert [words(td) for td in tokayev][-1] == "not told", "attested days are no beginning and no end"
    assert "9 November 2023" in words(tokayev[2])
    assert "Izvestia" in words(tokayev[3])
    assert any("Tokayev is Kazakhstan's head of state." in note for note in notes(found, tokayev[2]))
    documents = section(found, "documents-by-stage")
    parties = "GRAPH ?c { ?x kel:party id:kazakhstan } VALUES ?t { kel:Instrument kel:DocumentPackage } ?x a ?t"
    assert sum(len(list(ul)) for e in documents for ul in e.iter("ul")) == count(engine, parties) == 12
    visits = section(found, "visits")
    inward = [e for part in visits for e in part.iter("div") if (e.get("aria-label") or "").startswith("Visits to it")]
    assert (
        sum(len(list(body)) for e in inward for body in e.iter("tbody"))
        == count(engine, "GRAPH ?c { ?x kel:visited id:kazakhstan }")
        == 4
    )
    planned, held = row(visits, "November 2024"), row(visits, "visit to Kazakhstan, 2023")
    assert "state visit" in words(planned[2])
    assert words(planned[3]).startswith("planned")
    assert words(held[3]).startswith("held")
    assert "No source tells of a visit by somebody" in " ".join(map(words, visits))
    said = section(found, "said-about")
    about = "GRAPH ?c { ?x kel:concerns|kel:addressee id:kazakhstan } GRAPH ?d { ?x a kel:Statement }"
    assert sum(len(list(ul)) for e in said for ul in e.iter("ul")) == count(engine, about) == 28
    assert list(found.iter("figure")), "its trade is drawn"


def test_what_is_only_thought_possible_is_marked(server: str) -> None:
    found = page(f"{server}page/kazakhstan")
    lines = [li for e in section(found, "documents-by-stage") for li in e.iter("li")]
    doubted = [li for li in lines if any(s.get("data-modality") == "possible" for s in li.iter("span"))]
    assert [li[0].text for li in doubted] == ["Possible documents on further joint projects"]
    assert any("Nikita Shatalov" in note for note in notes(found, doubted[0]))


def test_visits_out_are_those_of_people_in_office(server: str, engine: Engine) -> None:
    found = page(f"{server}page/russia")
    parts = [e for part in section(found, "visits") for e in part.iter("div")]
    outward = [e for e in parts if (e.get("aria-label") or "").startswith("Visits elsewhere")]
    visits = "GRAPH ?c { ?x kel:visitor id:vladimir-putin } ?x a kel:Visit"
    assert sum(len(list(body)) for e in outward for body in e.iter("tbody")) == count(engine, visits) == 3
    assert row(outward, "Putin's visit to Kazakhstan, 2023") is not None
    # No article says that Macron is president of France, so his visit is not attributed to France.
    assert "Macron" not in main(page(f"{server}page/france")).split("Facts")[0]


def test_absences_stand_on_the_page_of_the_state(server: str) -> None:
    found = page(f"{server}page/armenia")
    (line,) = (li for e in section(found, "memberships") for li in e.iter("li"))
    assert "CSTO summit in Astana, 2024" in words(line)
    assert any("planned" in note for note in notes(found, line))


def test_offices_without_anybody_are_named(server: str) -> None:
    assert "/page/president-of-france" in links(section(page(f"{server}page/france"), "leaders"))


def test_those_in_the_bodies_of_a_state_are_its_leaders(engine: Engine) -> None:
    reader = Reader(engine)
    holders = {fact.iri for tenure in tenures(reader, in_state(str(ID.russia), 100)) for fact in tenure.holders}
    assert {str(ID["sergey-lavrov"]), str(ID["vladimir-putin"])} <= holders
    assert len(tenures(reader, in_state(str(ID.russia), 3))) == 3
    assert all(t.office.state == str(ID.russia) for t in tenures(reader, in_state(str(ID.russia), 100)))
    assert len(visits(reader, from_state(str(ID.russia), 100))) == 3


def test_the_file_counts_what_the_graph_has_and_writes_nothing_as_0(server: str, engine: Engine) -> None:
    body = send(f"{server}states.csv")[2].decode()
    rows = {row["state"].rpartition("/")[2]: row for row in csv.DictReader(io.StringIO(body, newline=""))}
    for name in ("kazakhstan", "russia", "uzbekistan"):
        offices = f"GRAPH ?c {{ ?x kel:office ?office }} ?office org:postIn id:{name}"
        assert int(rows[name]["leaders"]) == count(engine, offices)
        assert int(rows[name]["visits"]) == count(engine, f"GRAPH ?c {{ ?x kel:visited id:{name} }}")
    assert int(rows["kazakhstan"]["leaders"]) > 0
    assert rows["uzbekistan"]["visits"] == "0"
    counted = [row[name] for row in rows.values() for name in ("leaders", "documents", "visits", "figures")]
    assert all(number.isdecimal() for number in counted)


def test_the_list_comes_in_other_languages(server: str) -> None:
    found = page(f"{server}states?lang=ru&text=каз")
    assert "Казахстан" in main(found)
    assert "Касым-Жомарт Токаев" in main(found)


def test_an_empty_graph_says_that_there_is_nothing(empty: str) -> None:
    assert "There are no states here." in main(page(f"{empty}states"))
    assert "There are no people in office here." in main(page(f"{empty}leaders"))
    assert "There are no documents here." in main(page(f"{empty}documents"))
    assert "The graph has no answer to this question." in main(page(f"{empty}questions/heads-of-state"))
    status, _, body = send(f"{empty}documents.csv")
    assert (status, len(body.splitlines())) == (200, 1)
