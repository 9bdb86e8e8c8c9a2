"""How many queries a page asks when it is first seen: a number, that must not grow unseen."""

from collections import Counter

import pytest

from kg.engine.engine import Engine
from kg.store.background import Refresher
from kg.views.conflicts import Conflicts
from tests.counting import conflicts_in, counted

MOST = {
    "/": 9,
    "/states": 16,
    "/leaders": 15,
    "/documents": 21,
    "/trade": 14,
    "/events": 21,
    "/sources": 6,
    "/conflicts": 10,
    "/page/kazakhstan": 24,
    "/page/armenia": 14,
    "/page/vladimir-putin": 15,
    "/page/csto": 16,
    "/page/izvestia": 12,
    "/page/joint-statement-2024": 14,
    "/page/obs-kz-ru-trade-2023": 12,
    "/page/csto-summit-astana-2024": 14,
    "/page/astana": 14,
    "/page/source/izv24": 15,
    "/page/claim/izv24-p32-4": 13,
    "/page/code/planned": 10,
}
"""The limit by page, of each kind one, on a server that has just begun and knows nothing yet.

Some are asked once for all pages, and those of what filters offer once for all pages of a list.
"""


@pytest.fixture(scope="module")
def conflicts(engine: Engine) -> Refresher[Conflicts]:
    return conflicts_in(engine)


@pytest.mark.parametrize("path", MOST)
def test_a_page_asks_few_queries(engine: Engine, conflicts: Refresher[Conflicts], path: str) -> None:
    client, store = counted(engine, conflicts)
    assert client.get(path).status_code == 200
    assert 0 < len(store.asked) <= MOST[path]
    again = {query: number for query, number in Counter(store.asked).items() if number > 1}
    assert not again, "a page asks nothing twice"


def test_a_page_seen_later_asks_fewer(engine: Engine, conflicts: Refresher[Conflicts]) -> None:
    client, store = counted(engine, conflicts)
    client.get("/page/russia")
    store.asked.clear()
    assert client.get("/page/kazakhstan").status_code == 200
    assert len(store.asked) < MOST["/page/kazakhstan"] - 2, "what all pages have is known already"


def test_what_a_change_made_is_not_forgotten(engine: Engine, conflicts: Refresher[Conflicts]) -> None:
    """Labels are remembered for one version of the data alone."""
    client, store = counted(engine, conflicts)
    client.get("/page/russia")
    store.asked.clear()
    client.get("/page/russia")
    known = len(store.asked)
    store.version = "another"
    store.asked.clear()
    client.get("/page/russia")
    assert len(store.asked) > known
