"""Waiting for a version of the store, without a thread: those who follow its log, and who ask for a version to come."""

import asyncio
from collections.abc import Callable


class Arrivals:
    """Tells those who wait that a later version is there. For one event loop, on which all methods are called."""

    def __init__(self, latest: Callable[[], int]) -> None:
        """`latest` gives the number of the latest version."""
        self._latest = latest
        self._waiting: set[asyncio.Future[None]] = set()
        self._ended = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def wait_beyond(self, number: int, seconds: float) -> None:
        """Waits until there is a later version than `number`, or so many seconds, or until `end`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._latest() <= number and not self._ended:
            told = loop.create_future()
            self._waiting.add(told)
            try:
                async with asyncio.timeout_at(until):
                    await told
            except TimeoutError:
                return
            finally:
                self._waiting.discard(told)

    def tell(self) -> None:
        """A version has come, or what the versions are of has changed."""
        for told in self._waiting:
            if not told.done():
                told.set_result(None)

    def end(self) -> None:
        """Ends all waiting, of now and of later: the server is about to stop."""
        self._ended = True
        self.tell()
