"""The list of people in office, and the page of a person with footnotes: offices, meetings, statements."""

import pytest

from kg.engine.engine import Engine
from kg.views.visits import ROLES
from tests.markup import main, notes, page, row, section, words
from tests.server.pages.test_states import count

HELD = "GRAPH ?c { ?t kel:holder ?x }"


def people_on(address: str) -> list[str]:
    found = page(address)
    return [words(th) for th in found.iter("th") if th.get("scope") == "rowgroup"]


def test_the_list_has_everybody_in_an_office(server: str, engine: Engine) -> None:
    assert len(people_on(f"{server}leaders")) == count(engine, HELD) == 26
    found = page(f"{server}leaders")
    lavrov = row([found], "Sergey Lavrov")
    assert "Foreign Minister" in words(lavrov[1])
    assert "Government of Russia" in words(lavrov[2])
    assert "9 November 2023" in words(lavrov[3])
    assert any("The Moscow Post" in note for note in notes(found, lavrov[3]))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("state=kazakhstan", ["Almasadam Satkaliyev", "Kassym-Jomart Tokayev", "Nikita Shatalov"]),
        ("role=role-press-secretary", ["Dmitry Peskov"]),
        ("role=role-head-of-state&text=i", ["Emomali Rahmon", "Joe Biden", "Vladimir Putin", "Xi Jinping"]),
        ("role=role-head-of-state&text=i&sort=-name", ["Xi Jinping", "Vladimir Putin", "Joe Biden", "Emomali Rahmon"]),
        (
            "state=russia&role=role-minister",
            ["Anton Siluanov", "Maxim Reshetnikov", "Nikolay Shulginov", "Sergey Lavrov", "Vitaly Savelyev"],
        ),
        ("state=china&role=role-minister", []),
        ("text=путин", ["Vladimir Putin"]),
    ],
)
def test_filters_narrow_the_list(server: str, filters: str, expected: list[str]) -> None:
    assert [name for name in people_on(f"{server}leaders?{filters}") if name in expected] == expected
    if "text=i" not in filters:
        assert people_on(f"{server}leaders?{filters}") == expected
    if not expected:
        assert "Nobody fits these filters." in main(page(f"{server}leaders?{filters}"))


def test_heads_of_state_are_those_of_the_question(server: str, engine: Engine) -> None:
    heads = f"{HELD} ?t kel:office ?o . ?o org:role code:role-head-of-state"
    assert len(people_on(f"{server}leaders?role=role-head-of-state")) == count(engine, heads) == 7


def test_those_without_an_office_are_not_dropped(server: str, engine: Engine) -> None:
    found = people_on(f"{server}leaders?role=none")
    assert len(found) == count(engine, f"?x a foaf:Person FILTER NOT EXISTS {{ {HELD} }}") == 6
    assert "Emmanuel Macron" in found
    assert "No source tells an office." in main(page(f"{server}page/emmanuel-macron"))


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ("state=atlantis", "“atlantis” is not among the choices of “State”"),
        ("role=king", "“king” is not among the choices of “Sort of office”"),
        ("state=russia&role=none", "Choose one of the two."),
    ],
)
def test_what_cannot_be_asked_is_told(server: str, filters: str, told: str) -> None:
    assert told in main(page(f"{server}leaders?{filters}", 400))


def test_the_page_of_a_person_lists_all_that_the_graph_holds(server: str, engine: Engine) -> None:
    found = page(f"{server}page/vladimir-putin")
    office = row(section(found, "in-office"), "President of Russia")
    assert words(office[-1]) == "not told"
    assert len(notes(found, office[2])) == 2
    meetings = section(found, "meetings")
    parts = "|".join(f"kel:{name}" for name in ROLES)
    taking = f"{{ GRAPH ?c {{ ?x {parts} id:vladimir-putin }} ?c a kel:Claim }}"
    taking += " UNION { GRAPH ?c { ?p kel:agent id:vladimir-putin ; kel:inEvent ?x } }"
    assert len([tr for e in meetings for body in e.iter("tbody") for tr in body]) == count(engine, taking) == 10
    summit = row(meetings, "CSTO summit")
    assert words(summit[3]).startswith("planned"), "what is announced has not happened"
    said = section(found, "statements-made")
    statements = "GRAPH ?c { ?x a kel:Statement ; kel:saidBy id:vladimir-putin }"
    assert sum(len(list(ul)) for e in said for ul in e.iter("ul")) == count(engine, statements) == 8
    assert any("will soon be ten years old." in words(e) for e in said)
    addressed = section(found, "said-about")
    about = "GRAPH ?c { ?x kel:concerns|kel:addressee id:vladimir-putin } GRAPH ?d { ?x a kel:Statement }"
    assert sum(len(list(ul)) for e in addressed for ul in e.iter("ul")) == count(engine, about)


def test_every_meeting_and_statement_has_its_footnote(server: str) -> None:
    found = page(f"{server}page/yury-ushakov")
    lines = [li for e in section(found, "statements-made") for ul in e.iter("ul") for li in ul]
    assert len(lines) > 5
    for line in lines:
        assert any("paragraph" in note for note in notes(found, line)), words(line)


def test_an_announced_part_is_no_attendance(server: str) -> None:
    found = page(f"{server}page/alexander-lukashenko")
    summit = row(section(found, "meetings"), "CSTO summit")
    assert "attendance announced" in words(summit[2])
    assert any("planned" in note for note in notes(found, summit[2]))
