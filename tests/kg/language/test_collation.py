"""The order of Russian and Kazakh names, in Python and in SPARQL."""

import pyoxigraph as ox
import pytest

from kg.language.collation import key, sparql_key
from tests.markup import page, words

KAZAKH = list("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя")


def test_letters_come_in_the_order_of_the_alphabet() -> None:
    assert sorted(set(KAZAKH), key=key) == KAZAKH
    assert sorted(["Латвия", "Қазақстан", "Киев", "Қытай", "Яир"], key=key)[:3] == ["Киев", "Қазақстан", "Қытай"]


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_sparql_sorts_alike(language: str) -> None:
    values = " ".join(f'"{letter.upper()}"' for letter in reversed(KAZAKH))
    rows = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ {values} }} }} ORDER BY {sparql_key('?x', language)}")
    assert isinstance(rows, ox.QuerySolutions)
    assert [row["x"].value for row in rows] == [letter.upper() for letter in KAZAKH]


def test_lists_and_choices_follow_it(server: str) -> None:
    found = page(f"{server}states?lang=kk")
    names = [words(tr[0][0]) for tr in found.iter("tr") if len(tr) and tr[0].get("scope") == "row"]
    assert names.index("Германия") < names.index("Қазақстан") < names.index("Ресей") < names.index("Украина")
    (select,) = (e for e in page(f"{server}events?lang=kk").iter("select") if e.get("name") == "state")
    choices = [words(option) for option in select.iter("option")][1:]
    assert choices == sorted(choices, key=key)
    assert choices != sorted(choices, key=str.casefold)
