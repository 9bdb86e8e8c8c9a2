"""The memory of a query by the size of the store and of the machine."""

from pathlib import Path

import pytest

from kg.history.snapshots import snapshot_bytes, snapshot_path
from kg.workers import sizing
from kg.workers.sizing import LEAST_MEMORY, USUAL_MEMORY, machine_memory, query_memory

GIB = 1 << 30


@pytest.mark.parametrize(
    ("snapshot", "machine", "workers", "expected"),
    [
        (0, 24 * GIB, 2, USUAL_MEMORY),
        (GIB // 10, 24 * GIB, 2, USUAL_MEMORY),
        (2 * GIB, 24 * GIB, 2, 5 * GIB),
        (4 * GIB, 24 * GIB, 2, 14 * GIB // 3),
        (0, 2 * GIB, 2, 2 * GIB // 3),
        (0, 24 * GIB, 63, 24 * GIB // 64),
        (8 * GIB, 16 * GIB, 2, LEAST_MEMORY),
    ],
    ids=["no store", "a small one", "a large one", "little is left", "a small machine", "many processors", "too large"],
)
def test_it_is_the_size_of_the_store_within_the_share_of_the_machine(
    snapshot: int, machine: int, workers: int, expected: int
) -> None:
    assert query_memory(snapshot, machine, workers) == expected


def test_a_control_group_with_a_limit_is_a_smaller_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = machine_memory()
    own = tmp_path / "fs" / "outer" / "inner"
    own.mkdir(parents=True)
    (own / "memory.max").write_text("max\n")
    (tmp_path / "cgroup").write_text("1:name=systemd:/\n0::/outer/inner\n")
    monkeypatch.setattr(sizing, "_CGROUPS", tmp_path / "fs")
    monkeypatch.setattr(sizing, "_CGROUP", tmp_path / "cgroup")
    assert machine_memory() >= whole
    (own.parent / "memory.max").write_text("1000000\n")
    assert machine_memory() == 1_000_000
    (tmp_path / "cgroup").unlink()
    assert machine_memory() >= whole


def test_the_snapshot_of_a_store_counts(tmp_path: Path) -> None:
    assert snapshot_bytes(tmp_path / "nothing") == 0
    assert snapshot_bytes(tmp_path) == 0
    for base, size in (0, 10), (3, 2000):
        with snapshot_path(tmp_path, base).open("wb") as file:
            file.truncate(size)
    assert snapshot_bytes(tmp_path) == 2000
