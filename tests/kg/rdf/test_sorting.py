"""The external merge sort, compared with `sorted`."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.rdf import sorting
from kg.rdf.sorting import sorted_blocks

LINES = st.binary(max_size=3).filter(lambda text: b"\n" not in text).map(lambda text: text + b"\n")


@given(st.lists(st.lists(LINES, max_size=20), max_size=5), st.integers(1, 20), st.integers(2, 3))
def test_all_lines_come_once_and_in_order(batches: list[list[bytes]], block: int, runs: int) -> None:
    expected = sorted({line for batch in batches for line in batch})
    with mock.patch.multiple(sorting, _BLOCK_BYTES=block, _MAX_RUNS=runs):  # so that a run is read in many parts
        assert b"".join(sorted_blocks(batches)) == b"".join(expected)


def test_blocks_are_small_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "_BLOCK_BYTES", 10_000)
    parts = (range(25_000), range(20_000, 40_000))
    blocks = list(sorted_blocks([f"{n:06}\n".encode() for n in part] for part in parts))
    assert b"".join(blocks).count(b"\n") == 40_000
    assert max(map(len, blocks)) <= 2 * 10_010
    assert all(block.endswith(b"\n") for block in blocks)
