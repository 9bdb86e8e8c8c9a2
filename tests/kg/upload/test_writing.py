"""Patches that are committed to an engine: to the state that the writer knows, all or nothing, and told as it is."""

import threading

import pyoxigraph as ox
import pytest

import kg.upload.writing
from kg.engine.errors import EngineBusyError, EngineChangedError, OutcomeUnknownError
from kg.rdf.patches import Patch, new_header
from kg.upload.connection import Connection, EngineRefusalError, EngineUnreachableError
from kg.upload.locking import LockLostError
from kg.upload.manifest import PART, STATE, read_manifest
from kg.upload.names import PUBLISHED_GRAPH, within
from kg.upload.writing import EngineWriter
from ontology import KelisimError
from tests.engines.server import EngineServer
from tests.kg.upload.samples import canonical, connection, held, publish, quad, sample

ADDED = quad("thing/new", "is", "told", "claim/new")
REMOVED = quad("thing/1", "near", "thing/2", "claim/1")


class Losing(Connection):
    """A way to the engine that is lost at the operation which makes a change true."""

    def __init__(self, way: Connection, *, made: bool, back: bool = True) -> None:
        """`made`: the engine still makes the change. `back`: it answers again afterwards."""
        self.__dict__.update(way.__dict__)
        self._made, self._back, self._lost = made, back, False

    def update(self, text: str, *, anyway: bool = False) -> None:
        if text.startswith("DELETE { GRAPH ?dg"):
            if self._made:
                super().update(text, anyway=anyway)
            self._lost = True
            raise EngineUnreachableError("lost")
        self._refuse()
        super().update(text, anyway=anyway)

    def select(self, query: str) -> list[ox.QuerySolution]:
        self._refuse()
        return super().select(query)

    def _refuse(self) -> None:
        if self._lost and not self._back:
            raise EngineUnreachableError("still lost")


def patch(adds: tuple[ox.Quad, ...] = (ADDED,), deletes: tuple[ox.Quad, ...] = (REMOVED,)) -> Patch:
    return Patch(deletes, adds, new_header("", ""))


@pytest.fixture
def state(server: EngineServer) -> str:
    """The name of the state of an engine to which the sample was published."""
    return publish(server, sample()).digest


AFTER = canonical((sample() - {REMOVED}) | {ADDED})


def test_changes_follow_one_another_and_the_next_publication_knows(server: EngineServer, state: str) -> None:
    writer = EngineWriter(connection(server))
    writer.check()
    first = writer.commit(patch(), state)
    assert held(server) == AFTER
    assert first != state
    with pytest.raises(EngineChangedError):
        writer.commit(patch((quad("thing/late", "is", "told"),), ()), state)
    assert held(server) == AFTER
    assert writer.commit(patch((REMOVED,), (ADDED,)), first) not in (first, state)
    assert held(server) == canonical(sample())
    with pytest.raises(KelisimError, match="2 changes were made"):
        publish(server, sample())
    publish(server, sample(300), overwrite=True)
    assert held(server) == canonical(sample(300))


@pytest.mark.parametrize("made", [True, False])
def test_an_engine_that_is_lost_in_the_middle_is_asked_what_it_did(
    server: EngineServer, state: str, *, made: bool
) -> None:
    losing = Losing(connection(server), made=made)
    if made:
        after = EngineWriter(losing).commit(patch(), state)
        assert held(server) == AFTER
    else:
        with pytest.raises(EngineBusyError, match="nothing of the change was written"):
            EngineWriter(losing).commit(patch(), state)
        assert held(server) == canonical(sample())
        after = state
    EngineWriter(connection(server)).commit(patch((REMOVED,), ()), after)


class Starting(Connection):
    """A way to the engine that makes a change, and then refuses the first questions: it starts again."""

    def __init__(self, way: Connection) -> None:
        self.__dict__.update(way.__dict__)
        self._refusals = 0

    def update(self, text: str, *, anyway: bool = False) -> None:
        super().update(text, anyway=anyway)
        if text.startswith("DELETE { GRAPH ?dg"):
            self._refusals = 2

    def select(self, query: str) -> list[ox.QuerySolution]:
        if self._refusals:
            self._refusals -= 1
            raise EngineRefusalError("HTTP 500: not ready yet")
        return super().select(query)


def test_a_change_that_cannot_be_read_back_at_once_is_not_told_as_refused(server: EngineServer, state: str) -> None:
    after = EngineWriter(Starting(connection(server))).commit(patch(), state)
    manifest = read_manifest(connection(server))
    assert manifest
    assert manifest.state == after
    assert held(server) == AFTER


def test_a_change_whose_lock_was_taken_away_is_told_as_one_to_send_again(server: EngineServer, state: str) -> None:
    there = connection(server)

    def lost() -> None:
        raise LockLostError("another took its lock")

    update = there.update

    def losing(text: str, *, anyway: bool = False) -> None:
        if "#s>" in text:  # the change is being staged, or switched
            there.before_write = lost
        update(text, anyway=anyway)

    there.update = losing  # type: ignore[method-assign]
    with pytest.raises(EngineBusyError, match=r"nothing was written.*took its lock"):
        EngineWriter(there).commit(patch(), state)
    assert held(server) == canonical(sample())


@pytest.mark.parametrize("made", [True, False])
def test_an_engine_that_stays_lost_leaves_all_or_nothing_and_a_way_to_find_out(
    server: EngineServer, state: str, monkeypatch: pytest.MonkeyPatch, *, made: bool
) -> None:
    monkeypatch.setattr(kg.upload.writing, "_SETTLED_SECONDS", 0.2)
    with pytest.raises(OutcomeUnknownError) as told:
        EngineWriter(Losing(connection(server), made=made, back=False)).commit(patch(), state)
    assert held(server) == (AFTER if made else canonical(sample()))
    manifest = read_manifest(connection(server))
    assert manifest
    assert any(f'<{STATE}> "' in t and t.split('"')[1] in str(told.value) for t in manifest.triples) == made


def test_of_writers_at_a_time_each_change_is_made_whole_or_refused(server: EngineServer, state: str) -> None:
    made, lock, names = list[ox.Quad](), threading.Lock(), [state]

    def write(name: str) -> None:
        writer = EngineWriter(connection(server))
        for number in range(3):
            added = quad(f"{name}/{number}", "is", "told", "claim/many")
            try:
                after = writer.commit(patch((added,), ()), names[-1])
            except (EngineChangedError, EngineBusyError):
                continue
            with lock:
                made.append(added)
                names.append(after)

    threads = [threading.Thread(target=write, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made, "at least the first is made"
    assert held(server) == canonical(sample() | {*made})
    manifest = read_manifest(connection(server))
    assert manifest
    assert manifest.changes == len(made)


@pytest.mark.parametrize("theirs", [f'<urn:a> <{PART}> "x"', "<urn:a> <urn:b> []", "[] <urn:b> 5"])
def test_what_others_put_beside_the_manifest_is_told(server: EngineServer, state: str, theirs: str) -> None:
    assert state
    if server.name == "virtuoso" and "[]" in theirs:
        pytest.skip("Virtuoso takes no blank nodes in INSERT DATA")
    connection(server).update(f"INSERT DATA {{ {within(PUBLISHED_GRAPH, theirs)} }}")
    with pytest.raises(EngineRefusalError, match="did not write there"):
        read_manifest(connection(server))
