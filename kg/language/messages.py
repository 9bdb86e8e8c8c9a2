"""Translation of messages: English in the code, translated where they are shown."""

from collections.abc import Callable

Translate = Callable[[str], str]
"""Translates an English message into the reader's language; `str` leaves it in English."""


def gettext_noop(english: str) -> str:
    """Marks a message for ``make messages``; it is translated later, where it is shown."""
    return english
