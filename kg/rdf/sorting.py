"""External merge sort of lines, with temporary files."""

import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import IO, Final

_BLOCK_BYTES: Final = 1 << 20
_MAX_RUNS: Final = 200


def sorted_blocks(batches: Iterable[Iterable[bytes]], folder: Path | None = None) -> Iterator[bytes]:
    """The distinct lines of all batches in byte order, in blocks of some megabytes.

    A batch must fit into memory; lines include their line ends. The temporary files are unnamed, and in `folder` if
    one is given. Raises OSError if the disk is full.
    """
    runs: list[IO[bytes]] = []
    last: list[bytes] = []
    with ExitStack() as stack:
        for batch in batches:
            if last:
                runs.append(_run(stack, [b"".join(last)], folder))
            if len(runs) == _MAX_RUNS:
                merged = _run(stack, _merged(runs), folder)
                for run in runs:  # so that the number of open files is bounded
                    run.close()
                runs = [merged]
            last = sorted(dict.fromkeys(batch))  # their order is kept, since they are half sorted mostly
        yield from _merged([*runs, BytesIO(b"".join(last))])


def _run(stack: ExitStack, blocks: Iterable[bytes], folder: Path | None) -> IO[bytes]:
    run = stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - the stack closes it
    run.writelines(blocks)
    run.seek(0)
    return run


def _merged(runs: list[IO[bytes]]) -> Iterator[bytes]:
    """The distinct lines of sorted runs, in blocks.

    Lines up to the least of the last that were read of each run are complete; Python's sort merges them, since it finds
    the sorted parts (timsort).
    """
    heads = [run.readlines(_BLOCK_BYTES) for run in runs]
    while any(heads):
        limit = min(head[-1] for head in heads if head)
        lines: list[bytes] = []
        for n, head in enumerate(heads):
            place = bisect_right(head, limit)
            lines += head[:place]
            heads[n] = head[place:] or runs[n].readlines(_BLOCK_BYTES)
        lines.sort()
        yield b"".join(dict.fromkeys(lines))
