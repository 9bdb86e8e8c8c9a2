"""Messages of ours, which are English in the code and are put into the reader's language where they are shown."""

from collections.abc import Callable

Translate = Callable[[str], str]
"""Gives an English message of ours in the reader's language; `str` leaves it in English."""


def gettext_noop(english: str) -> str:
    """Marks a message that is translated later, where it is shown, so that ``make messages`` finds it."""
    return english
