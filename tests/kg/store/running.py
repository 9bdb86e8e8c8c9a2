"""A store whose workers run, for tests that ask it from this thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kg.store.store import Store
from tests.waiting import becomes


@contextmanager
def running(store: Store) -> Iterator[Store]:
    """The store on an event loop in another thread, once it is loaded; it is shut down afterwards."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        store.shut_down()
        await asyncio.sleep(0)
        store.pool.close()

    try:
        loop.call_soon_threadsafe(store.start, loop)
        assert becomes(store.pool.loaded.is_set)
        yield store
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
