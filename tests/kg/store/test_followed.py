"""Values of a whole store that follow its changes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.errors import BusyError
from kg.engine.limits import Limits
from kg.history.changes import NetChange
from kg.history.history import History
from kg.store.followed import Followed
from kg.store.reader import Reader
from kg.store.store import Store, as_of
from kg.workers.pool import WorkerPool
from tests.waiting import becomes


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    engine = Engine([])
    pool = WorkerPool(lambda: engine, Limits(workers=1))  # forks, so before there are threads
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start(store: Store) -> None:
        store.start(loop)

    with History.create(tmp_path / "history", ()) as history:
        store = Store(pool, "tested", history)
        asyncio.run_coroutine_threadsafe(start(store), loop).result(60)
        yield store
        loop.call_soon_threadsafe(store.shut_down)
        loop.call_soon_threadsafe(pool.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Counted:
    """The number of quads, which is asked once and then follows."""

    def __init__(self, store: Store) -> None:
        self.made = 0
        self.follows = True
        self.value = Followed(store, self.make, self.follow)

    def make(self, reader: Reader) -> int:
        self.made += 1
        return int(reader.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o } LIMIT 1")[0]["n"].value)

    def follow(self, value: int, change: NetChange) -> int | None:
        return value + len(change.adds) - len(change.deletes) if self.follows else None


def add(store: Store, *numbers: int) -> None:
    for number in numbers:
        store.change(Change("update", f"INSERT DATA {{ <x:{number}> <x:p> {number} }}"))


def test_a_value_is_made_once_and_follows(store: Store) -> None:
    counted = Counted(store)
    assert counted.value.get() == 0
    add(store, 1, 2, 3)
    assert counted.value.get() == 3
    store.change(Change("update", "DELETE WHERE { <x:1> ?p ?o }"))
    add(store, 4)
    assert [counted.value.get(), counted.value.get(), counted.made] == [3, 3, 1]


def test_a_value_that_cannot_follow_is_made_anew(store: Store) -> None:
    counted = Counted(store)
    assert counted.value.get() == 0
    counted.follows = False
    add(store, 1)
    assert [counted.value.get(), counted.made] == [1, 2]
    add(store, 2)
    counted.follows = True
    store.compact()
    add(store, 3)
    assert [counted.value.get(), counted.made] == [3, 3]


def test_those_who_wait_for_a_value_that_cannot_be_made_do_not_try_one_after_another(store: Store) -> None:
    tried, go_on = [], threading.Event()

    def make(_: Reader) -> int:
        tried.append(0)
        go_on.wait(20)
        raise BusyError("busy")

    followed = Followed(store, make, lambda value, _: value)

    def ask() -> str:
        try:
            return str(followed.get())
        except BusyError as error:
            return str(error)

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask) for _ in range(4)]
        assert becomes(lambda: bool(tried))
        time.sleep(0.1)  # until the others wait
        go_on.set()
        assert [each.result(20) for each in asked] == ["busy"] * 4
    assert len(tried) == 1
    assert [ask(), len(tried)] == ["busy", 2]


def test_a_past_version_has_its_own_value(store: Store) -> None:
    counted = Counted(store)
    add(store, 1)
    assert counted.value.get() == 1
    with as_of(0):
        assert counted.value.get() == 0
    assert [counted.value.get(), counted.made] == [1, 2]
