"""What finding the conflicts between claims costs, over the curated claims and over many copies of them.

``make bench`` or ``python -m tests.benchmarks.conflicts [--tiny]``. For each size: seconds of the processor, the
conflicts found, and the time for one claim as a ratio to that at the curated size, which stays near 1 where the work
is linear.
"""

import sys
import time
from typing import Final

from kg import Engine, build, read_curation
from kg.conflicts.detection import detect
from kg.store.reader import Reader
from tests.benchmarks.lenses import copied

COPIES: Final = (0, 9, 39)


def main() -> None:
    """Prints a line for each size."""
    dataset = build(read_curation())
    curated = sum("/claim/" in name for name in dataset.named_graphs)
    print(f"  {'claims':>8} {'conflicts':>10} {'s':>8} {'us a claim':>11} {'ratio':>6}", flush=True)
    first = 0.0
    for copies in COPIES[: 2 if "--tiny" in sys.argv else None]:
        reader = Reader(Engine(copied(dataset, copies)))
        start = time.process_time()
        found = detect(reader)
        seconds, claims = time.process_time() - start, curated * (copies + 1)
        each = seconds / claims * 1e6
        first = first or each
        print(f"  {claims:8} {len(found):10} {seconds:8.2f} {each:11.0f} {each / first:6.2f}", flush=True)


if __name__ == "__main__":
    main()
