"""The versions of a history: digests, net changes, and what a number, a digest or a date means."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.history.history import History
from kg.history.timeline import HistoryTimeline, UnknownVersionError, VersionGoneError, VersionSyntaxError
from kg.rdf.normalization import normalized_lines
from kg.rdf.patches import Patch, diff, new_header
from kg.rdf.set_digest import SetDigest

TERMS = (ox.NamedNode("x:a"), ox.BlankNode("b"), ox.NamedNode("x:c"))
VALUES = (*TERMS, ox.Literal("a\nb"), ox.Literal("ж", language="ru"), ox.Literal(3), ox.Literal('q"\\'))
QUADS = [
    ox.Quad(s, ox.NamedNode("x:p"), o, g)
    for s in TERMS
    for o in VALUES
    for g in (ox.DefaultGraph(), TERMS[0], TERMS[1])
]
STATES = st.lists(st.sets(st.sampled_from(QUADS), max_size=20), min_size=2, max_size=8)


def build(folder: Path, states: Sequence[set[ox.Quad]]) -> History:
    """A history with a version for each state, one minute after the other; empty changes make none."""
    history = History.create(folder, states[0])
    for before, after in pairwise(states):
        if before != after:
            header = new_header("tester", "changed") | {"time": f"2030-01-01T00:{history.version:02}:00.000Z"}
            history.append(replace(diff(before, after), header=header))
    return history


def distinct(states: Sequence[set[ox.Quad]]) -> list[set[ox.Quad]]:
    return [s for n, s in enumerate(states) if n == 0 or s != states[n - 1]]


def digest(state: set[ox.Quad]) -> str:
    found = SetDigest()
    found.add(normalized_lines(list(state)))
    return found.hexdigest()


@given(STATES)
@settings(max_examples=30, deadline=None)
def test_digests_and_net_changes_are_those_of_the_states(states: list[set[ox.Quad]]) -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "history"
        states = distinct(states)
        with build(folder, states) as history:
            assert [history.digests.get(n) for n in range(len(states))] == [digest(s) for s in states]
            for a, before in enumerate(states):
                for b, after in enumerate(states):
                    patch = history.net_change(a, b).patch()
                    assert ({*patch.deletes}, {*patch.adds}) == (before - after, after - before)
        with History.open(folder) as again:
            assert again.digests.known
            assert again.digests.get(again.version) == digest(states[-1])
            time = again.modified or again.first_time
            again.compact()
            assert again.digests.known
            assert again.digests.get(again.version) == digest(states[-1])
            assert again.first_time == time, "the time of a version outlives the log"


def test_a_damaged_file_of_digests_is_made_again(tmp_path: Path) -> None:
    states = [{QUADS[n]} for n in range(5)]
    build(tmp_path / "h", states).close()
    file = tmp_path / "h" / "digests-0.sums"
    with History.open(tmp_path / "h") as history:
        expected = [history.digests.get(n) for n in range(5)]
    whole = file.read_bytes()
    for damaged in (
        b"",
        whole[:100],
        whole[:700],
        whole[:-3],
        whole[:1000] + b"x" + whole[1001:],
        whole + whole[-524:],
    ):
        file.write_bytes(damaged)
        with History.open(tmp_path / "h") as history:
            assert [history.digests.get(n) for n in range(5)] == expected
            history.append(Patch(adds=(QUADS[9],)))
            assert history.digests.get(5) == digest({QUADS[4], QUADS[9]})
            assert history.digests.find((history.digests.get(5) or "")[:12], 5) == 5
        with History.open(tmp_path / "h") as history:
            history.append(Patch(deletes=(QUADS[9],)))
            assert history.digests.get(6) == expected[4]
        for path in (tmp_path / "h").iterdir():
            path.unlink()
        build(tmp_path / "h", states).close()


def test_the_same_set_has_the_same_digest_however_it_came_about() -> None:
    lines = [b"<x:%d> <x:p> <x:o> .\n" % n for n in range(50)]
    one, other = SetDigest(), SetDigest()
    one.add(lines)
    other.add(reversed(lines))
    other.add([b"more\n"])
    assert one.hexdigest() != other.hexdigest()
    other.remove([b"more\n"])
    assert one.hexdigest() == other.hexdigest()
    assert SetDigest(one.total).hexdigest() == one.hexdigest()
    other.remove(lines)
    assert other.hexdigest() == SetDigest().hexdigest()


def test_what_names_a_version(tmp_path: Path) -> None:
    with build(tmp_path / "h", [{QUADS[n]} for n in range(5)]) as history:
        timeline = HistoryTimeline(history)
        made = datetime.fromisoformat(history.first_time)
        for number in range(5):
            version = timeline.get(number)
            assert version.digest
            assert timeline.resolve(str(number)) == timeline.resolve(version.digest[:12]) == number
            assert timeline.resolve(version.digest.upper()) == number
        assert timeline.resolve(timeline.get(0).sha256) == 0
        assert timeline.at(made) == 0
        for text, number in (
            ("2030-01-01T00:01:59Z", 2),
            ("2030-01-01T03:02:30 03:00", 3),  # + in a query string is a space
            ("2030-01-01T03:02:30+03:00", 3),
            ("2029-12-31", 0),
            ("2030-01-01", 4),
        ):
            assert timeline.resolve(text) == number, text
        for text in ("", "-1", "+1", "1.0", "abc", "2030", "2030-13-01", "2030-01-01Tx", "1e3", "٣"):
            if text == "2030":
                with pytest.raises(UnknownVersionError):
                    timeline.resolve(text)
            else:
                with pytest.raises(VersionSyntaxError):
                    timeline.resolve(text)
        with pytest.raises(UnknownVersionError, match="0 to 4"):
            timeline.resolve("5")
        with pytest.raises(UnknownVersionError):
            timeline.at(made - timedelta(days=1))
        assert [v.number for v in timeline.newest_first(4, 2)] == [3, 2]
        assert [v.number for v in timeline.newest_first(99, 9)] == [4, 3, 2, 1, 0]
        history.compact()
        for gone in ("3", "2030-01-01T00:01:00Z"):
            with pytest.raises(VersionGoneError, match="compacted"):
                timeline.resolve(gone)
        assert timeline.resolve("2030-01-01T00:03:00Z") == 4
        assert timeline.at(datetime.now(UTC) + timedelta(days=9999)) == 4
