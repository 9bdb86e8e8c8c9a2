"""A load generator for machines without wrk.

``python -m tests.benchmarks.client PORT CLIENTS SECONDS LIMIT FILE MARK NUMBER``, the last three as for ``load.lua``,
whose output it prints too; LIMIT is the seconds for one answer. Keep-alive connections in one
process; answers are read to their end and not parsed.
"""

import asyncio
import json
import statistics
import sys
import time
from itertools import count
from pathlib import Path


class Tally:
    """What came of the requests: latencies in seconds, how many failed, and how many of those came too late."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.errors = 0
        self.late = 0


async def answer(reader: asyncio.StreamReader) -> bool:
    """Reads one response; whether it is a success. Raises OSError or EOFError where the server hangs up."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        await reader.readexactly(length)
    return head.split(b" ", 2)[1].startswith(b"2")


async def client(
    port: int, requests: list[bytes], mark: bytes, numbers: "count[int]", end: float, limit: float, tally: Tally
) -> None:
    """One client: a request as soon as the answer to the last one is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        while (start := time.perf_counter()) < end:
            number = next(numbers)
            writer.write(requests[number % len(requests)].replace(mark, str(number).encode()))
            async with asyncio.timeout(limit):
                good = await answer(reader)
            tally.errors += not good
            tally.latencies.append(time.perf_counter() - start)
    except (OSError, EOFError) as error:
        tally.errors += 1
        tally.late += isinstance(error, TimeoutError)
    finally:
        writer.close()


async def load(
    port: int, clients: int, seconds: int, limit: float, requests: list[bytes], mark: bytes, number: int
) -> Tally:
    """Runs the clients together for some seconds."""
    tally, numbers = Tally(), count(number)
    end = time.perf_counter() + seconds
    await asyncio.gather(*(client(port, requests, mark, numbers, end, limit, tally) for _ in range(clients)))
    return tally


def main() -> None:
    """Prints one line of JSON."""
    port, clients, seconds, limit, file, mark, number = sys.argv[1:]
    requests = Path(file).read_bytes().split(b"\0")
    start = time.perf_counter()
    tally = asyncio.run(load(int(port), int(clients), int(seconds), float(limit), requests, mark.encode(), int(number)))
    microseconds = round((time.perf_counter() - start) * 1e6)
    cuts = statistics.quantiles(tally.latencies or [0.0, 0.0], n=100, method="inclusive")
    print(
        json.dumps(
            {
                "requests": len(tally.latencies),
                "microseconds": microseconds,
                "errors": tally.errors,
                "late": tally.late,
                "p50": cuts[49] * 1e6,
                "p99": cuts[98] * 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
