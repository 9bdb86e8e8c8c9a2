"""Waiting for what comes true by itself, such as a process that is replaced."""

import time
from collections.abc import Callable


def becomes(true: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False
