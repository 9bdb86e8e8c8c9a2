"""The external merge sort, compared with `sorted`."""

from hypothesis import given
from hypothesis import strategies as st

from kg.rdf.sorting import sorted_blocks

LINES = st.binary(max_size=3).filter(lambda text: b"\n" not in text).map(lambda text: text + b"\n")


@given(st.lists(st.lists(LINES, max_size=20), max_size=5))
def test_all_lines_come_once_and_in_order(batches: list[list[bytes]]) -> None:
    expected = sorted({line for batch in batches for line in batch})
    assert b"".join(sorted_blocks(batches)) == b"".join(expected)


def test_blocks_are_small_and_whole() -> None:
    blocks = list(
        sorted_blocks([f"{n:06}\n".encode() for n in part] for part in (range(25_000), range(20_000, 40_000)))
    )
    assert sum(block.count(b"\n") for block in blocks) == 40_000
    assert len(blocks) == 4
    assert all(block.endswith(b"\n") for block in blocks)
